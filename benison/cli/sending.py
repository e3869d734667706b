"""What commands do that send a project to a server: see that it runs there, stage it, compile, connect."""

from __future__ import annotations

import importlib
import re
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
from benison.core.errors import ConfigError, InputError

if TYPE_CHECKING:
    from benison.submit.runs import Request, Server, Watched
    from benison.submit.schedules import Scheduler

PIPELINE = "continuous_training"
SERVERS = (KUBEFLOW, VERTEX)
# Vertex makes it part of a job's id.
_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


def checked_id(context: click.Context, parameter: click.Parameter, said: str) -> str:
    """A submit id, or the name of a schedule.

    Raises:
        click.BadParameter: It is none.
    """
    if not _ID.fullmatch(said):
        raise click.BadParameter("up to 40 of a to z, 0 to 9 and -, not at its ends")
    return said


def runnable(project: Project, name: str) -> Target:
    """A target of a project, once it is seen to be complete and able to run it.

    Raises:
        BenisonError: It is not; stderr has what is in the way.
    """
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


def request_of(project: Project, target: Target, pipeline: str, span: int, submit_id: str, why: str = "") -> Request:
    """A run of the project as it is: staged, and its pipeline compiled.

    Raises:
        BenisonError: The project cannot be packed, the pipeline root cannot be written, there is no such pipeline, or
            it asks for more than is known.
    """
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
    values = _values(project, target, staged.uri, bundle.digest, span, why)
    _check_complete(pipeline, known, values)
    return Request(
        pipeline=source["pipelineInfo"]["name"],
        ir=compiled,
        digest=digests.of_file(compiled),
        tasks=tuple(source["root"]["dag"]["tasks"]),
        parameters={name: value for name, value in values.items() if name in known},
        root=root,
        project=project.config.name,
        experiment=experiment_of(project, target),
        service_account=target.service_account,
        submit_id=submit_id,
    )


def _check_complete(pipeline: str, known: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    needed = [name for name, one in known.items() if "defaultValue" not in one and not one.get("isOptional")]
    if missing := [name for name in needed if name not in values]:
        hint = '--why "..."' if missing == ["why"] else "under targets: in benison.yaml, as parameters of the target"
        raise InputError(f"--pipeline {pipeline}", expected=", ".join(missing), got="none", hint=f"say it: {hint}")


def _values(project: Project, target: Target, uri: str, digest: str, span: int, why: str) -> Mapping[str, Any]:
    """The pipeline's parameters. Without a data_root of the target, all data lie in buckets, and any folder will do."""
    said = {"data_root": "/", "registry_uri": project.registry, "span": span, **target.parameters}
    own = {**({"span": span} if span else {}), **({"why": why} if why else {})}
    return {
        **said,
        **own,
        "bundle_uri": uri,
        "bundle_digest": digest,
        "commit": projects.commit_of(project.folder),
        "who": projects.who(),
    }


def experiment_of(project: Project, target: Target) -> str:
    """What the project's runs are listed under."""
    return target.destination.experiment or project.config.name


def watched_of(target: Target, pipeline: str) -> Watched:
    """A pipeline whose runs on a target are looked at.

    Raises:
        BenisonError: There is no such pipeline.
    """
    from benison.compile import source_of
    from benison.submit.runs import Watched

    source = source_of(pipeline)
    tasks = tuple(source["root"]["dag"]["tasks"])
    return Watched(source["pipelineInfo"]["name"], tasks, target.destination.pipeline_root)


def server_at(target: Target) -> Server:
    """The server of a target.

    Raises:
        BenisonError: It does not answer, or does not let us in, or its client is not installed.
    """
    server: Server = _connected(target, "", {KUBEFLOW: "Kubeflow", VERTEX: "Vertex"})
    return server


def schedules_at(target: Target) -> Scheduler:
    """The schedules of a target's server.

    Raises:
        BenisonError: As for `server_at`.
    """
    scheduler: Scheduler = _connected(target, "_schedules", {KUBEFLOW: "KubeflowSchedules", VERTEX: "VertexSchedules"})
    return scheduler


def _connected(target: Target, part: str, classes: Mapping[str, str]) -> Any:
    try:
        module = importlib.import_module(f"benison.submit.{target.name}{part}")
    except ImportError as error:
        if target.name != VERTEX:
            raise
        hint = "install it: pip install 'benison[vertex]'"
        raise InputError("--target vertex", expected="google-cloud-aiplatform", got="none", hint=hint) from error
    return getattr(module, classes[target.name])(target.destination)
