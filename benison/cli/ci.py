"""``benison ci``: what a commit has to stand before anybody trains with it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benison.cli import project as projects
from benison.cli.plan import of_project
from benison.config import Config
from benison.config.machines import LOCAL, TARGETS
from benison.core.errors import BenisonError
from benison.core.files import write_atomically
from benison.plan.changes import NO_COMMIT

if TYPE_CHECKING:
    from benison.plan.steps import Step

# Rows that lie in the repository, for a CI that does not reach the data: benison data sample draws them.
SAMPLE = "data/sample.parquet"
_MEANING = {0: "passed", 1: "failed", 2: "bad input", 3: "broke"}


@dataclass(frozen=True)
class _Done:
    step: str
    said: str
    code: int
    seconds: float
    why: str


@click.command()
@projects.project_option
@click.option("--since", default=NO_COMMIT, help="Only what changed since then asks for; all by default.")
@click.option("--sample", type=click.Path(path_type=Path), help=f"Rows to use; {SAMPLE} if it is there.")
@click.option(
    "--sample-of", type=projects.FOLDER, help="A project whose data rows are drawn from, if no sample lies there."
)
@click.option("--target", "wanted", type=click.Choice(TARGETS), multiple=True, help="Lint and compile for these.")
@click.option("--summary", type=click.Path(path_type=Path), help="A file to which a Markdown table is added.")
def command(
    folder: Path,
    since: str,
    sample: Path | None,
    sample_of: Path | None,
    wanted: tuple[str, ...],
    summary: Path | None,
) -> None:
    """Lint, the project's tests, the data contract, a smoke run, compile: what of it a change asks for.

    The same here as in Cloud Build and GitHub Actions. Without --target it is the targets that benison.yaml has a
    pipeline_root for, else this machine. Exits with the worst exit code of a step.
    """
    from benison.plan.steps import why

    steps, config = of_project(folder, since), _config(folder)
    with tempfile.TemporaryDirectory(prefix="benison-ci-") as scratch:
        orders = _orders(folder.resolve(), config, sample, wanted or _targets(config), Path(scratch))
        if sample_of and not sample and not (folder / SAMPLE).is_file():
            orders = {**orders, **_drawn(folder.resolve(), config, sample_of.resolve(), Path(scratch))}
        done = [_step(step, orders[step.name], folder, why(step)) for step in steps if step.name in orders]
    [train] = [step for step in steps if step.name not in orders]
    rows = [(one.step, one.said, f"{one.seconds:.1f} s" if one.seconds else "", one.why) for one in done]
    rows.append((train.name, "has to run" if train.runs else "need not run", "", why(train)))
    for name, said, took, because in rows:
        click.echo(f"{name:8} {said:13} {took:>8}  {because}")
    if summary:
        _add(summary, rows)
    if worst := max(one.code for one in done):
        raise click.exceptions.Exit(worst)


def _config(folder: Path) -> Config | None:
    """The project's configuration; None where it cannot be read, which lint then tells."""
    try:
        return projects.find(folder).config
    except BenisonError:
        return None


def _targets(config: Config | None) -> Sequence[str]:
    sent = [name for name in TARGETS if config and config.targets[name].destination.pipeline_root]
    return sent or [LOCAL]


def _orders(
    folder: Path, config: Config | None, sample: Path | None, targets: Sequence[str], scratch: Path
) -> Mapping[str, list[list[str]]]:
    """The commands of each step."""
    own = [sys.executable, "-m", "benison"]
    rows = str(sample.resolve() if sample else folder / SAMPLE) if sample or (folder / SAMPLE).is_file() else ""
    schema = str(folder / (config.data.schema if config else "schema.pbtxt"))
    contract = ["data", "validate", rows, "--schema", schema] if rows else ["data", "validate", "-p", str(folder)]
    tests = [[sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]]
    compiled = [(target, str(scratch / f"{target}.yaml")) for target in targets]
    return {
        "lint": [[*own, "lint", str(folder), "--target", target] for target in targets],
        "test": tests if (folder / "tests").is_dir() else [],
        "data": [[*own, *contract]],
        "smoke": [[*own, "smoke", "-p", str(folder), *(["--data", rows] if rows else [])]],
        "compile": [[*own, "compile", "-p", str(folder), "--target", name, "-o", out] for name, out in compiled],
    }


def _drawn(folder: Path, config: Config | None, source: Path, scratch: Path) -> Mapping[str, list[list[str]]]:
    """The commands of the steps that read data, on rows of another folder's."""
    draw = [sys.executable, "-m", "benison", "data", "sample", "-p", str(source), "--out"]
    rows = {step: scratch / f"{step}.parquet" for step in ("data", "smoke")}
    return {
        step: [[*draw, str(path)], _orders(folder, config, path, (), scratch)[step][0]] for step, path in rows.items()
    }


def _step(step: Step, orders: list[list[str]], folder: Path, because: str) -> _Done:
    if not step.runs:
        return _Done(step.name, "skipped", 0, 0, because)
    if not orders:
        return _Done(step.name, "none", 0, 0, "the project has no folder tests/")
    began, code = time.monotonic(), 0
    # A project's own tests leave no bytecode in it.
    said = {**os.environ, **({"PYTHONDONTWRITEBYTECODE": "1"} if step.name == "test" else {})}
    for order in orders:
        click.echo(f"== {step.name}: {' '.join(order[2:])}", err=True)
        # What a step prints belongs to the log; stdout has the table alone.
        found = subprocess.run(order, cwd=folder, stdout=sys.stderr.fileno(), env=said, check=False).returncode
        # pytest's own codes mean other things.
        code = max(code, min(found, 1) if step.name == "test" else found if found in _MEANING else 3)
    return _Done(step.name, _MEANING[code], code, time.monotonic() - began, because)


def _add(summary: Path, rows: Sequence[tuple[str, str, str, str]]) -> None:
    """Adds a table, as GitHub shows it, to what other steps wrote."""
    lines = ["| step | | took | why |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    before = summary.read_text() if summary.is_file() else ""
    write_atomically(summary, (before + "\n".join(lines) + "\n").encode())
