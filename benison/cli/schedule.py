"""``benison schedule``: runs that a cluster starts by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benison.cli import packing, sending
from benison.cli import project as projects
from benison.cli.project import Project
from benison.config import Target
from benison.config.machines import KUBEFLOW
from benison.core import digests
from benison.core.errors import InputError

if TYPE_CHECKING:
    from benison.submit.schedules import Schedule, Scheduler
    from benison.submit.timing import Timing

_F = TypeVar("_F", bound=Callable[..., Any])
_SHOWN = 3


@dataclass(frozen=True)
class _Place:
    project: Project
    target: Target

    @property
    def experiment(self) -> str:
        return sending.experiment_of(self.project, self.target)

    @property
    def scheduler(self) -> Scheduler:
        return sending.schedules_at(self.target)

    def named(self, name: str) -> tuple[Scheduler, Schedule]:
        """The server's schedules, and the one that is called so."""
        from benison.submit import schedules

        scheduler = self.scheduler
        return scheduler, schedules.find(scheduler, self.project.config.name, self.experiment, name)


def _where(command: _F) -> _F:
    target = click.option("--target", type=click.Choice(sending.SERVERS), required=True, help="Whose schedules.")
    return projects.project_option(target(command))


def _place(folder: Path, target: str) -> _Place:
    project = projects.find(folder)
    return _Place(project, project.config.targets[target])


@click.group()
def command() -> None:
    """Let a cluster train by itself, at times that cron tells.

    A schedule runs the project as it is when the schedule is made: a commit later, make it anew with --replace.
    """


@command.command()
@click.argument("name", callback=sending.checked_id)
@_where
@click.option("--cron", required=True, help="When: minute, hour, day, month, day of the week; '0 6 * * 1'.")
@click.option("--timezone", default="", help="What the times are meant in, such as Europe/Berlin; UTC by default.")
@click.option("--pipeline", default=sending.PIPELINE, show_default=True, help="Which pipeline.")
@click.option("--replace", is_flag=True, help="Take the place of another schedule of this name.")
def create(name: str, folder: Path, target: str, cron: str, timezone: str, pipeline: str, replace: bool) -> None:
    """Make the schedule NAME, unless the very same is there."""
    from benison.submit import schedules

    timing = _timing(cron, timezone, target)
    project = projects.find(folder)
    packing.preflight(project)
    asked = sending.runnable(project, target)
    scheduler = sending.schedules_at(asked)
    request = sending.request_of(project, asked, pipeline, 0, name)
    kept = schedules.keep(scheduler, request, name, timing, replace=replace)
    click.echo(f"schedule: {kept.schedule}")
    click.echo(f"next: {_next(timing)}")
    if kept.known:
        click.echo("it was there already, the same in all things", err=True)
    if kept.replaced:
        click.echo(f"deleted: {', '.join(kept.replaced)}", err=True)


def _timing(cron: str, timezone: str, target: str) -> Timing:
    from benison.submit.timing import timing_of

    if timezone and target == KUBEFLOW:
        hint = "its controller has one for all schedules, CRON_SCHEDULE_TIMEZONE, UTC by default: say the time in that"
        raise InputError("--timezone", expected="none: Kubeflow has none of a schedule's own", got=timezone, hint=hint)
    return timing_of(cron, timezone)


def _next(timing: Timing) -> str:
    from benison.submit.timing import spell

    return spell(timing.next(datetime.now(UTC), _SHOWN))


@command.command("list")
@_where
def list_schedules(folder: Path, target: str) -> None:
    """List the project's schedules: name, id, times, state, the project's digest, the next time."""
    place = _place(folder, target)
    for one in place.scheduler.listed(place.project.config.name, place.experiment):
        bundle = digests.short(one.bundle) if one.bundle else "-"
        zone = f" {one.timing.timezone}" if one.timing.timezone else ""
        ahead = f"  next {_next(one.timing).split(', ')[0]}" if one.fingerprint and one.state == "active" else ""
        click.echo(f"{one.name:20}  {one.id}  {one.timing.cron}{zone}  {one.state:6}  project {bundle}{ahead}")


@command.command()
@click.argument("name")
@_where
def pause(name: str, folder: Path, target: str) -> None:
    """Let the schedule NAME start no run until it is resumed."""
    scheduler, found = _place(folder, target).named(name)
    scheduler.pause(found.id)
    click.echo(f"paused: {name}", err=True)


@command.command()
@click.argument("name")
@_where
def resume(name: str, folder: Path, target: str) -> None:
    """Let the schedule NAME start runs again, from its next time on."""
    scheduler, found = _place(folder, target).named(name)
    scheduler.resume(found.id)
    click.echo(f"next: {_next(found.timing)}" if found.fingerprint else f"resumed: {name}", err=True)


@command.command()
@click.argument("name")
@_where
def delete(name: str, folder: Path, target: str) -> None:
    """Delete the schedule NAME; runs that it has started go on."""
    scheduler, found = _place(folder, target).named(name)
    scheduler.delete(found.id)
    click.echo(f"deleted: {name}", err=True)
