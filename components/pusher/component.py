"""The KFP contract of pusher."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Input, Model, Output

from benison.core.images import DELIVER


@dsl.component(base_image=DELIVER, install_kfp_package=False)
def pusher(
    registry_uri: str,
    commit: str,
    who: str,
    bundle: Input[Artifact],
    statistics: Input[Artifact],
    anomalies: Input[Artifact],
    model: Input[Model],
    champion: Input[Model],
    evaluation: Input[Artifact],
    infra_evaluation: Input[Artifact],
    blessing: Output[Artifact],
    pushed_model: Output[Model],
) -> NamedTuple("Outputs", [("verdict", str)]):  # type: ignore[valid-type]
    """Blesses the challenger with reasons, or does not; registers it; makes a blessed one the champion.

    Args:
        registry_uri: Where the registry lies.
        commit: The commit that the project came from; empty where there is none.
        who: Who or what asked for this run.
        bundle: The user's project, with the policy.
        statistics: The profile of the snapshot, kept as history where validation let the data pass.
        anomalies: Every check of the data.
        model: The challenger.
        champion: What the evaluation compared with.
        evaluation: Every metric and check of the models.
        infra_evaluation: Every figure and check of the challenger in a process of its own.

    Returns:
        blessing: blessing.json and the marker BLESSED or NOT_BLESSED.
        pushed_model: pushed.json, the registry entry that the model became.
        verdict: pushed, held, unchanged, superseded or blocked.
    """
    from pathlib import Path

    from benison.components.pusher.run import run

    verdict = run(
        registry_uri=registry_uri,
        commit=commit,
        who=who,
        bundle=Path(bundle.path),
        statistics=Path(statistics.path),
        anomalies=Path(anomalies.path),
        model=Path(model.path),
        champion=Path(champion.path),
        evaluation=Path(evaluation.path),
        infra_evaluation=Path(infra_evaluation.path),
        blessing=Path(blessing.path),
        pushed_model=Path(pushed_model.path),
    )
    return (verdict,)
