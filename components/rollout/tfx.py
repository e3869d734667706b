"""The rollout as a TFX component, behind our Pusher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.tfx import sdk
from benison.tfx.sdk import required, standard_artifacts, texts


class RolloutSpec(sdk.Spec):
    """What comes in and goes out."""

    PARAMETERS = texts("registry", "standing", "requests", "who", "why")
    INPUTS = {"pushed_model": required(standard_artifacts.PushedModel)}
    OUTPUTS = {"delivered_model": required(standard_artifacts.PushedModel)}


class Executor(sdk.Executor):
    """Marks how it ended."""

    PROGRAM = "benison.components.rollout.in_tfx"

    def mark(self, told: Mapping[str, Any], inputs: sdk.Artifacts, outputs: sdk.Artifacts) -> None:
        """``pushed``, ``pushed_destination`` and ``pushed_version`` as TFX has them; ``outcome`` and ``reason``."""
        model = outputs["delivered_model"][0]
        model.set_int_custom_property("pushed", int(told["number"] > 0))
        model.set_string_custom_property("outcome", told["outcome"])
        model.set_string_custom_property("reason", told["reason"])
        if told["number"]:
            model.set_string_custom_property("pushed_destination", told["registry"])
            model.set_string_custom_property("pushed_version", str(told["number"]))


class Rollout(sdk.Component):
    """Carries the version that our Pusher holds to all live traffic step by step, or sends it back.

    It lasts as long as the plan in benison.yaml says, hours or days; begun again, it goes on with the rollout that is
    under way. Where the Pusher holds nothing it ends at once with the Pusher's outcome. Output: ``delivered_model``
    (PushedModel: rollout.json, all that the rollout rested on).

    Args:
        pushed_model: Of our Pusher.
        project: The folder with benison.yaml, and in it the plan, or a URI of it.
        registry: Where the registry lies: a folder, or a bucket's.
        why: The reason, for the log.
        requests: The folder of the servers' request log; empty: as benison.yaml says.
        who: Who or what asked for the run.
    """

    SPEC_CLASS = RolloutSpec
    EXECUTOR_SPEC = sdk.executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        pushed_model: Any,
        project: str,
        registry: str,
        *,
        why: str,
        requests: str = "",
        who: str = "TFX pipeline",
    ) -> None:
        spec = RolloutSpec(
            **sdk.project_parameters(project),
            **sdk.registry_parameters(registry, project),
            requests=requests and sdk.absolute(requests),
            who=who,
            why=why,
            pushed_model=pushed_model,
            delivered_model=sdk.output(standard_artifacts.PushedModel),
        )
        super().__init__(spec=spec)
