from pathlib import Path
from typing import Any

import pytest
import yaml
from kfp import compiler, dsl

from benison import compile as compiling
from benison.compile import profile
from benison.config import Target
from benison.config.targets import targets_of, usual
from benison.core.errors import ConfigError
from benison.core.images import GROUP_OF, IMAGES
from benison.core.sections import Section

TASKS = {name.replace("_", "-"): name for name in GROUP_OF}


def target(name: str, **said: Any) -> Target:
    return targets_of(Section("benison.yaml", {name: said}))[name]


def compiled(
    asked: Target, uncached: tuple[str, ...] = (), pipeline: str = "continuous_training"
) -> list[dict[str, Any]]:
    return profile.applied(compiling.source_of(pipeline), asked, uncached)


def test_says_what_kfps_own_setters_say(tmp_path: Path) -> None:
    @dsl.component(base_image="none", install_kfp_package=False)
    def trainer(x: str):  # type: ignore[no-untyped-def]
        print(x)

    def compile_by_kfp(asked: bool) -> dict[str, Any]:
        @dsl.pipeline(name="one")
        def pipeline(x: str):  # type: ignore[no-untyped-def]
            task = trainer(x=x)
            if asked:
                task.set_cpu_limit("500m").set_memory_limit("4Gi").set_accelerator_type("NVIDIA_L4")
                task.set_accelerator_limit(2).set_container_image("ghcr.io/me/own:1")
                task.set_retry(3, backoff_duration="10s", backoff_factor=1.5, backoff_max_duration="100s")
                task.set_caching_options(False)

        compiler.Compiler().compile(pipeline, str(tmp_path / "one.yaml"))
        found: dict[str, Any] = yaml.safe_load((tmp_path / "one.yaml").read_text())
        return found

    retries = {"count": 3, "backoff_s": 10, "factor": 1.5, "longest_s": 100}
    own = {
        "cpu": "500m",
        "memory": "4Gi",
        "accelerator": {"type": "NVIDIA_L4", "count": 2},
        "image": "ghcr.io/me/own:1",
    }
    asked = target("vertex", components={"trainer": {**own, "retries": retries}})
    assert profile.applied(compile_by_kfp(False), asked, ["trainer"]) == [compile_by_kfp(True)]


def test_asks_kubernetes_as_kfps_own_extension_does(tmp_path: Path) -> None:
    kubernetes = pytest.importorskip("kfp.kubernetes", reason="make kfp-versions has it")

    @dsl.component(base_image="none", install_kfp_package=False)
    def trainer(x: str):  # type: ignore[no-untyped-def]
        print(x)

    @dsl.pipeline(name="one")
    def by_kfp(x: str):  # type: ignore[no-untyped-def]
        task = trainer(x=x)
        kubernetes.set_timeout(task, 90)
        kubernetes.add_node_selector(task, "pool", "ml")
        kubernetes.add_toleration(task, "gpu", "Exists", "", "NoExecute", 5)
        kubernetes.use_secret_as_env(task, "aws", {"id": "AWS_ACCESS_KEY_ID", "SECRET": "SECRET"})
        task.set_env_variable("AWS_ENDPOINT_URL", "http://minio:9000")

    compiler.Compiler().compile(by_kfp, str(tmp_path / "one.yaml"))
    tolerations = [{"key": "gpu", "operator": "Exists", "effect": "NoExecute", "seconds": 5}]
    asked = {"timeout_minutes": 1.5, "node_selector": {"pool": "ml"}, "tolerations": tolerations}
    ours = compiled(
        target(
            "kubeflow",
            components={name: asked if name == "trainer" else {} for name in TASKS.values()},
            secrets={"aws": {"id": "AWS_ACCESS_KEY_ID", "SECRET": "SECRET"}},
            environment={"AWS_ENDPOINT_URL": "http://minio:9000"},
        )
    )
    spec, platform = yaml.safe_load_all((tmp_path / "one.yaml").read_text())
    said = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-trainer"]
    own = ours[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-trainer"]
    # Newer ones say the secret's name a second time, and that it has to be there.
    assert {key: value for key, value in said.items() if key != "secretAsEnv"} == {
        key: value for key, value in own.items() if key != "secretAsEnv"
    }
    assert own["secretAsEnv"][0].items() <= said["secretAsEnv"][0].items()
    env = spec["deploymentSpec"]["executors"]["exec-trainer"]["container"]["env"]
    assert ours[0]["deploymentSpec"]["executors"]["exec-trainer"]["container"]["env"] == env


def test_asks_kubernetes_in_a_second_document_only_where_something_is_asked() -> None:
    assert len(compiled(usual("kubeflow"))) == len(compiled(usual("vertex"))) == 1
    tolerations = [{"key": "gpu", "operator": "Exists", "effect": "NoExecute", "seconds": 5}]
    asked = {"timeout_minutes": 1.5, "node_selector": {"pool": "ml"}, "tolerations": tolerations}
    documents = compiled(target("kubeflow", components={"trainer": asked}))
    assert documents[1:] == [{"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec-trainer": {
        "activeDeadlineSeconds": "90",
        "nodeSelector": {"labels": {"pool": "ml"}},
        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": "5"}],
    }}}}}}]  # fmt: skip


@pytest.mark.parametrize("pipeline", compiling.names())
def test_every_task_of_a_cluster_has_the_environment_and_the_secrets_that_were_said(pipeline: str) -> None:
    asked = target("kubeflow", environment={"B": "2", "A": "1"}, secrets={"aws": ["AWS_ACCESS_KEY_ID", "AWS_SESSION"]})
    documents = compiled(asked, pipeline=pipeline)
    executors = documents[0]["deploymentSpec"]["executors"]
    for executor in executors.values():
        assert executor["container"]["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    found = documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    keys = [{"secretKey": key, "envVar": key} for key in ("AWS_ACCESS_KEY_ID", "AWS_SESSION")]
    assert set(found) == set(executors)
    for one in found.values():
        (said,) = one["secretAsEnv"]
        assert (said["secretName"], said["keyToEnv"]) == ("aws", keys)
    vertex = compiled(target("vertex", environment={"A": "1"}), pipeline=pipeline)
    assert len(vertex) == 1


def test_a_component_s_own_secret_reaches_its_task_alone() -> None:
    asked = target(
        "kubeflow", secrets={"aws": ["KEY"]}, components={"pusher": {"secrets": {"signing": ["RELEASE_KEY"]}}}
    )
    found = compiled(asked)[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    names = {label: [one["secretName"] for one in said["secretAsEnv"]] for label, said in found.items()}
    assert names.pop("exec-pusher") == ["aws", "signing"]
    assert set(map(tuple, names.values())) == {("aws",)}


def test_a_limit_for_this_machine_stays_out_of_the_pipeline() -> None:
    assert compiled(target("local", timeout_minutes=5)) == compiled(usual("local"))


def test_tasks_with_effects_are_neither_cached_nor_retried() -> None:
    for name in ("kubeflow", "vertex"):
        tasks = compiled(usual(name))[0]["root"]["dag"]["tasks"]
        fresh = {task for task, said in tasks.items() if not said["cachingOptions"].get("enableCache")}
        assert fresh == {"bundle", "example-gen", "champion-resolver", "pusher"}
        assert {task for task, said in tasks.items() if "retryPolicy" not in said} == {"pusher"}
        delivery = compiled(usual(name), pipeline="continuous_delivery")[0]["root"]["dag"]["tasks"]
        assert not [task for task, said in delivery.items() if said["cachingOptions"].get("enableCache")]


def test_a_rollout_is_retried_on_clusters_since_it_goes_on_where_it_was() -> None:
    for name, retried in (("kubeflow", True), ("vertex", True), ("local", False)):
        tasks = compiled(usual(name), pipeline="continuous_delivery")[0]["root"]["dag"]["tasks"]
        assert ("retryPolicy" in tasks["rollout"]) == retried


def test_a_warm_start_is_not_taken_from_a_cache() -> None:
    tasks = compiled(usual("vertex"), ("trainer",))[0]["root"]["dag"]["tasks"]
    assert (tasks["trainer"]["cachingOptions"], tasks["evaluator"]["cachingOptions"]) == ({}, {"enableCache": True})


def test_every_component_has_a_group_and_two_of_a_kind_have_the_same() -> None:
    assert sorted(GROUP_OF) == compiling.components()
    spec = compiling.source_of("continuous_training")
    executors = {f"{label}-2": said for label, said in spec["deploymentSpec"]["executors"].items()}
    components = {
        name: {**said, "executorLabel": f"{said['executorLabel']}-2"} for name, said in spec["components"].items()
    }
    twice = {**spec, "components": components, "deploymentSpec": {"executors": executors}}
    (found,) = profile.applied(twice, usual("vertex"))
    assert found["deploymentSpec"]["executors"]["exec-example-gen-2"]["container"]["image"] == IMAGES["data"]


@pytest.mark.parametrize("pipeline", compiling.names())
def test_each_component_runs_in_the_image_of_its_group(pipeline: str) -> None:
    executors = compiled(usual("kubeflow"), pipeline=pipeline)[0]["deploymentSpec"]["executors"]
    for label, executor in executors.items():
        group = GROUP_OF[TASKS[label.removeprefix("exec-")]]
        assert executor["container"]["image"] == IMAGES[group]


def test_parameters_get_defaults_which_a_run_may_leave_out() -> None:
    asked = target("vertex", parameters={"registry_uri": "gs://m/r", "span": 3})
    parameters = compiled(asked)[0]["root"]["inputDefinitions"]["parameters"]
    assert parameters["registry_uri"]["defaultValue"] == "gs://m/r" and parameters["registry_uri"]["isOptional"]
    assert parameters["span"]["defaultValue"] == 3.0
    assert "defaultValue" not in parameters["who"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"registry": "gs://m"}, r"a parameter of the pipeline, got 'registry'\n\nhint: did you mean registry_uri"),
        ({"span": "three"}, r"targets.vertex.parameters.span\): expected a whole number, got 'three'"),
        ({"span": True}, r"expected a whole number, got True"),
    ],
)  # fmt: skip
def test_a_parameter_that_does_not_fit_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compiled(target("vertex", parameters=parameters))


def test_the_source_is_left_as_it_is() -> None:
    before = compiling.dumped([compiling.source_of("continuous_training")])
    compiled(target("kubeflow", cpu=2, parameters={"span": 3}), ("trainer",))
    assert compiling.dumped([compiling.source_of("continuous_training")]) == before
