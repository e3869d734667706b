"""``benison evaluate``: somebody's predictions, whatever made them."""

from __future__ import annotations

from pathlib import Path

import click

from benison.core import logs
from benison.core.metrics import VOCABULARIES

_FILE = click.Path(path_type=Path)


@click.command()
@click.option("--predictions", "source", required=True, metavar="SOURCE", help="Rows with label and predictions.")
@click.option("--eval-config", type=_FILE, help="TFMA's EvalConfig: models, slices, metrics; JSON, .pbtxt or .pb.")
@click.option("--output", type=_FILE, help="A folder for the report, evaluation.json and TFMA's files.")
@click.option("--label", default="", metavar="COLUMN", help="The label's column, where the config does not say it.")
@click.option(
    "--prediction",
    default="",
    metavar="COLUMN",
    help="The model's probabilities, likewise; 'p_{class}' of several classes.",
)
@click.option(
    "--baseline", "baselines", multiple=True, metavar="COLUMN", help="Those of a model to compare with; at most two."
)
@click.option(
    "--task", type=click.Choice(list(VOCABULARIES)), help="What models answer; the config's metrics may say it."
)
@click.option("--positive", metavar="VALUE", help="The label that counts as positive; 1 and true need no saying.")
@click.option(
    "--slice", "slices", multiple=True, metavar="COLUMN", help="Cut the rows by this column's values; repeat it."
)
@click.option("--weight", default="", metavar="COLUMN", help="What each row weighs, where the config does not say it.")
@click.option(
    "--unit", default="", metavar="COLUMN", help="What rows are of, such as a user: rows of one hang together."
)
@click.option(
    "--query",
    default="",
    metavar="COLUMN",
    help="What rows are ranked within, such as a search; with --task ranking.",
)
@click.option(
    "--metrics", type=_FILE, metavar="FILE.py", help="A Python file with metrics of your own, measured as all others."
)
@click.option("--gate", type=_FILE, help="A YAML file with gate:, such as a benison.yaml; its checks then decide.")
@click.option(
    "--engine",
    type=click.Choice(["memory", "tables", "beam"]),
    help="Hold rows, count them as they are read, or have TFMA measure them on Beam; left out: hold what fits.",
)
@click.option(
    "--beam-option",
    "beam_options",
    multiple=True,
    metavar="NAME=VALUE",
    help="One of Beam's options: runner=FlinkRunner.",
)
@click.option(
    "--leave-out-invalid",
    "leave_out",
    is_flag=True,
    help="Measure what is left where predictions are missing, NaN or out of range; left out: an error.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
def command(
    source: str,
    eval_config: Path | None,
    output: Path | None,
    label: str,
    prediction: str,
    baselines: tuple[str, ...],
    task: str | None,
    positive: str | None,
    slices: tuple[str, ...],
    weight: str,
    unit: str,
    query: str,
    metrics: Path | None,
    gate: Path | None,
    engine: str | None,
    beam_options: tuple[str, ...],
    leave_out: bool,
    as_json: bool,
) -> None:
    """Measure predictions by slice, with intervals, and the gain over a baseline on the same rows.

    SOURCE is a file (CSV, Parquet, TFRecord of tf.Example, JSON lines; gzipped as well), a glob in quotes, a folder of
    files, or a URI of them. Predictions are probabilities of the positive class,
    numbers where the task is regression, scores of items where it is ranking, or one for each class where it is
    multiclass: 'p_{class}' stands for p_cat, p_dog and so on. Without --eval-config every metric is measured. Without
    --gate nothing is judged; with it the command exits with 1 where the verdict is not PASS. Predictions that are
    missing, NaN or out of range are an error, unless --leave-out-invalid says otherwise; no policy passes then.
    """
    from benison.cli.evaluate_wanted import Wanted, check
    from benison.components.evaluator.columns import Said

    said = Said(label, prediction, baselines, slices, weight, unit, query)
    wanted = Wanted(source, eval_config, said, task, positive, metrics, gate, engine, beam_options, leave_out)
    check(wanted, output)
    with logs.quiet_imports():
        from benison.cli.evaluating import show

    show(wanted, output, as_json=as_json)
