"""The KFP contract of monitor."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Input, Output

from benison.core.images import EVALUATE


@dsl.component(base_image=EVALUATE, install_kfp_package=False)
def monitor(
    registry_uri: str,
    requests: str,
    bundle: Input[Artifact],
    record: Output[Artifact],
) -> NamedTuple("Outputs", [("verdict", str)]):  # type: ignore[valid-type]
    """Judges the windows of live traffic that ended since the last time, and tells whom it concerns.

    Args:
        registry_uri: Where the registry lies.
        requests: The folder of the servers' request log, as it is mounted here; empty: as benison.yaml says.
        bundle: The user's project, with what is watched.

    Returns:
        record: monitoring.json, the newest window's checks and the alerts that are open.
        verdict: PASS, FAIL while an alert is open, INCONCLUSIVE where nothing could be told.
    """
    from pathlib import Path

    from benison.components.monitor.run import run

    verdict = run(
        registry_uri=registry_uri,
        requests=requests,
        bundle=Path(bundle.path),
        record=Path(record.path),
    )
    return (verdict,)
