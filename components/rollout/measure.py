"""measure: rows of the request log as tallies of champion and challenger for each block of time."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.config.rollout import BRIER_SCORE, ERROR_RATE, KPI, SCORE, SLOW_SHARE, Guardrail, Rollout
from benison.delivery.traffic import COPIED, LIVE, Role
from benison.measures.sequential import Arm, Block, Trial

READ = ("request_id", "row", "time", "role", "package", "score", "status", "latency_ms")
NOTHING = Arm(0, 0.0)
ANSWERED = 200
_STAGES = {Role.CHALLENGER: LIVE, Role.SHADOW: COPIED}
CHAMPION = "champion"
_Sums = dict[tuple[str, str], dict[int, Arm]]


@dataclass
class Tallies:
    """What champion and challenger did in each block of time; filled as the request log grows.

    Attributes:
        rollout: Its id.
        plan: What is measured.
        champion: The package that answers beside the challenger.
        challenger: The package on trial.
        sums: By metric, and stage or ``champion``: of each block how many, and the sum of the metric's values.
        answers: Batches of (request_id, stage, score), where outcomes are to be joined to them.
        known: What `blocks` told last.
        touched: By metric and stage, numbers of blocks to which something was added since.
        trials: By metric and stage, what was judged last; the next look goes on from there.
        ended: When the challenger got all traffic, in seconds since 1970: outcomes of later requests do not count,
            since no champion answers beside them; None: it has not so far.
        newest: The latest moment that a row told when rows were read last, in seconds since 1970.
    """

    rollout: int
    plan: Rollout
    champion: str
    challenger: str
    sums: _Sums = field(default_factory=dict)
    answers: list[pa.Table] = field(default_factory=list)
    known: dict[tuple[str, str], list[Block]] = field(default_factory=dict)
    touched: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    trials: dict[tuple[str, str], Trial] = field(default_factory=dict)
    ended: float | None = None
    newest: float = 0.0

    def add(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Takes rows of the request log in, each once, of whole blocks.

        Args:
            batches: With the columns `READ`.
        """
        for batch in batches:
            for side, rows in self._sides(batch):
                self._count(side, rows)

    def put(self, guardrail: Guardrail, side: str, arms: Mapping[int, Arm]) -> None:
        """Takes whole blocks of one side in, each once.

        Args:
            guardrail: Whose metric.
            side: `CHAMPION`, or the challenger's stage.
            arms: By number of the block, those in which there was a request.
        """
        self.sums.setdefault((guardrail.name, side), {}).update(arms)
        self._touch(guardrail.name, side, arms)

    def blocks(self, guardrail: Guardrail, stage: str) -> list[Block]:
        """A metric's blocks in the order of time, each in which there was a request.

        Args:
            guardrail: Whose metric.
            stage: `LIVE` or `COPIED`.
        """
        key = guardrail.name, stage
        if key not in self.known:
            self.known[key] = []
            self.touched[key] = {number for side in (CHAMPION, stage) for number in self.sums.get((key[0], side), ())}
        if touched := self.touched.pop(key, None):
            self.known[key] = self._renewed(guardrail, stage, self.known[key], touched)
        return self.known[key]

    def _renewed(self, line: Guardrail, stage: str, known: list[Block], touched: set[int]) -> list[Block]:
        """Known blocks, with those in place to which something was added: most often, new ones at the end."""
        seconds = self.plan.block_seconds
        kept = bisect.bisect_left(known, min(touched) * seconds, key=lambda block: block.start)
        later = {block.start: block for block in known[kept:]}
        for number in touched:
            champion, challenger = (self._arm(line, side, number) for side in (CHAMPION, stage))
            later[number * seconds] = Block(number * seconds, champion, challenger)
        return [*known[:kept], *(later[start] for start in sorted(later))]

    def _arm(self, line: Guardrail, side: str, number: int) -> Arm:
        """Without squares where requests are counted: that none failed so far then does not mean that none can."""
        found = self.sums.get((line.name, side), {}).get(number, NOTHING)
        return Arm(found.requests, found.total) if line.counts else found

    def _touch(self, name: str, side: str, numbers: Iterable[int]) -> None:
        for stage in (LIVE, COPIED) if side == CHAMPION else (side,):
            self.touched.setdefault((name, stage), set()).update(numbers)

    def join(self, outcomes: pa.Table) -> None:
        """Counts what came of requests, in the block of time in which it became known.

        Args:
            outcomes: New ones, each once: ``request_id``, ``time``, and ``label`` (0 or 1) or ``value``.
        """
        if not self.answers:
            return
        found = pa.concat_tables(self.answers).join(outcomes, "request_id", join_type="inner")
        for line in self.plan.guardrails:
            column = {BRIER_SCORE: "label", KPI: "value"}.get(line.metric)
            if column in found.column_names and found.num_rows:
                told = found.filter(pc.is_valid(found[column]))
                truth = told[column].cast(pa.float64()).to_numpy()
                values = (told["score"].to_numpy() - truth) ** 2 if line.metric == BRIER_SCORE else truth
                sides = np.array(told["side"].to_pylist(), dtype=object)
                for side in {*sides}:
                    self._sum(line.name, side, self._numbers(told["time"])[sides == side], values[sides == side])

    def since(self, moment: datetime) -> int:
        """How many blocks that begin after a moment have requests to the challenger."""
        first = moment.timestamp()
        own = [numbers.keys() for (_, side), numbers in self.sums.items() if side != CHAMPION]
        return sum(number * self.plan.block_seconds >= first for number in set().union(*own))

    def first_after(self, moment: datetime) -> float:
        """When the first block begins that begins after a moment, in seconds since 1970."""
        return float(np.ceil(moment.timestamp() / self.plan.block_seconds) * self.plan.block_seconds)

    def last_before(self, seconds: float) -> float:
        """When the last block ends that ends before a moment; both in seconds since 1970."""
        return float(np.floor(seconds / self.plan.block_seconds) * self.plan.block_seconds)

    def _sides(self, batch: pa.RecordBatch) -> list[tuple[str, pa.Table]]:
        """Rows by whose they are: ``champion``, or the challenger's stage."""
        table = pa.Table.from_batches([batch]).select(READ)
        found = []
        for role, package in (
            (Role.CHAMPION, self.champion),
            (Role.CHALLENGER, self.challenger),
            (Role.SHADOW, self.challenger),
        ):
            own = pc.and_(pc.equal(table["role"], str(role)), pc.equal(table["package"], package))
            rows = table.filter(own)
            if rows.num_rows:
                found.append((_STAGES.get(role, CHAMPION), rows))
        return found

    def _count(self, side: str, rows: pa.Table) -> None:
        """Counts requests, whose rows stand one after the other: the first one, or the mean of their scores."""
        numbers, scores = self._numbers(rows["time"]), rows["score"].to_numpy().astype(np.float64)
        answered = (rows["status"].to_numpy() == ANSWERED) & np.isfinite(scores)
        first = rows["row"].to_numpy() == 0
        request = np.cumsum(first)
        failed = np.isin(request, request[~answered])
        for line in self.plan.guardrails:
            if line.metric == ERROR_RATE:
                self._sum(line.name, side, numbers[first], failed[first].astype(np.float64))
            elif line.metric == SLOW_SHARE:
                slow = rows["latency_ms"].to_numpy() > line.over_ms
                self._sum(line.name, side, numbers[first], slow[first].astype(np.float64))
            elif line.metric == SCORE:
                self._sum(line.name, side, *_means(numbers[~failed], scores[~failed], request[~failed]))
        if self.plan.outcomes:
            in_trial = numbers * self.plan.block_seconds < (math.inf if self.ended is None else self.ended)
            self.answers.append(_answers(rows.filter(pa.array(~failed & in_trial)), side))

    def _numbers(self, times: pa.ChunkedArray) -> npt.NDArray[np.int64]:
        seconds = times.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy() / 1e6
        numbers: npt.NDArray[np.int64] = np.floor(seconds / self.plan.block_seconds).astype(np.int64)
        return numbers

    def _sum(self, name: str, side: str, numbers: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> None:
        places, inverse = np.unique(numbers, return_inverse=True)
        known = self.sums.setdefault((name, side), {})
        self._touch(name, side, places.tolist())
        sums = zip(np.bincount(inverse), np.bincount(inverse, values), np.bincount(inverse, values**2), strict=True)
        for place, (many, total, squares) in zip(places.tolist(), sums, strict=True):
            known[place] = _more(known.get(place, NOTHING), int(many), float(total), float(squares))


def _means(
    numbers: npt.NDArray[np.int64], scores: npt.NDArray[np.float64], request: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Of each request the block, and the mean of its rows' scores."""
    _, first, place = np.unique(request, return_index=True, return_inverse=True)
    return numbers[first], np.bincount(place, scores) / np.bincount(place)


def _answers(rows: pa.Table, side: str) -> pa.Table:
    """The first row of each request that was answered: outcomes are of requests."""
    first = rows.filter(pc.equal(rows["row"], 0)).select(["request_id", "score"])
    return first.append_column("side", pa.array([side] * first.num_rows, pa.string()))


def _more(arm: Arm, requests: int, total: float, squares: float) -> Arm:
    return Arm(arm.requests + requests, arm.total + total, (arm.squares or 0.0) + squares)
