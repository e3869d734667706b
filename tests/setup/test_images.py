"""What each component imports is in the lock of its image, and images share what they can."""

import re
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

import benison
from benison.core.images import GROUP_OF, IMAGES, SERVE
from benison.engines.closure import closure_of
from containers import image_sizes

ROOT = Path(__file__).resolve().parents[2]
# Imported only for what none of the images is made for.
WITHOUT = {
    ("evaluator", "duckdb"),  # raw data are read by example_gen
    # Routers that say what to install; an image of one's own has it.
    *(("rollout", name) for name in ("kubernetes", "requests", "urllib3")),
    # tf.Examples, as which stored data come and no request does.
    *(("rollout", name) for name in ("tensorflow", "tensorflow_metadata", "tfx_bsl")),
    ("trainer", "tfx"),  # a TFX module that imports tfx runs in an image of its project
    # An evaluation config as a proto, which lint refuses on clusters.
    *((name, "tensorflow_model_analysis") for name, group in GROUP_OF.items() if group != "evaluate"),
}
CPU = {"tensorflow": "tensorflow-cpu"}


@cache
def locked(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def providers(package: str) -> set[str]:
    """The distributions that put a package where it is imported from, by the names that locks have."""
    found = {re.sub(r"[-_.]+", "-", name).lower() for name in metadata.packages_distributions().get(package, [])}
    return found | {CPU[name] for name in found & CPU.keys()}


@pytest.mark.slow
@pytest.mark.parametrize("component", GROUP_OF)
def test_an_image_has_what_its_components_import(component: str) -> None:
    program = f"from benison.components.{component}.run import run"
    packages = closure_of(program, {"benison": Path(benison.__file__).parent}).packages
    lock = locked(f"image-{GROUP_OF[component]}")
    missing = {name for name in packages if not providers(name) & lock.keys()}
    assert {(component, name) for name in missing} <= WITHOUT


@pytest.mark.slow
def test_the_servers_image_has_what_it_imports() -> None:
    packages = closure_of("from benison.serving import server", {"benison": Path(benison.__file__).parent}).packages
    lock = locked(f"image-{SERVE}")
    # kserve is not in every environment that tests run in, so that a package may have no provider here.
    missing = {name for name in packages if not (providers(name) or {name.replace("_", "-")}) & lock.keys()}
    assert missing <= {"tensorflow_model_analysis"}  # an evaluation config as a proto, which no request asks for


def test_deliver_has_no_tensorflow() -> None:
    assert not [name for name in locked("image-deliver") if "tensorflow" in name or name in ("keras", "apache-beam")]


@pytest.mark.parametrize(
    ("below", "above"),
    [
        ("deliver", "tensorflow"),
        ("deliver", "train-gpu"),
        *(("tensorflow", one) for one in ("data", "train", "evaluate", SERVE)),
    ],
)
def test_a_layer_only_adds_to_those_below(below: str, above: str) -> None:
    assert locked(f"image-{below}").items() <= locked(f"image-{above}").items()


@pytest.mark.parametrize("group", [*IMAGES, SERVE])
def test_images_have_the_versions_that_are_tested(group: str) -> None:
    tested = locked("image")
    for name, version in locked(f"image-{group}").items():
        same = tested.get({"tensorflow-cpu": "tensorflow"}.get(name, name))
        assert same == version or name.startswith("nvidia-"), name


@pytest.mark.containers
def test_all_images_for_cpus_together_are_less_than_a_third_of_tfxs_one() -> None:
    names = [name for group, name in IMAGES.items() if group != "train-gpu"]
    history = [image_sizes.history(name) for name in (*names, f"benison-{SERVE}:{benison.__version__}")]
    assert image_sizes.distinct_bytes(history) < 12.3e9 / 3


def test_there_is_a_target_for_every_image() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert {*IMAGES, SERVE} <= stages
