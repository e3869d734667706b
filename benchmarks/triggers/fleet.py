"""Models whose runs start by themselves, on a clock that is turned: real ledgers and registries, runs that end at once.

Every model is trained once a day and asks for a run 32 more times, so that twenty of them come to some 19,800 runs in
30 days. A run is what `benison.triggers.starting.Starter` asks for and nothing besides: a file that says it was carried
out, and for the daily ones a version that becomes champion.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benison.config.triggers import Budget, Policy
from benison.registry.registry import Registry
from benison.registry.stores import LocalStore
from benison.registry.testing import Bench
from benison.submit.timing import timing_of
from benison.triggers import entries
from benison.triggers.entries import Run
from benison.triggers.ledger import Ledger
from benison.triggers.look import Look, Manager, Places
from benison.triggers.sources import Schedule
from benison.triggers.starting import Progress
from benison.triggers.work import Folder

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
TICK = timedelta(minutes=30)
TICKS_A_DAY = timedelta(days=1) // TICK
# No two at the same look, so that each time is a run of its own: 1, 24 and 8 a day.
CRONS = {"daily": "17 3 * * *", "hourly": "0 * * * *", "halves": "30 8-15 * * *"}
POLICY = Policy(debounce_seconds=0, budget=Budget(device_hours_per_month=2000, reserve_hours=10))


class At:
    """A place where runs end at once, each carried out once for its key however often it is started."""

    def __init__(self, folder: Path, bench: Bench) -> None:
        self._folder, self._bench = folder, bench

    def start(self, run: Run, step: str) -> str:
        """Carries it out, unless it was."""
        mark = self._folder / f"{run.key}-{step}"
        if not mark.exists():
            if run.why.startswith("schedule:daily"):
                self._train(run)
            mark.write_text(" ".join(map(str, run.causes)))
        return mark.name

    def look(self, run: Run, step: str, name: str) -> Progress:
        """How it ended."""
        if not (self._folder / name).exists():
            return Progress(known=False, why="nobody knows it")
        return Progress(entries.PUSHED, "the new version is champion", 0.05, str(self._folder / name))

    def _train(self, run: Run) -> None:
        champion, name = self._bench.registry.state().champion, self._bench.add(run.key)
        if champion is None or champion.package != name:
            self._bench.crown(run.key)


class Fleet:
    """Some models, in folders that outlive the process.

    Args:
        folder: For registry, packages and what was carried out.
        names: Of the models.
    """

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self.now = BEGIN
        self.managers = [self._manager(folder, name) for name in names]

    def _manager(self, folder: Path, name: str) -> Manager:
        uri, marks = str(folder / "registry"), folder / "runs" / name
        registry = Registry.create(uri, name)
        marks.mkdir(parents=True, exist_ok=True)
        packages = folder / "packages" / name
        packages.mkdir(parents=True, exist_ok=True)
        place, ledger = At(marks, Bench(registry, packages)), Ledger(LocalStore(folder / "registry"), name)
        sources = [Schedule(called, timing_of(cron)) for called, cron in CRONS.items()]
        places = Places("local", "here", {"local": place}, 1)
        return Manager(ledger, sources, Folder(str, str), places, POLICY, lambda: self.now, "fleet")

    def tick(self, number: int) -> Iterator[tuple[Look, float, float]]:
        """One look of every manager at a moment, how many seconds each took, and how many of the processor."""
        self.now = BEGIN + number * TICK
        for manager in self.managers:
            began, worked = time.perf_counter(), time.process_time()
            look = manager.look()
            yield look, time.perf_counter() - began, time.process_time() - worked


def size_of(folder: Path) -> tuple[int, int]:
    """How many files lie in a folder, and their bytes."""
    sizes = [path.stat().st_size for path in folder.iterdir()]
    return len(sizes), sum(sizes)
