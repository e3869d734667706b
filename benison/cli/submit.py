"""``benison submit``: a project's pipeline on Kubeflow or Vertex."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benison.cli import packing, targets
from benison.cli import project as projects
from benison.cli.project import Project
from benison.config import Target
from benison.config.machines import KUBEFLOW, VERTEX
from benison.core import digests
from benison.core.errors import BrokenError, ConfigError, InputError

if TYPE_CHECKING:
    from benison.submit.runs import Request, RunState, Server, Submitted

PIPELINE = "continuous_training"
# Vertex makes it part of a job's id.
_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


def _submit_id(context: click.Context, option: click.Parameter, said: str | None) -> str:
    if said is None:
        return secrets.token_hex(6)
    if not _ID.fullmatch(said):
        raise click.BadParameter("up to 40 of a to z, 0 to 9 and -, not at its ends")
    return said


@click.command()
@projects.project_option
@click.option("--target", type=click.Choice([KUBEFLOW, VERTEX]), required=True, help="Where it is to run.")
@click.option("--pipeline", default=PIPELINE, show_default=True, help="Which pipeline.")
@click.option("--span", type=click.IntRange(min=1), help="The newest span to use; the newest there is by default.")
@click.option("--wait", is_flag=True, help="Follow the run, and exit as benison run does.")
@click.option("--every", default=15.0, type=click.FloatRange(min=0), help="Seconds between two looks of --wait.")
@click.option(
    "--submit-id",
    metavar="ID",
    callback=_submit_id,
    help="Of an earlier call, whose run is found and not started again; a new one by default.",
)
def command(
    folder: Path, target: str, pipeline: str, span: int | None, wait: bool, every: float, submit_id: str
) -> None:
    """Send a project to a cluster and start its pipeline there.

    Where to is said under targets: in benison.yaml; credentials are those of the platform's own tools. Exits with 0
    once the run is started; under --wait as benison run does, so with 1 where the gate said no.
    """
    project = projects.find(folder)
    packing.preflight(project)
    asked = _runnable(project, target)
    server = _server(asked)
    request = _request(project, asked, pipeline, span or 0, submit_id)
    click.echo(f"submit id: {submit_id}", err=True)
    submitted = server.submit(request)
    _tell(submitted)
    if wait:
        _leave(_followed(server, request, submitted, every), server, request, submitted)


def _runnable(project: Project, name: str) -> Target:
    """The target, once it is seen to be complete and able to run the project."""
    from benison.lint import ERROR
    from benison.lint import projects as rules

    target = project.config.targets[name]
    if not target.destination.pipeline_root:
        hint = "say under it which bucket's folder takes what runs make"
        raise ConfigError(
            f"benison.yaml (targets.{name})", expected="pipeline_root, to submit to it", got="none", hint=hint
        )
    found = list(rules.findings(project.config, target, targets.uncached(project.config, name)))
    for finding in found:
        click.echo(str(finding), err=True)
    if errors := sum(finding.severity == ERROR for finding in found):
        expected, hint = f"a project that {name} runs", "the lines above say why; benison lint shows them too"
        raise InputError(str(project.folder), expected=expected, got=f"errors: {errors}", hint=hint)
    return target


def _request(project: Project, target: Target, pipeline: str, span: int, submit_id: str) -> Request:
    """Stages the project and compiles the pipeline."""
    from benison.compile import compile_pipeline, source_of
    from benison.submit.runs import Request
    from benison.submit.staging import stage

    source = source_of(pipeline)
    bundle, root = packing.packed(project), target.destination.pipeline_root
    staged = stage(Path(bundle.uri), bundle.digest, root)
    files = f"{staged.uploaded} files" if staged.uploaded else "there already"
    click.echo(f"project {digests.short(bundle.digest)}: {staged.uri} ({files})", err=True)
    compiled = project.runs / ".compiled" / f"{pipeline}.{target.name}.yaml"
    compile_pipeline(pipeline, compiled, target, targets.uncached(project.config, target.name))
    known = source["root"].get("inputDefinitions", {}).get("parameters", {})
    values = _values(project, target, staged.uri, bundle.digest, span)
    return Request(
        pipeline=source["pipelineInfo"]["name"],
        ir=compiled,
        digest=digests.of_file(compiled),
        tasks=tuple(source["root"]["dag"]["tasks"]),
        parameters={name: value for name, value in values.items() if name in known},
        root=root,
        experiment=target.destination.experiment or project.config.name,
        service_account=target.service_account,
        submit_id=submit_id,
    )


def _values(project: Project, target: Target, uri: str, digest: str, span: int) -> Mapping[str, Any]:
    """The pipeline's parameters. Without a data_root of the target, all data lie in buckets, and any folder will do."""
    said = {"data_root": "/", "registry_uri": project.registry, "span": span, **target.parameters}
    own = {"span": span} if span else {}
    return {
        **said,
        **own,
        "bundle_uri": uri,
        "bundle_digest": digest,
        "commit": projects.commit_of(project.folder),
        "who": projects.who(),
    }


def _server(target: Target) -> Server:
    if target.name == VERTEX:
        try:
            from benison.submit.vertex import Vertex
        except ImportError as error:
            hint = "install it: pip install 'benison[vertex]'"
            raise InputError("--target vertex", expected="google-cloud-aiplatform", got="none", hint=hint) from error
        return Vertex(target.destination)
    from benison.submit.kubeflow import Kubeflow

    return Kubeflow(target.destination)


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
    click.echo(f"  {name:20} {task.state}{tail}", err=True)


def _leave(ended: RunState, server: Server, request: Request, submitted: Submitted) -> None:
    """Ends the command as ``benison run`` would."""
    from benison.submit import outcome

    if ended.state != "succeeded":
        failed = ", ".join(name for name, task in ended.tasks.items() if task.state == "failed")
        got = f"{ended.state}{': ' if failed else ''}{failed}"
        hint = f"{ended.message or 'the tasks have logs'}: {submitted.page}"
        raise BrokenError(f"run {submitted.run}", expected="an end with a verdict", got=got, hint=hint)
    if "pusher" not in request.tasks:
        return
    verdict = outcome.read(server.pushed(request, submitted.run))
    click.echo(f"verdict: {verdict}")
    if verdict == "blocked":
        raise click.exceptions.Exit(1)
