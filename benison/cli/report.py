"""``benison report``: a finished run, again."""

from __future__ import annotations

from pathlib import Path

import click

from benison.cli import project as projects


@click.command()
@click.argument("run", required=False)
@projects.project_option
@projects.runs_option
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown"]), default="text", help="How the scorecard is written."
)
def command(run: str | None, folder: Path, runs: Path | None, form: str) -> None:
    """Write the report of RUN (an id or a run's folder; the newest run by default) and show its scorecard.

    --format markdown writes the scorecard alone to stdout, for a CI job to post on a pull request.
    """
    from benison import report
    from benison.report import gather, pull_request, scorecard

    found = _folder_of(run, folder, runs)
    if form == "markdown":
        click.echo(pull_request.markdown(gather.gather(found)), nl=False)
        return
    page = report.write(found)
    for line in scorecard.lines(gather.gather(found)):
        click.echo(line)
    click.echo(f"report: {page}")


def _folder_of(run: str | None, folder: Path, runs: Path | None) -> Path:
    if run and (Path(run) / "run.json").is_file():
        return Path(run).resolve()
    return projects.find_run(run, runs.resolve() if runs else projects.find(folder).runs)
