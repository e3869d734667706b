"""The KFP contract of bundle."""

from kfp import dsl
from kfp.dsl import Artifact, Output

from benison.core.images import DELIVER


@dsl.component(base_image=DELIVER, install_kfp_package=False)
def bundle(bundle_uri: str, bundle_digest: str, bundle: Output[Artifact]):  # type: ignore[no-untyped-def]
    """Fetches the user's project and verifies that it is the one that was sent.

    Args:
        bundle_uri: Where the staged project lies.
        bundle_digest: Its content digest.

    Returns:
        bundle: The project's files, content-addressed.
    """
    from pathlib import Path

    from benison.components.bundle.run import run

    run(bundle_uri=bundle_uri, bundle_digest=bundle_digest, bundle=Path(bundle.path))
