"""``benison compile``: the YAML that a target runs."""

from __future__ import annotations

from pathlib import Path

import click

from benison.cli import targets


@click.command()
@targets.target_option
@targets.optional_project_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Where the YAML goes; by default PIPELINE.TARGET.yaml in the current folder.",
)
@click.argument("pipeline", default="continuous_training", required=False)
def command(pipeline: str, target: str, folder: Path | None, output: Path | None) -> None:
    """Compile a pipeline, continuous_training by default, to the intermediate representation of Kubeflow Pipelines.

    What the target is asked for (images, CPU, memory, accelerators, retries) is said under targets: in benison.yaml.
    """
    from benison.compile import compile_pipeline

    asked, uncached = targets.asked_of(target, folder)
    written = output or Path(f"{pipeline}.{target}.yaml")
    compile_pipeline(pipeline, written, asked, uncached)
    click.echo(str(written))
