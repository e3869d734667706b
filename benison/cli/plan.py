"""``benison plan``: what has to run after a change, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benison import config as configuration
from benison.cli import project as projects
from benison.core.errors import ConfigError
from benison.core.secrets import redacted

if TYPE_CHECKING:
    from benison.plan.steps import Step


@click.command()
@projects.project_option
@click.option("--since", default="HEAD", show_default=True, help="The commit or branch to compare with.")
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", help="For whom.")
def command(folder: Path, since: str, form: str) -> None:
    """Say what has to run after what changed since a commit, and why.

    Steps: lint, test, data, smoke, compile, which benison ci runs, and train, which is benison run or benison submit.
    With --format github a line  STEP=true  or  STEP=false  for each, as $GITHUB_OUTPUT takes them.
    """
    from benison.plan.steps import STEPS, why

    steps = of_project(folder, since)
    if form == "json":
        said = {step.name: {"runs": step.runs, "because": step.because, "what": STEPS[step.name]} for step in steps}
        click.echo(json.dumps({"since": since, "steps": said}, indent=2))
        return
    for step in steps:
        line = f"{'run ' if step.runs else 'skip'} {step.name:8} {why(step)}"
        click.echo(f"{step.name}={str(step.runs).lower()}" if form == "github" else line)


def of_project(folder: Path, since: str) -> list[Step]:
    """All steps of a project.

    Raises:
        BenisonError: There is no project, it is not in git, or there is no such commit.
    """
    from benison.plan.changes import changes_since
    from benison.plan.steps import planned

    folder = folder.resolve()
    if not (folder / configuration.FILE).is_file():
        projects.find(folder)
    changes = changes_since(folder, since)
    try:
        config = projects.find(folder).config
    except ConfigError as error:
        click.echo(redacted(f"warning: {error}"), err=True)
        config = None
    return planned(changes, config)
