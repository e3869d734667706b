"""The KFP contract of example_gen."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output

from benison.core.images import DATA


@dsl.component(base_image=DATA, install_kfp_package=False)
def example_gen(  # type: ignore[no-untyped-def]
    data_root: str,
    span: int,
    bundle: Input[Artifact],
    examples: Output[Dataset],
    holdout: Output[Dataset],
    references: Output[Dataset],
):
    """Reads raw data, splits it and seals it as an immutable snapshot.

    Args:
        data_root: The folder that relative paths under data: in benison.yaml start at.
        span: The newest span to use; 0 for the newest there is.
        bundle: The user's project.

    Returns:
        examples: The splits train and eval as Parquet, and snapshot.json.
        holdout: The split holdout as Parquet, and the same snapshot.json; the trainer never receives it.
        references: Reference tables and serving examples, for the validator alone, and context.json.
    """
    from pathlib import Path

    from benison.components.example_gen.run import run

    run(
        data_root=data_root,
        span=span,
        bundle=Path(bundle.path),
        examples=Path(examples.path),
        holdout=Path(holdout.path),
        references=Path(references.path),
    )
