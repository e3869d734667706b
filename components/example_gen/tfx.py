"""The reader as a TFX component, in the place of TFX's ExampleGens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.tfx import sdk
from benison.tfx.asked import TF_EXAMPLE, TFRECORDS
from benison.tfx.sdk import required, standard_artifacts, texts


class ExampleGenSpec(sdk.Spec):
    """What comes in and goes out."""

    PARAMETERS = texts("data_root", "span", "fingerprint")
    INPUTS: Mapping[str, Any] = {}
    OUTPUTS = {"examples": required(standard_artifacts.Examples)}


class Executor(sdk.Executor):
    """Marks the examples as TFX's own does."""

    PROGRAM = "benison.components.example_gen.in_tfx"

    def mark(self, told: Mapping[str, Any], inputs: sdk.Artifacts, outputs: sdk.Artifacts) -> None:
        """Span, splits and format."""
        examples = outputs["examples"][0]
        examples.span, examples.version, examples.splits = told["span"], 0, told["splits"]
        examples.set_string_custom_property("payload_format", TF_EXAMPLE)
        examples.set_string_custom_property("file_format", TFRECORDS)


class ExampleGen(sdk.Component):
    """Reads the data that benison.yaml names, and cuts train, eval and holdout so that no entity is in two of them.

    Output: ``examples`` (Examples: tf.Examples in gzipped TFRecords).

    Args:
        project: The folder with benison.yaml, or a URI of it.
        data_root: The folder or URI that relative paths under data: start at.
        span: The newest span to use; 0 for the newest there is.
    """

    SPEC_CLASS = ExampleGenSpec
    EXECUTOR_SPEC = sdk.executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, project: str, data_root: str, *, span: int = 0) -> None:
        spec = ExampleGenSpec(
            **sdk.project_parameters(project),
            **sdk.data_parameters(data_root, span, project),
            examples=sdk.output(standard_artifacts.Examples),
        )
        super().__init__(spec=spec)
