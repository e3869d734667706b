"""What the commands of ``benison rollout`` share: whose it is, its controller, and carrying it to its end."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benison.cli import project as projects
from benison.cli.registry_opening import opened_of
from benison.delivery import entries

if TYPE_CHECKING:
    from benison.cli.project import Project
    from benison.components.rollout.control import Controller, Look

_F = TypeVar("_F", bound=Callable[..., Any])
# A count that goes down, or a bound that moves, is no news.
_NUMBER = re.compile(r"[-+]?\d[\d.,:]*")
_GOOD = (entries.PROMOTED, entries.SHADOWED)


def where_of_rollouts(call: _F) -> _F:
    """The options that say which registry, and whose figures, are meant."""
    call = click.option("--requests", type=projects.FOLDER, help="The servers' request log; as benison.yaml says.")(
        call
    )
    return projects.project_option(projects.registry_option(call))


def controller_of(project: Project, requests: Path | None) -> Controller:
    """A controller on a project's registry and its servers' request log."""
    from benison.components.rollout.control import Controller
    from benison.components.rollout.run import SystemClock, source_of
    from benison.components.rollout.stage import Stage

    source = source_of(project.config, project.folder, requests.resolve() if requests else None)
    opened = opened_of(project)
    who, policy, stage = projects.who(), project.config.gate.digest, Stage(opened, project.folder)
    return Controller(opened, source, SystemClock(), who=who, policy=policy, stage=stage)


def carry(controller: Controller) -> bool:
    """Follows a rollout to its end, saying whatever changes; whether that is a good one."""
    from benison.cli import rollout_view as view
    from benison.components.rollout.run import SystemClock, follow

    said = ""

    def say(look: Look) -> None:
        nonlocal said
        line = view.brief(look)
        if (news := _NUMBER.sub("", line)) != said:
            click.echo(line, err=True)
        said = news

    past = follow(controller, SystemClock(), say)
    for line in view.of_past(past):
        click.echo(line)
    return past.finish.outcome in _GOOD
