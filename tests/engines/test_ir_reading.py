from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Output

from benison.core.errors import ConfigError
from benison.engines.ir import ArtifactType, Constant, Parameter, Pipeline, PipelineParameter, TaskOutput
from benison.engines.ir_reading import read
from benison.pipelines.continuous_training import continuous_training

component = dsl.component(base_image="python", install_kfp_package=False)


@component
def produce(data: Output[Dataset]) -> int:
    return 1


@component
def consume(data: Input[Dataset], number: int, text: str = "default") -> str:
    return text


def compiled(pipeline: Any, folder: Path) -> Path:
    path = folder / "pipeline.yaml"
    compiler.Compiler().compile(pipeline, str(path))
    return path


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[Any], str]:
    """The message with which a pipeline, or a change to a good pipeline's IR, is refused."""

    def message(pipeline: Any) -> str:
        with pytest.raises(ConfigError) as caught:
            read(compiled(pipeline, tmp_path))
        return str(caught.value)

    return message


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], None]], str]:
    @dsl.pipeline(name="plain")
    def plain(number: int):
        consume(data=produce().outputs["data"], number=number)

    def message(change: Callable[[dict[str, Any]], None]) -> str:
        path = compiled(plain, tmp_path)
        content = yaml.safe_load(path.read_text())
        change(content)
        path.write_text(yaml.safe_dump(content))
        with pytest.raises(ConfigError) as caught:
            read(path)
        return str(caught.value)

    return message


def test_reads_the_pipeline_of_the_collection(tmp_path: Path) -> None:
    pipeline = read(compiled(continuous_training, tmp_path))
    assert pipeline.name == "continuous-training"
    assert pipeline.parameters["span"] == Parameter("NUMBER_INTEGER", False, None)
    assert pipeline.outputs == {"verdict": TaskOutput("pusher", "verdict")}
    uncached = {name for name, task in pipeline.tasks.items() if not task.cached}
    assert uncached == {"bundle", "champion-resolver", "example-gen", "pusher"}
    trainer = pipeline.tasks["trainer"]
    assert trainer.after == {"bundle", "champion-resolver", "example-gen", "example-validator"}
    assert pipeline.tasks["pusher"].artifacts["infra_evaluation"] == TaskOutput("infra-validator", "infra_evaluation")
    assert trainer.artifacts["validation"] == TaskOutput("example-validator", "validation")
    assert trainer.component.artifact_outputs == {"model": ArtifactType("system.Model", "0.0.1")}
    assert trainer.component.function == "trainer"
    assert "from benison.components.trainer.run import run" in trainer.component.program
    order = list(pipeline.tasks)
    assert all(order.index(other) < order.index(name) for name, task in pipeline.tasks.items() for other in task.after)


def test_reads_constants_defaults_settings_and_order(tmp_path: Path) -> None:
    @dsl.pipeline(name="plain")
    def plain(number: int = 3, share: float = 1):
        produced = produce().set_env_variable("A", "b").set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(1)
        first = consume(data=produced.outputs["data"], number=number)
        consume(data=produced.outputs["data"], number=produced.outputs["Output"], text="given").after(first)

    pipeline: Pipeline = read(compiled(plain, tmp_path))
    assert pipeline.parameters["number"] == Parameter("NUMBER_INTEGER", True, 3)
    assert type(pipeline.parameters["number"].default) is int
    assert type(pipeline.parameters["share"].default) is float
    produced, first, second = (pipeline.tasks[name] for name in ("produce", "consume", "consume-2"))
    assert (dict(produced.component.environment), produced.component.accelerated) == ({"A": "b"}, True)
    assert first.parameters == {"number": PipelineParameter("number")}
    assert first.component.parameters["text"] == Parameter("STRING", True, "default")
    assert second.parameters == {"number": TaskOutput("produce", "Output"), "text": Constant("given")}
    assert second.after == {"produce", "consume"}


def test_refuses_a_condition(refused: Callable[[Any], str]) -> None:
    @dsl.pipeline(name="outside")
    def conditional(number: int):
        with dsl.If(number == 1):
            produce()

    message = refused(conditional)
    assert message.startswith("pipeline.yaml:")
    assert "(root.dag.tasks.condition-1.triggerPolicy)" in message
    assert "expected a straight line of lightweight Python components, got a condition or an exit handler" in message
    assert message.endswith("hint: write the pipeline without it")


def test_refuses_a_loop(refused: Callable[[Any], str]) -> None:
    @dsl.pipeline(name="outside")
    def looping():
        with dsl.ParallelFor([1, 2]):
            produce()

    assert "got a loop" in refused(looping)


def test_refuses_an_importer(refused: Callable[[Any], str]) -> None:
    @dsl.pipeline(name="outside")
    def importing():
        found = dsl.importer(artifact_uri="/data", artifact_class=dsl.Dataset)
        consume(data=found.output, number=1)

    assert "got an importer" in refused(importing)


def test_refuses_a_retry_that_cannot_be_counted(refused: Callable[[Any], str]) -> None:
    @dsl.pipeline(name="outside")
    def retrying():
        produce().set_retry(-1)

    assert "maxRetryCount): expected a whole number from 0, got -1" in refused(retrying)


def test_refuses_a_pipeline_within_a_pipeline(refused: Callable[[Any], str]) -> None:
    @dsl.pipeline(name="inner")
    def inner():
        produce()

    @dsl.pipeline(name="outside")
    def outer():
        inner()

    assert "got a pipeline within a pipeline" in refused(outer)


def test_refuses_a_text_put_together_from_parameters(refused: Callable[[Any], str]) -> None:
    @dsl.pipeline(name="outside")
    def assembling(name: str):
        consume(data=produce().outputs["data"], number=1, text=f"hello {name}")

    assert "pass the parts on their own and put them together in the component" in refused(assembling)


def test_refuses_an_installation_at_run_time(refused: Callable[[Any], str]) -> None:
    @dsl.component(base_image="python", packages_to_install=["left-pad"], install_kfp_package=False)
    def installing() -> int:
        return 1

    @dsl.pipeline(name="outside")
    def pipeline():
        installing()

    message = refused(pipeline)
    assert "got an installation at run time" in message and "install_kfp_package=False" in message


def test_refuses_a_container_of_its_own(refused: Callable[[Any], str]) -> None:
    @dsl.container_component
    def containing():
        return dsl.ContainerSpec(image="alpine", command=["echo"], args=["hello"])

    @dsl.pipeline(name="outside")
    def pipeline():
        containing()

    message = refused(pipeline)
    assert "got a container of its own" in message and "use @dsl.component on a function" in message


def test_refuses_a_second_document(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text("a: 1\n---\nplatforms: {}\n")
    with pytest.raises(ConfigError, match="expected one YAML document, got 2 of them") as caught:
        read(path)
    assert "settings of one platform" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "expected a compiled pipeline, got No such file or directory"),
        ("", "expected a compiled pipeline, got no mapping"),
        ("- 1\n", "expected a compiled pipeline, got no mapping"),
        ("a: [\n", "expected YAML, got while parsing a flow node"),
        ("a: 1\n", "ir.yaml:1 (pipelineInfo): expected a key pipelineInfo: a mapping, got none"),
    ],
)
def test_refuses_what_is_no_pipeline(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "ir.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert message in str(caught.value)


def test_refuses_an_unknown_key_and_names_the_nearest(changed: Callable[..., str]) -> None:
    message = changed(lambda ir: ir["root"]["dag"]["tasks"]["consume"].update(cachingOption={}))
    assert "expected a key that is known here, got 'cachingOption'" in message
    assert message.endswith("hint: did you mean cachingOptions?")


def test_refuses_a_name_that_climbs_out_of_its_folder(changed: Callable[..., str]) -> None:
    def climb(ir: dict[str, Any]) -> None:
        outputs = ir["components"]["comp-produce"]["outputDefinitions"]["artifacts"]
        outputs["../../data"] = outputs.pop("data")

    assert "expected a name of letters, digits, - and _, got '../../data'" in changed(climb)


def test_refuses_sources_that_are_not_there(changed: Callable[..., str]) -> None:
    def task(ir: dict[str, Any]) -> Any:
        return ir["root"]["dag"]["tasks"]["consume"]

    def output(ir: dict[str, Any]) -> Any:
        return task(ir)["inputs"]["artifacts"]["data"]["taskOutputArtifact"]

    assert "expected a task of this pipeline, got 'producer'" in changed(
        lambda ir: output(ir).update(producerTask="producer")
    )
    assert "expected an output of produce, got 'date'" in changed(
        lambda ir: output(ir).update(outputArtifactKey="date")
    )
    assert "expected a value for number, got none" in changed(lambda ir: task(ir)["inputs"].pop("parameters"))
    assert "expected a parameter of the pipeline, got 'number'" in changed(
        lambda ir: ir["root"].pop("inputDefinitions")
    )
    assert "expected a component of this file, got 'comp-x'" in changed(
        lambda ir: task(ir)["componentRef"].update(name="comp-x")
    )


def test_refuses_a_circle(changed: Callable[..., str]) -> None:
    message = changed(lambda ir: ir["root"]["dag"]["tasks"]["produce"].update(dependentTasks=["consume"]))
    assert "got a circle: " in message and "produce -> consume" in message
