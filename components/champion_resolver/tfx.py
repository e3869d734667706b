"""The champion resolver as a TFX component, in the place of a Resolver with LatestBlessedModelStrategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.tfx import sdk
from benison.tfx.sdk import required, standard_artifacts, texts


class ChampionResolverSpec(sdk.Spec):
    """What comes in and goes out."""

    PARAMETERS = texts("registry", "standing")
    INPUTS: Mapping[str, Any] = {}
    OUTPUTS = {"model": required(standard_artifacts.Model)}


class Executor(sdk.Executor):
    """Marks who it is."""

    PROGRAM = "benison.components.champion_resolver.in_tfx"

    def mark(self, told: Mapping[str, Any], inputs: sdk.Artifacts, outputs: sdk.Artifacts) -> None:
        """``number``, the version that servers see, 0 where there is no champion yet; and ``package``."""
        outputs["model"][0].set_int_custom_property("number", told["number"])
        outputs["model"][0].set_string_custom_property("package", told["package"])


class ChampionResolver(sdk.Component):
    """Looks up the champion, the reference model and the history of accepted snapshots in Benison's registry.

    Output: ``model`` (Model: the champion in Format-Serving/, champion.json, the reference, the history); before there
    is a champion it has the word for that alone, which our components understand and TFX's do not.

    Args:
        project: The folder with benison.yaml, or a URI of it.
        registry: Where the registry lies: a folder, or a bucket's.
    """

    SPEC_CLASS = ChampionResolverSpec
    EXECUTOR_SPEC = sdk.executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, project: str, registry: str) -> None:
        spec = ChampionResolverSpec(
            **sdk.project_parameters(project),
            **sdk.registry_parameters(registry, project),
            model=sdk.output(standard_artifacts.Model),
        )
        super().__init__(spec=spec)
