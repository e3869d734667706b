from __future__ import annotations

import json
from pathlib import Path

import pytest

from benison.core.errors import RegistryError
from benison.registry.registry import Registry
from benison.registry.testing import Bench


def test_makes_a_missing_or_empty_folder_a_registry(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("missing", "empty", "missing"):
        Registry.create(str(tmp_path / name), "census")
        marker = json.loads((tmp_path / name / "registry.json").read_bytes())
        assert marker == {"kind": "registry", "format": 1}


def test_refuses_a_folder_that_is_no_registry_and_names_what_it_holds(tmp_path: Path) -> None:
    for name in ("b.txt", "a.csv", "d", "c.md", "e"):
        (tmp_path / name).write_bytes(b"")
    message = r"got a folder with a.csv, b.txt, c.md and 2 more\n\nhint: name the registry's own folder, or a new one"
    with pytest.raises(RegistryError, match=message):
        Registry.create(str(tmp_path), "census")
    with pytest.raises(RegistryError, match=r"expected a registry, which has a file registry.json, or an empty folder"):
        Registry.open(str(tmp_path), "census")
    assert not (tmp_path / "registry.json").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"kind": "styles", "format": 1}'])
def test_refuses_a_marker_of_something_else(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "registry.json").write_bytes(content)
    with pytest.raises(RegistryError, match=r"registry.json: expected a registry's marker"):
        Registry.create(str(tmp_path), "census")


def test_refuses_a_registry_of_a_newer_version(tmp_path: Path) -> None:
    (tmp_path / "registry.json").write_bytes(b'{"kind": "registry", "format": 2}')
    with pytest.raises(RegistryError, match="got format 2\n\nhint: a newer version of Benison wrote it"):
        Registry.create(str(tmp_path), "census")


def test_does_not_open_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="expected a registry, got nothing there"):
        Registry.open(str(tmp_path / "missing"), "census")
    assert not (tmp_path / "missing").exists()


def test_names_the_nearest_model(bench: Bench, tmp_path: Path) -> None:
    bench.add("one")
    with pytest.raises(
        RegistryError, match="expected a model 'cencus', got none of that name\n\nhint: did you mean cen"
    ):
        Registry.open(str(tmp_path / "registry"), "cencus")


@pytest.mark.parametrize("model", ["", "..", "a/b", "Census", "1st", "a" * 64, "registry.json", "census\n"])
def test_refuses_a_model_name_that_cannot_be_a_folder(tmp_path: Path, model: str) -> None:
    with pytest.raises(RegistryError, match="model name: expected small letters, digits, - and _, a letter first"):
        Registry.create(str(tmp_path / "registry"), model)
    assert not (tmp_path / "registry").exists()
