"""The KFP contract of example_validator."""

from kfp import dsl
from kfp.dsl import HTML, Artifact, Dataset, Input, Model, Output

from benison.core.images import DATA


@dsl.component(base_image=DATA, install_kfp_package=False)
def example_validator(  # type: ignore[no-untyped-def]
    bundle: Input[Artifact],
    examples: Input[Dataset],
    holdout: Input[Dataset],
    references: Input[Dataset],
    champion: Input[Model],
    history: Input[Artifact],
    statistics: Output[Artifact],
    anomalies: Output[Artifact],
    validation: Output[Artifact],
    report: Output[HTML],
):
    """Profiles the snapshot with TFDV and checks it against schema, history and champion, in two tiers.

    Args:
        bundle: The user's project, with its schema.
        examples: The splits train and eval.
        holdout: The split holdout.
        references: Reference tables, serving examples, and when the data were read.
        champion: The champion, whose training snapshot is compared.
        history: The profiles of accepted snapshots.

    Returns:
        statistics: FeatureStats.pb of each split and span in TFX's own layout, and profile.json.
        anomalies: SchemaDiff.pb of each split in TFX's own layout, checks.json, comparisons.json and bands.json.
        validation: validation.json: the verdict that the trainer waits for.
        report: A page of the data alone.
    """
    from pathlib import Path

    from benison.components.example_validator.run import run

    run(
        bundle=Path(bundle.path),
        examples=Path(examples.path),
        holdout=Path(holdout.path),
        references=Path(references.path),
        champion=Path(champion.path),
        history=Path(history.path),
        statistics=Path(statistics.path),
        anomalies=Path(anomalies.path),
        validation=Path(validation.path),
        report=Path(report.path),
    )
