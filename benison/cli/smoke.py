"""``benison smoke``: the whole pipeline on a few rows, to see that it runs."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import yaml

from benison import config as configuration
from benison.cli import packing, run
from benison.cli import project as projects
from benison.cli.progress import Progress
from benison.cli.project import Project
from benison.core import logs
from benison.core.errors import DataError
from benison.core.verdicts import Verdict

if TYPE_CHECKING:
    from benison.report.gather import RunEvidence

# What tells spans apart has no meaning in one file of rows from all of them.
_OF_SPANS = ("every", "query", "window")
_ROWS = 2000


@click.command()
@projects.project_option
@click.option("--rows", default=_ROWS, show_default=True, type=click.IntRange(min=50), help="How many to draw.")
@click.option("--data", type=click.Path(path_type=Path), help="A file of rows to take instead of drawing some.")
@click.option("--epochs", default=1, show_default=True, type=click.IntRange(min=1), help="For how long to train.")
def command(folder: Path, rows: int, data: Path | None, epochs: int) -> None:
    """Run the whole pipeline on a few rows, drawn from the newest span, in a registry of its own.

    It shows that data, features, model, evaluation and gate go together, within a minute and before anybody trains on
    all of the data. What the gate says of the model does not count: so few rows prove nothing. Nothing is kept. Exits
    with 1 where the data checks said no, so that nothing was trained, or where a check could not be made.
    """
    began = time.monotonic()
    project = projects.find(folder)
    packing.preflight(project)
    with tempfile.TemporaryDirectory(prefix="benison-smoke-") as scratch:
        small = _reduced(project, Path(scratch), rows, data, epochs)
        evidence = _ran(project, small)
        troubles = list(_troubles(evidence))
    for trouble in troubles:
        click.echo(trouble, err=True)
    click.echo(f"smoke: {'trouble' if troubles else 'it runs'} ({time.monotonic() - began:.0f} s)")
    if troubles:
        raise click.exceptions.Exit(1)


def _reduced(project: Project, scratch: Path, rows: int, data: Path | None, epochs: int) -> Project:
    """A copy of the project, whose data are a few rows."""
    staged = packing.packed(replace(project, runs=scratch / "staging"))
    folder = scratch / "project"
    shutil.copytree(Path(staged.uri) / "project", folder)
    said = yaml.safe_load((folder / configuration.FILE).read_bytes())
    path = data.resolve() if data else _drawn(project, scratch, rows)
    own = {key: value for key, value in said["data"].items() if key not in (*_OF_SPANS, "path", "format")}
    said["data"] = {**own, "path": str(path), "format": _format(path)}
    said["model"] = {key: value for key, value in (said.get("model") or {}).items() if key != "search"}
    said["model"]["epochs"] = epochs
    (folder / configuration.FILE).write_text(yaml.safe_dump(said, sort_keys=False, allow_unicode=True))
    return Project(folder, configuration.read(folder), str(scratch / "registry"), scratch / "runs")


def _format(path: Path) -> str:
    if not path.is_file():
        raise DataError("--data", expected="a file of rows", got=f"none at {path}")
    found = configuration.format_of(path.name)
    if found is None:
        raise DataError("--data", expected="a name that ends in .csv, .parquet, .tfrecord or .jsonl", got=path.name)
    return found


def _drawn(project: Project, scratch: Path, rows: int) -> Path:
    import pyarrow.parquet as pq

    with logs.quiet_imports():
        from benison.cli.data.sample import sample

    path = scratch / "sample.parquet"
    pq.write_table(sample(project, rows), path)
    return path


def _ran(project: Project, small: Project) -> RunEvidence:
    from benison.engines.local import LocalEngine
    from benison.report import gather

    progress = Progress()
    progress.title(f"{project.config.name}, on a sample")
    with LocalEngine(observer=progress.observe) as engine:
        record = engine.run(run.request_of(small, 0, cache=False, data_root=project.folder))
    progress.stop()
    run.leave_if_failed(record)
    return gather.gather(record.folder)


def _troubles(evidence: RunEvidence) -> Iterator[str]:
    """Why the run did not show what it was to show."""
    if evidence.not_trained:
        yield evidence.not_trained["reason"]
        yield from evidence.not_trained["blocked_by"]
    for check in (evidence.evaluation or {}).get("checks", ()):
        if check["verdict"] == Verdict.ERROR:
            yield f"ERROR {check['subject']}: {check['reason']}"
