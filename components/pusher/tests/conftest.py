from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benison import config
from benison.components.champion_resolver.run import run as resolve
from benison.components.pusher.evidence import Evidence, Infra, Standing
from benison.components.pusher.run import run
from benison.core import digests, documents, key_sets
from benison.core.key_sets import TrainedOn
from benison.registry.registry import Registry
from benison.registry.testing import digest, package, profile

EXAMPLES = documents.SCHEMAS / "examples" / "valid"
EXAMPLE = json.loads((EXAMPLES / "training.json").read_text())
YAML = """
name: census
data: {path: "data/span-{span}.csv"}
label: {column: income, positive: ">50K", negative: "<=50K"}
features: {age: numeric}
model: {}
gate: {checks: [{metric: auc, at_least: 0.8, tolerance: 0.005}]}
"""


def check(name: str, verdict: str = "PASS", tier: str = "hard", subject: str = "overall") -> dict[str, Any]:
    return {
        "name": name,
        "subject": subject,
        "tier": tier,
        "verdict": verdict,
        "observed": "+0.0011 [-0.0031, +0.0052]",
        "allowed": ">= -0.0050",
        "reason": f"{name} of {subject} is {verdict}",
        "numbers": {"value": 0.0011},
    }


def auc(lower: float | None) -> dict[str, Any]:
    gain = {"value": 0.01, "lower": lower, "upper": 0.02}
    known = {"value": 0.9, "lower": 0.89, "upper": 0.91}
    return {"challenger": known, "champion": known, "gain": {"champion": gain}, "method": "DeLong", "note": ""}


class Round:
    """One run of a pipeline up to the pusher: its artifacts as the other components write them.

    Attributes:
        documents: What they say, by artifact and kind; change it, then `push`.
    """

    def __init__(self, root: Path, name: str, word: str, spans: list[int]) -> None:
        self.root, self.folder, self.word = root, root / name, word
        self.bundle = root / "bundle"
        if not self.bundle.exists():
            (self.bundle / "project").mkdir(parents=True)
            (self.bundle / "project" / "benison.yaml").write_text(YAML)
        self._resolve()
        package(self.folder / "model" / "Format-Serving", word)
        self.package = digests.of_tree(self.folder / "model" / "Format-Serving")
        snapshot = digest(f"spans {spans}")
        self.documents: dict[str, dict[str, Any]] = {
            "anomalies/checks": {"verdict": "PASS", "snapshot": snapshot, "checks": [check("rows", subject="train")]},
            "statistics/profile": profile(snapshot, tuple(spans)),
            "model/training": self._training(snapshot, spans),
            "evaluation/evaluation": self._evaluation(snapshot, spans),
            "infra_evaluation/infra": self._infra(snapshot),
        }

    def _resolve(self) -> None:
        champion, history = self.folder / "champion", self.folder / "history"
        resolve(
            registry_uri=str(self.root / "registry"),
            bundle=self.bundle,
            champion=champion,
            history=history,
            base_model=self.folder / "base_model",
        )
        self.champion = documents.read(champion / "champion.json", "champion")

    def _training(self, snapshot: str, spans: list[int]) -> dict[str, Any]:
        return {
            "package": self.package,
            "model_digest": digest(f"weights of {self.word}"),
            "snapshot": snapshot,
            "spans": spans,
            "bundle": digest("bundle"),
            "seed": 1,
            "deterministic": True,
            "hyperparameters": {"units": 16},
            "rows": {"train": 600, "eval": 200},
            "curves": [{"epoch": 1, "loss": 0.4, "eval_loss": 0.4, "eval_auc": 0.9}],
            "best_epoch": 1,
            "parameters": 99,
            "base_model": None,
            "search": None,
            "trained_on": self._trained_on(snapshot),
            **{key: EXAMPLE[key] for key in ("speed", "environment")},
        }

    def _trained_on(self, snapshot: str) -> dict[str, Any]:
        """Ten rows, of which each snapshot has others."""
        keys = np.random.default_rng(list(snapshot.encode())).integers(0, 2**64, 10, np.uint64)
        folder = key_sets.beside(self.folder / "model" / "Format-Serving")
        return TrainedOn(key_sets.write(keys, ("age", "income"), 0, folder), None).to_json()

    def _evaluation(self, snapshot: str, spans: list[int]) -> dict[str, Any]:
        def baseline(role: str) -> dict[str, Any] | None:
            found = self.champion[role]
            return found and {name: found[name] for name in ("package", "number", "spans", "snapshot")}

        overall = {"slice": "overall", "keys": {}, "rows": 200, "positives": 50, "judged": True, "why_not": ""}
        return {
            "verdict": "PASS",
            "challenger": {
                "package": self.package,
                "model_digest": digest(f"weights of {self.word}"),
                "snapshot": snapshot,
                "spans": spans,
            },
            "champion": baseline("champion"),
            "reference": baseline("reference"),
            "holdout": {"snapshot": snapshot, "rows": 200, "positives": 50},
            "policy": config.read(self.bundle / "project").gate.digest,
            "confidence": 0.95,
            "interval_level": 0.9,
            "slices": [{**overall, "metrics": {"auc": auc(-0.001)}}],
            "checks": [check("auc"), check("auc_gain_champion")],
            "not_applicable": [],
            "not_judged": [],
            "plots": {},
        }

    def _infra(self, snapshot: str) -> dict[str, Any]:
        example = json.loads((EXAMPLES / "infra.json").read_text())
        said = {key: value for key, value in example.items() if key not in ("kind", "format")}
        policy = config.read(self.bundle / "project").infra.digest
        return {**said, "package": self.package, "snapshot": snapshot, "policy": policy}

    def said(self, what: str) -> dict[str, Any]:
        """One of the documents, to be changed: ``evaluation/evaluation``."""
        return self.documents[what]

    def judged(self, verdict: str, tier: str = "hard") -> Round:
        """The evaluation comes to another verdict."""
        evaluation = self.said("evaluation/evaluation")
        evaluation["checks"].append(check("auc_gain_reference", verdict, tier))
        evaluation["verdict"] = verdict if tier == "hard" else "PASS"
        return self

    def superior(self, lower: float | None = 0.002) -> Round:
        self.said("evaluation/evaluation")["slices"][0]["metrics"]["auc"] = auc(lower)
        return self

    def not_trained(self) -> Round:
        """The validator found the data wanting."""
        shutil.rmtree(self.folder / "model")
        snapshot = self.said("anomalies/checks")["snapshot"]
        bad = {**check("rows", "FAIL", subject="eval"), "reason": "rows 12 is not >= 1000"}
        self.documents["anomalies/checks"].update(verdict="FAIL", checks=[bad])
        del self.documents["model/training"]
        self.documents["model/not_trained"] = {
            "reason": "the validation of the data is FAIL, not PASS",
            "validation": "FAIL",
            "blocked_by": ["rows 12 is not >= 1000"],
            "snapshot": snapshot,
        }
        no_model = {**check("model", "ERROR"), "reason": "no model: the validation of the data is FAIL, not PASS"}
        empty: dict[str, Any] = {
            "verdict": "ERROR",
            "challenger": None,
            "slices": [],
            "checks": [no_model],
            "plots": {},
        }
        self.documents["evaluation/evaluation"].update(empty)
        nothing: dict[str, Any] = {"package": None, "champion": None, "rows": 0, "figures": {}, "ratios": {}}
        self.documents["infra_evaluation/infra"].update(verdict="ERROR", checks=[no_model], **nothing)
        return self

    def write(self) -> Round:
        for what, content in self.documents.items():
            folder, kind = what.split("/")
            documents.write(self.folder / folder / f"{kind}.json", kind, content)
        return self

    def push(self, to: str = "out", **changed: str) -> str:
        """Runs the component, as the pipeline does."""
        self.write()
        artifacts = ("statistics", "anomalies", "model", "champion", "evaluation", "infra_evaluation")
        given: dict[str, Any] = {name: self.folder / name for name in artifacts}
        given |= {name: self.folder / to / name for name in ("blessing", "pushed_model")}
        given |= {"registry_uri": str(self.root / "registry"), "bundle": self.bundle}
        given |= {"commit": "0123abc", "who": "nightly@ci", **changed}
        return run(**given)

    def blessing(self, to: str = "out") -> dict[str, Any]:
        return documents.read(self.folder / to / "blessing" / "blessing.json", "blessing")

    def pushed(self, to: str = "out") -> dict[str, Any]:
        return documents.read(self.folder / to / "pushed_model" / "pushed.json", "pushed")

    def markers(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "out" / "blessing").iterdir() if path.suffix == "")

    def evidence(self, *, infra: bool = False) -> Evidence:
        """What the pusher gathers from the artifacts as they are, with or without the process that serves."""
        says = {what.split("/")[1]: copy.deepcopy(content) for what, content in self.documents.items()}
        return Evidence(
            anomalies=says["checks"],
            anomalies_digest=digest("checks"),
            profile=says["profile"],
            evaluation=says["evaluation"],
            evaluation_digest=digests.of_json(says["evaluation"]),
            resolved=self.champion,
            training=says.get("training"),
            not_trained=says.get("not_trained"),
            package=self.package if "training" in says else None,
            policy=config.read(self.bundle / "project").gate.digest,
            infra=Infra(says["infra"], digest("infra"), self._infra("")["policy"]) if infra else None,
        )


class World:
    """A registry and the rounds that are played against it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rounds = 0

    def round(self, word: str, spans: list[int]) -> Round:
        self.rounds += 1
        return Round(self.root, f"round-{self.rounds}", word, spans)

    @property
    def registry(self) -> Registry:
        return Registry.open(str(self.root / "registry"), "census")

    @property
    def log(self) -> list[str]:
        return [one.entry.action for one in self.registry.log()]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def nobody() -> Standing:
    """A registry without a champion."""
    return Standing(champion=None, champion_spans=(), rolled_back="")
