import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from benison.core.errors import TaskError
from benison.engines.binding import Places, executor_input, given_back
from benison.engines.ir import ArtifactType, Component, Constant, Parameter, Pipeline, Task, TaskOutput
from benison.engines.record import Output


def component(**parts: Any) -> Component:
    known: dict[str, Any] = {"name": "comp-a", "program": "", "function": "a", "environment": {}, "accelerated": False}
    known |= {"parameters": {}, "artifacts": {}, "parameter_outputs": {}, "artifact_outputs": {}}
    return Component(**{**known, **parts})


@pytest.fixture
def pipeline() -> Pipeline:
    made = component(artifact_outputs={"data": ArtifactType("system.Dataset", "0.0.1")})
    used = component(
        parameters={"count": Parameter("NUMBER_INTEGER", False, None)},
        artifacts={"examples": False},
        parameter_outputs={"rows": "NUMBER_INTEGER", "fine": "BOOLEAN", "note": "STRING", "names": "LIST"},
        artifact_outputs={"model": ArtifactType("system.Model", "0.0.1")},
    )
    first = Task("first", made, {}, {}, frozenset(), True)
    examples = {"examples": TaskOutput("first", "data")}
    second = Task("second", used, {"count": Constant(3)}, examples, frozenset({"first"}), True)
    return Pipeline("two", {}, {"first": first, "second": second}, {})


@pytest.fixture
def message(pipeline: Pipeline, tmp_path: Path) -> dict[str, Any]:
    places = Places(tmp_path / "runs", tmp_path / "runs" / "now" / "tasks" / "second", tmp_path / "scratch")
    given = {"examples": Output("before/tasks/first/data", "sha256:0", {"rows": 2.0})}
    (tmp_path / "scratch" / "parameters").mkdir(parents=True)
    return executor_input(pipeline, pipeline.tasks["second"], {"count": 3}, given, places)


def test_the_executor_input_is_one_by_kfps_own_specification(message: dict[str, Any], tmp_path: Path) -> None:
    parsed = json_format.ParseDict(message, pipeline_spec_pb2.ExecutorInput())
    assert parsed.inputs.parameter_values["count"].number_value == 3
    [examples] = parsed.inputs.artifacts["examples"].artifacts
    assert (examples.name, examples.type.schema_title) == ("data", "system.Dataset")
    assert examples.uri == str(tmp_path / "runs" / "before" / "tasks" / "first" / "data")
    assert examples.metadata["rows"] == 2.0
    [model] = parsed.outputs.artifacts["model"].artifacts
    assert (model.name, model.type.schema_title) == ("model", "system.Model")
    assert model.uri == str(tmp_path / "runs" / "now" / "tasks" / "second" / "model")


def answer(message: dict[str, Any], files: dict[str, str], **returned: Any) -> None:
    """What a component writes: parameter files, and the executor's report."""
    for name, text in files.items():
        Path(message["outputs"]["parameters"][name]["outputFile"]).write_text(text)
    [model] = message["outputs"]["artifacts"]["model"]["artifacts"]
    noted = {"model": {"artifacts": [{"name": "model", "uri": model["uri"], "metadata": {"auc": 0.9}}]}}
    report = {"parameterValues": returned, "artifacts": noted}
    Path(message["outputs"]["outputFile"]).write_text(json.dumps(report))


def test_takes_parameters_returned_or_written_to_files(pipeline: Pipeline, message: dict[str, Any]) -> None:
    answer(message, {"fine": "True", "note": "12", "names": '["a"]'}, rows=4)
    parameters, metadata = given_back(pipeline.tasks["second"], message)
    assert parameters == {"rows": 4, "fine": True, "note": "12", "names": ["a"]}
    assert metadata == {"model": {"auc": 0.9}}


def test_a_whole_float_is_a_whole_number_as_in_kfp(pipeline: Pipeline, message: dict[str, Any]) -> None:
    answer(message, {"rows": "4.0"}, fine=False, note="", names=[])
    rows = given_back(pipeline.tasks["second"], message)[0]["rows"]
    assert rows == 4 and type(rows) is int


@pytest.mark.parametrize(("text", "got"), [("four", "none"), ("4.5", "4.5"), ("true", "True"), ("", "none")])
def test_refuses_a_parameter_of_another_kind(pipeline: Pipeline, message: dict[str, Any], text: str, got: str) -> None:
    answer(message, {"rows": text}, fine=False, note="", names=[])
    with pytest.raises(TaskError) as caught:
        given_back(pipeline.tasks["second"], message)
    assert str(caught.value) == f"task second, output rows: expected a whole number, got {got}"


@pytest.mark.parametrize(("text", "got"), [(None, "No such file"), ("{", "Expecting property name")])
def test_refuses_a_report_that_is_none(pipeline: Pipeline, message: dict[str, Any], text: str | None, got: str) -> None:
    if text is not None:
        Path(message["outputs"]["outputFile"]).write_text(text)
    with pytest.raises(TaskError, match="task second: expected a report of KFP's executor, got ") as caught:
        given_back(pipeline.tasks["second"], message)
    assert got in caught.value.got
