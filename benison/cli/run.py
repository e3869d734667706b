"""``benison run``: a project's pipeline on this machine, span after span."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benison.cli import packing
from benison.cli import project as projects
from benison.cli.progress import Progress
from benison.cli.project import Project
from benison.config.machines import LOCAL
from benison.core.documents import encode
from benison.core.errors import BrokenError
from benison.core.files import write_atomically

PIPELINE = "continuous_training"


@click.command()
@click.argument("folder", metavar="PROJECT", type=projects.FOLDER)
@click.option(
    "--span", "spans", type=click.IntRange(min=1), multiple=True, help="The newest span to use; several run in turn."
)
@projects.registry_option
@projects.runs_option
@click.option("--no-cache", is_flag=True, help="Do every task again, also those whose inputs are unchanged.")
@click.option("--containers", is_flag=True, help="Run each task in its component's image, with Docker.")
@click.option("--data-root", type=projects.FOLDER, help="Where relative paths to data start; PROJECT by default.")
@click.option("--summary", type=click.Path(path_type=Path), help="A file that is told how each run ended, as JSON.")
def command(
    folder: Path,
    spans: tuple[int, ...],
    registry: str | None,
    runs: Path | None,
    no_cache: bool,
    containers: bool,
    data_root: Path | None,
    summary: Path | None,
) -> None:
    """Run the pipeline of PROJECT: read, validate, train, evaluate against the champion, bless, push.

    Without --span the newest span of the data is used. Exits with 1 where the gate said no.
    """
    from benison.cli.mounts import mounts_of
    from benison.engines.local import LocalEngine

    project = projects.find(folder, registry, runs)
    packing.preflight(project)
    root = data_root.resolve() if data_root else None
    for span in spans or (0,):
        packing.preflight_data(project, root or project.folder, span)
    progress = Progress()
    mounts = mounts_of(project) if containers else None
    with LocalEngine(observer=progress.observe, mounts=mounts) as engine:
        ended: list[dict[str, str | None]] = []
        for span in spans or (0,):
            progress.title(f"{project.config.name}, span {span or 'newest'}")
            record, page = _one(engine, request_of(project, span, cache=not no_cache, data_root=root), progress)
            ended.append({"run": record.id, "state": record.state, "verdict": record.verdict, "page": str(page)})
            if summary:
                write_atomically(summary, encode({"runs": ended}))
            _leave(record)


def _one(engine: Any, request: Any, progress: Progress) -> tuple[Any, Path]:
    from benison import report
    from benison.report import gather

    record = engine.run(request)
    page = report.write(record.folder)
    progress.finish(gather.gather(record.folder), page)
    return record, page


def request_of(project: Project, span: int, *, cache: bool, data_root: Path | None = None) -> Any:
    """Stages the project, compiles the pipeline, and puts both into one request.

    Args:
        project: The project.
        span: The newest span to use; 0: the newest there is.
        cache: Whether to reuse what earlier runs made.
        data_root: The folder that relative paths to data start at; None: the project's.
    """
    from benison.compile import compile_pipeline
    from benison.engines.local import RunRequest

    staged = packing.packed(project)
    compiled = project.runs / ".compiled" / f"{PIPELINE}.yaml"
    here = project.config.targets[LOCAL]
    compile_pipeline(PIPELINE, compiled, here)
    parameters: dict[str, str | int] = {
        "bundle_uri": staged.uri,
        "bundle_digest": staged.digest,
        "data_root": str(data_root or project.folder),
        "registry_uri": project.registry,
        "span": span,
        "commit": projects.commit_of(project.folder),
        "who": projects.who(),
        "checkpoint_root": str(project.runs / "checkpoints"),
    }
    minutes = here.usual.timeout_minutes
    limit_s = minutes * 60 if minutes else None
    return RunRequest(ir=compiled, parameters=parameters, runs=project.runs, cache=cache, task_timeout_s=limit_s)


def _leave(record: Any) -> None:
    """Ends the command where the run did not succeed or the gate said no."""
    leave_if_failed(record)
    if record.verdict == "blocked":
        raise click.exceptions.Exit(1)


def leave_if_failed(record: Any) -> None:
    """Ends the command where the run did not succeed."""
    if record.state != "succeeded":
        errors = [task.error for task in record.tasks.values() if task.error is not None]
        raise click.exceptions.Exit(max((error.exit_code for error in errors), default=BrokenError.exit_code))
