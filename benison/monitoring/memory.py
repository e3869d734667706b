"""What earlier windows say of the next one: the sum of those of its season, and how far such predictions were off.

It is folded from the log of windows alone. A column's window is taken in unless it failed; after one that failed none
is until several together pass, so that what has gone wrong does not become the usual.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from benison.core.verdicts import Verdict
from benison.measures import surprise
from benison.measures.surprise import Distance, Floats, Habit
from benison.monitoring.grid import Counts
from benison.monitoring.pool import Pools, members_of
from benison.monitoring.seasons import FEWEST_WINDOWS, KEPT, levels, slot
from benison.monitoring.sketch import Sketch
from benison.monitoring.vectors import Key, vectors_of
from benison.monitoring.windows import DRIFT, SCORE_DRIFT, VOLUME, Finding, Known, Window

# So many past predictions are kept: four weeks of hours.
_PREDICTIONS = 672


class Ring:
    """The last rows of four numbers, as an array."""

    def __init__(self) -> None:
        self._rows, self._many = np.zeros((_PREDICTIONS, 4)), 0
        self._habit: Habit | None = None
        self._fresh = False

    def add(self, found: Distance) -> None:
        """Takes one in, in the place of the oldest."""
        self._rows[self._many % _PREDICTIONS] = found.value, found.sampling, found.windows, found.bins
        self._many += 1
        self._fresh = False

    def habit(self) -> Habit | None:
        """What they say."""
        if not self._fresh:
            self._habit, self._fresh = surprise.habit(self.rows), True
        return self._habit

    @property
    def rows(self) -> Floats:
        """All of them."""
        return self._rows[: min(self._many, _PREDICTIONS)]


class Pile:
    """The last windows of a season, and their sum.

    Args:
        most: So many of them.
    """

    def __init__(self, most: int) -> None:
        self._windows: deque[Counts] = deque(maxlen=most)
        self.total = np.zeros(0, np.int64)

    def add(self, counts: Counts) -> None:
        """Takes one in, in the place of the oldest."""
        gone = self._windows[0] if len(self._windows) == self._windows.maxlen else 0
        self.total = self.total + counts - gone if len(self._windows) else counts
        self._windows.append(counts)

    def __len__(self) -> int:
        return len(self._windows)


class Memory:
    """What is known of earlier windows.

    Args:
        season: One of `SEASONS`.
    """

    def __init__(self, season: str) -> None:
        self.levels = levels(season)
        self.pools = Pools()
        self._baselines: dict[tuple[str, int, Key], Pile] = {}
        self._past: dict[tuple[str, Key], Ring] = {}
        self._suspects: set[Key] = set()
        self._champion = ""
        self._grid = ""

    def expected(self, level: str, start: int, key: Key) -> tuple[Counts, int] | None:
        """The sum of the windows of a season, and of how many; None of fewer than three."""
        found = self._baselines.get((level, slot(level, start), key))
        if found is None or len(found) < FEWEST_WINDOWS:
            return None
        return found.total, len(found)

    def habit(self, level: str, key: Key) -> Habit | None:
        """How far predictions were off; None as long as that is not known."""
        ring = self._past.get((level, key))
        return ring.habit() if ring else None

    def predictions(self, key: Key) -> int:
        """How many there are so far, by the season that has most."""
        return max((len(self._past[level, key].rows) for level in self.levels if (level, key) in self._past), default=0)

    def known(self, sketch: Sketch, start: int) -> Known:
        """How far a window is from what each season expects of it."""
        vectors = vectors_of(sketch)
        return Known({level: dict(self._distances(level, start, vectors)) for level in self.levels})

    def _distances(self, level: str, start: int, vectors: Mapping[Key, Counts]) -> Iterable[tuple[Key, Distance]]:
        for key, counts in vectors.items():
            expected = self.expected(level, start, key)
            if expected is None:
                continue
            found = (
                _of_volume(*expected, counts) if key[0] == VOLUME else surprise.distance(*_in_order(expected, counts))
            )
            if found is not None:
                yield key, found

    def prepare(self, champion: str, grid: str, reset: Iterable[str] = ()) -> None:
        """Forgets what the next window cannot be compared with: other bins, answers of others, what is reset."""
        if grid != self._grid:
            self._forget(lambda key: key[0] == DRIFT)
        if champion != self._champion:
            self._forget(lambda key: key[0] == SCORE_DRIFT)
            self.pools.restart()
        gone = set(reset)
        if gone:
            self._forget(lambda key: key[1] in gone)
        self._champion, self._grid = champion, grid

    def take(self, window: Window, sketch: Sketch) -> None:
        """Takes in a window, after `prepare`."""
        answers = {(one.kind, one.subject): one for one in window.findings}
        for key, counts in vectors_of(sketch).items():
            if self._is_good(key, answers.get(key)):
                self._add(window, key, counts)
        if self.pools.concern(window):
            own = {name: np.array(counts, np.int64) for name, counts in (window.own or {}).items()}
            self.pools.take(window, members_of(sketch, window.start, own or sketch.columns))

    def _is_good(self, key: Key, finding: Finding | None) -> bool:
        """One small window passes by luck where what failed goes on, so that several have to, together."""
        if finding is not None and finding.verdict is Verdict.FAIL:
            self._suspects.add(key)
        elif finding is not None and finding.verdict is Verdict.PASS and finding.windows > 1:
            self._suspects.discard(key)
        return key not in self._suspects

    def _add(self, window: Window, key: Key, counts: Counts) -> None:
        for level in self.levels:
            place = (level, slot(level, window.start), key)
            if place not in self._baselines:
                self._baselines[place] = Pile(KEPT[level])
            self._baselines[place].add(counts)
            found = window.known.by_level.get(level, {}).get(key)
            if found is not None:
                self._past.setdefault((level, key), Ring()).add(found)

    def _forget(self, which: Callable[[Key], bool]) -> None:
        self._baselines = {place: one for place, one in self._baselines.items() if not which(place[2])}
        self._past = {place: one for place, one in self._past.items() if not which(place[1])}
        self._suspects = {key for key in self._suspects if not which(key)}
        self.pools.forget(which)


def _in_order(expected: tuple[Counts, int], counts: Counts) -> tuple[Counts, Counts, int]:
    return expected[0], counts, expected[1]


def _of_volume(expected: Counts, windows: int, counts: Counts) -> Distance:
    """The squared logarithm of the factor between what came and what was expected; by lot it is as Poisson has it."""
    total, now = float(expected[0]), float(counts[0])
    apart = np.log((now + 1) / (total / windows + 1))
    return Distance(float(apart * apart), 1 / (now + 1) + 1 / (total + 1), windows, 2)
