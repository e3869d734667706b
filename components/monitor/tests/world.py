"""A registry with a champion and what it was trained on, and a request log in real files, on a clock of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from benison.components.monitor.watch import Watched, Watcher
from benison.core.profiles import Profile, RowsProfile
from benison.delivery.request_log import schema_of
from benison.measures.numbers import NEITHER
from benison.measures.tallies import ColumnTally
from benison.registry.testing import NOON, Bench, provenance

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
LEARNING = 36
FEATURES = pa.struct([("age", pa.float64()), ("country", pa.string())])
SAID: dict[str, Any] = {
    "name": "census",
    "data": {"path": "rides.csv"},
    "label": {"column": "income", "positive": "yes", "negative": "no"},
    "features": {"age": "numeric", "country": "categorical"},
    "model": {"seed": 7, "hyperparameters": {"units": [8]}},
    "gate": {"checks": [{"metric": "auc", "at_least": 0.8}]},
}


def project(folder: Path, requests: Path, **monitor: Any) -> Path:
    """A project whose servers write there."""
    folder.mkdir(parents=True, exist_ok=True)
    said = {**SAID, "serving": {"requests": {"folder": str(requests)}}, "monitor": {"season": "none", **monitor}}
    (folder / "benison.yaml").write_text(yaml.safe_dump(said))
    return folder


def profile_of(column: pa.Array) -> Any:
    tally = ColumnTally.of(column.type)
    tally.add(column, np.full(len(column), NEITHER, np.int8))
    return tally.profile()


@dataclass
class Hour:
    """What traffic of an hour is like."""

    rows: int = 600
    age: float = 40.0
    missing: float = 0.02
    failed: float = 0.0
    outliers: int = 0


@dataclass
class World:
    """Traffic, hour by hour, and a monitor that looks when it is told to."""

    bench: Bench
    requests: Path
    watcher: Watcher
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(11))
    hours: int = 0
    like: Hour = field(default_factory=Hour)
    begin: datetime = BEGIN

    def live(self, many: int, like: Callable[[int], Hour] = lambda hour: Hour()) -> Watched:
        """So many hours of traffic, and one look after them."""
        for _ in range(many):
            self._write(self.hours, like(self.hours))
            self.hours += 1
        return self.look()

    def at(self, hour: int) -> int:
        """When an hour begins, in seconds since 1970."""
        return int((self.begin + timedelta(hours=hour)).timestamp())

    def look(self) -> Watched:
        return self.watcher.look(self.begin + timedelta(hours=self.hours, minutes=2))

    def late(self, hour: int, rows: int) -> None:
        """Rows of an hour that are written now."""
        self._write(hour, Hour(rows=rows), "late")

    def _write(self, hour: int, of: Hour, more: str = "") -> None:
        if not of.rows:
            return
        begin, many = self.begin + timedelta(hours=hour), of.rows
        age = self.random.normal(of.age, 10, many)
        age[: of.outliers] = 1e300
        gone = self.random.random(many) < of.missing
        features = pa.StructArray.from_arrays(
            [pa.array(age, mask=gone), pa.array(self.random.choice(["at", "de", "ch"], many, p=[0.5, 0.3, 0.2]))],
            names=["age", "country"],
        )
        failed = self.random.random(many) < of.failed
        champion = self.bench.registry.state().champion
        assert champion is not None
        seconds = begin.timestamp() + np.sort(self.random.random(many)) * 3600
        columns = {
            "request_id": [f"{hour}{more}-{row}" for row in range(many)],
            "row": np.zeros(many, np.int32),
            "unit_id": [""] * many,
            "time": (seconds * 1e6).astype("datetime64[us]"),
            "role": ["champion"] * many,
            "package": [champion.package] * many,
            "number": np.full(many, champion.number),
            "score": self.random.beta(2, 5, many),
            "status": np.where(failed, 500, 200).astype(np.int16),
            "error": [""] * many,
            "latency_ms": np.full(many, 5.0),
        }
        schema = schema_of(features.type)
        arrays = [features if one.name == "features" else pa.array(columns[one.name]).cast(one.type) for one in schema]
        file = self.requests / f"{begin:%Y-%m-%d}" / f"{hour:04}{more}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_arrays(arrays, schema=schema), file)
        written = (self.begin + timedelta(hours=self.hours) if more else begin + timedelta(hours=1)).timestamp()
        os.utime(file, (written, written))


@dataclass(frozen=True)
class Learned:
    """A world after `LEARNING` hours of steady traffic, of which tests have copies.

    Attributes:
        world: The world.
        watched: What its first look found.
        folder: Where it lies.
    """

    world: World
    watched: Watched
    folder: Path


def crowned(bench: Bench, word: str = "first", age: float = 40.0, spans: tuple[int, ...] = (1,)) -> None:
    """A champion, trained on people of about this age."""
    random = np.random.default_rng(3)
    ages = pa.array(random.normal(age, 10, 20_000))
    countries = pa.array(random.choice(["at", "de", "ch"], 20_000, p=[0.5, 0.3, 0.2]))
    rows = RowsProfile(20_000, None, None, 0, 0, {"age": profile_of(ages), "country": profile_of(countries)})
    bench.crown(word, spans)
    bench.registry.history.put(Profile(provenance(word, spans).snapshot, rows, {1: rows}).to_json(), NOON)
