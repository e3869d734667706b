"""``benison lint``: what a target cannot run, before it is asked to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benison.cli import project as projects
from benison.cli import targets
from benison.config.machines import LOCAL
from benison.core.errors import DataError

if TYPE_CHECKING:
    from benison.lint import Finding


@click.command()
@click.argument("path", metavar="[PROJECT|FILE]", type=click.Path(path_type=Path), default=Path(), required=False)
@targets.target_option
def command(path: Path, target: str) -> None:
    """Say what TARGET cannot run of a project or of a compiled pipeline, and why.

    Of a project it also says what a run would stumble over: model.py without the function that is called, a schema
    that is none, columns and labels that the data do not have. Nothing of the project is executed.

    FILE is the YAML of Kubeflow Pipelines 2, compiled by Benison or by anything else. Exits with 2 where there is an
    error; a warning alone leaves with 0.
    """
    from benison import lint

    _answer(lint.file(path, target) if path.is_file() else _of_project(path, target), path, target)


def _of_project(folder: Path, target: str) -> list[Finding]:
    from benison.lint import ERROR, WARNING, Finding, ahead
    from benison.lint import projects as rules

    project = projects.find(folder)
    config = project.config
    found = [Finding.of(fault) for fault in ahead.of_files(project.folder, config)]
    for fault in ahead.of_data(project.folder, config, project.folder) if target == LOCAL else ():
        # What lies elsewhere at the moment, as in a clone, is no mistake of the project.
        found.append(replace(Finding.of(fault), severity=WARNING if isinstance(fault, DataError) else ERROR))
    return [*found, *rules.findings(config, config.targets[target], targets.uncached(config, target))]


def _answer(found: Iterable[Finding], path: Path, target: str) -> None:
    from benison.lint import ERROR

    listed = list(found)
    for finding in listed:
        click.echo(str(finding))
    errors = sum(finding.severity == ERROR for finding in listed)
    counted = f"errors: {errors}, warnings: {len(listed) - errors}"
    click.echo(f"{path}: {f'not for {target}' if errors else f'nothing against {target}'}: {counted}", err=True)
    if errors:
        raise click.exceptions.Exit(2)
