"""The KFP contract of infra_validator."""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from benison.core.images import EVALUATE


@dsl.component(base_image=EVALUATE, install_kfp_package=False)
def infra_validator(  # type: ignore[no-untyped-def]
    bundle: Input[Artifact],
    holdout: Input[Dataset],
    model: Input[Model],
    champion: Input[Model],
    predictions: Input[Dataset],
    infra_evaluation: Output[Artifact],
):
    """Serves the challenger in a process of its own, as clients would ask it, and judges what it takes and answers.

    Args:
        bundle: The user's project, with benison.yaml and perhaps behaviour.yaml.
        holdout: The split holdout.
        model: The challenger.
        champion: The champion, if there is any.
        predictions: What the evaluator had the models answer, row by row.

    Returns:
        infra_evaluation: infra.json, with every figure and check.
    """
    from pathlib import Path

    from benison.components.infra_validator.run import run

    run(
        bundle=Path(bundle.path),
        holdout=Path(holdout.path),
        model=Path(model.path),
        champion=Path(champion.path),
        predictions=Path(predictions.path),
        infra_evaluation=Path(infra_evaluation.path),
    )
