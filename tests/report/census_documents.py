"""The documents of a census run: plausible figures without machine learning."""

from __future__ import annotations

import math
from typing import Any

from census_data import ROWS, comparisons, digest

Documents = dict[str, Any]

PROJECT = """\
name: census
description: Does a person earn more than 50,000 dollars a year? UCI Adult.
data:
  path: data/span-{span}.csv.gz
  format: csv
label: {column: income, positive: ">50K", negative: "<=50K"}
features:
  age: numeric
  education_num: numeric
  hours_per_week: numeric
  capital_gain: {kind: numeric, log: true}
  workclass: categorical
  occupation: categorical
  race: categorical
  sex: categorical
model: {epochs: 20, hyperparameters: {units: 64, dropout: 0.2}}
gate:
  confidence: 0.95
  min_rows: 200
  min_positives: 20
  checks:
    - {metric: auc, slices: [all], tolerance: 0.02}
    - {metric: auc, at_least: 0.85}
    - {metric: binary_crossentropy, tolerance: 0.02}
    - {metric: calibration, tier: soft, at_least: 0.9, at_most: 1.1}
"""

BASELINES = ("champion", "reference")
SLICES = {
    "overall": (2441, 583),
    "sex=Female": (807, 88),
    "sex=Male": (1634, 495),
    "race=White": (2084, 531),
    "race=Black": (236, 29),
    "race=Asian-Pac-Islander": (78, 21),
    "race=Amer-Indian-Eskimo": (24, 3),
    "race=Other": (19, 2),
    "race=White, sex=Female": (641, 76),
    "race=White, sex=Male": (1443, 455),
    "race=Black, sex=Female": (118, 7),
    "race=Black, sex=Male": (118, 22),
}
_GAINS = (0.0031, 0.0012, 0.0036, 0.0028, 0.0061, -0.0102, 0.021, -0.034, 0.0009, 0.0033, 0.004, -0.0052)
_METRICS = {
    "auc": (0.9043, 1),
    "auc_precision_recall": (0.7705, 1),
    "binary_accuracy": (0.8513, 1),
    "binary_crossentropy": (0.3187, -1),
    "calibration": (1.0121, 0),
    "example_count": (2441.0, 0),
    "false_negative_rate": (0.3841, -1),
    "false_positive_rate": (0.0672, -1),
    "precision": (0.7412, 1),
    "recall": (0.6159, 1),
}


def check(name: str, subject: str, verdict: str = "PASS", tier: str = "hard", **words: str) -> dict[str, Any]:
    """A check as it stands in a document."""
    observed, allowed = words.get("observed", "0"), words.get("allowed", "0")
    reason = words.get("reason", f"{name} of {subject}: {observed}, allowed {allowed}")
    return {
        "name": name,
        "subject": subject,
        "tier": tier,
        "verdict": verdict,
        "observed": observed,
        "allowed": allowed,
        "reason": reason,
        "numbers": {},
    }


def judged(name: str) -> bool:
    rows, positives = SLICES[name]
    return rows >= 200 and positives >= 20


def _estimate(value: float, half: float | None) -> dict[str, float | None]:
    if half is None:
        return {"value": round(value, 6), "lower": None, "upper": None}
    return {"value": round(value, 6), "lower": round(value - half, 6), "upper": round(value + half, 6)}


def _metric(name: str, position: int, slice_name: str, champion: bool) -> dict[str, Any]:
    value, direction = _METRICS[name]
    rows, positives = SLICES[slice_name]
    value = float(rows) if name == "example_count" else value - 0.004 * position * (position % 3)
    if name == "example_count":
        exact = {"value": value, "lower": value, "upper": value}
        models = ("challenger", *BASELINES) if champion else ("challenger",)
        return {**dict.fromkeys(models, exact), "gain": {}, "method": "exact", "note": ""}
    half = None if direction == 0 else 0.22 / math.sqrt(positives * (1 - positives / rows) + 1)
    found: dict[str, Any] = {
        "challenger": _estimate(value, half),
        "method": "DeLong" if "auc" in name else "Wilson",
        "note": "",
    }
    if name == "calibration":
        found.update(method="none", note="no interval is known for calibration")
    if not champion:
        return {**found, "gain": {}}
    gain = _GAINS[position] * (2 if name == "recall" else 1)
    found["champion"] = _estimate(value - gain * (direction or 0), half)
    found["reference"] = _estimate(value - (gain + 0.002) * (direction or 0), half)
    found["gain"] = {}
    if direction:
        found["gain"] = {
            "champion": _estimate(gain, half * 0.35 if half else None),
            "reference": _estimate(gain + 0.002, half * 0.45 if half else None),
        }
    return found


def evaluation(champion: bool = True) -> Documents:
    """An evaluation with twelve slices, of which six are too small to judge."""
    slices = []
    for position, (name, (rows, positives)) in enumerate(SLICES.items()):
        keys = dict(part.split("=") for part in name.split(", ")) if name != "overall" else {}
        slices.append(
            {
                "slice": name,
                "keys": keys,
                "rows": rows,
                "positives": positives,
                "judged": judged(name),
                "why_not": "" if judged(name) else _why_not(name),
                "metrics": {metric: _metric(metric, position, name, champion) for metric in _METRICS},
            }
        )
    gains = [_gain(one, over) for over in ("champion", "reference") for one in slices if one["judged"] and champion]
    checks = [_sound("challenger"), *[_sound("champion")] * champion, *gains, _floor(slices[0]), _calibrated()]
    found: Documents = {
        "verdict": "PASS",
        "challenger": {
            "package": digest("package 7"),
            "model_digest": digest("model 7"),
            "snapshot": digest("snapshot 2"),
            "spans": [2],
        },
        "champion": compared(6) if champion else None,
        "reference": compared(4) if champion else None,
        "holdout": {"snapshot": digest("snapshot 2"), "rows": 2441, "positives": 583},
        "policy": digest("policy"),
        "confidence": 0.95,
        "interval_level": 0.9,
        "slices": slices,
        "checks": checks,
        "not_applicable": []
        if champion
        else [{"name": f"auc_gain_over_{name}", "subject": "all", "reason": f"no {name} yet"} for name in BASELINES],
        "not_judged": [
            {"slice": name, "rows": SLICES[name][0], "positives": SLICES[name][1], "reason": _why_not(name)}
            for name in SLICES
            if not judged(name)
        ],
        "plots": _plots(champion),
    }
    return found


def _why_not(name: str) -> str:
    rows, positives = SLICES[name]
    counts = ((rows, 200, "rows"), (positives, 20, "positives"))
    return ", ".join(f"{found} {what} where the policy wants {least}" for found, least, what in counts if found < least)


def compared(number: int) -> dict[str, Any]:
    return {"package": digest(f"package {number}"), "number": number, "spans": [1], "snapshot": digest("snapshot 1")}


def _interval(estimate: dict[str, float], sign: str = "") -> str:
    return f"{estimate['value']:{sign}.4f} [{estimate['lower']:{sign}.4f}, {estimate['upper']:{sign}.4f}]"


def _floor(one: dict[str, Any]) -> dict[str, Any]:
    return check("auc", "overall", observed=_interval(one["metrics"]["auc"]["challenger"]), allowed=">= 0.8500")


def _sound(role: str) -> dict[str, Any]:
    return check("predictions", role, observed="probabilities", allowed="from 0 to 1")


def _gain(one: dict[str, Any], over: str) -> dict[str, Any]:
    gain = one["metrics"]["auc"]["gain"][over]
    return check(f"auc_gain_over_{over}", one["slice"], observed=_interval(gain, "+"), allowed=">= -0.0200")


def _calibrated() -> dict[str, Any]:
    return check("calibration", "overall", tier="soft", observed="1.0121", allowed=">= 0.9 and <= 1.1")


def _plots(champion: bool) -> dict[str, Any]:
    models = {"challenger": (0.106, 0.03), **({"champion": (0.112, 0.05)} if champion else {})}
    whole = {model: _drawn(power, shift) for model, (power, shift) in models.items()}
    women = {model: _drawn(2 * power, 2 * shift) for model, (power, shift) in models.items()}
    shown = [{"slice": "overall", "models": whole}, {"slice": "sex=Female", "models": women}]
    return {"slices": shown, "left_out": {"small": 3, "beyond": 0}}


def _drawn(power: float, shift: float) -> dict[str, Any]:
    """A model whose recall is a power of its false positive rate; a quarter of the rows are positive."""
    steps = [step / 50 for step in range(51)]
    curve = [
        [x, round(x**power, 4), round(x**power / (x**power + 3 * x), 4) if x else None, 1 - x if x else None]
        for x in steps
    ]
    bins = []
    for step, rows in enumerate((1180, 310, 190, 140, 120, 110, 105, 98, 90, 98)):
        seen = round(min(1.0, max(0.0, 0.05 + step / 10 + shift * (step % 3 - 1))), 3)
        bins.append([round(0.05 + step / 10, 3), seen, rows, max(seen - 0.04, 0.0), min(seen + 0.05, 1.0)])
    matrices = []
    for tenth in range(1, 10):
        true, false = round(610 * (1 - tenth / 10) ** power), round(1831 * (1 - tenth / 10) / 4)
        matrices.append([tenth / 10, true, false, 1831 - false, 610 - true])
    histogram = {"positives": [10 + step for step in range(20)], "negatives": [3 * (20 - step) for step in range(20)]}
    return {"curve": curve, "matrices": matrices, "calibration": bins, "histogram": histogram}


def snapshot(span: int = 2) -> Documents:
    """A sealed snapshot."""
    splits = {"train": (ROWS["train"], 1762), "eval": (2442, 590), "holdout": (2441, 583)}
    source = {"span": span, "path": f"span-{span}.csv.gz", "size": 221_385, "digest": digest(f"source {span}")}
    return {
        "digest": digest(f"snapshot {span}"),
        "spans": [span],
        "sources": [{**source, "rows": ROWS["span"], "version": "", "query": None}],
        "splits": {
            name: {
                "rows": rows,
                "positives": positives,
                "negatives": rows - positives,
                "spans": [{"span": span, "rows": rows}],
                "digest": digest(f"{name} {span}"),
            }
            for name, (rows, positives) in splits.items()
        },
        "split_by": {"by": "hash", "key": [], "time": "", "shares": [0.6, 0.2, 0.2]},
        "columns": [{"name": "age", "type": "int64"}, {"name": "sex", "type": "string"}],
        "label": {"column": "income", "positive": ">50K", "negative": "<=50K"},
    }


def checks() -> Documents:
    """Every check of the data; working hours drifted, which only warns."""
    splits = {"train": 7328, "eval": 2442, "holdout": 2441}
    found = [check("rows", f"split {name}", observed=f"{rows:,}", allowed=">= 1") for name, rows in splits.items()]
    found += [
        check("label_classes", f"split {name}", observed="<=50K: 5,566, >50K: 1,762", allowed=">= 2 rows of each class")
        for name in splits
    ]
    found += [check("columns", "all features", observed="all there", allowed="all there")]
    found += [check("schema", f"split {name}", observed="no anomalies", allowed="no anomalies") for name in splits]
    found += [
        check("leakage", "train and holdout", observed="0 of 2,441 rows (0.00%)", allowed="no identical rows"),
        check(
            "history_rows", "split train", tier="soft", observed="7,328 rows", allowed="0.5 to 2 times the champion's"
        ),
    ]
    drift = [_drift(one) for one in comparisons()["comparisons"]]
    return {"verdict": "PASS", "snapshot": digest("snapshot 2"), "checks": [*found, *drift]}


def _drift(one: dict[str, Any]) -> dict[str, Any]:
    figures = f"PSI {one['effect']:.3f}, p {one['p_value']:.2g}"
    reason = f"column {one['column']}: {figures} against {one['reference']}"
    words = {"observed": figures, "allowed": "PSI <= 0.1, or p > 0.01", "reason": reason}
    name = f"drift_from_{one['against']}"
    found = check(name, f"column {one['column']}", one["verdict"], one["tier"], **words)
    return {**found, "numbers": {"psi": one["effect"]}}


def training() -> Documents:
    """Fourteen epochs, of which the eleventh was the best."""
    curves = [
        {
            "epoch": epoch,
            "loss": round(0.313 + 0.29 * math.exp(-epoch / 2.6) - 0.0011 * epoch, 5),
            "eval_loss": round(0.3162 + 0.25 * math.exp(-epoch / 2.4) + 0.00035 * (epoch - 11) ** 2, 5),
            "eval_auc": round(0.9052 - 0.11 * math.exp(-epoch / 2.1) - 0.00008 * (epoch - 11) ** 2, 5),
        }
        for epoch in range(1, 15)
    ]
    keys = {"columns": ["age", "income"], "rows": 9770, "left_out": 0, "keys": 9768, "digest": digest("keys")}
    return {
        "package": digest("package 7"),
        "model_digest": digest("model 7"),
        "snapshot": digest("snapshot 2"),
        "spans": [2],
        "bundle": digest("bundle"),
        "seed": 1,
        "deterministic": True,
        "hyperparameters": {"units": 64, "dropout": 0.2},
        "rows": {"train": 7328, "eval": 2442},
        "base_model": None,
        "search": None,
        "trained_on": {"rows": keys, "entities": None},
        "curves": curves,
        "best_epoch": 11,
        "parameters": 13_057,
        "speed": {"whole": speed(3.1, 36_250.5), "epochs": [speed(0.2, 35_000.0 + epoch) for epoch in range(1, 15)]},
        "environment": {
            "python": "3.11.2",
            "tensorflow": "2.16.2",
            "keras": "3.4.1",
            "numpy": "1.26.4",
            "device": "CPU",
            "driver": None,
            "threads": {"intra": 2, "inter": 2},
            "precision": "float32",
            "xla": False,
            "micro_batch": 256,
            "replicas": 1,
        },
    }


def search() -> Documents:
    """Five trials, of which the third was the best and the fourth failed."""
    found: list[tuple[list[int], float, float | None, float | None, int, int]] = [
        ([64], 0.002, 0.3301, None, 9, 14),
        ([64, 32], 0.001, 0.3415, 0.899, 4, 8),
        ([64], 0.01, 0.3162, 0.9052, 11, 14),
        ([64, 32], 1.0, None, None, 0, 0),
        ([64, 32], 0.00023451, 0.335, 0.8999, 14, 14),
    ]
    trials = [
        {
            "number": number,
            "hyperparameters": {"dropout": 0.2, "hidden": hidden, "rate": rate},
            "state": "completed" if loss else "failed",
            "seconds": 10.0 if loss else 1.5,
            "eval_loss": loss,
            "eval_auc": auc,
            "best_epoch": best or None,
            "epochs": epochs or None,
            "reason": None if loss else "model.py (epoch 1, step 12): expected a finite loss, got nan",
            "resumed": number < 3,
        }
        for number, (hidden, rate, loss, auc, best, epochs) in enumerate(found, 1)
    ]
    return {
        "algorithm": "bayesian",
        "objective": "eval_loss",
        "seed": 1,
        "max_trials": 20,
        "max_minutes": 30,
        "ended_by": "minutes",
        "seconds": 1805.25,
        "best": 3,
        "trials": trials,
    }


def speed(seconds: float, examples_per_second: float) -> Documents:
    """The speed of an epoch, or of all, at 256 rows a step."""
    return {
        "seconds": seconds,
        "examples_per_second": examples_per_second,
        "step_ms": round(256_000 / examples_per_second, 4),
        "input_wait": 0.021,
        "host_peak_mb": 701.2,
        "device_peak_mb": None,
    }
