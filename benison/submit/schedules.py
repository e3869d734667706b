"""Schedules: recurring runs that a server starts by itself, told apart by name, each there once."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Protocol

from benison.core.errors import DataError, InputError
from benison.core.spelling import nearest
from benison.submit.calls import once
from benison.submit.runs import Request
from benison.submit.timing import Timing

# Who asks is not what is asked for; the digest of the project says more than the commit it came from.
_ASIDE = ("who", "commit")


@dataclass(frozen=True)
class Schedule:
    """A schedule on a server.

    Attributes:
        id: The server's.
        name: As people call it.
        timing: When it starts runs.
        state: active, paused or ended.
        fingerprint: Of what it runs and when, as `fingerprint_of` makes it; empty: somebody else made it.
        bundle: The digest of the project that it runs.
    """

    id: str
    name: str
    timing: Timing
    state: str
    fingerprint: str
    bundle: str


@dataclass(frozen=True)
class Kept:
    """What became of a schedule that was asked for.

    Attributes:
        schedule: The server's id of it.
        known: It was there, the same in all things.
        replaced: The ids of those of its name that it took the place of.
    """

    schedule: str
    known: bool
    replaced: tuple[str, ...] = ()


class Scheduler(Protocol):
    """A server that starts runs by itself."""

    def create(self, request: Request, name: str, timing: Timing, fingerprint: str) -> str:
        """Makes a schedule; returns the server's id."""

    def listed(self, project: str, experiment: str) -> list[Schedule]:
        """The schedules of a project."""

    def pause(self, schedule: str) -> None:
        """Lets it start no run until it is resumed."""

    def resume(self, schedule: str) -> None:
        """Lets it start runs again, from the next time on."""

    def delete(self, schedule: str) -> None:
        """Deletes it; runs that it has started go on."""


def fingerprint_of(request: Request, timing: Timing) -> str:
    """40 hexadecimal digits that tell schedules apart which differ in what they run or when."""
    given = {name: value for name, value in request.parameters.items() if name not in _ASIDE}
    said = [request.digest, given, request.root, request.service_account, asdict(timing)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:40]


def keep(
    server: Scheduler,
    request: Request,
    name: str,
    timing: Timing,
    *,
    replace: bool,
    pause: Callable[[float], None] = time.sleep,
) -> Kept:
    """Makes a schedule unless the very same is there.

    Args:
        server: Where.
        request: What each of its runs is.
        name: What people call it.
        timing: When.
        replace: One of the same name that differs gives way; it is deleted once the new one is there.
        pause: Waits for some seconds.

    Raises:
        InputError: There is another of that name, and it is not to be replaced.
        BenisonError: The server does not answer, or does not take it.
    """
    fingerprint = fingerprint_of(request, timing)

    def of_name() -> list[Schedule]:
        return [one for one in server.listed(request.project, request.experiment) if one.name == name]

    def found() -> str | None:
        return next((one.id for one in of_name() if one.fingerprint == fingerprint), None)

    others = [one for one in of_name() if one.fingerprint != fingerprint]
    if others and not replace:
        got = f"another: {others[0].timing.cron}, {others[0].state}"
        raise InputError(f"schedule {name}", expected="a name that is free", got=got, hint="--replace takes its place")
    known = found()
    made = known or once(found, lambda: server.create(request, name, timing, fingerprint), pause)[0]
    for other in others:
        server.delete(other.id)
    return Kept(made, known is not None, tuple(one.id for one in others))


def find(server: Scheduler, project: str, experiment: str, name: str) -> Schedule:
    """The schedule of a name, or of an id where several have the name.

    Raises:
        DataError: There is none, or there are several.
        BenisonError: The server does not answer.
    """
    listed = server.listed(project, experiment)
    found = [one for one in listed if name in (one.name, one.id)]
    if len(found) == 1:
        return found[0]
    got = f"{len(found)}: {', '.join(one.id for one in found)}" if found else "none"
    hint = "name it by its id" if found else nearest(name, [one.name for one in listed])
    raise DataError(f"schedules of {project}", expected=f"one of the name {name}", got=got, hint=hint)
