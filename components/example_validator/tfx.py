"""The validator as a TFX component, in the place of TFX's ExampleValidator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.tfx import sdk
from benison.tfx.sdk import optional, required, standard_artifacts, texts


class ExampleValidatorSpec(sdk.Spec):
    """What comes in and goes out."""

    PARAMETERS = texts("holdout")
    INPUTS = {
        "examples": required(standard_artifacts.Examples),
        "statistics": optional(standard_artifacts.ExampleStatistics),
        "schema": optional(standard_artifacts.Schema),
        "baseline_model": optional(standard_artifacts.Model),
    }
    OUTPUTS = {
        "anomalies": required(standard_artifacts.ExampleAnomalies),
        "profile": required(standard_artifacts.ExampleStatistics),
    }


class Executor(sdk.Executor):
    """Marks the anomalies with the verdict, for ``tfx.dsl.Cond`` to ask for."""

    PROGRAM = "benison.components.example_validator.in_tfx"

    def mark(self, told: Mapping[str, Any], inputs: sdk.Artifacts, outputs: sdk.Artifacts) -> None:
        """Splits and span, as TFX's own does it; ``verdict``, and ``passed``, which is 1 or 0."""
        for name in ("anomalies", "profile"):
            outputs[name][0].splits = told["splits"]
            outputs[name][0].span = max(one.span for one in inputs["examples"])
        outputs["anomalies"][0].set_string_custom_property("verdict", told["verdict"])
        outputs["anomalies"][0].set_int_custom_property("passed", int(told["verdict"] == "PASS"))


class ExampleValidator(sdk.Component):
    """Profiles the examples with TFDV and checks them against schema, history and champion, in two tiers.

    Outputs: ``anomalies`` (ExampleAnomalies: SchemaDiff.pb of each split, every check, the report) and ``profile``
    (ExampleStatistics).

    Args:
        examples: Of an ExampleGen that cuts train, eval and a holdout.
        project: The folder with benison.yaml, or a URI of it.
        statistics: Of TFX's StatisticsGen; that they are of these examples is checked.
        schema: In the place of the project's own.
        baseline_model: Of our ChampionResolver, for drift and history; of another resolver, nothing.
        holdout: What the examples call the split that models are judged by.
    """

    SPEC_CLASS = ExampleValidatorSpec
    EXECUTOR_SPEC = sdk.executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        examples: Any,
        project: str,
        *,
        statistics: Any = None,
        schema: Any = None,
        baseline_model: Any = None,
        holdout: str = "holdout",
    ) -> None:
        spec = ExampleValidatorSpec(
            **sdk.project_parameters(project),
            holdout=holdout,
            examples=examples,
            statistics=statistics,
            schema=schema,
            baseline_model=baseline_model,
            anomalies=sdk.output(standard_artifacts.ExampleAnomalies),
            profile=sdk.output(standard_artifacts.ExampleStatistics),
        )
        super().__init__(spec=spec)
