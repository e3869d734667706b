"""The log of windows of one model: each as it was counted and judged, and nothing of a row.

It lies in the registry and is of the promotion log's kind, so that two monitors never judge the same window twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from benison.core import digests
from benison.core.chain import Chain, Link
from benison.core.errors import ConflictError
from benison.core.store import Store, damaged
from benison.monitoring.grid import Grid
from benison.monitoring.memory import Memory
from benison.monitoring.seasons import cycle_s
from benison.monitoring.sketch import Sketch
from benison.monitoring.windows import Window

KIND = "window_entry"
# Pages and alerts look back no further.
_REMEMBERED_S = 35 * 86_400


def verified(store: Store, model: str) -> Iterator[str]:
    """Reads every window where it lies; tells the digests by which alerts name them.

    Args:
        store: Where the log lies.
        model: The model's name.

    Raises:
        IntegrityError: An entry is missing, torn, foreign or no window.
    """
    chain = Chain(store, f"{model}/windows", KIND)
    chain.verify()
    for link in chain.links_after():
        _window(chain, link)
        yield digests.of_json(link.content)


def windows_of(store: Store, model: str) -> Iterator[Window]:
    """Every window of a model, in order of time.

    Args:
        store: Where the log lies.
        model: The model's name.

    Raises:
        IntegrityError: As `verified`.
    """
    chain = Chain(store, f"{model}/windows", KIND)
    for link in chain.links_after():
        yield _window(chain, link)


def _window(chain: Chain, link: Link) -> Window:
    try:
        return Window.from_json(link.content)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(chain.where(link.number), KIND, str(error)) from error


class WindowLog:
    """The log, and what was folded from what has been read of it.

    Args:
        store: Where it lies.
        model: The model's name.
        season: Windows are compared by it.
        grid_of: The bins that a training leaves, by its digest, of some columns.
    """

    def __init__(self, store: Store, model: str, season: str, grid_of: Callable[[str, tuple[str, ...]], Grid]) -> None:
        self._chain = Chain(store, f"{model}/windows", KIND)
        self._head: Link | None = None
        self._grid_of, self._season = grid_of, season
        self.memory = Memory(season)
        self.recent: deque[Window] = deque()

    def read(self) -> Window | None:
        """Reads what is new; tells the last window, or None where there is none.

        Raises:
            IntegrityError: An entry is missing, torn, foreign or does not follow from those before it.
        """
        for link in self._chain.links_after(self._head):
            self._take(link)
        return self.recent[-1] if self.recent else None

    def append(self, window: Window) -> bool:
        """Adds a window after the last one that was read; False where another monitor added one meanwhile."""
        try:
            link = self._chain.append(window.to_json(), self._head)
        except ConflictError:
            return False
        self._take(link)
        return True

    def cycle(self, until: int) -> list[Window]:
        """The windows of the last whole season, ending with a moment in seconds since 1970."""
        return [one for one in self.recent if until - cycle_s(self._season) <= one.start < until]

    def _take(self, link: Link) -> None:
        try:
            window = Window.from_json(link.content)
            sketch = Sketch.from_json(self._grid_of(window.snapshot, tuple(window.counts["columns"])), window.counts)
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(self._chain.where(link.number), KIND, str(error)) from error
        self.memory.prepare(window.champion, window.grid, window.reset)
        self.memory.take(window, sketch)
        self.recent.append(window)
        while self.recent[0].end < window.end - _REMEMBERED_S:
            self.recent.popleft()
        self._head = link
