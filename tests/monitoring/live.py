"""Traffic of one column, window by window, judged and told as the monitor does it, without files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from benison.alerts import decide
from benison.alerts.alert_log import AlertLog
from benison.alerts.state import Alert
from benison.config.monitor import Monitor
from benison.monitoring.grid import Bins, Grid
from benison.monitoring.judge import concluded, judge
from benison.monitoring.level import steady
from benison.monitoring.memory import Memory
from benison.monitoring.sketch import Sketch
from benison.monitoring.together import together
from benison.monitoring.windows import Known, Window
from benison.registry.log import utc
from benison.registry.testing import MemoryStore, digest

EDGES = np.linspace(-2, 2, 9)
MONDAY_S = 4 * 86_400
Floats = npt.NDArray[np.float64]


def shares(middle: float, spread: float = 1.0) -> Floats:
    """Of a logistic column whose standard deviation is about `spread`, by bin."""
    below = 1 / (1 + np.exp(-1.7 * (EDGES - middle) / spread))
    return np.diff(below, prepend=0.0, append=1.0)


GRID = Grid(
    digest("s"), {"x": Bins("numeric", tuple(EDGES.tolist()), (), (*(shares(0) * 50_000).astype(int).tolist(), 0))}
)


@dataclass
class Live:
    """A monitor's memory and alerts, and the windows so far.

    Attributes:
        seed: Of all that is drawn.
        rows: In a window, on average.
        wander: How far windows are apart beyond drawing by lot, in standard deviations of the column.
        monitor: What is watched.
    """

    seed: int
    rows: int = 48
    wander: float = 0.05
    monitor: Monitor = field(default_factory=lambda: Monitor(season="none", min_rows=20))
    windows: list[Window] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random, self.memory = np.random.default_rng(self.seed), Memory(self.monitor.season)
        self.log = AlertLog(MemoryStore(), "census")

    def go_on(self, many: int, law: Callable[[int], Floats] = lambda number: shares(0), failed: float = 0.0) -> None:
        """So many more windows, whose shares by bin are a function of their number; it is shifted by the wandering."""
        for number in range(len(self.windows), len(self.windows) + many):
            self._judge(number, self._drawn(law(number), failed))

    def _drawn(self, law: Floats, failed: float) -> Sketch:
        rows = int(self.random.poisson(self.rows))
        noise = np.exp(self.wander * self.random.normal() * np.linspace(-1.5, 1.5, len(law)))
        sketch = Sketch.empty(GRID)
        sketch.columns["x"] = np.append(self.random.multinomial(rows, law * noise / (law * noise).sum()), 0)
        sketch.scores = self.random.multinomial(rows, np.full(len(sketch.scores), 1 / len(sketch.scores)))
        sketch.failed = int(self.random.binomial(rows, failed))
        sketch.rows, sketch.answered = rows, rows - sketch.failed
        return sketch

    def _judge(self, number: int, sketch: Sketch) -> None:
        start = MONDAY_S + number * self.monitor.window_seconds
        self.memory.prepare(digest("c"), GRID.digest)
        known = self.memory.known(sketch, start)
        asked = judge(self.memory, sketch, start, known, self.monitor)
        asked += together(self.memory, sketch, start, self.monitor)
        window = Window(
            start=start, minutes=self.monitor.window_minutes, champion=digest("c"), snapshot=digest("s"),
            grid=GRID.digest, counts=sketch.to_json(), trained_on=digest("s"), own=None, known=Known(),
            findings=concluded(asked, self.monitor.alpha),
        )  # fmt: skip
        self.memory.take(_knowing(window, known), sketch)
        self.windows.append(window)
        self._tell(utc(datetime.fromtimestamp(window.end, UTC)))

    def _tell(self, when: str) -> None:
        recent, alerting = self.windows[-800:], self.monitor.alerting
        while self.log.append(lambda state: decide.of_windows(state, recent, alerting, when)) is not None:
            pass
        if recent[-1].end % 86_400 == 0:
            self.log.append(lambda state: decide.of_level(state, self._steady, "day", alerting, when))

    def _steady(self, alert: Alert) -> bool:
        return steady(alert.key, self.windows[-800:], alert.last, self.monitor)

    def actions(self, cause: str = "drift") -> list[str]:
        """What was told of alerts of a cause."""
        ids = {one.id for one in self.log.state().alerts.values() if one.raised.cause == cause}
        return [entry.action for number, entry in self.log.entries() if getattr(entry, "alert", number) in ids]


def _knowing(window: Window, known: Known) -> Window:
    return Window(**{**vars(window), "known": known})
