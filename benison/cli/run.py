"""``benison run``: a project's pipeline on this machine, span after span."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import click

from benison import eval_config
from benison.cli import project as projects
from benison.cli.progress import Progress
from benison.cli.project import Project
from benison.config.machines import LOCAL
from benison.core.errors import BrokenError, ConfigError, ModelCodeError
from benison.core.spelling import nearest

PIPELINE = "continuous_training"


@click.command()
@click.argument("folder", metavar="PROJECT", type=projects.FOLDER)
@click.option(
    "--span", "spans", type=click.IntRange(min=1), multiple=True, help="The newest span to use; several run in turn."
)
@projects.registry_option
@projects.runs_option
@click.option("--no-cache", is_flag=True, help="Do every task again, also those whose inputs are unchanged.")
def command(folder: Path, spans: tuple[int, ...], registry: str | None, runs: Path | None, no_cache: bool) -> None:
    """Run the pipeline of PROJECT: read, validate, train, evaluate against the champion, bless, push.

    Without --span the newest span of the data is used. Exits with 1 where the gate said no.
    """
    from benison.engines.local import LocalEngine

    project = projects.find(folder, registry, runs)
    _preflight(project)
    progress = Progress()
    with LocalEngine(observer=progress.observe) as engine:
        for span in spans or (0,):
            _one(engine, project, span, cache=not no_cache, progress=progress)


def _preflight(project: Project) -> None:
    """What can be said before anything runs: the other files that benison.yaml names are there and parse."""
    if pattern := sorted(set("*?[") & set(str(project.runs))):
        hint = "TensorFlow reads them as a pattern: name a folder elsewhere with  --runs"
        got = f"{pattern[0]} in it"
        raise ConfigError(str(project.runs), expected="a runs folder without * ? [ in its path", got=got, hint=hint)
    names = [path.name for path in project.folder.iterdir() if path.is_file()]
    for key, name in _files(project).items():
        if not (project.folder / name).is_file():
            raise ConfigError(f"benison.yaml ({key})", expected=f"a file {name}", got="none", hint=nearest(name, names))
    with project.config.speaking():
        eval_config.read(project.folder / project.config.evaluation.file)
    _parses(project)


def _parses(project: Project) -> None:
    name = project.config.model.source_in(project.folder)[1]
    if not name:
        return
    module = project.folder / name
    try:
        ast.parse(module.read_bytes(), filename=str(module))
    except SyntaxError as error:
        place = f"{module.name}:{error.lineno}" if error.lineno else module.name
        raise ModelCodeError(place, expected="Python", got=error.msg) from error
    except ValueError as error:
        raise ModelCodeError(module.name, expected="Python", got=str(error)) from error


def _files(project: Project) -> dict[str, str]:
    """The other files that benison.yaml names, by key."""
    config = project.config
    key, module = config.model.source_in(project.folder)
    own = {f"model.{key}": module} if module else {}
    return {**own, "data.schema": config.data.schema, "evaluation": config.evaluation.file}


def _travels(project: Project, staged: Path) -> None:
    """Makes sure that the files that benison.yaml names are in the bundle as well."""
    for key, name in _files(project).items():
        if not (staged / "project" / name).is_file():
            where, expected = f"benison.yaml ({key})", "a file that the bundle takes along"
            hint = "move it out of data/, runs/, the registry and hidden folders, which stay behind"
            raise ConfigError(where, expected=expected, got=repr(name), hint=hint)


def _one(engine: Any, project: Project, span: int, *, cache: bool, progress: Progress) -> None:
    from benison import report
    from benison.report import gather

    progress.title(f"{project.config.name}, span {span or 'newest'}")
    record = engine.run(_request(project, span, cache=cache))
    page = report.write(record.folder)
    progress.finish(gather.gather(record.folder), page)
    _leave(record)


def _request(project: Project, span: int, *, cache: bool) -> Any:
    """Stages the project, compiles the pipeline, and puts both into one request."""
    from benison.compile import compile_pipeline
    from benison.components.bundle.pack import pack
    from benison.engines.local import RunRequest

    staged = pack(project.folder, project.runs / "bundles", exclude=_own_folders(project))
    _travels(project, Path(staged.uri))
    compiled = project.runs / ".compiled" / f"{PIPELINE}.yaml"
    here = project.config.targets[LOCAL]
    compile_pipeline(PIPELINE, compiled, here)
    parameters: dict[str, str | int] = {
        "bundle_uri": staged.uri,
        "bundle_digest": staged.digest,
        "data_root": str(project.folder),
        "registry_uri": project.registry,
        "span": span,
        "commit": projects.commit_of(project.folder),
        "who": projects.who(),
        "checkpoint_root": str(project.runs / "checkpoints"),
    }
    minutes = here.usual.timeout_minutes
    limit_s = minutes * 60 if minutes else None
    return RunRequest(ir=compiled, parameters=parameters, runs=project.runs, cache=cache, task_timeout_s=limit_s)


def _own_folders(project: Project) -> tuple[str, ...]:
    """Registry and runs, where they lie inside the project: they are no part of it."""
    default = project.folder / project.config.registry
    places = (default, Path(project.registry), project.runs)
    inside = (path for path in places if path.is_relative_to(project.folder))
    return tuple(path.relative_to(project.folder).as_posix() for path in inside)


def _leave(record: Any) -> None:
    """Ends the command where the run did not succeed or the gate said no."""
    if record.state != "succeeded":
        errors = [task.error for task in record.tasks.values() if task.error is not None]
        raise click.exceptions.Exit(max((error.exit_code for error in errors), default=BrokenError.exit_code))
    if record.verdict == "blocked":
        raise click.exceptions.Exit(1)
