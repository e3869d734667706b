"""watch: windows that ended -> counted -> judged -> kept -> alerts -> messages. All that has to last is in two logs.

A monitor that is killed anywhere is continued by the next one: windows are added by compare-and-swap, alerts follow
from the windows alone, and messages that were not written down as sent are sent again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from benison.alerts import decide
from benison.alerts.alert_log import AlertLog
from benison.alerts.channels import Send
from benison.alerts.entries import Entry
from benison.alerts.outbox import post
from benison.alerts.state import Alert, AlertState
from benison.components.monitor import late
from benison.components.monitor.looked import Looked
from benison.components.monitor.measure import Counted, measure
from benison.components.monitor.reference import References
from benison.config import Config
from benison.core.errors import RegistryError, StorageError
from benison.delivery.request_log import read_since
from benison.monitoring.grid import Counts, Grid
from benison.monitoring.joined import Joined
from benison.monitoring.judge import Asked, concluded, judge
from benison.monitoring.level import steady
from benison.monitoring.skew import skew
from benison.monitoring.together import together
from benison.monitoring.window_log import WindowLog
from benison.monitoring.windows import DRIFT, MISSING, OF_CHAMPION, SCORE_DRIFT, SELDOM, Late, Window
from benison.registry.log import Champion, utc
from benison.registry.registry import Registry

if TYPE_CHECKING:
    from benison.components.monitor.quality import QualityWatch
    from benison.components.monitor.row_skew import RowSkewWatch

_log = logging.getLogger(__name__)
_DAY = 86_400
# What a new champion may have learned.
_LEARNED = (DRIFT, MISSING, SCORE_DRIFT, *OF_CHAMPION)
# A monitor that was away catches up with this much at a time, and begins no earlier than this.
_AT_ONCE = 48
_REACH_S = 28 * _DAY
Missed = tuple[Late | None, list[Asked]]
_NOT_COUNTED: Missed = (None, [])


@dataclass(frozen=True)
class Watched:
    """What one look came to.

    Attributes:
        windows: Those that were judged, in order of time.
        opened: The alerts that are open now.
        trouble: What hindered reading the request log; empty: nothing did.
        sent: How many messages were.
    """

    windows: tuple[Window, ...]
    opened: tuple[Alert, ...]
    trouble: str
    sent: int


class Watcher:
    """Judges windows of one model's traffic.

    Args:
        registry: The model's.
        config: What benison.yaml says.
        requests: The folder of the servers' request log.
        sender_of: What sends to a channel, by its name.
        project: The folder of benison.yaml, at which that of outcomes begins; the one that this runs in by default.
    """

    def __init__(
        self,
        registry: Registry,
        config: Config,
        requests: Path,
        sender_of: Callable[[str], Send],
        project: Path = Path(),
    ) -> None:
        self._registry, self._config, self._requests = registry, config, requests
        self._sender_of, self.asked, self.name = sender_of, config.monitor, config.name
        self._references = References(registry, config)
        self.alerts = AlertLog(registry.store, registry.model)
        self.windows = WindowLog(registry.store, registry.model, self.asked.season, self._references.grid)
        self._quality = _quality(registry, config, project, self._rows)
        self._row_skew = _row_skew(config, project, self._rows)

    def look(self, now: datetime) -> Watched:
        """Judges every window that ended since the last look, and tells whom it concerns.

        Args:
            now: The moment, with a time zone.

        Raises:
            RegistryError: There is no champion yet.
            StorageError: The registry cannot be reached.
        """
        champion = self._registry.state().champion
        if champion is None:
            hint = "promote one:  benison registry promote challenger --why ..."
            raise RegistryError(self._registry.model, expected="a champion to watch", got="none so far", hint=hint)
        judged, trouble = self._catch_up(champion, now)
        self._tell(trouble, now)
        sent = post(self.alerts, self._registry.model, self._sender_of, now)
        return Watched(tuple(judged), self.alerts.state().open, trouble, sent)

    def _catch_up(self, champion: Champion, now: datetime) -> tuple[list[Window], str]:
        if self.windows.read() is not None:
            # The monitor before may have been killed between the window and what follows from it.
            self._follow(now)
        judged: list[Window] = []
        try:
            while due := self._due(self.windows.recent[-1] if self.windows.recent else None, now):
                judged += self._judge_all(champion, due, now)
        except (OSError, pa.ArrowException, StorageError) as error:
            _log.warning("no figures: %s", error)
            return judged, " ".join(str(error).split())[:300] or type(error).__name__
        return judged, ""

    def _due(self, last: Window | None, now: datetime) -> list[int]:
        """The beginnings of windows that ended and were not judged; the first ever is that of the oldest row."""
        seconds = self.asked.window_seconds
        until = int((now.timestamp() - self.asked.late_seconds) // seconds) * seconds
        first = last.end if last is not None else self._first(now, until)
        first = max(first, until - _REACH_S) // seconds * seconds
        return list(range(first, until, seconds))[:_AT_ONCE]

    def _first(self, now: datetime, until: int) -> int:
        rows = self._rows(now.timestamp() - _REACH_S)
        oldest = min((int(batch["time"].cast(pa.int64()).to_numpy().min()) for batch in rows), default=None)
        return until if oldest is None else oldest // 1_000_000

    def _rows(self, since: float, columns: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
        if not self._requests.is_dir():
            hint = "start the server with  benison serve , which makes it; or mount it here"
            where = str(self._requests)
            raise StorageError(where, expected="the servers' request log", got="no such folder", hint=hint)
        return read_since(self._requests, datetime.fromtimestamp(since, UTC), columns)

    def _judge_all(self, champion: Champion, due: list[int], now: datetime) -> list[Window]:
        trained_on = self._registry.show(champion.package).manifest.provenance.snapshot
        columns = self._references.watched(trained_on)
        own, grid = self._references.grid(trained_on, columns), self._standing(trained_on, columns)
        over_ms = self.asked.latency.over_ms if self.asked.latency else float("inf")
        counted = measure(self._rows(due[0]), due, self.asked.window_seconds, grid, own, over_ms)
        missed, last = self._late(due), counted[-1].start
        return [
            self._judge(champion, trained_on, own, one, now, missed if one.start == last else _NOT_COUNTED)
            for one in counted
        ]

    def _late(self, due: list[int]) -> Missed:
        """Counts once more what was counted at earlier looks, the first time in an hour."""
        past = late.counted_before(self.windows.recent, due[0])
        if not past or not late.is_due(due[0], due[-1] + self.asked.window_seconds):
            return _NOT_COUNTED
        found, asked = late.late(self._rows(past[0].start, late.COLUMNS), past, self.asked.late)
        return found, [asked]

    def _standing(self, trained_on: str, columns: tuple[str, ...]) -> Grid:
        """The bins of the window before as long as they are of the same columns, so that windows stay comparable."""
        last = self.windows.recent[-1] if self.windows.recent else None
        if last is not None and set(last.counts["columns"]) == set(columns):
            return self._references.grid(last.snapshot, columns)
        return self._references.grid(trained_on, columns)

    def _judge(
        self, champion: Champion, trained_on: str, own: Grid, counted: Counted, now: datetime, missed: Missed
    ) -> Window:
        reset, why = self._reset(champion)
        sketch, memory, start = counted.sketch, self.windows.memory, counted.start
        memory.prepare(champion.package, sketch.grid.digest, reset)
        known = memory.known(sketch, start)
        asked = judge(memory, sketch, start, known, self.asked, own=counted.own, sample=self._sample())
        asked += together(memory, sketch, start, self.asked, own=counted.own, sample=self._sample())
        own_counts = sketch.columns if counted.own is None else counted.own.columns
        asked += self._skew(start, trained_on, own, own_counts)
        said, more = self._seldom(champion, start, tuple(own.columns), missed)
        window = Window(
            start=start,
            minutes=self.asked.window_minutes,
            champion=champion.package,
            snapshot=sketch.grid.snapshot,
            grid=sketch.grid.digest,
            counts=sketch.to_json(),
            trained_on=trained_on,
            own=None if counted.own is None else {name: one.tolist() for name, one in counted.own.columns.items()},
            known=known,
            findings=concluded([*asked, *more], self.asked.alpha),
            reset=reset,
            **said,
        )
        if not self.windows.append(window):
            got = "another monitor, which judged the window already"
            raise StorageError("the log of windows", expected="one monitor", got=got, hint="it goes on by itself")
        self._follow(now, why)
        return window

    def _sample(self) -> float:
        kept = self._config.serving.requests
        return kept.sample if kept and kept.sample > 0 else 1.0

    def _reset(self, champion: Champion) -> tuple[tuple[str, ...], str]:
        """Columns whose past does not count any more: a person said so, or a new champion knows what they are now."""
        opened = self.alerts.state().open
        last = self.windows.recent[-1] if self.windows.recent else None
        if last is not None and last.champion != champion.package:
            learned = [one for one in opened if one.raised.cause in _LEARNED]
            return decide.subjects_of(learned), f"{champion} is champion now, and is judged anew"
        return decide.subjects_of(
            [one for one in opened if one.accepted and one.raised.cause not in SELDOM]
        ), "it was accepted as how it is to be"

    def _skew(self, start: int, trained_on: str, own: Grid, counts: dict[str, Counts]) -> list[Asked]:
        """Asked once a day, of the last whole season."""
        seconds = self.asked.window_seconds
        if (start + seconds) % _DAY:
            return []
        past = self.windows.cycle(start)
        blocks: dict[int, dict[str, Counts]] = {}
        length = _DAY if self.asked.season == "week" else max(3600, seconds)
        for at, of in [*((one.start, _own(one)) for one in past if one.trained_on == trained_on), (start, counts)]:
            block = blocks.setdefault(at // length, {})
            for name, one in of.items():
                block[name] = block[name] + one if name in block else np.array(one, np.int64)
        full = [block for block in blocks.values() if block.keys() == own.columns.keys()]
        return skew(own, full, self.asked)

    def _seldom(
        self, champion: Champion, start: int, columns: tuple[str, ...], missed: Missed
    ) -> tuple[dict[str, Any], list[Asked]]:
        """What is not asked of every window, by its place in the log."""
        labels, (joined, of_rows) = self._labels_of(champion, start), self._joined(start, columns)
        said = {"quality": labels.quality, "retried": labels.retried, "late": missed[0], "joined": joined}
        return said, [*labels.asked, *missed[1], *of_rows]

    def _labels_of(self, champion: Champion, start: int) -> Looked:
        """What labels say, once a period."""
        if self._quality is None:
            return Looked()
        from benison.components.monitor.quality import Span

        at = Span(start, start + self.asked.window_seconds, champion.package)
        return self._quality.look(at, self.windows.recent)

    def _joined(self, start: int, columns: tuple[str, ...]) -> tuple[Joined | None, list[Asked]]:
        """Served rows beside the data's, once a day."""
        if self._row_skew is None:
            return None, []
        watched = self.windows.recent[0].start if self.windows.recent else start
        return self._row_skew.look(start, start + self.asked.window_seconds, watched, columns)

    def _follow(self, now: datetime, closed: str = "") -> None:
        """Writes down what the newest window makes necessary, one entry after the other."""
        windows, when = list(self.windows.recent), utc(now)
        while (
            self.alerts.append(lambda state: decide.of_windows(state, windows, self.asked.alerting, when, closed))
            is not None
        ):
            pass
        if windows[-1].end % _DAY == 0:
            while self.alerts.append(lambda state: self._settled(state, windows, when)) is not None:
                pass

    def _settled(self, state: AlertState, windows: list[Window], when: str) -> Entry | None:
        """What is told once a day of alerts that stay."""
        season = "week" if self.asked.season == "week" else "day"
        return decide.of_level(
            state, lambda one: steady(one.key, windows, one.last, self.asked), season, self.asked.alerting, when
        )

    def _tell(self, trouble: str, now: datetime) -> None:
        alerting, when = self.asked.alerting, utc(now)
        self.alerts.append(lambda state: decide.of_trouble(state, trouble, alerting, now, when))
        while self.alerts.append(lambda state: decide.of_time(state, alerting, now, when)) is not None:
            pass


def _own(window: Window) -> dict[str, Counts]:
    """Rows by column in the bins of what its champion was trained on."""
    of = window.counts["columns"] if window.own is None else window.own
    return {name: np.array(one, np.int64) for name, one in of.items()}


def _quality(
    registry: Registry, config: Config, project: Path, rows_since: Callable[[float], Iterator[pa.RecordBatch]]
) -> QualityWatch | None:
    if config.monitor.quality is None:
        return None
    # The statistics of metrics need SciPy, which takes longer to import than all else.
    from benison.components.monitor.quality import QualityWatch

    return QualityWatch(registry, config, project, rows_since)


def _row_skew(
    config: Config, project: Path, rows_since: Callable[[float], Iterator[pa.RecordBatch]]
) -> RowSkewWatch | None:
    if config.monitor.skew_rows is None:
        return None
    # Arrow's data sets import pandas where there is one.
    from benison.components.monitor.row_skew import RowSkewWatch

    return RowSkewWatch(config, project, rows_since)
