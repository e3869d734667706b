"""A world whose champion was blessed on a holdout of its own, and whose labels come an hour after their requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from benison import config as configuration
from benison.components.monitor.run import watcher_of
from benison.components.monitor.tests.world import World, crowned, project
from benison.core.verdicts import Verdict
from benison.metrics.bound import estimate
from benison.metrics.measure import Rows, Sample
from benison.registry.registry import Registry
from benison.registry.testing import SAID, Bench, digest

METRICS = ("auc", "brier_score")
# As the world's scores are, with labels that are positive as often as the score says.
Floats = Any


def truthful(random: np.random.Generator, scores: Floats) -> Floats:
    return random.random(len(scores)) < scores


def unrelated(random: np.random.Generator, scores: Floats) -> Floats:
    return random.random(len(scores)) < scores.mean()


def evaluation(rows: int = 20_000, seed: int = 5) -> dict[str, Any]:
    """What a champion whose scores are true is told by the evaluator, of all rows and of one country."""
    random = np.random.default_rng(seed)
    scores = random.beta(2, 5, rows)
    labels = truthful(random, scores)
    parts = {"overall": slice(None), "country=at": slice(0, rows // 2)}
    slices = [_slice(name, Sample(Rows.of(labels[one]), scores[one])) for name, one in parts.items()]
    return {"confidence": 0.95, "slices": slices}


def _slice(name: str, sample: Sample) -> dict[str, Any]:
    found = {metric: estimate(metric, sample, 0.95) for metric in METRICS}
    told = {
        metric: {"challenger": {"value": one.value, "lower": one.interval.lower, "upper": one.interval.upper}}
        for metric, one in found.items()
    }
    keys = dict([name.split("=")]) if "=" in name else {}
    return {"slice": name, "keys": keys, "metrics": told}


def bless(bench: Bench, content: dict[str, Any]) -> None:
    """Says of the champion what it was blessed on, with documents that are kept."""
    champion = bench.registry.state().champion
    assert champion is not None
    evidence = {"evaluation": bench.registry.evidence.put(json.dumps(content).encode()), "policy": digest("gate")}
    bench.registry.bless(champion.package, Verdict.PASS, reasons=(), evidence=evidence, compared_with=champion, **SAID)


@dataclass
class LabelledWorld:
    """Traffic, labels, and a monitor."""

    world: World
    outcomes: Path
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(13))

    def live(self, hours: int, truth: Callable[..., Floats] = truthful, labelled: float = 1.0) -> Any:
        """So many hours of traffic, a share of it with labels; and one look after them."""
        known = set(self.world.requests.glob("*/*"))
        for _ in range(hours):
            self.world._write(self.world.hours, self.world.like)
            self.world.hours += 1
        for file in sorted(set(self.world.requests.glob("*/*")) - known):
            self.label(file, truth, labelled)
        return self.world.look()

    def label(self, file: Path, truth: Callable[..., Floats], labelled: float) -> None:
        rows = pq.read_table(file, columns=["request_id", "time", "score"])
        labels = truth(self.random, rows["score"].to_numpy()).astype(np.int64)
        later = pa.array(rows["time"].to_numpy() + np.timedelta64(3600, "s")).cast(pa.timestamp("us", "UTC"))
        told = pa.table({"request_id": rows["request_id"], "time": later, "label": labels})
        self.outcomes.mkdir(exist_ok=True)
        kept = self.random.random(len(labels)) < labelled
        if kept.any():
            pq.write_table(told.filter(pa.array(kept)), self.outcomes / f"{file.stem}.parquet")


def labelled_world(folder: Path, content: dict[str, Any] | None, **quality: Any) -> LabelledWorld:
    """A world with windows of four hours, whose labels are ripe after two."""
    bench = Bench(Registry.create(str(folder / "registry"), "census"), folder / "packages")
    crowned(bench)
    if content is not None:
        bless(bench, content)
    requests, outcomes = folder / "requests", folder / "outcomes"
    requests.mkdir()
    asked = {"outcomes": str(outcomes), "labels_mature_minutes": 120, **quality}
    own = project(folder / "project", requests, window_minutes=240, quality=asked)
    config_of_evaluation = {
        "slicing_specs": [{}, {"feature_keys": ["country"]}],
        "metrics_specs": [{"metrics": [{"class_name": "AUC"}]}],
    }
    (own / "eval_config.json").write_text(json.dumps(config_of_evaluation))
    said = yaml.safe_load((own / "benison.yaml").read_text())
    said["gate"]["checks"] = [{"metric": "auc", "at_least": 0.6}, {"metric": "brier_score", "at_most": 0.9}]
    (own / "benison.yaml").write_text(yaml.safe_dump(said))
    config = configuration.read(own)
    return LabelledWorld(World(bench, requests, watcher_of(config, bench.registry, None, own)), outcomes)
