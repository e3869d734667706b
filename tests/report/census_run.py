"""Runs of the census project as they lie on disk: pushed, blocked, first, blocked at the data, failed."""

from __future__ import annotations

import copy
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from census_card import card, features
from census_data import bands, comparisons, digest, profile
from census_documents import (
    PROJECT,
    Documents,
    check,
    checks,
    compared,
    evaluation,
    search,
    snapshot,
    training,
)

from benison.core.documents import SCHEMAS


def champion_entry(number: int) -> dict[str, Any]:
    folder = "champion" if number == 6 else "reference"
    return {**compared(number), "model_digest": digest(f"model {number}"), "folder": folder, "trained_on": None}


_TASKS = {
    "bundle": (0.1, 0.3, {"bundle": "bundle"}),
    "example-gen": (0.4, 1.9, {"examples": "examples", "holdout": "holdout"}),
    "champion-resolver": (0.4, 0.7, {"champion": "champion", "history": "history"}),
    "example-validator": (2.0, 6.4, {"statistics": "statistics", "anomalies": "anomalies", "validation": "validation"}),
    "trainer": (6.5, 21.8, {"model": "model"}),
    "evaluator": (21.9, 26.2, {"predictions": "predictions", "evaluation": "evaluation"}),
    "infra-validator": (26.2, 26.3, {"infra_evaluation": "infra_evaluation"}),
    "pusher": (26.3, 26.9, {"blessing": "blessing", "pushed_model": "pushed_model"}),
}
RUN_ID = "20261120-191822-5f3a"
EARLIER_ID = "20261120-184401-91bc"


def _time(seconds: float) -> str:
    at = datetime(2026, 11, 20, 19, 18, 22, tzinfo=UTC) + timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _task(name: str) -> dict[str, Any]:
    start, end, outputs = _TASKS[name]
    reused = name == "example-validator"
    return {
        "state": "reused" if reused else "succeeded",
        "started": _time(start),
        "ended": _time(start + 0.05 if reused else end),
        "seconds": 0.05 if reused else round(end - start, 3),
        "reused_from": EARLIER_ID if reused else None,
        "outputs": {
            output: {
                "path": f"{EARLIER_ID if reused else RUN_ID}/tasks/{name}/{output}",
                "digest": digest(f"{name} {output}"),
                "metadata": {},
            }
            for output in outputs
        },
        "parameters": {"verdict": "pushed"} if name == "pusher" else {},
        "error": None,
        "log": f"{EARLIER_ID if reused else RUN_ID}/tasks/{name}/log.txt",
    }


def run_record() -> Documents:
    """The record of a run that ended well."""
    return {
        "id": RUN_ID,
        "pipeline": "continuous-training",
        "verdict": "pushed",
        "state": "succeeded",
        "started": _time(0.0),
        "ended": _time(27.0),
        "parameters": {
            "bundle_uri": "runs/bundles/0a1b",
            "bundle_digest": digest("bundle"),
            "data_root": "/home/me/census",
            "registry_uri": "registry",
            "span": 2,
            "commit": "9ff13744be0b7a8d5e4f",
            "who": "ada@workshop",
        },
        "versions": {"benison": "0.1.0", "python": "3.11.2", "stack": "older"},
        "tasks": {name: _task(name) for name in _TASKS},
    }


def pushed() -> Documents:
    """A second run: the challenger beats champion 6 and becomes champion 7."""
    documents: Documents = {
        "project": PROJECT,
        "run": run_record(),
        "snapshot": snapshot(),
        "champion": {"champion": champion_entry(6), "reference": champion_entry(4)},
        "profile": copy.deepcopy(profile(2)),
        "comparisons": comparisons(),
        "bands": bands(),
        "checks": checks(),
        "training": training(),
        "model_card": card(),
        "features": features(),
        "evaluation": evaluation(),
        "infra": infra(),
    }
    documents["blessing"] = _blessing(documents, [], [])
    documents["pushed"] = _outcome("pushed", "champion 7 (1f0c2b9ad4e3) replaces 6 (a8ca0043d2df)", 7)
    return documents


def infra() -> Documents:
    """What the challenger took in a process of its own."""
    example = json.loads((SCHEMAS / "examples" / "valid" / "infra.json").read_text())
    said = {key: value for key, value in example.items() if key not in ("kind", "format")}
    return {**said, "package": digest("package 7"), "snapshot": digest("snapshot 2")}


def _blessing(documents: Documents, own: list[dict[str, Any]], reasons: list[str]) -> Documents:
    asked = ("checks", "evaluation", "infra")
    everything = [check for name in asked for check in documents[name]["checks"]]
    newer = check("not_older_than_champion", "overall", observed="span 2", allowed="span 1 or newer")
    entry = documents["champion"]["champion"]
    return {
        "blessed": not reasons,
        "verdict": "FAIL" if reasons else "PASS",
        "package": digest("package 7"),
        "model_digest": digest("model 7"),
        "champion": entry["package"] if entry else None,
        "champion_number": entry["number"] if entry else None,
        "snapshot": digest("snapshot 2"),
        "evaluation": None,
        "policy": digest("policy"),
        "checks": [*everything, newer, *own],
        "reasons": reasons,
    }


def _outcome(outcome: str, reason: str, number: int | None) -> Documents:
    before = digest("package 6") if number not in (None, 1) else None
    after = digest("package 7") if outcome == "pushed" else before
    return {
        "outcome": outcome,
        "reason": reason,
        "package": digest("package 7"),
        "number": number,
        "champion_before": before,
        "champion_after": after,
        "registry": "registry",
    }


def searched() -> Documents:
    """A run that pushed a model whose hyperparameters were searched."""
    documents = pushed()
    documents["training"]["search"] = search()
    return documents


def blocked() -> Documents:
    """A challenger that is worse for women; the gate says no."""
    documents = pushed()
    women = next(one for one in documents["evaluation"]["checks"] if one["subject"] == "sex=Female")
    women.update(
        verdict="FAIL",
        observed="-0.0412 [-0.0633, -0.0251]",
        reason="auc_gain over champion -0.0412 [-0.0633, -0.0251] is not >= -0.0200: all of the interval misses it",
    )
    gain = documents["evaluation"]["slices"][1]["metrics"]["auc"]
    gain["gain"]["champion"] = {"value": -0.0412, "lower": -0.0633, "upper": -0.0251}
    documents["evaluation"]["verdict"] = "FAIL"
    documents["blessing"] = _blessing(documents, [], [women["reason"]])
    documents["pushed"] = _outcome("blocked", f"not blessed: {women['reason']}", 6)
    documents["run"]["verdict"] = "blocked"
    documents["run"]["tasks"]["pusher"]["parameters"] = {"verdict": "blocked"}
    return documents


def first() -> Documents:
    """The first run: there is no champion to compare with."""
    documents = pushed()
    documents["champion"] = {"champion": None, "reference": None}
    documents["comparisons"]["comparisons"] = []
    documents["bands"]["bands"] = []
    documents["evaluation"] = evaluation(champion=False)
    documents["checks"]["checks"] = [one for one in documents["checks"]["checks"] if "drift" not in one["name"]]
    documents["blessing"] = _blessing(documents, [], [])
    documents["pushed"] = _outcome("pushed", "champion 1 (1f0c2b9ad4e3) is the first", 1)
    return documents


_NO_MODEL = "no model: the data did not pass its hard checks"


def blocked_at_data() -> Documents:
    """Data with a broken column: nothing was trained, nothing measured."""
    documents = pushed()
    broken = next(
        one for one in documents["checks"]["checks"] if one["subject"] == "split train" and one["name"] == "schema"
    )
    broken.update(
        verdict="FAIL",
        observed="2,104 values Femal out of the domain",
        allowed="Female, Male",
        reason="column sex in train: 2,104 values Femal are not in the schema's domain (Female, Male)",
    )
    reason = {"reason": broken["reason"], "snapshot": digest("snapshot 2")}
    documents["checks"]["verdict"] = "FAIL"
    for name in ("training", "model_card", "features"):
        del documents[name]
    documents["not_trained"] = {
        "reason": "the data did not pass its hard checks",
        "validation": "FAIL",
        "blocked_by": [broken["reason"]],
        "snapshot": reason["snapshot"],
    }
    no_model = check("model", "overall", "ERROR", observed="no model", allowed="a trained model", reason=_NO_MODEL)
    documents["evaluation"].update(
        verdict="ERROR", challenger=None, slices=[], checks=[no_model], not_judged=[], plots={}
    )
    documents["infra"].update(verdict="ERROR", package=None, rows=0, figures={}, ratios={})
    documents["infra"]["checks"] = [{**no_model, "subject": "challenger"}]
    documents["blessing"] = {
        **_blessing(documents, [], [broken["reason"], _NO_MODEL]),
        "package": None,
        "model_digest": None,
    }
    documents["pushed"] = {**_outcome("blocked", f"not blessed: {broken['reason']}; {_NO_MODEL}", 6), "package": None}
    documents["run"]["verdict"] = "blocked"
    return documents


def failed() -> Documents:
    """The user's model.py raises; evaluator and pusher do not run."""
    documents = pushed()
    record = documents["run"]
    record.update(state="failed", verdict=None)
    record["tasks"]["trainer"].update(
        state="failed",
        outputs={},
        error={
            "type": "ModelCodeError",
            "message": "model.py:14: expected a Keras model, got NameError: name 'Dens' is not defined",
            "hint": "did you mean Dense?",
            "traceback": 'Traceback (most recent call last):\n  File "model.py", line 14\nNameError: Dens',
            "exit_code": 2,
        },
    )
    for name in ("evaluator", "infra-validator", "pusher"):
        record["tasks"][name].update(
            state="not_run", started=None, ended=None, seconds=None, outputs={}, parameters={}, log=None
        )
    for name in ("training", "model_card", "features", "evaluation", "infra", "blessing", "pushed"):
        del documents[name]
    return documents


_FILES = {
    "snapshot": "example-gen/examples",
    "champion": "champion-resolver/champion",
    "profile": "example-validator/statistics",
    "comparisons": "example-validator/anomalies",
    "bands": "example-validator/anomalies",
    "checks": "example-validator/anomalies",
    "training": "trainer/model",
    "model_card": "trainer/model",
    "features": "trainer/model/Format-Serving/assets.extra",
    "not_trained": "trainer/model",
    "evaluation": "evaluator/evaluation",
    "infra": "infra-validator/infra_evaluation",
    "blessing": "pusher/blessing",
    "pushed": "pusher/pushed_model",
}


def _write(path: Path, kind: str, content: Documents) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    said = content if kind == "model_card" else {"kind": kind, "format": 1, **content}
    path.write_text(json.dumps(said, sort_keys=True))


def write(runs: Path, documents: Documents) -> Path:
    """Writes a run as the engine and its tasks would have; the run's folder."""
    documents, folder = copy.deepcopy(documents), runs / RUN_ID
    tasks, earlier = folder / "tasks", runs / EARLIER_ID / "tasks"
    (tasks / "bundle/bundle/project").mkdir(parents=True)
    (tasks / "bundle/bundle/project/benison.yaml").write_text(documents.pop("project"))
    _write(folder / "run.json", "run", documents.pop("run"))
    blessing = documents.pop("blessing", None)
    for kind, content in documents.items():
        _write(
            (earlier if _FILES[kind].startswith("example-validator") else tasks) / _FILES[kind] / f"{kind}.json",
            kind,
            content,
        )
    if blessing is not None:
        evaluated = (tasks / _FILES["evaluation"] / "evaluation.json").read_bytes()
        blessing["evaluation"] = blessing["evaluation"] or "sha256:" + hashlib.sha256(evaluated).hexdigest()
        _write(tasks / _FILES["blessing"] / "blessing.json", "blessing", blessing)
    return folder
