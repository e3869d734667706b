"""The KFP contract of rollout."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Input, Output

from benison.core.images import DELIVER


@dsl.component(base_image=DELIVER, install_kfp_package=False)
def rollout(
    registry_uri: str,
    requests: str,
    version: str,
    who: str,
    why: str,
    bundle: Input[Artifact],
    record: Output[Artifact],
) -> NamedTuple("Outputs", [("verdict", str)]):  # type: ignore[valid-type]
    """Carries a blessed challenger to all live traffic step by step, or sends it back; a retry goes on with it.

    Args:
        registry_uri: Where the registry lies.
        requests: The folder of the servers' request log, as it is mounted here; empty: as benison.yaml says.
        version: The version that is to have all traffic, such as challenger.
        who: Who or what asked for this run.
        why: The reason, for the log.
        bundle: The user's project, with the plan.

    Returns:
        record: rollout.json, all that the rollout rested on.
        verdict: promoted, shadowed, rolled_back or aborted.
    """
    from pathlib import Path

    from benison.components.rollout.run import run

    verdict = run(
        registry_uri=registry_uri,
        requests=requests,
        version=version,
        who=who,
        why=why,
        bundle=Path(bundle.path),
        record=Path(record.path),
    )
    return (verdict,)
