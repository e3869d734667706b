"""targets: in benison.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config import Target
from benison.config.destinations import Destination
from benison.config.machines import Accelerator
from benison.config.retries import NEVER, USUAL, Retries
from benison.config.scheduling import Toleration
from benison.config.targets import usual
from benison.core.errors import ConfigError
from benison.core.images import DATA, GROUP_OF, IMAGES, TRAIN_GPU
from tests.test_config_model_card import FRAME


def read(folder: Path, **said: Any) -> dict[str, Target]:
    (folder / config.FILE).write_text(yaml.safe_dump({**FRAME, "targets": said} if said else FRAME))
    return dict(config.read(folder).targets)


def test_every_target_is_there_without_a_word(tmp_path: Path) -> None:
    assert read(tmp_path) == {name: usual(name) for name in ("local", "kubeflow", "vertex")}
    for name, target in read(tmp_path).items():
        assert {target.image(component) for component in GROUP_OF} <= set(IMAGES.values())
        assert target.settings("trainer").retries == (NEVER if name == "local" else USUAL)
        assert target.settings("pusher").retries == NEVER


def test_a_component_asks_for_what_the_target_usually_does_unless_it_says_otherwise(tmp_path: Path) -> None:
    gpu = {"type": "nvidia.com/gpu", "count": 2}
    target = read(
        tmp_path,
        kubeflow={
            "cpu": 2,
            "memory": "8Gi",
            "retries": {"count": 3, "backoff_s": 10, "factor": 1.5, "longest_s": 100},
            "timeout_minutes": 90,
            "node_selector": {"pool": "ml"},
            "tolerations": [{"key": "ml", "operator": "Exists", "effect": "NoExecute", "seconds": 30}],
            "components": {
                "trainer": {"cpu": "500m", "accelerator": gpu, "node_selector": {"pool": "gpu"}},
                "pusher": {"memory": "1G"},
            },
        },
    )["kubeflow"]
    trainer, pusher, others = target.settings("trainer"), target.settings("pusher"), target.settings("evaluator")
    assert (others.cpu, others.memory, others.accelerator, others.timeout_minutes) == ("2", "8Gi", None, 90)
    assert (trainer.cpu, trainer.memory, trainer.accelerator) == ("500m", "8Gi", Accelerator("nvidia.com/gpu", 2))
    assert (trainer.node_selector, others.node_selector) == ({"pool": "gpu"}, {"pool": "ml"})
    assert trainer.tolerations == others.tolerations == (Toleration("ml", "Exists", "", "NoExecute", 30),)
    assert trainer.retries == others.retries == Retries(3, 10, 1.5, 100)
    assert (pusher.memory, pusher.retries) == ("1G", NEVER)


def test_the_pusher_is_retried_where_that_is_said_of_it_alone(tmp_path: Path) -> None:
    said = {"retries": 4, "components": {"pusher": {"retries": 1}}}
    assert read(tmp_path, vertex=said)["vertex"].settings("pusher").retries == Retries(1)


def test_images_come_from_a_registry_by_group_or_by_component(tmp_path: Path) -> None:
    assert (
        read(tmp_path, vertex={"images": "eu.pkg.dev/p/ml/"})["vertex"]
        .image("trainer")
        .startswith("eu.pkg.dev/p/ml/benison-train:")
    )
    digest = "eu.pkg.dev/p/ml/own@sha256:" + "0" * 64
    said = {"images": {"train": digest}, "components": {"evaluator": {"image": "ghcr.io/me/eval:1"}}}
    target = read(tmp_path, vertex=said)["vertex"]
    assert (target.image("trainer"), target.image("evaluator"), target.image("example_gen")) == (
        digest,
        "ghcr.io/me/eval:1",
        DATA,
    )


def test_a_trainer_with_gpus_has_the_image_with_cuda(tmp_path: Path) -> None:
    accelerator = {"type": "NVIDIA_L4"}
    target = read(tmp_path, vertex={"components": {"trainer": {"accelerator": accelerator}}})["vertex"]
    assert (target.image("trainer"), target.settings("trainer").accelerator) == (TRAIN_GPU, Accelerator("NVIDIA_L4", 1))
    own = {"accelerator": accelerator, "image": "ghcr.io/me/cuda:1"}
    assert read(tmp_path, vertex={"components": {"evaluator": own}})["vertex"].image("evaluator") == "ghcr.io/me/cuda:1"


@pytest.mark.parametrize(
    ("machine", "cpu", "memory"),
    [("n1-standard-4", "4", "15G"), ("n1-highmem-8", "8", "52G"), ("e2-highcpu-16", "16", "16G")],
)  # fmt: skip
def test_a_machine_of_google_stands_for_what_it_has(tmp_path: Path, machine: str, cpu: str, memory: str) -> None:
    found = read(tmp_path, vertex={"components": {"trainer": {"machine": machine}}})["vertex"].settings("trainer")
    assert (found.cpu, found.memory) == (cpu, memory)


def test_whom_a_run_acts_as_and_what_it_need_not_be_told(tmp_path: Path) -> None:
    account = "runner@acme.iam.gserviceaccount.com"
    target = read(tmp_path, vertex={"service_account": account, "parameters": {"registry_uri": "gs://m/r"}})["vertex"]
    assert (target.service_account, target.parameters) == (account, {"registry_uri": "gs://m/r"})


def test_where_it_is_submitted_to(tmp_path: Path) -> None:
    kubeflow = {"endpoint": "https://kfp.acme.org/pipeline/", "namespace": "ml", "experiment": "census"}
    vertex = {"project": "acme-ml", "location": "europe-west4"}
    roots = {
        "kubeflow": {**kubeflow, "pipeline_root": "s3://ml/root/"},
        "vertex": {**vertex, "pipeline_root": "gs://ml"},
    }
    found = read(tmp_path, **roots)
    expected = Destination("s3://ml/root", "https://kfp.acme.org/pipeline", namespace="ml", experiment="census")
    assert found["kubeflow"].destination == expected
    assert found["vertex"].destination == Destination("gs://ml", project="acme-ml", location="europe-west4")
    assert found["local"].destination == Destination()


def test_an_address_that_is_refused_does_not_show_its_password(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        # pragma: allowlist nextline secret -- made up
        read(tmp_path, kubeflow={"endpoint": "https://me:hunter2@kfp.acme.org"})
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"vertx": {}}, r"\(targets.vertx\): expected a key that is known here, .*did you mean vertex"),
        ({"vertex": {"memry": "1G"}}, r"\(targets.vertex.memry\): .*did you mean memory"),
        ({"vertex": {"images": "not an image"}}, r"\(targets.vertex.images\): expected an image, as in"),
        ({"vertex": {"images": {"trian": "a:1"}}}, r"\(targets.vertex.images.trian\): .*did you mean train"),
        ({"vertex": {"node_selector": {"a": "b"}}}, r"expected nothing: vertex has none.*hint: Vertex picks"),
        ({"vertex": {"timeout_minutes": 5}}, r"hint: Vertex has no time limit for a task; cancel the run instead"),
        ({"vertex": {"service_account": "me"}}, r"expected NAME@PROJECT.iam.gserviceaccount.com, got 'me'"),
        ({"local": {"retries": 1}}, r"targets.local.retries.*hint: what fails here fails again"),
        ({"local": {"components": {"trainer": {"timeout_minutes": 5}}}}, r"hint: say it under targets.local"),
        ({"kubeflow": {"service_account": "Me"}}, r"expected a service account of Kubernetes, got 'Me'"),
        ({"local": {"endpoint": "http://a"}}, r"hint: pipelines run here by themselves"),
        ({"kubeflow": {"project": "acme"}}, r"hint: Kubeflow is told by endpoint and namespace"),
        ({"vertex": {"namespace": "a"}}, r"hint: Vertex is told by project and location"),
        ({"vertex": {"pipeline_root": "s3://a"}}, r"\.pipeline_root\): expected a bucket's folder: gs://, got 's3://a'"),
        ({"kubeflow": {"pipeline_root": "minio://a"}}, r"expected a bucket's folder: gs://, s3://, az://, got 'minio"),
        ({"kubeflow": {"endpoint": "https://a:b@c"}}, r"expected an address as in .*got one of another form"),
        ({"kubeflow": {"namespace": "a_b"}}, r"expected a namespace of Kubernetes, got 'a_b'"),
        ({"vertex": {"project": "A C"}}, r"expected a project's id, got 'A C'"),
        ({"vertex": {"location": "europe"}}, r"expected a region as in europe-west4, got 'europe'"),
        ({"kubeflow": {"components": {"trianer": {}}}}, r"expected a component, got 'trianer'.*mean trainer"),
        ({"kubeflow": {"timeout_minutes": 0}}, r"expected a number from 1 to 43200, got 0"),
        ({"kubeflow": {"retries": 11}}, r"\(targets.kubeflow.retries\): expected a whole number from 0 to 10"),
        ({"kubeflow": {"retries": {"count": 1, "backoff_s": 9, "longest_s": 8}}}, r"at most longest_s, 8, got 9"),
        ({"kubeflow": {"retries": {"count": 1, "longest_s": 86401}}}, r"expected seconds, at most a day, 86400"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){message}"):
        read(tmp_path, **said)


@pytest.mark.parametrize(
    ("target", "said", "message"),
    [
        ("kubeflow", {"cpu": "four"}, r"expected CPU cores, as in 4, 0.5 or 500m, got 'four'"),
        ("kubeflow", {"cpu": 0}, r"expected CPU cores"),
        ("kubeflow", {"memory": "8 GB"}, r"expected bytes with a unit, as in 16G or 512Mi, got '8 GB'"),
        ("kubeflow", {"memory": 8}, r"got 8\n\nhint: is 8G meant\?"),
        ("vertex", {"cpu": 97}, r"expected at most 96, the most that Vertex gives a task, got 97"),
        ("vertex", {"memory": "625G"}, r"expected at most 624G"),
        ("vertex", {"machine": "n2-standard-8", "cpu": 4}, r"\.cpu\): expected machine, or cpu and memory, got both"),
        ("vertex", {"machine": "a2-highgpu-1g"}, r"one of e2-standard-\{cpus\}.*hint: else say cpu and memory"),
        ("vertex", {"machine": "e2-standard-128"}, r"expected 1 to 96 CPUs, got 'e2-standard-128'"),
        ("kubeflow", {"machine": "e2-standard-4"}, r"hint: Kubernetes picks nodes by cpu, memory and node_selector"),
        ("vertex", {"accelerator": {"type": "nvidia.com/gpu"}}, r"as in NVIDIA_L4.*hint: Vertex has no names"),
        ("vertex", {"accelerator": {"type": "NVIDIA_L40"}}, r"did you mean NVIDIA_L4\?"),
        ("vertex", {"accelerator": {"type": "NVIDIA_L4", "count": 3}}, r"expected one of 1, 2, 4, 8, 16, got 3"),
        ("kubeflow", {"accelerator": {"type": "NVIDIA_L4"}}, r"as in nvidia.com/gpu.*hint: node_selector picks"),
        ("kubeflow", {"node_selector": {"a b": "c"}}, r"expected a label's key, as in pool or example.org/pool"),
        ("kubeflow", {"node_selector": {"a": "b c"}}, r"expected a label's value: letters, digits"),
        ("kubeflow", {"tolerations": [{"operator": "Equal"}]}, r"expected Exists where there is no key"),
        ("kubeflow", {"tolerations": [{"key": "a b", "operator": "Exists"}]}, r"expected a taint's key"),
        ("kubeflow", {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}, r"Exists asks for no value"),
        ("kubeflow", {"tolerations": [{"key": "a", "seconds": 3}]}, r"expected effect: NoExecute beside it, got 'all'"),
    ],
)  # fmt: skip
def test_what_a_target_does_not_give_is_refused(tmp_path: Path, target: str, said: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){message}"):
        read(tmp_path, **{target: {"components": {"trainer": said}}})


def test_gpus_without_cuda_are_refused(tmp_path: Path) -> None:
    said = {"components": {"evaluator": {"accelerator": {"type": "nvidia.com/gpu"}}}}
    with pytest.raises(ConfigError, match=r"(?s)an image with CUDA beside it.*only the trainer's image has one"):
        read(tmp_path, kubeflow=said)
