"""pool: the windows since one failed, which are put together until they decide what none of them could alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from benison.core.verdicts import Verdict
from benison.monitoring.grid import Counts
from benison.monitoring.sketch import Sketch
from benison.monitoring.vectors import Key, shares_of, vectors_of
from benison.monitoring.windows import DRIFT, MISSING, Finding, Window

TRAINING = "training"
# The first look is at so many windows, or at as many as end an alert, but not at more than a week of hours.
FEWEST, _FIRST_MOST = 5, 168
# A pool that did not decide by then begins anew: the third look of the largest first one.
_MOST = 4 * _FIRST_MOST


@dataclass(frozen=True)
class Member:
    """A window in a pool.

    Attributes:
        start: When it begins, in seconds since 1970.
        counts: What is compared of it; where there is but a limit, answered requests and those that count against it.
        own: Rows of the column in the bins of the champion's own training; None: it is of no column.
    """

    start: int
    counts: Counts
    own: Counts | None


def members_of(sketch: Sketch, start: int, own: Mapping[str, Counts]) -> dict[Key, Member]:
    """A window as it goes into the pools.

    Args:
        sketch: What was counted.
        start: When it begins, in seconds since 1970.
        own: Rows by column in the bins of what the champion was trained on.
    """
    counted = {**vectors_of(sketch), **shares_of(sketch)}
    return {
        key: Member(start, counts, own.get(key[1]) if key[0] in (DRIFT, MISSING) else None)
        for key, counts in counted.items()
    }


@dataclass
class Pool:
    """Windows that are put together.

    Attributes:
        fewest: They are not looked at before there are so many: as many as once were enough for a failure.
        training: Whether there is no past to hold them against but the champion's training.
        members: In order of time.
    """

    fewest: int = 0
    training: bool = False
    members: list[Member] = field(default_factory=list)

    def add(self, member: Member) -> None:
        """Takes a window in."""
        if len(self.members) == _MOST:
            self.members.clear()
        self.members.append(member)

    def next_look(self, first: int) -> int:
        """So many windows the next look is at, of those after the present ones: `first`, twice, four times as many.

        Each look is another chance to be wrong, so that there are few of them.
        """
        many = min(max(first, FEWEST), _FIRST_MOST)
        while many <= len(self.members) or many < self.fewest:
            many *= 2
        return many


class Pools:
    """Those of one model, folded from the log of windows.

    A failure empties a pool. One that windows together came to is followed by none that is smaller, so that what stays
    as it is gets no second chance with less power. Against training alone a pool goes on, since one window is no sample
    of what training saw.
    """

    def __init__(self) -> None:
        self._pools: dict[Key, Pool] = {}

    def __iter__(self) -> Iterator[tuple[Key, Pool]]:
        return iter(self._pools.items())

    def of_training(self, key: Key) -> Pool | None:
        """The pool that is held against training, where there is one."""
        pool = self._pools.get(key)
        return pool if pool is not None and pool.training else None

    def concern(self, window: Window) -> bool:
        """Whether there is anything to take of a window."""
        return bool(self._pools) or any(one.verdict is Verdict.FAIL for one in window.findings)

    def take(self, window: Window, members: Mapping[Key, Member]) -> None:
        """Takes in a window that was judged."""
        for finding in window.findings:
            key = finding.kind, finding.subject
            if key in members:
                self._take(key, finding, members[key])

    def _take(self, key: Key, finding: Finding, member: Member) -> None:
        pool, learned = self._pools.get(key), finding.against not in ("", TRAINING)
        if finding.verdict is Verdict.FAIL and learned:
            self._pools[key] = Pool(max(pool.fewest if pool else 0, finding.windows if finding.windows > 1 else 0))
        elif finding.verdict is Verdict.FAIL:
            self._pools.setdefault(key, Pool(training=True)).add(member)
        elif pool is not None and self._is_over(pool, finding, learned=learned):
            del self._pools[key]
        elif pool is not None:
            pool.add(member)

    def _is_over(self, pool: Pool, finding: Finding, *, learned: bool) -> bool:
        if pool.training:
            return learned
        return finding.verdict is Verdict.PASS and finding.windows > 1

    def restart(self) -> None:
        """Empties them: the windows so far were another champion's."""
        self._pools = {key: Pool(one.fewest, one.training) for key, one in self._pools.items()}

    def forget(self, which: Callable[[Key], bool]) -> None:
        """Drops some."""
        self._pools = {key: one for key, one in self._pools.items() if not which(key)}
