"""Projects and artifacts that lie where only TFX's own file systems reach, here in one that is registered with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tfx import v1 as tfx
from tfx.dsl.io import fileio, filesystem_registry
from tfx.dsl.io.plugins.local import LocalFilesystem

from benison.components.example_validator.tfx import ExampleValidator, Executor
from benison.core.errors import ConfigError
from benison.tfx.project import digest_of
from tests.tfx.pipelines.taxi import SPLITS, Taxi
from tests.tfx.shop import examples, project, splits

pytestmark = [pytest.mark.tfx, pytest.mark.timeout(900)]
SCHEME, KINDS = "box://", tfx.types.standard_artifacts


class Box(LocalFilesystem):
    """A store whose names lead nowhere on this machine."""

    SUPPORTED_SCHEMES = (SCHEME,)
    root = Path()


def _here(name: Any) -> Any:
    return str(Box.root / name.removeprefix(SCHEME)) if isinstance(name, str) and name.startswith(SCHEME) else name


def _boxed(name: str) -> Any:
    def method(*given: Any, **named: Any) -> Any:
        return getattr(LocalFilesystem, name)(*map(_here, given), **named)

    return staticmethod(method)


for _name in ("open", "copy", "exists", "glob", "isdir", "listdir", "makedirs", "mkdir", "remove", "rmtree", "stat"):
    setattr(Box, _name, _boxed(_name))


def _walk(top: str, *given: Any, **named: Any) -> Iterator[tuple[str, list[str], list[str]]]:
    for folder, folders, files in LocalFilesystem.walk(_here(top), *given, **named):
        yield f"{SCHEME}{Path(folder).relative_to(Box.root)}", folders, files


setattr(Box, "walk", staticmethod(_walk))  # noqa: B010
filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY.register(Box, priority=1)


@pytest.fixture
def box(tmp_path: Path) -> Path:
    Box.root = tmp_path / "box"
    project(Box.root / "project")
    examples(Box.root / "examples", splits())
    return Box.root


def test_they_are_fetched_and_what_is_made_is_put_there(box: Path) -> None:
    given = KINDS.Examples()
    given.uri, given.span, given.splits = f"{SCHEME}examples", 0, list(SPLITS)
    made = {"anomalies": KINDS.ExampleAnomalies(), "profile": KINDS.ExampleStatistics()}
    for name, artifact in made.items():
        artifact.uri = f"{SCHEME}{name}"
    parameters = {"project": f"{SCHEME}project", "project_digest": digest_of(box / "project"), "holdout": "holdout"}
    Executor().Do({"examples": [given]}, {name: [one] for name, one in made.items()}, parameters)
    assert made["anomalies"].get_string_custom_property("verdict") == "PASS"
    assert made["anomalies"].splits == list(SPLITS)
    for split in SPLITS:
        assert fileio.exists(f"{SCHEME}anomalies/Split-{split}/SchemaDiff.pb")
        assert fileio.exists(f"{SCHEME}profile/Split-{split}/FeatureStats.pb")
    assert not list(Path().glob("box:*"))


def test_a_project_there_is_known_by_its_content(box: Path) -> None:
    channel = tfx.dsl.Channel(type=KINDS.Examples)
    made = ExampleValidator(channel, f"{SCHEME}project").exec_properties
    assert (made["project"], made["project_digest"]) == (f"{SCHEME}project", digest_of(box / "project"))
    shutil.move(box / "project", box / "moved")
    assert ExampleValidator(channel, f"{SCHEME}moved").exec_properties["project_digest"] == made["project_digest"]


def test_a_place_without_a_project_is_told_as_the_pipeline_is_defined(box: Path, taxi: Taxi) -> None:
    with pytest.raises(ConfigError, match="box://nothing: expected a folder that TFX can read, got none"):
        ExampleValidator(tfx.dsl.Channel(type=KINDS.Examples), f"{SCHEME}nothing")
