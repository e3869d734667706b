"""``benison runs``: what ran here and on clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benison.cli import project as projects
from benison.cli import sending
from benison.cli.project import Project
from benison.config import Target
from benison.config.machines import LOCAL, TARGETS
from benison.core import digests, documents
from benison.core.errors import BenisonError, ConfigError, InputError
from benison.core.secrets import redacted

if TYPE_CHECKING:
    from benison.submit.runs import Server, Watched

_F = TypeVar("_F", bound=Callable[..., Any])
_RECORD = "run.json"


@click.group()
def command() -> None:
    """Look at runs wherever they ran."""


def _target(command: _F) -> _F:
    shown = "Where it ran; here by default."
    return click.option("--target", type=click.Choice(TARGETS), default=LOCAL, help=shown)(command)


@command.command("list")
@projects.project_option
@projects.runs_option
@click.option("--target", type=click.Choice(TARGETS), help="Only what ran there; everywhere by default.")
@click.option("--most", type=click.IntRange(1, 1000), default=20, show_default=True, help="Of each place.")
def list_runs(folder: Path, runs: Path | None, target: str | None, most: int) -> None:
    """List the newest runs of a project: here, and wherever benison.yaml says that it is sent to.

    A place that does not answer is told, and the exit code is that of its error.
    """
    project, trouble = projects.find(folder, runs=runs), None
    for name in [target] if target else _places(project):
        try:
            lines = list(_local(project, most) if name == LOCAL else _remote(project, name, most))
        except BenisonError as error:
            click.echo(redacted(f"error: {error}"), err=True)
            trouble = trouble or error
            continue
        for line in lines:
            click.echo(line)
    if trouble:
        raise click.exceptions.Exit(trouble.exit_code)


def _places(project: Project) -> list[str]:
    sent = [name for name in sending.SERVERS if project.config.targets[name].destination.pipeline_root]
    return [LOCAL, *sent]


def _local(project: Project, most: int) -> Iterator[str]:
    for folder in sorted((path.parent for path in project.runs.glob(f"*/{_RECORD}")), reverse=True)[:most]:
        record = documents.read(folder / _RECORD, "run")
        verdict = record["verdict"] or ("-" if record["state"] != "running" else "")
        yield _line(LOCAL, record["id"], record["state"], record["started"][:19] + "Z", record["parameters"], verdict)


def _remote(project: Project, name: str, most: int) -> Iterator[str]:
    target = project.config.targets[name]
    server = sending.server_at(target)
    for one in server.runs(project.config.name, sending.experiment_of(project, target), most):
        yield _line(name, one.run, one.state, one.started, one.parameters, "")


def _line(place: str, run: str, state: str, started: str, given: Mapping[str, Any], verdict: str) -> str:
    span, bundle = int(given.get("span") or 0), str(given.get("bundle_digest") or "")
    data = f"span {span}" if span else "newest span"
    code = f"project {digests.short(bundle)}" if bundle else ""
    return f"{place:9} {run}  {started}  {state:9}  {verdict:10}  {data:11}  {code}".rstrip()


@command.command()
@click.argument("run")
@projects.project_option
@projects.runs_option
@_target
@click.option("--pipeline", default=sending.PIPELINE, show_default=True, help="Of which pipeline it is.")
def show(run: str, folder: Path, runs: Path | None, target: str, pipeline: str) -> None:
    """Show how RUN stands: its tasks, what failed and why, its verdict, where to look."""
    project = projects.find(folder, runs=runs)
    lines = _shown_here(project, run) if target == LOCAL else _shown_there(project, target, run, pipeline)
    for name, said in lines:
        click.echo(redacted(f"{name:20} {said}"))


def _shown_here(project: Project, run: str) -> Iterator[tuple[str, str]]:
    folder = projects.find_run(run, project.runs)
    record = documents.read(folder / _RECORD, "run")
    yield "state", record["state"]
    for name, task in record["tasks"].items():
        took = f" {task['seconds']:.1f} s" if task["seconds"] is not None else ""
        why = f": {task['error']['message']}" if task["error"] else ""
        yield f"  {name}", f"{task['state']}{took}{why}"
    yield "verdict", record["verdict"] or "none"
    if (page := folder / "report.html").is_file():
        yield "page", str(page)


def _shown_there(project: Project, name: str, run: str, pipeline: str) -> Iterator[tuple[str, str]]:
    target = _known(project, name)
    watched, server = sending.watched_of(target, pipeline), sending.server_at(target)
    found = server.state(watched, run)
    yield "state", f"{found.state}{f': {found.message}' if found.message else ''}"
    for task, one in found.tasks.items():
        yield f"  {task}", f"{one.state}{f': {one.message}' if one.message else ''}"
    if found.state == "succeeded" and (verdict := _verdict(server, watched, run)):
        yield "verdict", verdict
    yield "page", server.page(run)


def _verdict(server: Server, watched: Watched, run: str) -> str:
    from benison.submit import outcome

    found = outcome.of_run(server, watched, run)
    return found.word if found else ""


def _known(project: Project, name: str) -> Target:
    target = project.config.targets[name]
    if not target.destination.pipeline_root:
        raise ConfigError(f"benison.yaml (targets.{name})", expected="pipeline_root, to look there", got="none")
    return target


@command.command()
@click.argument("run")
@projects.project_option
@_target
def cancel(run: str, folder: Path, target: str) -> None:
    """Ask for the end of RUN on a cluster; it comes soon after. A run here ends with Ctrl-C."""
    project = projects.find(folder)
    if target == LOCAL:
        hint = "Ctrl-C ends a run here, where it was started"
        raise InputError("--target", expected="a cluster", got="none", hint=hint)
    server = sending.server_at(_known(project, target))
    server.cancel(run)
    click.echo(f"asked for its end: {server.page(run)}", err=True)
