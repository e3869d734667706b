"""What ``benison evaluate`` does: reads, measures, writes the report, and prints the summary."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from benison import config, eval_config
from benison.cli import results
from benison.cli.data.opening import opened
from benison.components.evaluator import beam, engine, locate, predictions, streamed
from benison.components.evaluator.columns import Said, columns_of
from benison.components.evaluator.predictions import Policy
from benison.config import OwnMetrics
from benison.core import plots
from benison.core.errors import ConfigError
from benison.core.files import storage_errors, write_atomically
from benison.core.metrics import BINARY, MULTICLASS, Vocabulary, speaking, spoken
from benison.core.verdicts import Verdict
from benison.eval_config import EvalConfig
from benison.report.evaluation import FILE, Evaluation, page, summary


@dataclass(frozen=True)
class Wanted:
    """What was asked for: see the command's options."""

    source: str
    eval_config: Path | None
    said: Said
    task: str | None
    positive: str | None
    metrics: Path | None
    gate: Path | None
    engine: str | None
    beam_options: tuple[str, ...]
    leave_out: bool = False


def show(wanted: Wanted, output: Path | None, *, as_json: bool) -> None:
    """Evaluates, prints, keeps what is asked for, and leaves with 1 where the policy says no."""
    if wanted.beam_options and wanted.engine != beam.BEAM:
        got = wanted.engine or "none"
        raise ConfigError("--beam-option", expected="--engine beam beside it", got=got)
    if output is not None:
        results.check(output, FILE)
    own = config.declared(wanted.metrics) if wanted.metrics else None
    with _speaking(wanted, own), tempfile.TemporaryDirectory(prefix="benison-") as scratch:
        folder = Path(scratch) / "evaluation"
        folder.mkdir()
        found = _evaluated(wanted, own, folder)
        write_atomically(folder / FILE, page.render(found).encode())
        if as_json:
            click.echo((folder / "evaluation.json").read_text(), nl=False)
        else:
            click.echo("\n".join(summary.lines(found)))
        if output is not None:
            with storage_errors(output):
                # The one file that an evaluation may lack, and an earlier one may have left.
                (output / plots.FILE).unlink(missing_ok=True)
                shutil.copytree(folder, output, dirs_exist_ok=True)
            click.echo(f"report: {output / FILE}", err=as_json)
    if found.gate is not None and found.evaluation["verdict"] != Verdict.PASS:
        raise click.exceptions.Exit(1)


def _speaking(wanted: Wanted, own: OwnMetrics | None) -> AbstractContextManager[Vocabulary]:
    """Lets names stand for the metrics of the task, the user's own, and those that only TFMA knows."""
    task, mine = _task(wanted), own.kinds if own else []
    theirs = eval_config.declared(wanted.eval_config, task, mine) if wanted.eval_config else ()
    return speaking(task, (*mine, *theirs))


def _task(wanted: Wanted) -> str:
    """That of the command line, else that of the metrics in the config; never that of the values."""
    asked = eval_config.task_in(wanted.eval_config) if wanted.eval_config else ""
    return wanted.task or asked or BINARY


def _lists(said: Said, read: EvalConfig | None) -> list[str]:
    """Columns of predictions, which may be lists where models tell several classes apart."""
    if spoken().task != MULTICLASS:
        return []
    return [said.prediction, *said.baselines, *(model.prediction for model in (read.models if read else ()))]


def _evaluated(wanted: Wanted, own: OwnMetrics | None, folder: Path) -> Evaluation:
    policy = Policy(config.read_gate(wanted.gate), wanted.gate.name) if wanted.gate else None
    read = eval_config.read_with_models(wanted.eval_config) if wanted.eval_config else None
    with opened(wanted.source, _lists(wanted.said, read)) as dataset:
        said = wanted.said if wanted.said.unit or policy is None else replace(wanted.said, unit=policy.gate.unit)
        columns = columns_of(said, wanted.eval_config, read, dataset.schema.names, own)
        given = (dataset, wanted.source, columns, wanted.positive, policy, folder)
        chosen = engine.chosen(dataset, columns, policy, wanted.engine)
        if chosen == beam.BEAM:
            document = beam.run(*given, [f"--{one.removeprefix('--')}" for one in wanted.beam_options])
        else:
            document = (streamed if chosen == streamed.TABLES else predictions).run(*given)
        found = Evaluation(document, policy.gate if policy else None, Path(wanted.source).name)
        # Rows are looked for only where some were counted: most files have none, and are read once.
        if found.unsound and not wanted.leave_out:
            locate.refuse(dataset, columns)
    return found
