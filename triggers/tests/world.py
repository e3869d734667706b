"""A small world for the manager: a clock that is turned by hand, and a yard that remembers what was started in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from benison.config.triggers import Policy
from benison.core.store import Store
from benison.registry.testing import NOON
from benison.submit.timing import timing_of
from benison.triggers.alerts import Alerts
from benison.triggers.entries import Entry, Run
from benison.triggers.ledger import Ledger
from benison.triggers.look import Look, Manager, Places
from benison.triggers.sources import Schedule, Source
from benison.triggers.starting import Progress, Starter
from benison.triggers.work import Folder

EAGER = Policy(debounce_seconds=0)


class Yard:
    """Carries out each step once for its key, as every place has to; files tell what was begun and how it ended.

    Args:
        folder: Of the files.
        outcome: How trainings end; empty: they go on until `end` is called.
    """

    def __init__(self, folder: Path, outcome: str = "") -> None:
        self.folder, self.outcome, self.hours = folder, outcome, 1.0
        folder.mkdir(exist_ok=True)

    def start(self, run: Run, step: str) -> str:
        name = f"{run.key}-{step}"
        (self.folder / name).touch()
        return name

    def look(self, run: Run, step: str, name: str) -> Progress:
        if not (self.folder / name).exists():
            return Progress(known=False, why="nobody knows it")
        return Progress(self.outcome, "as it was told", self.hours if self.outcome else None, "page")

    def begun(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@dataclass
class World:
    """What a manager needs, and the moment."""

    store: Store
    yard: Starter
    policy: Policy = EAGER
    sources: Sequence[Source] = ()
    code: str = "code-1"
    data: str = ""
    alerts: Alerts | None = None
    now: datetime = NOON
    place: str = "here"
    target: str = "local"
    ledger: Ledger = field(init=False)

    def manager(self) -> Manager:
        """A manager that knows nothing but the store."""
        self.ledger = Ledger(self.store, "census")
        places = Places(self.target, self.place, {"local": self.yard, self.target: self.yard}, 1)
        planner = Folder(lambda: self.code, lambda: self.data)
        return Manager(self.ledger, self.sources, planner, places, self.policy, lambda: self.now, "ci", self.alerts)

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def said(self, action: str) -> list[Entry]:
        """The entries of one kind, oldest first."""
        return [entry for _, entry in Ledger(self.store, "census").entries() if entry.action == action]

    def runs(self) -> list[Run]:
        return [entry for entry in self.said("run") if isinstance(entry, Run)]


def settle(manager: Manager) -> Look:
    """Looks until nothing is done any more; tells all that was, and what is waited for then."""
    done: list[tuple[int, Entry]] = []
    while (look := manager.look()).done:
        done += look.done
    return replace(look, done=tuple(done))


def every_hour() -> list[Source]:
    return [Schedule("hourly", timing_of("0 * * * *"))]
