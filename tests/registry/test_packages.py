from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from benison.core import digests, documents
from benison.core.errors import DataError, IntegrityError, RegistryError
from benison.core.store import Writer
from benison.registry import manifest as manifests
from benison.registry.registry import Registry
from benison.registry.stores import LocalStore
from benison.registry.testing import SAID, Bench, package, provenance


def stored(tmp_path: Path, digest_: str) -> Path:
    return tmp_path / "registry" / "census" / "packages" / digests.as_folder_name(digest_)


def test_lays_a_package_out_as_it_is_served(bench: Bench, tmp_path: Path) -> None:
    added = bench.add("one")
    source = bench.package("one")
    assert added == digests.of_tree(source)
    assert digests.manifest_of(stored(tmp_path, added)) == digests.manifest_of(source)
    version = tmp_path / "registry" / "census" / "versions" / f"{digests.as_folder_name(added)}.json"
    manifest = json.loads(version.read_bytes())
    assert manifest["files"] == digests.manifest_of(source)
    assert manifest["registered"] == {"by": "ci", "when": "2026-11-20T12:00:00Z"}
    assert manifest["provenance"]["spans"] == [1]


def test_keeps_the_same_package_once_as_it_was_first_registered(bench: Bench) -> None:
    added = bench.add("one")
    again = bench.registry.register(
        bench.package("one"), provenance("two", (9,)), who="someone else", when=SAID["when"], why="again"
    )
    assert again == added
    assert [one.entry.action for one in bench.registry.log()] == ["register"]
    shown = bench.registry.show(added[7:19])
    assert shown.manifest.provenance == provenance("one")
    assert shown.manifest.by == "ci"


def test_keeps_models_apart(bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    other = Bench(Registry.create(str(tmp_path / "registry"), "taxi"), tmp_path / "taxi")
    assert other.registry.state().champion is None
    with pytest.raises(RegistryError, match="nothing was registered so far"):
        other.registry.show("3")


def test_copies_a_version_out_as_it_was(bench: Bench, tmp_path: Path) -> None:
    added = bench.add("one")
    bench.registry.checkout(added, tmp_path / "out" / "model")
    assert digests.of_tree(tmp_path / "out" / "model") == added
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["model"]


def test_does_not_copy_over_what_is_there(bench: Bench, tmp_path: Path) -> None:
    added = bench.add("one")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_bytes(b"mine")
    with pytest.raises(RegistryError, match="out: expected an empty place to copy to, got something there"):
        bench.registry.checkout(added, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def _flip(folder: Path) -> Path:
    path = folder / "variables" / "variables.index"
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)
    return path


def _lose(folder: Path) -> Path:
    (folder / "assets.extra" / "features.json").unlink()
    return folder / "assets.extra" / "features.json"


def _add(folder: Path) -> Path:
    (folder / "variables" / "extra.bin").write_bytes(b"")
    return folder / "variables" / "extra.bin"


def _cut(folder: Path) -> Path:
    os.truncate(folder / "saved_model.pb", 3)
    return folder / "saved_model.pb"


def _link(folder: Path) -> Path:
    path = folder / "variables" / "variables.index"
    path.rename(folder.parent / "elsewhere")
    path.symlink_to(folder.parent / "elsewhere")
    return path


@pytest.mark.parametrize(
    ("damage", "got"),
    [
        (_flip, "sha256:.*, got sha256:"),
        (_lose, "a file, got none"),
        (_add, "no such file, got a file that is none of its own"),
        (_cut, "sha256:.*, got sha256:"),
        (_link, "a plain file, got a symbolic link"),
    ],
)
def test_names_the_file_of_a_package_that_was_tampered_with(bench: Bench, tmp_path: Path, damage, got: str) -> None:
    bench.crown("one")
    new = bench.add("two")
    bench.bless(new)
    damaged = damage(stored(tmp_path, new))
    before = bench.registry.log()
    for use in (
        lambda: bench.registry.checkout(new, tmp_path / "out"),
        lambda: bench.registry.promote(new, force=True, **SAID),
        lambda: bench.registry.rollback(new, **SAID),
    ):
        with pytest.raises(IntegrityError, match=f"{damaged}: expected {got}"):
            use()
    assert bench.registry.log() == before
    assert not (tmp_path / "out").exists()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_does_not_go_on_with_a_damaged_file_of_an_attempt_that_was_cut_short(bench: Bench, tmp_path: Path) -> None:
    new = digests.of_tree(bench.package("one"))
    torn = stored(tmp_path, new) / "variables" / "variables.index"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"ind")
    with pytest.raises(IntegrityError, match=r"variables.index: expected sha256:"):
        bench.add("one")
    assert bench.registry.log() == ()


def test_names_a_manifest_that_is_missing_torn_or_of_another_package(bench: Bench, tmp_path: Path) -> None:
    one, two = bench.add("one"), bench.add("two")
    folder = tmp_path / "registry" / "census" / "versions"
    manifest = folder / f"{digests.as_folder_name(one)}.json"
    sound = manifest.read_bytes()
    for content, got in (
        (sound[:-9], "a document of kind version, got"),
        ((folder / f"{digests.as_folder_name(two)}.json").read_bytes(), f"the manifest of {one}, got that of {two}"),
        (sound.replace(b'"size": 12', b'"size": 13'), f"the manifest of {one}, got that of sha256"),
        (sound.replace(b"variables.index", b"../../evil.bin"), "a document of kind version, got"),
        (None, "a manifest, got none"),
    ):
        manifest.unlink() if content is None else manifest.write_bytes(content)
        with pytest.raises(IntegrityError, match=f"{manifest}: expected {got}"):
            bench.registry.checkout(one, tmp_path / "out")


def test_refuses_a_link_in_a_package(bench: Bench) -> None:
    (bench.package("one") / "variables" / "link").symlink_to("/etc/hostname")
    with pytest.raises(DataError, match="link: expected plain files and folders, got a link or a special file"):
        bench.add("one")
    assert bench.registry.log() == ()


@pytest.mark.parametrize("name", ["a\\b", "a\nb", "\x7f"])
def test_refuses_an_odd_file_name_in_a_package(bench: Bench, name: str) -> None:
    (bench.package("one") / name).write_bytes(b"")
    with pytest.raises(RegistryError, match=r"without . and .., control characters and backslashes"):
        bench.add("one")


def test_refuses_a_folder_that_is_no_saved_model(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    for got in ("no files", "1 files, but not that one"):
        with pytest.raises(DataError, match=f"expected a SavedModel: a folder with saved_model.pb, got {got}"):
            bench.registry.register(tmp_path / "notes", provenance("one"), **SAID)
        (tmp_path / "notes" / "a.txt").write_bytes(b"")


class _Watched(LocalStore):
    """Remembers what was put and what was copied out, in order."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.put: list[str] = []
        self.copied: list[str] = []

    def put_if_absent(self, key: str, content: bytes | Path, digest: str | None = None) -> bool:
        self.put.append(key)
        return super().put_if_absent(key, content, digest)

    def copy_to(self, key: str, target: Writer) -> bool:
        self.copied.append(key)
        return super().copy_to(key, target)


def test_copies_saved_model_last_both_ways_and_writes_the_manifest_after_it(tmp_path: Path) -> None:
    source = package(tmp_path / "nested", "nested")
    (source / "zz").mkdir()
    (source / "zz" / "saved_model.pb").write_bytes(b"inner")
    store = _Watched(tmp_path / "registry")
    registry = Registry(store, "census")
    added = registry.register(source, provenance("nested"), **SAID)
    folder, last = f"census/packages/{digests.as_folder_name(added)}", ["zz/saved_model.pb", "saved_model.pb"]
    assert store.put[3:] == [
        *(f"{folder}/{name}" for name in last),
        f"census/versions/{digests.as_folder_name(added)}.json",
        "census/log/000000000001.json",
    ]
    store.copied.clear()
    registry.checkout(added, tmp_path / "out")
    assert digests.manifest_of(tmp_path / "out") == digests.manifest_of(source)
    assert [key for key in store.copied if key.startswith(folder)][3:] == [f"{folder}/{name}" for name in last]


def test_many_files_are_copied_side_by_side_and_those_that_servers_wait_for_last(bench: Bench, tmp_path: Path) -> None:
    source = bench.package("one")
    for number in range(60):
        (source / "assets" / f"{number % 7}").mkdir(parents=True, exist_ok=True)
        (source / "assets" / f"{number % 7}" / f"{number}").write_bytes(b"%d" % number)
    (source / "assets" / "0" / "saved_model.pb").write_bytes(b"a graph within")
    added = bench.add("one")
    store = Watched(tmp_path / "registry")
    Registry(store, "census").checkout(added, tmp_path / "out")
    assert digests.of_tree(tmp_path / "out") == added
    order = [key.partition("/packages/")[2].partition("/")[2] for key in store.copied if "/packages/" in key]
    assert len(order) == 65
    assert order[-2:] == ["assets/0/saved_model.pb", "saved_model.pb"]


def test_of_many_files_the_damaged_one_is_named_and_nothing_is_copied_out(bench: Bench, tmp_path: Path) -> None:
    source = bench.package("one")
    for number in range(60):
        (source / f"{number}").write_bytes(b"%d" % number)
    added = bench.add("one")
    (stored(tmp_path, added) / "43").write_bytes(b"44")
    with pytest.raises(IntegrityError, match=r"/43: expected sha256:"):
        bench.registry.checkout(added, tmp_path / "out")
    assert not list(tmp_path.glob("*out*"))


class Watched(LocalStore):
    """Tells in which order objects were read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.copied: list[str] = []

    def copy_to(self, key: str, target: Writer) -> bool:
        self.copied.append(key)
        return super().copy_to(key, target)


JUNK: list[Any] = [
    None,
    0,
    -1,
    1.5,
    True,
    "",
    "x",
    "a/b",
    "/a",
    "../a",
    "a/..",
    "a/./b",
    "a//b",
    "a\\b",
    "a\nb",
    [],
    {},
]
JUNK += ["sha256:" + "0" * 64, "sha256:" + "0" * 64 + "\n", "a\n", "..", "a/..b", "\x7f"]


@pytest.mark.parametrize("field", ["path", "size", "digest", "colour"])
def test_files_of_a_manifest_are_held_to_as_strictly_as_the_schema_does(field: str) -> None:
    example = json.loads((documents.SCHEMAS / "examples/valid/version.json").read_bytes())
    answers = set()
    for junk in [*JUNK, ...]:
        file = {**example["files"][0], field: junk}
        if junk is ...:
            del file[field]
        changed = {**example, "files": [*example["files"], file]}
        answers.add(manifests.problems(changed) == [])
        assert (manifests.problems(changed) == []) is (documents.problems("version", changed) == []), junk
    assert manifests.problems({**example, "files": "none"})
    assert manifests.problems({**example, "files": []})
    assert False in answers
