"""``benison lint``: what a target cannot run, before it is asked to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benison.cli import project as projects
from benison.cli import targets

if TYPE_CHECKING:
    from benison.lint import Finding


@click.command()
@click.argument("path", metavar="[PROJECT|FILE]", type=click.Path(path_type=Path), default=Path(), required=False)
@targets.target_option
def command(path: Path, target: str) -> None:
    """Say what TARGET cannot run of a project or of a compiled pipeline, and why.

    FILE is the YAML of Kubeflow Pipelines 2, compiled by Benison or by anything else. Exits with 2 where there is an
    error; a warning alone leaves with 0.
    """
    from benison import lint

    _answer(lint.file(path, target) if path.is_file() else _of_project(path, target), path, target)


def _of_project(folder: Path, target: str) -> list[Finding]:
    from benison.lint import projects as rules

    config = projects.find(folder).config
    return list(rules.findings(config, config.targets[target], targets.uncached(config, target)))


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
