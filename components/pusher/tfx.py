"""The pusher as a TFX component, in the place of TFX's Pusher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.core.errors import ConfigError
from benison.tfx import sdk
from benison.tfx.sdk import optional, required, standard_artifacts, texts


class PusherSpec(sdk.Spec):
    """What comes in and goes out."""

    PARAMETERS = texts("registry", "standing", "holdout", "commit", "who")
    INPUTS = {
        "model": required(standard_artifacts.Model),
        "evaluation": optional(standard_artifacts.ModelEvaluation),
        "anomalies": optional(standard_artifacts.ExampleAnomalies),
        "profile": optional(standard_artifacts.ExampleStatistics),
        "model_blessing": optional(standard_artifacts.ModelBlessing),
        "examples": optional(standard_artifacts.Examples),
        "infra_blessing": optional(standard_artifacts.InfraBlessing),
        "baseline_model": optional(standard_artifacts.Model),
        "schema": optional(standard_artifacts.Schema),
    }
    OUTPUTS = {"pushed_model": required(standard_artifacts.PushedModel)}


class Executor(sdk.Executor):
    """Pushes nothing that InfraValidator has not blessed, where it was asked; marks what TFX's own marks."""

    PROGRAM = "benison.components.pusher.in_tfx"

    def Do(self, input_dict: sdk.Artifacts, output_dict: sdk.Artifacts, exec_properties: Mapping[str, Any]) -> None:
        """As `sdk.Executor.Do`.

        Raises:
            BenisonError: What the pusher raised.
        """
        for one in input_dict.get("infra_blessing", ()):
            if one.get_int_custom_property("blessed") != 1 and not _is_evidence(one, input_dict):
                why = one.get_string_custom_property("blessing_message") or "InfraValidator does not bless it"
                self.mark({"outcome": "blocked", "reason": f"not blessed: {why}"}, input_dict, output_dict)
                return
        super().Do(input_dict, output_dict, exec_properties)

    def mark(self, told: Mapping[str, Any], inputs: sdk.Artifacts, outputs: sdk.Artifacts) -> None:
        """``pushed``, ``pushed_destination`` and ``pushed_version`` as TFX has them; ``outcome`` and ``reason``."""
        pushed, model = told["outcome"] == "pushed", outputs["pushed_model"][0]
        model.set_int_custom_property("pushed", int(pushed))
        model.set_string_custom_property("outcome", told["outcome"])
        model.set_string_custom_property("reason", told["reason"])
        if pushed:
            model.set_string_custom_property("pushed_destination", told["serving"] or told["registry"])
            model.set_string_custom_property("pushed_version", str(told["number"]))


def _is_evidence(infra_blessing: Any, inputs: sdk.Artifacts) -> bool:
    """Whether our InfraValidator says more than a no: of a package, or of a model that was never trained."""
    ours = bool(infra_blessing.get_string_custom_property("infra"))
    return ours and bool(infra_blessing.get_string_custom_property("package") or inputs.get("evaluation"))


class Pusher(sdk.Component):
    """Registers a model with its evidence, and makes a blessed one the champion, by compare-and-swap.

    With ``evaluation``, ``anomalies`` and ``profile`` of our components the gate decides by what they measured. Without
    them the blessing of another evaluator counts: that it is of this model, and against the champion of this moment, is
    checked. Without any blessing nothing is pushed. Output: ``pushed_model`` (PushedModel: a copy of what was pushed,
    pushed.json, blessing/).

    Args:
        model: Of our Trainer or of TFX's.
        project: The folder with benison.yaml, or a URI of it.
        registry: Where the registry lies: a folder, or a bucket's.
        evaluation: Of our Evaluator.
        anomalies: Of our ExampleValidator.
        profile: Of our ExampleValidator.
        model_blessing: Of another evaluator, in the place of these three.
        examples: Beside it: what the model was trained on.
        infra_blessing: Of our InfraValidator, whose checks become part of the evidence, or of TFX's, whose word counts.
        baseline_model: What the evaluator compared with.
        schema: In the place of the project's own.
        holdout: What the examples call the split that models are judged by.
        commit: The commit that the pipeline came from.
        who: Who or what asked for the run.

    Raises:
        ConfigError: There is neither all of our evidence nor a blessing with its examples.
    """

    SPEC_CLASS = PusherSpec
    EXECUTOR_SPEC = sdk.executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        model: Any,
        project: str,
        registry: str,
        *,
        evaluation: Any = None,
        anomalies: Any = None,
        profile: Any = None,
        model_blessing: Any = None,
        examples: Any = None,
        infra_blessing: Any = None,
        baseline_model: Any = None,
        schema: Any = None,
        holdout: str = "holdout",
        commit: str = "",
        who: str = "TFX pipeline",
    ) -> None:
        evidence = {"evaluation": evaluation, "anomalies": anomalies, "profile": profile}
        word = {"model_blessing": model_blessing, "examples": examples}
        _require_evidence(evidence, word)
        spec = PusherSpec(
            **sdk.project_parameters(project),
            **sdk.registry_parameters(registry, project),
            **evidence,
            **word,
            model=model,
            infra_blessing=infra_blessing,
            baseline_model=baseline_model,
            schema=schema,
            holdout=holdout,
            commit=commit,
            who=who,
            pushed_model=sdk.output(standard_artifacts.PushedModel),
        )
        super().__init__(spec=spec)


def _require_evidence(evidence: Mapping[str, Any], word: Mapping[str, Any]) -> None:
    for ways in ((evidence, word), (word, evidence)):
        if all(one is not None for one in ways[0].values()) and not any(one is not None for one in ways[1].values()):
            return
    given = [name for name, one in {**evidence, **word}.items() if one is not None]
    expected = "evaluation, anomalies and profile of our components, or model_blessing and examples"
    raise ConfigError("Pusher", expected=expected, got=", ".join(given) or "neither")
