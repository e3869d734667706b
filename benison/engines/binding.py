"""What goes into a task and what comes out of it, in the shapes of KFP's executor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benison.core.errors import ConfigError, TaskError
from benison.core.spelling import nearest
from benison.engines.ir import KINDS, ArtifactType, Constant, Pipeline, PipelineParameter, Task, fits, typed
from benison.engines.record import Output, TaskRecord


def pipeline_values(pipeline: Pipeline, given: Mapping[str, Any]) -> dict[str, Any]:
    """The pipeline's parameters with the values of a request, and defaults for the others.

    Raises:
        ConfigError: One is unknown, missing or of another kind.
    """
    for name in given:
        if name not in pipeline.parameters:
            hint = nearest(name, pipeline.parameters)
            raise ConfigError(f"parameter {name}", expected="a parameter of the pipeline", got=repr(name), hint=hint)
    values = {}
    for name, parameter in pipeline.parameters.items():
        value = typed(parameter.kind, given.get(name, parameter.default))
        if value is None and parameter.optional:
            continue
        if not fits(parameter.kind, value):
            got = "none" if value is None else repr(value)
            raise ConfigError(f"parameter {name}", expected=KINDS[parameter.kind][1], got=got)
        values[name] = value
    return values


def parameters_of(task: Task, values: Mapping[str, Any], done: Mapping[str, TaskRecord]) -> dict[str, Any]:
    """The values of a task's input parameters.

    Args:
        task: The task.
        values: The pipeline's parameters.
        done: The tasks before it.

    Returns:
        Values by name; one that has no value and no default is left to the component's own default.
    """
    found = {}
    for name, parameter in task.component.parameters.items():
        source = task.parameters.get(name, Constant(parameter.default))
        if isinstance(source, Constant):
            value = source.value
        elif isinstance(source, PipelineParameter):
            value = values.get(source.name)
        else:
            value = done[source.task].parameters[source.name]
        if value is not None:
            found[name] = typed(parameter.kind, value)
    return found


def artifacts_of(task: Task, done: Mapping[str, TaskRecord]) -> dict[str, Output]:
    """A task's input artifacts."""
    return {name: done[source.task].outputs[source.name] for name, source in task.artifacts.items()}


@dataclass(frozen=True)
class Places:
    """Where a task reads and writes; all absolute.

    Attributes:
        runs: The runs folder, which `Output.path` starts from.
        outputs: The task's folder in its run; each output artifact lies below it under its name.
        scratch: Gone after the task: its program, temporary files and what the executor reports.
    """

    runs: Path
    outputs: Path
    scratch: Path

    @property
    def log(self) -> Path:
        """What the task writes to stdout and stderr."""
        return self.outputs / "log.txt"


def executor_input(
    pipeline: Pipeline, task: Task, parameters: Mapping[str, Any], inputs: Mapping[str, Output], places: Places
) -> dict[str, Any]:
    """The ExecutorInput message of a task, as KFP's executor reads it."""
    component = task.component
    given = {}
    for name, source in task.artifacts.items():
        producer, path = pipeline.tasks[source.task].component, places.runs / inputs[name].path
        given[name] = _artifact(producer.artifact_outputs[source.name], source.name, path, inputs[name].metadata)
    made = {name: _artifact(kind, name, places.outputs / name, {}) for name, kind in component.artifact_outputs.items()}
    files = {name: {"outputFile": str(places.scratch / "parameters" / name)} for name in component.parameter_outputs}
    report = str(places.scratch / "executor_output.json")
    return {
        "inputs": {"parameterValues": dict(parameters), "artifacts": given},
        "outputs": {"parameters": files, "artifacts": made, "outputFile": report},
    }


def _artifact(kind: ArtifactType, name: str, path: Path, metadata: Mapping[str, Any]) -> dict[str, Any]:
    artifact = {
        "name": name,
        "type": {"schemaTitle": kind.title, "schemaVersion": kind.version},
        "uri": str(path),
        "metadata": dict(metadata),
    }
    return {"artifacts": [artifact]}


def given_back(task: Task, message: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The output parameters of a task that ended, and the metadata of its output artifacts.

    Args:
        task: The task.
        message: What `executor_input` said.

    Raises:
        TaskError: A parameter is missing or of another kind, or an artifact was moved.
    """
    outputs = message["outputs"]
    report = _report(task, Path(outputs["outputFile"]))
    parameters = report.get("parameterValues", {})
    for name, kind in task.component.parameter_outputs.items():
        file = Path(outputs["parameters"][name]["outputFile"])
        parameters[name] = _parameter(task, name, kind, parameters.get(name), file)
    listed = {name: found["artifacts"][0] for name, found in report.get("artifacts", {}).items()}
    for name, artifact in listed.items():
        expected = outputs["artifacts"][name]["artifacts"][0]["uri"]
        if artifact["uri"] != expected:
            hint = "write to the artifact's path and leave its uri alone"
            raise TaskError(f"task {task.name}, output {name}", expected=expected, got=artifact["uri"], hint=hint)
    return parameters, {name: artifact["metadata"] for name, artifact in listed.items()}


def _report(task: Task, file: Path) -> dict[str, Any]:
    def refused(constant: str) -> None:
        hint = "KFP passes finite numbers only; leave a figure out that is undefined"
        raise TaskError(f"task {task.name}", expected="outputs that are finite", got=constant, hint=hint)

    try:
        report: dict[str, Any] = json.loads(file.read_bytes(), parse_constant=refused)
    except (OSError, ValueError) as error:
        raise TaskError(f"task {task.name}", expected="a report of KFP's executor", got=str(error)) from error
    return report


def _parameter(task: Task, name: str, kind: str, value: Any, file: Path) -> Any:
    """An output parameter that was returned, or else written to its file: text as it is, all others as JSON."""
    if value is None and file.is_file():
        text = file.read_text()
        with suppress(ValueError):
            value = text if kind == "STRING" else json.loads(text.lower() if kind == "BOOLEAN" else text)
    value = typed(kind, value)
    if not fits(kind, value):
        got = "none" if value is None else repr(value)
        raise TaskError(f"task {task.name}, output {name}", expected=KINDS[kind][1], got=got)
    return value
