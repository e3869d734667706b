import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from kfp import compiler, dsl

from benison import lint
from benison.config.machines import TARGETS
from benison.core.errors import ConfigError
from tests.lint.conftest import Change, component, consume, produce

COMPILED = Path(__file__).parents[2] / "pipelines" / "compiled"
Linted = Callable[..., list[str]]


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_compiled_for_a_target_runs_there(target: str) -> None:
    for path in COMPILED.glob(f"*.{target}.yaml"):
        found = lint.file(path, target)
        assert not [str(one) for one in found if one.severity == lint.ERROR]
        # Images without a registry are the one thing that a plain compilation leaves open.
        assert len(found) == (0 if target == "local" else 1)


@pytest.mark.parametrize("target", TARGETS)
def test_another_tools_pipeline_runs_everywhere(linted: Linted, target: str) -> None:
    assert linted(target) == []


def executor(ir: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = ir["deploymentSpec"]["executors"]["exec-produce"]["container"]
    return found


def task(ir: dict[str, Any], name: str = "consume") -> dict[str, Any]:
    found: dict[str, Any] = ir["root"]["dag"]["tasks"][name]
    return found


def parameter(ir: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = ir["root"]["inputDefinitions"]["parameters"][name]
    return found


def resources(**said: Any) -> Change:
    return lambda ir: executor(ir).update(resources=said)


def accelerator(kind: str, count: int = 1) -> Change:
    return resources(accelerator={"type": kind, "count": str(count), "resourceType": kind, "resourceCount": str(count)})


def image(name: str) -> Change:
    return lambda ir: executor(ir).update(image=name)


def default(name: str, value: Any) -> Change:
    return lambda ir: parameter(ir, name).update(defaultValue=value)


def constant(value: Any) -> Change:
    return lambda ir: task(ir)["inputs"]["parameters"]["text"]["runtimeValue"].update(constant=value)


def kind(title: str) -> Change:
    def change(ir: dict[str, Any]) -> None:
        ir["components"]["comp-produce"]["outputDefinitions"]["artifacts"]["data"]["artifactType"]["schemaTitle"] = (
            title
        )

    return change


@pytest.mark.parametrize(
    ("target", "change", "message"),
    [
        (
            "kubeflow",
            image("ghcr.io/a/b"),
            "container.image): expected an image with a tag or digest, got 'ghcr.io/a/b'",
        ),
        ("vertex", image("ghcr.io:80/a"), "expected an image with a tag or digest, got 'ghcr.io:80/a'"),
        (
            "vertex",
            image("ghcr.io/a:latest"),
            "expected a tag that stays, got 'ghcr.io/a:latest' (latest is",
        ),
        ("kubeflow", accelerator("NVIDIA_L4"), "got 'NVIDIA_L4' (Kubeflow asks Kubernetes for a resource of this name"),
        ("vertex", accelerator("nvidia.com/gpu"), "expected an accelerator by Vertex's name, got 'nvidia.com/gpu'"),
        ("vertex", accelerator("NVIDIA_L44"), "(did you mean NVIDIA_L4?)"),
        ("vertex", accelerator("NVIDIA_L4", 3), "expected 1, 2, 4, 8, 16 accelerators, got 3"),
        ("vertex", resources(cpuLimit=97.0), "cpuLimit): expected at most 96, got 97 (Vertex gives a task no more)"),
        ("vertex", resources(memoryLimit=700.0), "memoryLimit): expected at most 624, got 700"),
        (
            "kubeflow",
            default("place", "/home/me/data"),
            "place.defaultValue): expected a place that the cluster sees",
        ),
        (
            "kubeflow",
            default("place", "/gcs/bucket"),
            "got '/gcs/bucket' (a path of your machine is not there",
        ),
        ("vertex", default("place", "file:///data"), "name a bucket: gs://, s3://, or /gcs/BUCKET on Vertex)"),
        (
            "vertex",
            constant("../data"),
            "runtimeValue.constant): expected a place that the cluster sees",
        ),
        ("vertex", default("place", "x" * 8001), "expected defaults of at most 8000 bytes together, got 80"),
        ("kubeflow", default("count", math.nan), "count.defaultValue): expected a finite number, got nan"),
        ("kubeflow", kind("acme.Table"), "expected a type of system or google, got 'acme.Table' (servers refuse types"),
        ("vertex", kind("system.SlicedClassificationMetrics"), "expected a type that is shown, got 'system.Sliced"),
        (
            "vertex",
            constant("{{$.workspace_path}}/a"),
            "expected artifacts between tasks, got a workspace (Vertex",
        ),
        (
            "kubeflow",
            constant("at {{$.pipeline_job_create_time_utc}}"),
            "got {{$.pipeline_job_create_time_utc}} (Kubeflow up to 2.16 hands the placeholder itself to the task",
        ),
    ],
)
def test_what_a_target_does_not_run_is_refused_with_the_reason(
    linted: Linted, target: str, change: Change, message: str
) -> None:
    found = linted(target, change)
    assert [one for one in found if one.startswith("error: other.yaml:") and message in one], found


@pytest.mark.parametrize(
    ("target", "change"),
    [
        ("kubeflow", image("ghcr.io/a/b@sha256:" + "0" * 64)),
        ("kubeflow", image("localhost:5000/b:1.0")),
        ("vertex", image("{{$.inputs.parameters['image']}}")),
        ("kubeflow", accelerator("amd.com/gpu", 3)),
        ("vertex", accelerator("NVIDIA_H100_80GB", 8)),
        ("vertex", default("place", "/gcs/bucket/data")),
        ("kubeflow", default("place", "/")),
        ("local", default("place", "/home/me/data")),
        ("vertex", constant("{{$.pipeline_job_create_time_utc}}")),
        ("vertex", kind("google.VertexModel")),
    ],
)
def test_what_a_target_runs_is_not_refused(linted: Linted, target: str, change: Change) -> None:
    assert linted(target, change) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            image("tool:1"),
            "(deploymentSpec.executors): expected images of a registry that is named",
        ),
        (lambda ir: parameter(ir, "place").pop("defaultValue"), "expected a default beside isOptional, got none"),
        (
            lambda ir: executor(ir)["command"].append("pip install x"),
            "what is installed already, got an installation",
        ),
    ],
)
def test_what_may_do_otherwise_than_meant_is_a_warning(linted: Linted, change: Change, message: str) -> None:
    (found,) = linted("kubeflow", change)
    assert found.startswith("warning: other.yaml:") and message in found


@pytest.mark.parametrize(
    ("change", "where", "rest"),
    [
        (lambda ir: ir.update(extra=1), "extra", "expected a field of PipelineSpec that this KFP knows, got 'extra'"),
        (lambda ir: task(ir).update(retrypolicy={}), "root.dag.tasks.consume.retrypolicy", "did you mean retryPolicy?"),
        (
            lambda ir: executor(ir).update(imagge="x"),
            "deploymentSpec.executors.exec-produce.container.imagge",
            "of PipelineDeploymentConfig that this KFP knows, got 'imagge' (did you mean image?)",
        ),
        (
            lambda ir: executor(ir).update(env=[{"name": "A", "vlaue": "b"}]),
            "deploymentSpec.executors.exec-produce.container.env.0.vlaue",
            "did you mean value?",
        ),
    ],
)
def test_an_unknown_field_is_refused_with_its_path_and_line(
    linted: Linted, tmp_path: Path, change: Change, where: str, rest: str
) -> None:
    (found,) = linted("kubeflow", change)
    lines = (tmp_path / "other.yaml").read_text().splitlines()
    line = next(
        n for n, text in enumerate(lines, start=1) if text.strip(" -").startswith(where.rpartition(".")[2] + ":")
    )
    assert found.startswith(f"error: other.yaml:{line} ({where}): ") and rest in found


def test_a_value_of_another_kind_is_refused_as_the_proto_says_it(linted: Linted) -> None:
    (found,) = linted("vertex", lambda ir: task(ir).update(dependentTasks={"a": 1}))
    assert "expected a PipelineSpec, got something else" in found and "dependentTasks" in found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ir: task(ir)["componentRef"].update(name="comp-x"), "expected a component of this file, got 'comp-x'"),
        (lambda ir: ir["components"]["comp-produce"].update(executorLabel="exec-prodce"), "did you mean exec-produce?"),
        (
            lambda ir: task(ir).update(dependentTasks=["prodce"]),
            "a task beside it, got 'prodce' (did you mean produce?)",
        ),
        (
            lambda ir: task(ir)["inputs"]["artifacts"]["data"]["taskOutputArtifact"].update(producerTask="gone"),
            "taskOutputArtifact.producerTask): expected a task of the same graph, got 'gone'",
        ),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(linted: Linted, change: Change, message: str) -> None:
    (found,) = linted("kubeflow", change)
    assert message in found


@pytest.mark.parametrize(
    ("pipeline", "name", "what"),
    [
        ("continuous_training", "pusher", "a promotion that never happened"),
        ("continuous_training", "bundle", "an old champion"),
        ("continuous_delivery", "rollout", "a rollout that never happened"),
        ("continuous_monitoring", "monitor", "traffic of another day"),
    ],
)
@pytest.mark.parametrize("target", TARGETS)
def test_a_cache_before_effects_is_refused(tmp_path: Path, pipeline: str, name: str, what: str, target: str) -> None:
    content = yaml.safe_load((COMPILED / f"{pipeline}.{target}.yaml").read_text())
    content["root"]["dag"]["tasks"][name]["cachingOptions"] = {"enableCache": True}
    (tmp_path / "cached.yaml").write_text(yaml.safe_dump(content))
    (found,) = [one for one in lint.file(tmp_path / "cached.yaml", target) if one.severity == lint.ERROR]
    assert f"expected no cache for {name}, got one" in str(found) and what in str(found)


KUBERNETES: dict[str, Any] = {"activeDeadlineSeconds": "60", "nodeSelector": {"labels": {"a": "b"}}}


def platform(executor: Any, name: str = "kubernetes") -> dict[str, Any]:
    return {"platforms": {name: {"deploymentSpec": {"executors": {"exec-produce": executor}}}}}


def test_a_second_document_is_for_kubeflow_alone(linted: Linted) -> None:
    assert linted("kubeflow", more=platform(KUBERNETES)) == []
    assert "expected one document, got a second one (Vertex refuses" in linted("vertex", more=platform(KUBERNETES))[0]
    assert "got a second one (the local engine reads no platform's" in linted("local", more=platform(KUBERNETES))[0]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (platform(KUBERNETES, "mesos"), "(platforms.mesos): expected the platform kubernetes, got 'mesos'"),
        (
            {"platform": {}},
            "of PlatformSpec that this KFP knows, got 'platform' (did you mean platforms?)",
        ),
        (platform({"nodeSelctor": {}}), "exec-produce.nodeSelctor): expected a"),
    ],
)
def test_the_second_document_is_read_strictly(linted: Linted, more: Any, message: str) -> None:
    (found,) = linted("kubeflow", more=more)
    assert message in found


def compiled(pipeline: Any, folder: Path) -> str:
    compiler.Compiler().compile(pipeline, str(folder / "kfp.yaml"))
    return (folder / "kfp.yaml").read_text()


def test_one_of_several_outputs_fails_on_kubeflow_and_conditions_run_on_no_local_engine(
    linted: Linted, tmp_path: Path
) -> None:
    @component
    def flip() -> str:
        return "heads"

    @dsl.pipeline(name="branches")
    def branches(count: int):  # type: ignore[no-untyped-def]
        side = flip().output
        with dsl.If(side == "heads"):
            heads = produce(count=count)
        with dsl.Else():
            tails = produce(count=count)
        consume(data=dsl.OneOf(heads.outputs["data"], tails.outputs["data"]), text="x")

    text = compiled(branches, tmp_path)
    (found,) = linted("kubeflow", text=text)
    assert "expected an output of one task, got dsl.OneOf (Kubeflow up to 2.16 fails" in found
    assert linted("vertex", text=text) == []
    assert "expected a straight line of lightweight Python components, got" in linted("local", text=text)[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n",
            "a compiled pipeline, got something else\n\nhint: ",
        ),
        ("", "expected a compiled pipeline, got something else"),
        ("- a\n", "document 1: expected a mapping of keys to values, got a list"),
        ("a: [1\n", ":1:4: expected a comma or the bracket that closes this one"),
        ("root: {}\nroot: {}\n", "expected each key once, got the same key again"),
    ],
)
def test_a_file_that_is_no_pipeline_says_so(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "other.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        lint.file(tmp_path / "other.yaml", "vertex")
    assert message in str(caught.value)


def places(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [at, *(place for key, value in items for place in places(value, (*at, key)))]


@settings(max_examples=60)
@given(data=st.data())
def test_whatever_a_pipeline_is_made_into_is_answered_and_never_crashes(plain: str, data: st.DataObject) -> None:
    content = yaml.safe_load(plain)
    place = data.draw(st.sampled_from(places(content)[1:]))
    node = content
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = data.draw(st.sampled_from([None, 3, "x", True, [], {}, [1], {"x": 1}, {"name": None}, -1.5]))
    target = data.draw(st.sampled_from(TARGETS))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "changed.yaml")
        path.write_text(yaml.safe_dump(content))
        for found in lint.file(path, target):
            assert str(found).startswith((f"{found.severity}: changed.yaml:", f"{found.severity}: {path}"))
