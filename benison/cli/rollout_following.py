"""``benison rollout run`` and ``once``: whatever the gate blesses is rolled out, one version after the other."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import click

from benison.cli import project as projects
from benison.cli.registry_opening import opened_of
from benison.cli.rollout_carrying import carry, controller_of, where_of_rollouts
from benison.core import digests
from benison.core.errors import ConflictError, RefusedError, ServerError, StorageError
from benison.delivery.rollout_log import RolloutLog

_SURELY = "Say a second time that  strategy: big_bang  is meant."


@click.command()
@click.option("--all-at-once", is_flag=True, help=_SURELY)
@where_of_rollouts
def once(all_at_once: bool, requests: Path | None, folder: Path, registry: str | None) -> None:
    """Carry on the rollout that is under way, or begin that of a challenger that waits for one, to its end.

    Exits with 0 where none waits or the challenger has all traffic, with 1 where it was sent back or may not begin.
    """
    project = projects.find(folder, registry)
    if not _begin(project, all_at_once):
        click.echo("no challenger waits for a rollout")
    elif not carry(controller_of(project, requests)):
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--every", type=click.FloatRange(1), default=10.0, metavar="SECONDS", help="How often to look; 10.")
@click.option("--all-at-once", is_flag=True, help=_SURELY)
@where_of_rollouts
def run(every: float, all_at_once: bool, requests: Path | None, folder: Path, registry: str | None) -> None:
    """Go on rolling out whatever the gate blesses, one version after the other, until it is stopped.

    A challenger that may not be rolled out yet, since a person has to approve it, is waited for, as is a registry that
    is out of reach.
    """
    stopped, said = threading.Event(), ""
    while True:
        project = projects.find(folder, registry)
        try:
            if _begin(project, all_at_once):
                carry(controller_of(project, requests))
                continue
            trouble = ""
        except (RefusedError, ConflictError, StorageError, ServerError) as error:
            trouble = f"waiting: {str(error).splitlines()[0]}"
        if trouble and trouble != said:
            click.echo(trouble, err=True)
        said = trouble
        stopped.wait(every)


def _begin(project: projects.Project, all_at_once: bool) -> bool:
    """Whether a rollout is under way now."""
    from benison.components.rollout.pending import waiting
    from benison.components.rollout.run import plan_of
    from benison.components.rollout.start import start

    opened, plan = opened_of(project), plan_of(project.config)
    log = RolloutLog(opened.store, opened.model)
    if log.state().running is not None:
        return True
    package = waiting(opened.state(), log.state())
    if package is None:
        return False
    number = start(
        opened, log, plan, package, who=projects.who(), when=datetime.now(UTC), why="the gate blessed it",
        policy=project.config.gate.digest, all_at_once=all_at_once,
    )  # fmt: skip
    click.echo(f"rollout {number}: version {digests.short(package)}")
    return True
