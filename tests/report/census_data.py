"""What the census rows of a run look like: profile, comparisons with references, and bands of the past."""

from __future__ import annotations

import functools
import hashlib
import math
import random
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from typing import Any

Documents = dict[str, Any]
ROWS = {"train": 7328, "span": 12_211}
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_START = datetime(2024, 1, 1, tzinfo=UTC)
_SHARES = {
    "workclass": {"Private": 0.694, "Self-emp-not-inc": 0.079, "Local-gov": 0.064, "?": 0.057, "State-gov": 0.041,
                  "Self-emp-inc": 0.035, "Federal-gov": 0.029, "Never-worked": 0.001},
    "occupation": {"Prof-specialty": 0.126, "Craft-repair": 0.125, "Exec-managerial": 0.124, "Adm-clerical": 0.116,
                   "Sales": 0.112, "Other-service": 0.102, "Machine-op-inspct": 0.062, "?": 0.058,
                   "Transport-moving": 0.048, "Handlers-cleaners": 0.042, "Farming-fishing": 0.031},
    "race": {"White": 0.855, "Black": 0.095, "Asian-Pac-Islander": 0.031, "Other": 0.019},
}  # fmt: skip
COLUMNS = (
    "age",
    "education_num",
    "hours_per_week",
    "capital_gain",
    "weight",
    "workclass",
    "occupation",
    "race",
    "sex",
)


def digest(name: str) -> str:
    """A digest that looks like one."""
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()


def moment(span: int, part: float = 0.0) -> float:
    """A moment of a span's month, seconds since 1970."""
    return (_START + timedelta(days=30.4 * (span - 1 + part))).timestamp()


@functools.cache
def _numbers(span: int, rows: int) -> dict[str, list[float]]:
    chance = random.Random(f"{span} {rows}")
    older, longer = 0.4 * span, 9.0 * (span - 1)
    years, spell = (9, 9, 9, 10, 10, 13, 13, 11, 12, 14, 7, 6, 5, 16), (rows + 1) / 0.999
    return {
        "age": [float(max(17, min(90, round(chance.gammavariate(6.2, 4.1) + 13 + older)))) for _ in range(rows)],
        "education_num": [float(chance.choice(years)) for _ in range(rows)],
        "hours_per_week": [
            float(chance.choice((40, 40, round(chance.gauss(41 + longer, 12)), round(chance.gauss(39 + longer, 9)))))
            for _ in range(rows)
        ],
        "capital_gain": [round(chance.lognormvariate(8.5, 0.9)) * float(chance.random() > 0.917) for _ in range(rows)],
        "weight": [float(round(chance.lognormvariate(12.0, 0.55))) for _ in range(rows)],
        "recorded": [moment(span, place / spell) for place in range(rows)],
    }


def edges_of(values: list[float], bins: int = 10) -> list[float]:
    """Inner edges at quantiles, each once."""
    ordered = sorted(values)
    return sorted({ordered[len(ordered) * step // bins] for step in range(1, bins)})


def counts_of(values: list[float], edges: list[float]) -> list[int]:
    """Values in each bin: above the edge before, up to its own."""
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect_left(edges, value)] += 1
    return counts


def _numeric(kind: str, values: list[float], missing: int = 0) -> Documents:
    ordered, edges = sorted(values), edges_of(values)
    mean = sum(ordered) / len(ordered)
    return {
        "kind": kind,
        "rows": len(values) + missing,
        "missing": missing,
        "distinct": len(set(values)),
        "mean": round(mean, 6),
        "std": round(math.sqrt(sum((value - mean) ** 2 for value in ordered) / len(ordered)), 6),
        "minimum": ordered[0],
        "maximum": ordered[-1],
        "quantiles": [ordered[min(len(ordered) - 1, int(part * len(ordered)))] for part in _QUANTILES],
        "zeros": values.count(0.0),
        "edges": edges,
        "counts": counts_of(values, edges),
    }


def _categorical(shares: dict[str, float], rows: int) -> Documents:
    values = {value: round(share * rows) for value, share in shares.items()}
    other = rows - sum(values.values())
    return {
        "kind": "categorical",
        "rows": rows,
        "missing": 0,
        "distinct": len(values) + 4 * (other > 10),
        "values": values,
        "other": other,
    }


def _shares(span: int) -> dict[str, dict[str, float]]:
    more = 0.01 * span
    income = {"<=50K": 0.7596 - more / 2, ">50K": 0.2404 + more / 2}
    return {"income": income, **_SHARES, "sex": {"Male": 0.668 - more, "Female": 0.332 + more}}


@functools.cache
def rows_profile(span: int, rows: int) -> Documents:
    """What some rows of a span look like; spans differ a little, and in working hours a lot."""
    numbers = _numbers(span, rows)
    columns = {
        name: _numeric("datetime" if name == "recorded" else "numeric", values, 31 if name == "hours_per_week" else 0)
        for name, values in numbers.items()
    }
    columns["hours_per_week"]["rows"] = rows + 31
    columns |= {name: _categorical(shares, rows) for name, shares in _shares(span).items()}
    positives = columns["income"]["values"][">50K"]
    return {
        "rows": rows,
        "first": numbers["recorded"][0],
        "last": numbers["recorded"][-1],
        "positives": positives,
        "negatives": rows - positives,
        "columns": dict(sorted(columns.items())),
    }


def profile(span: int) -> Documents:
    """The profile of a snapshot of one span."""
    newest = {"span": span, **rows_profile(span, ROWS["span"])}
    return {"snapshot": digest(f"snapshot {span}"), "train": rows_profile(span, ROWS["train"]), "spans": [newest]}


def history_entry(span: int) -> Documents:
    """What the registry keeps of an accepted snapshot."""
    return {
        "snapshot": digest(f"snapshot {span}"),
        "accepted_at": f"2026-11-{span:02}T10:00:00Z",
        "profile": profile(span),
    }


@functools.cache
def _binned(name: str, span: int, rows: int, edges: tuple[float, ...]) -> tuple[int, ...]:
    return tuple(counts_of(_numbers(span, rows)[name], list(edges)))


def _compare(name: str, before: Documents, now: Documents, span: int, rows: int) -> Documents:
    """A column in the bins of its reference."""
    was, is_now = before["columns"][name], now["columns"][name]
    if was["kind"] == "categorical":
        counts = [is_now["values"].get(value, 0) for value in was["values"]]
        other = is_now["rows"] - sum(counts)
        sides = ([*was["values"].values(), was["other"], 0], [*counts, other, 0])
        return {"kind": "categorical", "values": list(was["values"]), "before": sides[0], "now": sides[1]}
    counts = _binned(name, span, rows, tuple(was["edges"]))
    return {
        "kind": was["kind"],
        "edges": was["edges"],
        "before": [*was["counts"], was["missing"]],
        "now": [*counts, is_now["missing"]],
    }


def _psi(before: list[int], now: list[int]) -> float:
    pairs = [
        ((a + 0.5) / (sum(before) + 0.5 * len(before)), (b + 0.5) / (sum(now) + 0.5 * len(now)))
        for a, b in zip(before, now, strict=True)
    ]
    return sum((b - a) * math.log(b / a) for a, b in pairs)


def comparisons(*, champion: bool = True) -> Documents:
    """The newest span against the one before, and train against the champion's; working hours drifted."""
    sides = [("previous", "span 1", "span")] + [("champion", "champion 6, trained on span 1", "train")] * champion
    found = []
    for against, reference, rows in sides:
        before, now = (rows_profile(span, ROWS[rows]) for span in (1, 2))
        for name in COLUMNS:
            binned = _compare(name, before, now, 2, ROWS[rows])
            effect = round(_psi(binned["before"], binned["now"]), 4)
            drifted = name == "hours_per_week"
            found.append(
                {
                    **binned,
                    "column": name,
                    "against": against,
                    "reference": reference,
                    "measure": "psi",
                    "effect": effect,
                    "p_value": 3.1e-41 if drifted else 0.63,
                    "warn": 0.1,
                    "block": None if against == "champion" else 1.0,
                    "verdict": "FAIL" if drifted else "PASS",
                    "tier": "soft",
                }
            )
    return {"snapshot": digest("snapshot 2"), "comparisons": found}


def _band(column: str, measure: str, past: list[float], now: float | None, **changes: Any) -> Documents:
    middle = sorted(past)[len(past) // 2]
    scale = max(1.4826 * sorted(abs(value - middle) for value in past)[len(past) // 2], 1e-6)
    band = {
        "column": column,
        "measure": measure,
        "season": "",
        "points": [{"span": span, "at": moment(span, 0.5), "value": value} for span, value in enumerate(past, 1)],
        "now": now,
        "median": middle,
        "scale": scale,
        "warn": [middle - 4 * scale, middle + 4 * scale],
        "block": [middle - 10 * scale, middle + 10 * scale],
        "verdict": "PASS",
        "tier": "hard",
    }
    return {**band, **changes}


def bands() -> Documents:
    """Working hours are out of their band, weights far out, and there is too little of capital gains."""
    chance = random.Random(9)

    def around(middle: float, spread: float, count: int = 12) -> list[float]:
        return [round(chance.gauss(middle, spread), 4) for _ in range(count)]

    hours = around(40.2, 0.2)
    found = [
        _band("hours_per_week", "mean", hours, 44.6, verdict="FAIL", tier="soft"),
        _band("weight", "mean", around(189_000, 900), 18_900_000.0, verdict="FAIL", tier="hard"),
        _band("workclass", "missing_share", around(0.02, 0.001), None, verdict="INCONCLUSIVE", tier="soft"),
        _band("capital_gain", "maximum", around(99_000, 0), 99_999.0, verdict="INCONCLUSIVE", tier="soft",
              points=[{"span": 1, "at": None, "value": 99_999.0}], median=None, scale=None, warn=None, block=None),
        _band("", "rows", [float(round(value)) for value in around(12_000, 150)], 12_211.0,
              season="weekday 3", block=None),
        *(_band(name, "mean", around(middle, middle / 90), middle * 1.01, warn=[None, middle * 1.1])
          for name, middle in (("age", 38.6), ("education_num", 10.1), ("capital_gain", 1077.0))),
        _band("race", "distinct", around(4, 0), 4.0),
    ]  # fmt: skip
    return {"snapshot": digest("snapshot 2"), "span": 13, "bands": found}
