"""The KFP contract of champion_resolver."""

from kfp import dsl
from kfp.dsl import Artifact, Input, Model, Output

from benison.core.images import DELIVER


@dsl.component(base_image=DELIVER, install_kfp_package=False)
def champion_resolver(  # type: ignore[no-untyped-def]
    registry_uri: str,
    bundle: Input[Artifact],
    champion: Output[Model],
    history: Output[Artifact],
    base_model: Output[Model],
):
    """Looks up the champion, the reference model and the history of accepted snapshots in the registry.

    Args:
        registry_uri: Where the registry lies.
        bundle: The user's project, which names the model.

    Returns:
        champion: champion.json, and the packages of champion and reference; neither on the first run.
        history: One JSON file for each accepted snapshot: when that was, and its profile.
        base_model: base_model.json, and under model.warm_start the champion's package to start from.
    """
    from pathlib import Path

    from benison.components.champion_resolver.run import run

    run(
        registry_uri=registry_uri,
        bundle=Path(bundle.path),
        champion=Path(champion.path),
        history=Path(history.path),
        base_model=Path(base_model.path),
    )
