"""The infra_validator as a TFX component, in the place of TFX's InfraValidator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.tfx import sdk
from benison.tfx.sdk import optional, required, standard_artifacts, texts


class InfraValidatorSpec(sdk.Spec):
    """What comes in and goes out."""

    PARAMETERS = texts("holdout")
    INPUTS = {
        "examples": required(standard_artifacts.Examples),
        "model": required(standard_artifacts.Model),
        "evaluation": optional(standard_artifacts.ModelEvaluation),
        "baseline_model": optional(standard_artifacts.Model),
        "schema": optional(standard_artifacts.Schema),
    }
    OUTPUTS = {"blessing": required(standard_artifacts.InfraBlessing)}


class Executor(sdk.Executor):
    """Blesses as TFX's own does."""

    PROGRAM = "benison.components.infra_validator.in_tfx"

    def mark(self, told: Mapping[str, Any], inputs: sdk.Artifacts, outputs: sdk.Artifacts) -> None:
        """What Pusher looks for, then ``verdict``, the reasons, the package that was asked, and infra.json's digest."""
        blessing = outputs["blessing"][0]
        blessing.set_int_custom_property("blessed", int(told["blessed"]))
        for name in ("verdict", "package"):
            blessing.set_string_custom_property(name, told[name])
        blessing.set_string_custom_property("infra", told["digest"])
        if told["reasons"]:
            blessing.set_string_custom_property("blessing_message", "; ".join(told["reasons"]))
        sdk.write_marker(blessing.uri, "INFRA_BLESSED" if told["blessed"] else "INFRA_NOT_BLESSED")


class InfraValidator(sdk.Component):
    """Serves a model in a process of its own, as clients would ask it, and judges what it takes and answers.

    It needs no model server, container or cluster. What cannot be asked is not blessed, with the reason. Output:
    ``blessing`` (InfraBlessing: infra.json, and INFRA_BLESSED or INFRA_NOT_BLESSED).

    Args:
        examples: Of an ExampleGen that cuts train, eval and a holdout, whose rows are asked.
        model: Of our Trainer or of TFX's.
        project: The folder with benison.yaml, perhaps behaviour.yaml, or a URI of it.
        evaluation: Of our Evaluator, whose answers have to be those that are served; without it those count that the
            model gives to the examples as they are, as TFX's Evaluator asks it.
        baseline_model: The champion, of our ChampionResolver or of a resolver of TFX's, which checks compare with.
        schema: In the place of the project's own.
        holdout: What the examples call the split that models are judged by.
    """

    SPEC_CLASS = InfraValidatorSpec
    EXECUTOR_SPEC = sdk.executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        examples: Any,
        model: Any,
        project: str,
        *,
        evaluation: Any = None,
        baseline_model: Any = None,
        schema: Any = None,
        holdout: str = "holdout",
    ) -> None:
        spec = InfraValidatorSpec(
            **sdk.project_parameters(project),
            holdout=holdout,
            examples=examples,
            model=model,
            evaluation=evaluation,
            baseline_model=baseline_model,
            schema=schema,
            blessing=sdk.output(standard_artifacts.InfraBlessing),
        )
        super().__init__(spec=spec)
