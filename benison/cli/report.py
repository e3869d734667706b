"""``benison report``: a finished run, again."""

from __future__ import annotations

from pathlib import Path

import click

from benison.cli import project as projects
from benison.core.errors import DataError
from benison.core.spelling import nearest


@click.command()
@click.argument("run", required=False)
@projects.project_option
@projects.runs_option
def command(run: str | None, folder: Path, runs: Path | None) -> None:
    """Write the report of RUN (an id or a run's folder; the newest run by default) and show its scorecard."""
    from benison import report
    from benison.report import gather, scorecard

    found = _folder_of(run, folder, runs)
    page = report.write(found)
    for line in scorecard.lines(gather.gather(found)):
        click.echo(line)
    click.echo(f"report: {page}")


def _folder_of(run: str | None, folder: Path, runs: Path | None) -> Path:
    if run and (Path(run) / "run.json").is_file():
        return Path(run).resolve()
    place = runs.resolve() if runs else projects.find(folder).runs
    known = sorted(path.parent.name for path in place.glob("*/run.json"))
    if not known or (run and run not in known):
        raise DataError(
            f"{place}",
            expected=f"a run {run!r}" if run else "a run",
            got="no run at all" if not known else f"{len(known)} others",
            hint=nearest(run, known) if run and known else "make one with  benison run PROJECT",
        )
    return place / (run or known[-1])
