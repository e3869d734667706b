"""What ``benison evaluate`` does: reads, measures, writes the report, and prints the summary."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click

from benison.cli.evaluate_wanted import Wanted, reading
from benison.components.evaluator import beam, engine, locate, predictions, streamed
from benison.components.evaluator.predictions import Policy
from benison.config import OwnMetrics
from benison.config.evaluation import BEAM
from benison.core import plots
from benison.core.files import storage_errors, write_atomically
from benison.core.verdicts import Verdict
from benison.report.evaluation import FILE, Evaluation, page, summary


def show(wanted: Wanted, output: Path | None, *, as_json: bool) -> None:
    """Evaluates, prints, keeps what is asked for, and leaves with 1 where the policy says no."""
    own = wanted.own()
    with wanted.speaking(own), tempfile.TemporaryDirectory(prefix="benison-") as scratch:
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


def _evaluated(wanted: Wanted, own: OwnMetrics | None, folder: Path) -> Evaluation:
    gate = wanted.policy()
    policy = Policy(gate, wanted.gate.name) if gate and wanted.gate else None
    with reading(wanted, gate, own) as (dataset, columns):
        given = (dataset, wanted.source, columns, wanted.positive, policy, folder)
        chosen = engine.chosen(dataset, columns, policy, wanted.engine)
        if chosen == BEAM:
            document = beam.run(*given, [f"--{one.removeprefix('--')}" for one in wanted.beam_options])
        else:
            document = (streamed if chosen == streamed.TABLES else predictions).run(*given)
        found = Evaluation(document, policy.gate if policy else None, Path(wanted.source).name)
        # Rows are looked for only where some were counted: most files have none, and are read once.
        if found.unsound and not wanted.leave_out:
            locate.refuse(dataset, columns)
    return found
