"""What is kept of a window: counts alone, so that windows add up to days without reading a row again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.monitoring.grid import SCORE_EDGES, Counts, Grid

CHAMPION, SHADOW = "champion", "shadow"
_OK = 200
_SCORES = np.array(SCORE_EDGES, np.float64)


def _no_scores() -> Counts:
    return np.zeros(len(SCORE_EDGES) + 1, np.int64)


@dataclass
class Sketch:
    """Counts of one window, or of several together.

    Attributes:
        grid: The bins.
        columns: Rows of answered live requests by bin, of each column of the grid.
        rows: Of them.
        scores: The champion's answers by bin of `SCORE_EDGES`.
        answered: Requests that the champion answered.
        failed: Requests that it failed.
        slow: Answered ones that took longer than was asked for.
    """

    grid: Grid
    columns: dict[str, Counts]
    rows: int = 0
    scores: Counts = field(default_factory=_no_scores)
    answered: int = 0
    failed: int = 0
    slow: int = 0

    @classmethod
    def empty(cls, grid: Grid) -> Sketch:
        """One that has seen nothing."""
        return cls(grid, {name: np.zeros(bins.many, np.int64) for name, bins in grid.columns.items()})

    def add(self, batch: pa.RecordBatch, over_ms: float = float("inf")) -> None:
        """Takes in rows of the request log; copies that nobody was answered by are left out.

        Args:
            batch: As `benison.delivery.request_log.schema_of` has it.
            over_ms: What is slow.
        """
        fine = pc.equal(batch["status"], pa.scalar(_OK, batch["status"].type))
        champion = pc.equal(batch["role"], CHAMPION)
        self._add_requests(batch.filter(champion), over_ms)
        scores = batch["score"].filter(pc.and_(champion, fine)).drop_null().to_numpy(zero_copy_only=False)
        self.scores += _binned(scores)
        # The champion steps in for a challenger that fails, so that what failed is not counted twice.
        live = batch.filter(pc.and_(pc.not_equal(batch["role"], SHADOW), fine))
        self.rows += live.num_rows
        self._add_columns(live)

    def _add_requests(self, champions: pa.RecordBatch, over_ms: float) -> None:
        """Counts requests by their first rows."""
        first = champions.filter(pc.equal(champions["row"], 0))
        fine = pc.equal(first["status"], pa.scalar(_OK, first["status"].type))
        answered = pc.sum(fine).as_py() or 0
        self.answered += answered
        self.failed += first.num_rows - answered
        self.slow += pc.sum(pc.and_(fine, pc.greater(first["latency_ms"], over_ms))).as_py() or 0

    def _add_columns(self, live: pa.RecordBatch) -> None:
        features = live["features"] if "features" in live.schema.names else None
        for name, bins in self.grid.columns.items():
            place = features.type.get_field_index(name) if features is not None else -1
            if place < 0:
                # Nobody sends it: that is a column without a value.
                self.columns[name][-1] += live.num_rows
            else:
                self.columns[name] += bins.count(pc.struct_field(features, [place]))

    def merge(self, other: Sketch) -> None:
        """Takes in what another one has seen.

        Raises:
            ValueError: Its bins are others.
        """
        if other.grid.digest != self.grid.digest:
            raise ValueError("only counts of the same bins can be added")
        for name, counts in other.columns.items():
            self.columns[name] = self.columns[name] + counts
        self.scores = self.scores + other.scores
        self.rows += other.rows
        self.answered += other.answered
        self.failed += other.failed
        self.slow += other.slow

    def to_json(self) -> dict[str, Any]:
        """As it stands in the log of windows."""
        return {
            "rows": self.rows,
            "answered": self.answered,
            "failed": self.failed,
            "slow": self.slow,
            "scores": self.scores.tolist(),
            "columns": {name: counts.tolist() for name, counts in self.columns.items()},
        }

    @classmethod
    def from_json(cls, grid: Grid, content: Mapping[str, Any]) -> Sketch:
        """The inverse of `to_json`.

        Raises:
            ValueError: It was counted in other bins.
        """
        columns = {name: np.array(counts, np.int64) for name, counts in content["columns"].items()}
        if {name: len(counts) for name, counts in columns.items()} != {n: b.many for n, b in grid.columns.items()}:
            raise ValueError("counts of other bins than the grid's")
        plain = {name: int(content[name]) for name in ("rows", "answered", "failed", "slow")}
        return cls(grid=grid, columns=columns, scores=np.array(content["scores"], np.int64), **plain)


def _binned(scores: Any) -> Counts:
    places = np.searchsorted(_SCORES, scores[~np.isnan(scores)], side="left")
    return np.bincount(places, minlength=len(_SCORES) + 1).astype(np.int64)
