"""The KFP contract of trainer."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from benison.core.images import TRAIN


@dsl.component(base_image=TRAIN, install_kfp_package=False)
def trainer(  # type: ignore[no-untyped-def]
    bundle: Input[Artifact],
    examples: Input[Dataset],
    validation: Input[Artifact],
    base_model: Input[Model],
    model: Output[Model],
    checkpoint_root: str = "",
):
    """Fits the feature graph and the user's Keras model on train, and exports both as one SavedModel.

    Args:
        bundle: The user's project, with model.py.
        examples: The splits train and eval.
        validation: The data's verdict; anything but PASS ends in not_trained.json before any training.
        base_model: What a warm start begins with; by itself only base_model.json, which says that there is none.
        checkpoint_root: Where an interrupted training leaves what a retry needs to go on; empty: it begins anew.

    Returns:
        model: Format-Serving/ (a SavedModel, TFX's own layout), model_card.json and training.json, or not_trained.json.
    """
    from pathlib import Path

    from benison.components.trainer.run import run

    run(
        bundle=Path(bundle.path),
        examples=Path(examples.path),
        validation=Path(validation.path),
        base_model=Path(base_model.path),
        model=Path(model.path),
        checkpoint_root=checkpoint_root,
    )
