"""``benison trigger``: runs that start by themselves, when something asks for one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benison.cli import project as projects
from benison.core.errors import InputError, RefusedError
from benison.core.secrets import redacted

if TYPE_CHECKING:
    from benison.cli.trigger_making import Made
    from benison.triggers.look import Look

_F = TypeVar("_F", bound=Callable[..., Any])


@click.group()
def command() -> None:
    """Start runs when code, data, a time, an alert or a person asks, each once, and keep a ledger that says why.

    What is looked at and what holds runs back stands under triggers: in benison.yaml.
    """


def _where(call: _F) -> _F:
    return projects.project_option(projects.registry_option(projects.runs_option(call)))


@command.command()
@_where
@click.option("--detach", is_flag=True, help="Do not wait for runs on this machine; the next look sees how they ended.")
@click.option("--every", default=2.0, type=click.FloatRange(min=0.01), help="Seconds between two looks while it waits.")
def once(folder: Path, registry: str | None, runs: Path | None, detach: bool, every: float) -> None:
    """Look once at everything, decide, start what is due; for cron, Cloud Scheduler, Cloud Build.

    Waits for runs on this machine. Exits with 1 where checks or gate said no to a run that ended meanwhile, with 3
    where one failed.
    """
    from benison.cli.trigger_making import make

    made, said = make(folder, registry, runs), _Teller()
    worst = _looked(made, said)
    while not detach and _here(made):
        time.sleep(every)
        worst = max(worst, _looked(made, said))
    if worst:
        raise click.exceptions.Exit(worst)


def _here(made: Made) -> bool:
    """Whether a run goes on that this machine carries out."""
    return any(one.run.place == made.manager.here for one in made.manager.ledger.state().active.values())


def _looked(made: Made, said: _Teller) -> int:
    """Looks once, tells what was done, and says with which code that would end."""
    look = made.look()
    said.tell(look)
    return _code(look)


class _Teller:
    """Says what looks did; what is waited for only where that is news."""

    def __init__(self) -> None:
        self._waits = ""

    def tell(self, look: Look) -> None:
        """Entries to stdout, all else to stderr."""
        from benison.cli import trigger_view as view

        for number, entry in look.done:
            click.echo(view.one_line(number, entry))
        for error in look.troubles:
            click.echo(redacted(f"error: {error}"), err=True)
        if (waits := view.of_wait(look.waits)) != self._waits:
            self._waits = waits
            click.echo(waits, err=True)


def _code(look: Look) -> int:
    from benison.triggers import entries
    from benison.triggers.entries import Finished

    ends = {entry.outcome for _, entry in look.done if isinstance(entry, Finished)}
    codes = [3] if ends & set(entries.FAILURES) else [1] if ends & set(entries.NO) else []
    return max([0, *codes, *(error.exit_code for error in look.troubles)])


@command.command()
@_where
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def plan(folder: Path, registry: str | None, runs: Path | None, as_json: bool) -> None:
    """Say what a look would start, and why, or what holds it back; nothing is done."""
    from benison.cli import trigger_view as view
    from benison.cli.trigger_making import make
    from benison.triggers.outlook import foresee

    made = make(folder, registry, runs)
    state = made.manager.ledger.state()
    outlook = foresee(state, made.sources, made.planner, made.manager.policy, datetime.now(UTC), made.alerts)
    if as_json:
        click.echo(json.dumps(view.as_json(outlook), indent=2, sort_keys=True))
    else:
        for line in view.of_outlook(outlook, state.seen):
            click.echo(line)
    for error in outlook.troubles:
        click.echo(redacted(f"error: {error}"), err=True)
    if worst := max((error.exit_code for error in outlook.troubles), default=0):
        raise click.exceptions.Exit(worst)


@command.command()
@projects.project_option
@projects.registry_option
@click.option("--all", "entries_too", is_flag=True, help="Every entry of the ledger instead.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def history(folder: Path, registry: str | None, entries_too: bool, as_json: bool) -> None:
    """Say why each run was started, and what came of it: cause, decision, run, outcome, oldest first."""
    from benison.cli import trigger_view as view
    from benison.cli.trigger_making import ledger_of
    from benison.triggers import entries

    said = list(ledger_of(projects.find(folder, registry)).entries())
    if entries_too:
        whole = [{"number": number, **entries.to_json(entry)} for number, entry in said]
        lines = [view.one_line(number, entry) for number, entry in said]
    else:
        whole = view.stories(said)
        lines = [line for story in whole for line in view.of_story(story)]
    if as_json:
        click.echo(json.dumps(whole, indent=2, sort_keys=True))
        return
    for line in lines:
        click.echo(line)


@command.command()
@_where
@click.option("--why", required=True, help="The reason; the ledger keeps it.")
@click.option("--hotfix", is_flag=True, help="Before all else, and from the budget's reserve.")
@click.option("--span", type=click.IntRange(min=1), default=None, help="The newest span to use; by default the newest.")
@click.option("--detach", is_flag=True, help="Only note it; the next look starts it.")
@click.pass_context
def now(
    context: click.Context,
    folder: Path,
    registry: str | None,
    runs: Path | None,
    why: str,
    hotfix: bool,
    span: int | None,
    detach: bool,
) -> None:
    """Ask for a run. It skips debounce and cooldown; budget and circuit breaker hold for it too."""
    from benison.cli.trigger_making import make

    if not why.strip():
        raise InputError("--why", expected="a reason", got="nothing")
    made = make(folder, registry, runs)
    number = made.manager.ask(why, urgent=hotfix, span=span or 0)
    click.echo(f"cause {number}: {why}")
    if not detach:
        context.invoke(once, folder=folder, registry=registry, runs=runs, detach=False, every=2.0)


@command.command("close-breaker")
@projects.project_option
@projects.registry_option
@click.option("--why", required=True, help="What was done about it; the ledger keeps it.")
def close_breaker(folder: Path, registry: str | None, why: str) -> None:
    """Let runs start again after failures in a row opened the circuit breaker."""
    from benison.cli.trigger_making import ledger_of
    from benison.registry.log import utc
    from benison.triggers import entries
    from benison.triggers.entries import Breaker, Entry
    from benison.triggers.state import State

    said = {"who": projects.who(), "when": utc(datetime.now(UTC)), "why": entries.line(why)}

    def decide(state: State) -> Entry:
        if state.breaker is None:
            hint = f"failures in a row so far: {state.failures}"
            raise RefusedError("the circuit breaker", expected="an open one", got="a closed one", hint=hint)
        return Breaker(state=entries.CLOSED, **said)

    ledger_of(projects.find(folder, registry)).append(decide)
    click.echo("closed: the next look starts what is due")


@command.command()
@_where
@click.option("--every", default=60.0, show_default=True, type=click.FloatRange(min=0.1), help="Seconds between looks.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where notices are heard.")
@click.option("--port", default=8090, show_default=True, type=click.IntRange(0, 65_535), help="0: any that is free.")
def run(folder: Path, registry: str | None, runs: Path | None, every: float, host: str, port: int) -> None:
    """Look again and again, and at once where a notice comes; /health and /metrics; stops at SIGTERM."""
    from benison.cli.trigger_making import doors_of, make
    from benison.triggers.service import Service

    made, said = make(folder, registry, runs), _Teller()

    def look() -> Look:
        found = made.look()
        said.tell(found)
        return found

    service = Service(look, made.manager.ledger.state, doors_of(made.project), every_s=every)
    service.serve(host, port, lambda address: click.echo(f"listening: {address}"))
