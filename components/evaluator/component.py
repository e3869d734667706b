"""The KFP contract of evaluator."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from benison.core.images import EVALUATE


@dsl.component(base_image=EVALUATE, install_kfp_package=False)
def evaluator(  # type: ignore[no-untyped-def]
    bundle: Input[Artifact],
    holdout: Input[Dataset],
    model: Input[Model],
    champion: Input[Model],
    predictions: Output[Dataset],
    evaluation: Output[Artifact],
):
    """Measures challenger and champion on the same holdout, by slice, with intervals, and judges by the policy.

    Args:
        bundle: The user's project, with evaluation config and gate.
        holdout: The split holdout.
        model: The challenger.
        champion: The champion and the reference, if there are any.

    Returns:
        predictions: What each model answered, row by row.
        evaluation: TFMA's own layout, model_card.json, and evaluation.json with every metric, interval and check.
    """
    from pathlib import Path

    from benison.components.evaluator.run import run

    run(
        bundle=Path(bundle.path),
        holdout=Path(holdout.path),
        model=Path(model.path),
        champion=Path(champion.path),
        predictions=Path(predictions.path),
        evaluation=Path(evaluation.path),
    )
