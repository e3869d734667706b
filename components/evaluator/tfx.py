"""The evaluator as a TFX component, in the place of TFX's Evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.tfx import sdk
from benison.tfx.sdk import optional, required, standard_artifacts, texts

_TfxExecutor: Any = sdk.part("tfx.components.evaluator.executor").Executor
_KEYS = sdk.part("tfx.components.evaluator.constants")


class EvaluatorSpec(sdk.Spec):
    """What comes in and goes out."""

    PARAMETERS = texts("holdout")
    INPUTS = {
        "examples": required(standard_artifacts.Examples),
        "model": required(standard_artifacts.Model),
        "baseline_model": optional(standard_artifacts.Model),
        "schema": optional(standard_artifacts.Schema),
    }
    OUTPUTS = {
        "evaluation": required(standard_artifacts.ModelEvaluation),
        "blessing": required(standard_artifacts.ModelBlessing),
    }


class Executor(sdk.Executor, _TfxExecutor):
    """Blesses as TFX's own does, and is one of its kind, by which Kubeflow's entry point knows blessings."""

    PROGRAM = "benison.components.evaluator.in_tfx"

    def mark(self, told: Mapping[str, Any], inputs: sdk.Artifacts, outputs: sdk.Artifacts) -> None:
        """What resolvers and Pusher look for, then ``verdict``, the reasons, and evaluation.json's digest."""
        blessing, model = outputs["blessing"][0], inputs["model"][0]
        blessing.set_string_custom_property(_KEYS.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri)
        blessing.set_int_custom_property(_KEYS.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
        for baseline in inputs.get("baseline_model", ()) if told["compared"] else ():
            blessing.set_string_custom_property(_KEYS.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, baseline.uri)
            blessing.set_int_custom_property(_KEYS.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, baseline.id)
        word = _KEYS.BLESSED_VALUE if told["blessed"] else _KEYS.NOT_BLESSED_VALUE
        blessing.set_int_custom_property(_KEYS.ARTIFACT_PROPERTY_BLESSED_KEY, word)
        blessing.set_string_custom_property("verdict", told["verdict"])
        blessing.set_string_custom_property("evaluation", told["digest"])
        if told["reasons"]:
            blessing.set_string_custom_property(
                _KEYS.ARTIFACT_PROPERTY_BLESSING_MESSAGE_KEY, "; ".join(told["reasons"])
            )
        marker = _KEYS.BLESSED_FILE_NAME if told["blessed"] else _KEYS.NOT_BLESSED_FILE_NAME
        sdk.write_marker(blessing.uri, marker)


class Evaluator(sdk.Component):
    """Measures a model beside the baseline on the same holdout, by slice, with intervals, and judges by the policy.

    Outputs: ``evaluation`` (ModelEvaluation: TFMA's own layout, evaluation.json, model_card.json, the predictions) and
    ``blessing`` (ModelBlessing).

    Args:
        examples: Of an ExampleGen that cuts train, eval and a holdout.
        model: Of our Trainer or of TFX's.
        project: The folder with benison.yaml, or a URI of it.
        baseline_model: The champion, of our ChampionResolver or of a resolver of TFX's; none on the first run.
        schema: In the place of the project's own.
        holdout: What the examples call the split that models are judged by.
    """

    SPEC_CLASS = EvaluatorSpec
    EXECUTOR_SPEC = sdk.executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: Any,
        model: Any,
        project: str,
        *,
        baseline_model: Any = None,
        schema: Any = None,
        holdout: str = "holdout",
    ) -> None:
        spec = EvaluatorSpec(
            **sdk.project_parameters(project),
            holdout=holdout,
            examples=examples,
            model=model,
            baseline_model=baseline_model,
            schema=schema,
            evaluation=sdk.output(standard_artifacts.ModelEvaluation),
            blessing=sdk.output(standard_artifacts.ModelBlessing),
        )
        super().__init__(spec=spec)
