"""Continuous monitoring: every window of live traffic that ended since the last run."""

from typing import NamedTuple

from kfp import dsl

from benison.components.bundle.component import bundle
from benison.components.monitor.component import monitor


class Outputs(NamedTuple):
    """What a run of the pipeline comes to."""

    verdict: str


@dsl.pipeline(name="continuous-monitoring")
def continuous_monitoring(
    bundle_uri: str,
    bundle_digest: str,
    registry_uri: str,
    requests: str = "",
) -> Outputs:
    """Watches the champion's live traffic as the project's benison.yaml says.

    Args:
        bundle_uri: Where the staged project lies.
        bundle_digest: Its content digest.
        registry_uri: Where the registry lies.
        requests: The folder of the servers' request log, as tasks see it; empty: as benison.yaml says.

    Returns:
        verdict: PASS, FAIL while an alert is open, INCONCLUSIVE where nothing could be told.
    """
    project = bundle(bundle_uri=bundle_uri, bundle_digest=bundle_digest).set_caching_options(False)
    watched = monitor(
        registry_uri=registry_uri,
        requests=requests,
        bundle=project.outputs["bundle"],
    ).set_caching_options(False)
    return Outputs(verdict=watched.outputs["verdict"])
