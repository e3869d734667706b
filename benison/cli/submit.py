"""``benison submit``: a project's pipeline on Kubeflow or Vertex."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benison.cli import packing, sending
from benison.cli import project as projects
from benison.core.errors import BrokenError
from benison.core.secrets import redacted

if TYPE_CHECKING:
    from benison.submit.runs import Request, RunState, Server, Submitted


def _submit_id(context: click.Context, option: click.Parameter, said: str | None) -> str:
    return secrets.token_hex(6) if said is None else sending.checked_id(context, option, said)


@click.command()
@projects.project_option
@click.option("--target", type=click.Choice(sending.SERVERS), required=True, help="Where it is to run.")
@click.option("--pipeline", default=sending.PIPELINE, show_default=True, help="Which pipeline.")
@click.option("--span", type=click.IntRange(min=1), help="The newest span to use; the newest there is by default.")
@click.option("--why", default="", help="The reason, for the log of a pipeline that keeps one.")
@click.option("--wait", is_flag=True, help="Follow the run, and exit as benison run does.")
@click.option("--every", default=15.0, type=click.FloatRange(min=0), help="Seconds between two looks of --wait.")
@click.option(
    "--submit-id",
    metavar="ID",
    callback=_submit_id,
    help="Of an earlier call, whose run is found and not started again; a new one by default.",
)
def command(
    folder: Path, target: str, pipeline: str, span: int | None, why: str, wait: bool, every: float, submit_id: str
) -> None:
    """Send a project to a cluster and start its pipeline there.

    Where to is said under targets: in benison.yaml; credentials are those of the platform's own tools. Exits with 0
    once the run is started; under --wait as benison run does, so with 1 where the gate said no.
    """
    project = projects.find(folder)
    packing.preflight(project)
    asked = sending.runnable(project, target)
    server = sending.server_at(asked)
    request = sending.request_of(project, asked, pipeline, span or 0, submit_id, why)
    click.echo(f"submit id: {submit_id}", err=True)
    submitted = server.submit(request)
    _tell(submitted)
    if wait:
        _leave(_followed(server, request, submitted, every), server, request, submitted)


def _tell(submitted: Submitted) -> None:
    if submitted.known:
        click.echo("it was started before by this submit id", err=True)
    if submitted.twins:
        others = ", ".join(submitted.twins)
        click.echo(f"warning: a call that seemed lost got through: perhaps cancel {others}", err=True)
    click.echo(f"run: {submitted.run}")
    click.echo(f"page: {submitted.page}")


def _followed(server: Server, request: Request, submitted: Submitted, every_s: float) -> RunState:
    from benison.submit.follow import follow

    try:
        return follow(server, request, submitted.run, _line, every_s)
    except BaseException:
        click.echo(f"the run goes on: {submitted.page}", err=True)
        raise


def _line(name: str, task: Any) -> None:
    tail = f": {task.message}" if task.message else ""
    click.echo(redacted(f"  {name:20} {task.state}{tail}"), err=True)


def _leave(ended: RunState, server: Server, request: Request, submitted: Submitted) -> None:
    """Ends the command as ``benison run`` would."""
    from benison.submit import outcome

    if ended.state != "succeeded":
        failed = ", ".join(name for name, task in ended.tasks.items() if task.state == "failed")
        got = f"{ended.state}{': ' if failed else ''}{failed}"
        hint = f"{ended.message or 'the tasks have logs'}: {submitted.page}"
        raise BrokenError(f"run {submitted.run}", expected="an end with a verdict", got=got, hint=hint)
    found = outcome.of_run(server, request, submitted.run)
    if found is None:
        return
    click.echo(f"verdict: {found.word}")
    if found.refused:
        raise click.exceptions.Exit(1)
