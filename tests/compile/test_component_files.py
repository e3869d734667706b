"""Somebody else's pipeline, made of components/*/component.yaml alone."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from kfp import compiler, components, dsl
from kfp.dsl import Dataset, Input

from benison import compile as compiling
from benison import lint
from benison.core.pack import pack
from benison.engines.local import LocalEngine, RunRequest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "pipelines"))
import small_project

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ours(tmp_path: Path) -> Any:
    """The components as they are loaded where Benison's source is not: from copies of the files."""
    found = {}
    for path in ROOT.glob("components/*/component.yaml"):
        copied = Path(shutil.copy(path, tmp_path / f"{path.parent.name}.yaml"))
        found[path.parent.name] = components.load_component_from_file(str(copied))
    return found


def test_every_component_is_there_with_its_inputs_and_outputs(ours: dict[str, Any]) -> None:
    assert sorted(ours) == compiling.components()
    own = {label: spec for name in compiling.names() for label, spec in compiling.source_of(name)["components"].items()}
    for name, loaded in ours.items():
        spec = own[f"comp-{name.replace('_', '-')}"]
        for side, definitions in (("inputs", "inputDefinitions"), ("outputs", "outputDefinitions")):
            expected = {**spec[definitions].get("artifacts", {}), **spec[definitions].get("parameters", {})}
            assert set(getattr(loaded.component_spec, side)) == set(expected)


def undescribed(node: Any) -> Any:
    """The same without descriptions, which KFP loses when it loads a component."""
    if isinstance(node, dict):
        return {key: undescribed(value) for key, value in node.items() if key != "description"}
    return [undescribed(value) for value in node] if isinstance(node, list) else node


def test_what_is_made_of_the_files_is_what_is_made_of_the_source(ours: dict[str, Any], tmp_path: Path) -> None:
    @dsl.pipeline(name="theirs")
    def theirs(uri: str, digest: str, registry: str):  # type: ignore[no-untyped-def]
        project = ours["bundle"](bundle_uri=uri, bundle_digest=digest).outputs["bundle"]
        data = ours["example_gen"](data_root="/", span=0, bundle=project)
        resolved = ours["champion_resolver"](registry_uri=registry, bundle=project)
        checked = ours["example_validator"](
            bundle=project,
            examples=data.outputs["examples"],
            holdout=data.outputs["holdout"],
            references=data.outputs["references"],
            champion=resolved.outputs["champion"],
            history=resolved.outputs["history"],
        )
        trained = ours["trainer"](
            bundle=project,
            examples=data.outputs["examples"],
            validation=checked.outputs["validation"],
            base_model=resolved.outputs["base_model"],
        )
        judged = ours["evaluator"](
            bundle=project,
            holdout=data.outputs["holdout"],
            model=trained.outputs["model"],
            champion=resolved.outputs["champion"],
        )
        served = ours["infra_validator"](
            bundle=project,
            holdout=data.outputs["holdout"],
            model=trained.outputs["model"],
            champion=resolved.outputs["champion"],
            predictions=judged.outputs["predictions"],
        )
        ours["pusher"](
            registry_uri=registry,
            commit="",
            who="",
            bundle=project,
            statistics=checked.outputs["statistics"],
            anomalies=checked.outputs["anomalies"],
            model=trained.outputs["model"],
            champion=resolved.outputs["champion"],
            evaluation=judged.outputs["evaluation"],
            infra_evaluation=served.output,
        )

    assert_same(theirs, "continuous_training", tmp_path / "theirs.yaml")


def test_a_delivery_that_is_made_of_the_files_is_what_is_made_of_the_source(
    ours: dict[str, Any], tmp_path: Path
) -> None:
    @dsl.pipeline(name="theirs")
    def theirs(uri: str, digest: str, registry: str):  # type: ignore[no-untyped-def]
        project = ours["bundle"](bundle_uri=uri, bundle_digest=digest).outputs["bundle"]
        ours["rollout"](registry_uri=registry, requests="/logs", version="challenger", who="", why="", bundle=project)

    assert_same(theirs, "continuous_delivery", tmp_path / "theirs.yaml")


def assert_same(theirs: Any, name: str, compiled: Path) -> None:
    """A pipeline of theirs has the components and executors of ours."""
    compiler.Compiler().compile(theirs, str(compiled))
    spec, source = yaml.safe_load(compiled.read_text()), compiling.source_of(name)
    assert undescribed(spec["components"]) == undescribed(source["components"])
    assert spec["deploymentSpec"] == source["deploymentSpec"]


@dsl.component(base_image="ghcr.io/them/tool:1", install_kfp_package=False)
def count(holdout: Input[Dataset]) -> int:
    from pathlib import Path

    import pyarrow.parquet as pq

    return sum(pq.read_metadata(path).num_rows for path in Path(holdout.path).rglob("*.parquet"))


def test_one_of_ours_runs_in_a_pipeline_of_theirs(ours: dict[str, Any], tmp_path: Path) -> None:
    @dsl.pipeline(name="theirs")
    def theirs(uri: str, digest: str, root: str) -> int:
        project = ours["bundle"](bundle_uri=uri, bundle_digest=digest).outputs["bundle"]
        data = ours["example_gen"](data_root=root, span=1, bundle=project)
        counted = count(holdout=data.outputs["holdout"])
        return counted.output  # type: ignore[no-any-return]

    compiled, project = tmp_path / "theirs.yaml", small_project.make(tmp_path / "project")
    compiler.Compiler().compile(theirs, str(compiled))
    staged = pack(project, tmp_path / "bundles", exclude=())
    parameters = {"uri": staged.uri, "digest": staged.digest, "root": str(project)}
    with LocalEngine() as engine:
        record = engine.run(RunRequest(compiled, parameters, tmp_path / "runs"))
    assert record.state == "succeeded"
    # A span of 1000 rows, a fifth of them to the holdout by a hash.
    assert 150 < record.tasks["count"].parameters["Output"] < 250


def test_a_cache_in_their_pipeline_before_ours_is_told(ours: dict[str, Any], tmp_path: Path) -> None:
    @dsl.pipeline(name="theirs")
    def theirs(uri: str, digest: str):  # type: ignore[no-untyped-def]
        ours["bundle"](bundle_uri=uri, bundle_digest=digest)

    compiler.Compiler().compile(theirs, str(tmp_path / "theirs.yaml"))
    found = [str(one) for one in lint.file(tmp_path / "theirs.yaml", "kubeflow") if one.severity == lint.ERROR]
    assert len(found) == 1 and "expected no cache for bundle" in found[0]
