"""measure: packages in processes of their own, side by side where they are compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benison.components.infra_validator.judge import CHALLENGER, Measured
from benison.components.infra_validator.load import in_rounds
from benison.components.infra_validator.process import MEGABYTE, Limits, Process, started
from benison.config.infra import STARTS, Infra
from benison.core import digests
from benison.core.errors import ServerError
from benison.core.verdicts import Check
from benison.sources.bodies import AT_ONCE, Row, bodies_of, spread

Floats = npt.NDArray[np.float64]
Behaves = Callable[[Callable[[Sequence[Row]], Floats], Floats], Iterable[Check]]


@dataclass(frozen=True)
class Packed:
    """A package and the rows that it is asked.

    Attributes:
        folder: Where it lies.
        rows: Of the holdout, with the columns that it reads.
    """

    folder: Path
    rows: Sequence[Row]


@dataclass
class Found:
    """What is found as it is found, so that a process that dies leaves what there was.

    Attributes:
        figures: By role and metric, one value a round.
        lost: By role, why its process was given up.
        answered: Of each request with rows of the holdout, how many rows, and the challenger's answers.
        behaviour: The checks of behaviour; None: it did not come to them.
    """

    figures: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    answered: list[tuple[int, Floats]] = field(default_factory=list)
    behaviour: list[Check] | None = None

    @property
    def measured(self) -> Measured:
        """Figures and losses alone."""
        return Measured(self.figures, self.lost)

    @property
    def answers(self) -> Floats:
        """All answers of the challenger in a row."""
        return np.concatenate([np.zeros(0), *(one for _, one in self.answered)])

    def take_leave(self, running: Mapping[str, Process]) -> None:
        """Keeps what processes took before they end, and why some are gone already."""
        for role, process in running.items():
            process.settle()
            self.figures[role].setdefault("peak_memory_mb", [process.peak_bytes / MEGABYTE])
            self.lost |= {role: process.gone} if process.gone else {}


def measure(packages: Mapping[str, Packed], infra: Infra, scratch: Path, behaves: Behaves) -> Found:
    """Measures the challenger, and beside it the champion where it is given.

    Args:
        packages: By role.
        infra: What is asked.
        scratch: A folder for what the processes write.
        behaves: Makes the checks of behaviour, of what answers and of the answers to all rows.

    Returns:
        What was found, as far as it went.
    """
    folders = {role: one.folder for role, one in packages.items()}
    found = Found({role: {"size_mb": [_bytes(folder) / MEGABYTE]} for role, folder in folders.items()})
    limits = Limits(infra.memory_mb, infra.timeout_seconds)
    with started(folders, limits, scratch) as running:
        for role, process in running.items():
            with suppress(ServerError):
                found.figures[role] |= _first(process, packages[role])
        for role, process in running.items():
            _ask(process, packages[role], found, behaves if role == CHALLENGER else None)
        _load(running, packages, infra, found)
        found.take_leave(running)
    for number in range(1, infra.load.rounds) if infra.asks(*STARTS) else ():
        if not found.lost:
            with started(folders, limits, scratch / str(number)) as running:
                _again(running, packages, found)
    return found


def _again(running: Mapping[str, Process], packages: Mapping[str, Packed], found: Found) -> None:
    """Loads once more in fresh processes, one after another."""
    for role, process in running.items():
        with suppress(ServerError):
            for metric, values in _first(process, packages[role]).items():
                found.figures[role][metric] += values
    found.take_leave(running)


def _first(process: Process, one: Packed) -> dict[str, list[float]]:
    """How long it takes to load, and to load and to answer a first row.

    Raises:
        ServerError: It does not.
    """
    process.load()
    begun = time.perf_counter()
    try:
        for body in bodies_of(one.rows[:1]):
            process.answers(body)
    except ServerError as error:
        process.give_up(error)
        raise
    first = process.load_seconds + time.perf_counter() - begun
    return {"load_seconds": [process.load_seconds], "first_answer_seconds": [first]}


def _ask(process: Process, one: Packed, found: Found, behaves: Behaves | None) -> None:
    """Asks all rows, as many at once as a server takes, and whatever the project asks besides."""
    if process.gone:
        return
    answered = []
    try:
        for start, body in zip(range(0, len(one.rows), AT_ONCE), bodies_of(one.rows), strict=True):
            answered.append((min(AT_ONCE, len(one.rows) - start), process.answers(body)))
    except ServerError as error:
        process.give_up(error)
    if behaves is None:
        return
    found.answered = answered
    if not process.gone and len(found.answers) == len(one.rows):
        found.behaviour = list(behaves(partial(_answers, process), found.answers))


def _answers(process: Process, rows: Sequence[Row]) -> Floats:
    """One answer a row.

    Raises:
        ServerError: There are more or fewer, or none.
    """
    found = np.concatenate([process.answers(body) for body in bodies_of(rows)])
    if len(found) != len(rows):
        where = f"the {process.role} in a process of its own"
        raise ServerError(where, expected=f"{len(rows)} answers", got=f"{len(found)} answers")
    return found


def _load(running: Mapping[str, Process], packages: Mapping[str, Packed], infra: Infra, found: Found) -> None:
    """Latencies of those that live; where one dies under it, what was measured till then tells of neither."""
    alive = {role: process for role, process in running.items() if not process.gone and packages[role].rows}
    if CHALLENGER not in alive:
        return
    bodies = {role: _single(packages[role].rows, infra.load.requests) for role in alive}
    # Whose process it was stands in its `gone`.
    with suppress(ServerError):
        for role, measured in in_rounds(alive, bodies, infra.load).items():
            found.figures[role] |= measured


def _single(rows: Sequence[Row], requests: int) -> list[bytes]:
    """Requests of one row each, from all over the rows, in turn where there are fewer rows."""
    chosen = [rows[place] for place in spread(len(rows), requests)]
    bodies = list(bodies_of(chosen, 1))
    return [bodies[number % len(bodies)] for number in range(requests)]


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for _, path in digests.files_of(folder))
