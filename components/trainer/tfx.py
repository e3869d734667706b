"""The trainer as a TFX component, in the place of TFX's Trainer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.tfx import sdk
from benison.tfx.sdk import optional, required, standard_artifacts, texts


class TrainerSpec(sdk.Spec):
    """What comes in and goes out."""

    PARAMETERS = texts("holdout", "checkpoint_root")
    INPUTS = {
        "examples": required(standard_artifacts.Examples),
        "anomalies": required(standard_artifacts.ExampleAnomalies),
        "schema": optional(standard_artifacts.Schema),
        "base_model": optional(standard_artifacts.Model),
    }
    OUTPUTS = {"model": required(standard_artifacts.Model)}


class Executor(sdk.Executor):
    """Marks whether there is a model, for ``tfx.dsl.Cond`` to ask for."""

    PROGRAM = "benison.components.trainer.in_tfx"

    def mark(self, told: Mapping[str, Any], inputs: sdk.Artifacts, outputs: sdk.Artifacts) -> None:
        """``trained``, which is 1 or 0, and why not."""
        outputs["model"][0].set_int_custom_property("trained", int(told["trained"]))
        if not told["trained"]:
            outputs["model"][0].set_string_custom_property("blocked_by", "; ".join(told["blocked_by"]))


class Trainer(sdk.Component):
    """Fits the feature graph and the project's Keras model, or its TFX module, and exports a SavedModel.

    Where the data are not fit to train on, it ends well without a model: ``trained`` is 0, and our Evaluator and Pusher
    say why. Output: ``model`` (Model: Format-Serving/, training.json, model_card.json; or not_trained.json).

    Args:
        examples: Of an ExampleGen that cuts train, eval and a holdout, which it does not look at.
        anomalies: The word on the data, of our ExampleValidator or of TFX's.
        project: The folder with benison.yaml, or a URI of it.
        schema: In the place of the project's own.
        base_model: One of ours, to start from.
        holdout: What the examples call the split that models are judged by.
        checkpoint_root: A folder, or a URI of one, where an interrupted training leaves what a retry needs to go on.
    """

    SPEC_CLASS = TrainerSpec
    EXECUTOR_SPEC = sdk.executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        examples: Any,
        anomalies: Any,
        project: str,
        *,
        schema: Any = None,
        base_model: Any = None,
        holdout: str = "holdout",
        checkpoint_root: str = "",
    ) -> None:
        spec = TrainerSpec(
            **sdk.project_parameters(project),
            holdout=holdout,
            checkpoint_root=checkpoint_root and sdk.absolute(checkpoint_root),
            examples=examples,
            anomalies=anomalies,
            schema=schema,
            base_model=base_model,
            model=sdk.output(standard_artifacts.Model),
        )
        super().__init__(spec=spec)
