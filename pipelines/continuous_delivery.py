"""Continuous delivery: a blessed challenger to all live traffic, or back."""

from typing import NamedTuple

from kfp import dsl

from benison.components.bundle.component import bundle
from benison.components.rollout.component import rollout


class Outputs(NamedTuple):
    """What a run of the pipeline comes to."""

    verdict: str


@dsl.pipeline(name="continuous-delivery")
def continuous_delivery(
    bundle_uri: str,
    bundle_digest: str,
    registry_uri: str,
    who: str,
    why: str,
    version: str = "challenger",
    requests: str = "",
) -> Outputs:
    """Rolls a challenger out as the project's benison.yaml says.

    Args:
        bundle_uri: Where the staged project lies.
        bundle_digest: Its content digest.
        registry_uri: Where the registry lies.
        who: Who or what asked for this run.
        why: The reason, for the rollout log.
        version: The version that is to have all traffic.
        requests: The folder of the servers' request log, as tasks see it; empty: as benison.yaml says.

    Returns:
        verdict: promoted, shadowed, rolled_back or aborted.
    """
    project = bundle(bundle_uri=bundle_uri, bundle_digest=bundle_digest).set_caching_options(False)
    delivered = rollout(
        registry_uri=registry_uri,
        requests=requests,
        version=version,
        who=who,
        why=why,
        bundle=project.outputs["bundle"],
    ).set_caching_options(False)
    return Outputs(verdict=delivered.outputs["verdict"])
