"""``benison rollout``: a blessed challenger to all live traffic, or back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benison.cli import project as projects
from benison.cli import rollout_following as following
from benison.cli.registry_opening import opened_of
from benison.cli.rollout_carrying import carry, controller_of, where_of_rollouts
from benison.core.errors import RefusedError
from benison.delivery import entries
from benison.delivery.entries import Command, Entry
from benison.delivery.rollout_log import RolloutLog
from benison.delivery.state import Past, RolloutState, Running
from benison.registry.log import utc

if TYPE_CHECKING:
    from benison.components.rollout.control import Controller

_F = TypeVar("_F", bound=Callable[..., Any])


@click.group()
def command() -> None:
    """Carry a blessed challenger to all live traffic step by step, or send it back."""


for _one in (following.once, following.run):
    command.add_command(_one)


def _why(call: _F) -> _F:
    return click.option("--why", required=True, help="The reason; the log keeps it.")(call)


@command.command()
@click.argument("version", default="challenger")
@_why
@click.option("--again", is_flag=True, help="Although a rollout sent this version back before.")
@click.option("--all-at-once", is_flag=True, help="Say a second time that  strategy: big_bang  is meant.")
@click.option("--detach", is_flag=True, help="Only begin it;  benison rollout control  carries it on.")
@where_of_rollouts
def start(
    version: str,
    why: str,
    again: bool,
    all_at_once: bool,
    detach: bool,
    requests: Path | None,
    folder: Path,
    registry: str | None,
) -> None:
    """Begin a rollout of VERSION, the challenger by default, and carry it to its end.

    Exits with 0 where the challenger has all traffic, with 1 where it was sent back.
    """
    from benison.cli import rollout_view as view
    from benison.components.rollout.run import plan_of
    from benison.components.rollout.start import start as begin

    project = projects.find(folder, registry)
    opened, plan = opened_of(project), plan_of(project.config)
    controller = None if detach else controller_of(project, requests)
    number = begin(
        opened,
        RolloutLog(opened.store, opened.model),
        plan,
        version,
        who=projects.who(),
        when=datetime.now(UTC),
        why=why,
        policy=project.config.gate.digest,
        again=again,
        all_at_once=all_at_once,
    )
    click.echo(f"rollout {number}: {', '.join([*map(str, plan.phases), '100%' if plan.promotes else 'no more'])}")
    for line in view.shares(plan):
        click.echo(line)
    if controller is not None:
        _end(controller)


@command.command()
@where_of_rollouts
def control(requests: Path | None, folder: Path, registry: str | None) -> None:
    """Go on with the rollout that is under way, where its controller ended; exits as start does."""
    project = projects.find(folder, registry)
    controller = controller_of(project, requests)
    _under_way(controller.log.state())
    _end(controller)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@where_of_rollouts
def status(as_json: bool, requests: Path | None, folder: Path, registry: str | None) -> None:
    """Say where the rollout stands, what speaks for and against it, and what comes next."""
    from benison.cli import rollout_view as view

    project = projects.find(folder, registry)
    controller = controller_of(project, requests)
    look = controller.peek()
    if as_json:
        click.echo(json.dumps(view.as_json(look, controller.log.state()), indent=2, sort_keys=True))
        return
    for line in view.lines(look) if look else view.ended(controller.log.state()):
        click.echo(line)


@command.command()
@projects.project_option
@projects.registry_option
def log(folder: Path, registry: str | None) -> None:
    """Show every entry of the rollout log, oldest first."""
    from benison.cli import rollout_view as view

    opened = opened_of(projects.find(folder, registry))
    for number, entry in RolloutLog(opened.store, opened.model).entries():
        if line := view.one_line(number, entry):
            click.echo(line)


@command.command()
@click.argument("number", metavar="[ID]", required=False, type=click.IntRange(1))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; rollout-ID.html by default.")
@where_of_rollouts
def report(number: int | None, out: Path | None, requests: Path | None, folder: Path, registry: str | None) -> None:
    """Write a rollout as one HTML page: the one under way by default, else the last."""
    from benison.cli.rollout_report import evidence_of, write

    project = projects.find(folder, registry)
    opened = opened_of(project)
    state = RolloutLog(opened.store, opened.model).state()
    found = evidence_of(opened, state, lambda: controller_of(project, requests), number)
    click.echo(f"rollout {found.id}: {found.outcome}, {found.reason}")
    click.echo(f"report: {write(found, out)}")


_SHARE, _POSITIVE = click.FloatRange(0, 1), click.FloatRange(0, min_open=True)


@command.command()
@click.option("--requests-per-second", "rate", type=_POSITIVE, metavar="R", help="Traffic; as the log has it.")
@click.option("--error-rate", type=_SHARE, metavar="P", help="The champion's; as the log has it.")
@click.option("--slow-share", type=_SHARE, multiple=True, metavar="P", help="Likewise, for each such guardrail.")
@click.option("--score-deviation", type=_POSITIVE, metavar="SD", help="Standard deviation of its answers; likewise.")
@click.option("--brier-deviation", type=_POSITIVE, metavar="SD", help="Of their squared errors; likewise.")
@click.option("--kpi", type=(float, _POSITIVE), metavar="MEAN SD", help="What a request brings; likewise.")
@click.option("--outcomes-share", type=_SHARE, default=1.0, metavar="P", help="Of requests whose outcome is told; 1.")
@click.option("--harm", "harms", multiple=True, metavar="GUARDRAIL=AMOUNT", help="Say how long this much harm takes.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@where_of_rollouts
def plan(
    rate: float | None,
    error_rate: float | None,
    slow_share: tuple[float, ...],
    score_deviation: float | None,
    brier_deviation: float | None,
    kpi: tuple[float, float] | None,
    outcomes_share: float,
    harms: tuple[str, ...],
    as_json: bool,
    requests: Path | None,
    folder: Path,
    registry: str | None,
) -> None:
    """Say what the plan of benison.yaml can see at this traffic, and whether it can end well at all."""
    from benison.cli import rollout_view
    from benison.cli.rollout_plan import Given, feasibility
    from benison.components.rollout.run import plan_of
    from benison.report.rollout import feasibility as view

    project = projects.find(folder, registry)
    given = Given(rate, error_rate, slow_share, score_deviation, brier_deviation, kpi, outcomes_share, harms)
    found = feasibility(project, plan_of(project.config), given, requests)
    if as_json:
        click.echo(json.dumps(view.as_json(found), indent=2, sort_keys=True))
        return
    for line in (*rollout_view.shares(found.plan), *view.lines(found)):
        click.echo(line)


def _commanded(name: str, help_text: str) -> click.Command:
    """A command that adds a person's word to the log; whoever controls the rollout acts on it."""

    @command.command(name, help=help_text)
    @_why
    @projects.project_option
    @projects.registry_option
    def say(why: str, folder: Path, registry: str | None) -> None:
        opened = opened_of(projects.find(folder, registry))
        rollouts = RolloutLog(opened.store, opened.model)
        said = {"who": projects.who(), "when": utc(datetime.now(UTC)), "why": " ".join(why.split())}

        def decide(state: RolloutState) -> Entry:
            running = _under_way(state)
            if refusal := _refusal(name, running):
                raise refusal
            return Command(command=name, **said)

        rollouts.append(decide)
        click.echo(f"{name}: its controller does it within seconds; see  benison rollout status")

    return say


_commanded(entries.PAUSE, "Stand still where it is; guardrails go on.")
_commanded(entries.RESUME, "Go on after a pause.")
_commanded(entries.ABORT, "Send the challenger back now.")
_commanded(entries.PROMOTE, "Give the challenger all traffic now, unless harm was proven.")


def _refusal(name: str, running: Running) -> RefusedError | None:
    """Why a person's word makes no sense now; None where it does."""
    where = f"rollout {running.id}"
    if name == entries.RESUME and not running.paused:
        return RefusedError(where, expected="one that is paused", got="one that goes on")
    if name == entries.PAUSE and running.paused:
        return RefusedError(where, expected="one that goes on", got=f"one that is paused: {running.paused}")
    if name != entries.ABORT and running.back:
        return RefusedError(where, expected="one that is not on its way back", got=running.back)
    if name == entries.PROMOTE and running.has_all:
        return RefusedError(where, expected="one on trial", got="one whose challenger has all traffic")
    return None


def _end(controller: Controller) -> None:
    if not carry(controller):
        raise click.exceptions.Exit(1)


def _under_way(state: RolloutState) -> Running:
    if state.running is None:
        last: Past | None = list(state.past.values())[-1] if state.past else None
        got = "none" if last is None else f"none; rollout {last.id} ended: {last.finish.outcome}"
        raise RefusedError(
            "the rollout", expected="one under way", got=got, hint="begin one with  benison rollout start"
        )
    return state.running
