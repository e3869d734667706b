from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format
from kfp import compiler, dsl
from kfp.pipeline_spec import pipeline_spec_pb2

from benison import compile as compiling
from benison.config.machines import TARGETS
from benison.config.targets import targets_of, usual
from benison.core.errors import ConfigError, InputError, StorageError
from benison.core.sections import Section


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", compiling.names())
def test_compiles_every_pipeline_to_the_same_bytes_each_time(name: str, target: str, tmp_path: Path) -> None:
    for turn in ("first", "second"):
        compiling.source_of.cache_clear()
        compiling.compile_pipeline(name, tmp_path / turn, usual(target))
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@pytest.mark.parametrize("name", compiling.names())
def test_says_the_same_as_kfp_and_keeps_to_its_specification(name: str, tmp_path: Path) -> None:
    module = __import__(f"benison.pipelines.{name}", fromlist=[name])
    compiler.Compiler().compile(getattr(module, name), str(tmp_path / "kfp.yaml"))
    compiling.compile_pipeline(name, tmp_path / "ours.yaml")
    ours = yaml.safe_load((tmp_path / "ours.yaml").read_text())
    assert ours == yaml.safe_load((tmp_path / "kfp.yaml").read_text())
    spec = json_format.ParseDict(ours, pipeline_spec_pb2.PipelineSpec())
    assert spec.pipeline_info.name == name.replace("_", "-")
    for executor in ours["deploymentSpec"]["executors"].values():
        json_format.ParseDict(executor, pipeline_spec_pb2.PipelineDeploymentConfig.ExecutorSpec())


def test_fits_in_one_document_since_vertex_takes_no_second(tmp_path: Path) -> None:
    compiling.compile_pipeline("continuous_training", tmp_path / "ours.yaml", usual("vertex"))
    assert len(list(yaml.safe_load_all((tmp_path / "ours.yaml").read_text()))) == 1


def test_is_stable_where_kfps_comment_is_not(tmp_path: Path) -> None:
    @dsl.component(base_image="none", install_kfp_package=False)
    def show(settings: dict):  # type: ignore[no-untyped-def,type-arg]
        print(settings)

    def compiled(settings: dict[str, int]) -> Any:
        @dsl.pipeline(name="two-keys")
        def pipeline(settings: dict = settings):  # type: ignore[no-untyped-def,type-arg]
            show(settings=settings)

        compiler.Compiler().compile(pipeline, str(tmp_path / "kfp.yaml"))
        return yaml.safe_load((tmp_path / "kfp.yaml").read_text())

    assert compiling.dumped([compiled({"a": 1, "b": 2})]) == compiling.dumped([compiled({"b": 2, "a": 1})])


def with_parameters(**said: Any) -> Any:
    return targets_of(Section("benison.yaml", {"vertex": {"parameters": said}}))["vertex"]


def test_a_parameter_of_a_target_goes_to_the_pipelines_that_have_it(tmp_path: Path) -> None:
    asked, found = with_parameters(data_root="/gcs/acme", requests="/gcs/logs", registry_uri="gs://acme/registry"), {}
    for name in compiling.names():
        compiling.compile_pipeline(name, tmp_path / name, asked)
        inputs = yaml.safe_load((tmp_path / name).read_text())["root"]["inputDefinitions"]["parameters"]
        found[name] = {key: said["defaultValue"] for key, said in inputs.items() if key in asked.parameters}
    assert found == {
        "continuous_delivery": {"requests": "/gcs/logs", "registry_uri": "gs://acme/registry"},
        "continuous_monitoring": {"requests": "/gcs/logs", "registry_uri": "gs://acme/registry"},
        "continuous_training": {"data_root": "/gcs/acme", "registry_uri": "gs://acme/registry"},
    }


@pytest.mark.parametrize("name", compiling.names())
def test_a_parameter_that_no_pipeline_has_is_refused_by_each(name: str, tmp_path: Path) -> None:
    asked = with_parameters(data_root="/gcs/acme", registry="gs://acme/registry")
    with pytest.raises(ConfigError, match=r"got 'registry'\n\nhint: did you mean registry_uri"):
        compiling.compile_pipeline(name, tmp_path / name, asked)


def test_names_the_nearest_pipeline() -> None:
    with pytest.raises(InputError) as caught:
        compiling.compile_pipeline("continuous_trainig", Path("unused.yaml"))
    assert str(caught.value) == (
        "pipeline: expected the name of a pipeline, got 'continuous_trainig'\n\nhint: did you mean continuous_training?"
    )


def test_says_where_it_could_not_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="got a file in the place of a folder"):
        compiling.compile_pipeline("continuous_training", tmp_path / "file" / "ours.yaml")
