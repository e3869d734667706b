"""``benison compile``: the YAML that every engine runs."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("continuous_training.yaml"),
    show_default=True,
    help="Where the YAML goes.",
)
def command(output: Path) -> None:
    """Compile the continuous training pipeline to KFP's intermediate representation.

    The file runs unchanged with `benison run`'s engine, and can be uploaded to Kubeflow Pipelines 2.
    """
    from benison.compile import compile_pipeline

    compile_pipeline("continuous_training", output)
    click.echo(str(output))
