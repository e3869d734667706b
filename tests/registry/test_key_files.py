"""What a version was trained on is there before the version is, goes with it, and is held to its digest."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from benison.core import key_sets
from benison.core.errors import IntegrityError
from benison.core.key_sets import TrainedOn
from benison.registry import retention
from benison.registry.copies import Copy
from benison.registry.registry import Registry
from benison.registry.retention import Keep
from benison.registry.testing import NOON, SAID, Bench, MemoryStore, Stopped, StoppingStore, package, provenance
from benison.registry.verification import verify


def seen(folder: Path, *keys: int) -> TrainedOn:
    """Some rows of two users, with their files in a folder."""
    users = key_sets.write(np.array([7, 8], np.uint64), ("user",), 1, folder)
    return TrainedOn(key_sets.write(np.array(keys, np.uint64), ("age", "user"), 0, folder), users)


def add(registry: Registry, root: Path, word: str, *keys: int) -> tuple[str, TrainedOn]:
    """Registers a version with what it was trained on."""
    folder = root / word / "Format-Serving"
    trained_on = seen(key_sets.beside(folder), *keys)
    if not folder.is_dir():
        package(folder, word)
    return registry.register(folder, replace(provenance(word), trained_on=trained_on), **SAID), trained_on


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "registry" / "census" / "trained_on").glob("*/*.keys"))


def test_a_version_says_what_it_was_trained_on_and_the_keys_come_out_as_they_went_in(
    bench: Bench, tmp_path: Path
) -> None:
    version, trained_on = add(bench.registry, tmp_path, "one", 3, 1, 2)
    found = bench.registry.show(version).manifest.provenance.trained_on
    assert found == trained_on
    bench.registry.key_files.checkout(Copy(version), trained_on, tmp_path / "out")
    assert key_sets.read(trained_on.rows, tmp_path / "out").tolist() == [1, 2, 3]
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_they_go_with_their_version_and_come_again_with_it(bench: Bench, tmp_path: Path) -> None:
    gone, _ = add(bench.registry, tmp_path, "one", 1, 2)
    stays, trained_on = add(bench.registry, tmp_path, "two", 2, 1)
    assert len(kept(tmp_path)) == 4
    retired = bench.registry.retire(gone, **SAID)
    todo = retention.plan(bench.registry, Keep(grace=0), NOON)
    # Two rows and two users, of 8 bytes each, beside the package.
    assert retired is not None and todo.freed == bench.registry.show(gone).manifest.size + 32
    assert retention.carry_out(bench.registry, todo, who="cron", when=NOON) == [gone]
    assert {path.parent.name for path in kept(tmp_path)} == {Copy(stays).name}
    add(bench.registry, tmp_path, "one", 1, 2)
    again = bench.registry.state().copy(gone)
    assert again.generation > 0
    bench.registry.key_files.verify(again, trained_on)
    assert verify(bench.registry).sound


def test_a_collection_that_was_cut_short_before_them_is_told_and_ended_by_the_next(
    bench: Bench, tmp_path: Path
) -> None:
    gone, _ = add(bench.registry, tmp_path, "one", 1, 2)
    bench.registry.retire(gone, **SAID)
    (before,) = {path.parent for path in kept(tmp_path)}
    shutil.copytree(before, tmp_path / "copy")
    retention.carry_out(bench.registry, retention.plan(bench.registry, Keep(grace=0), NOON), who="cron", when=NOON)
    shutil.copytree(tmp_path / "copy", before)
    assert verify(bench.registry).leftover == (gone,)
    retention.carry_out(bench.registry, retention.plan(bench.registry, Keep(), NOON), who="cron", when=NOON)
    assert kept(tmp_path) == []
    assert verify(bench.registry).leftover == ()


def test_a_version_from_before_says_nothing_and_is_sound(bench: Bench) -> None:
    version = bench.add("old")
    assert bench.registry.show(version).manifest.provenance.trained_on is None
    assert verify(bench.registry).sound


def test_a_file_that_is_not_there_is_named_and_no_version_made(bench: Bench, tmp_path: Path) -> None:
    folder = package(tmp_path / "one" / "Format-Serving", "one")
    trained_on = seen(tmp_path / "elsewhere", 1)
    with pytest.raises(IntegrityError, match=rf"{trained_on.rows.file}: expected a file of keys, got none"):
        bench.registry.register(folder, replace(provenance("one"), trained_on=trained_on), **SAID)
    assert (bench.registry.packages.sealed(), bench.registry.log()) == ([], ())


def test_a_file_that_was_changed_since_is_named_whoever_reads_it(bench: Bench, tmp_path: Path) -> None:
    version, trained_on = add(bench.registry, tmp_path, "one", 1, 2)
    (changed,) = [path for path in kept(tmp_path) if path.name == trained_on.rows.file]
    changed.write_bytes(b"12345678")
    for read in (
        lambda: bench.registry.key_files.verify(Copy(version), trained_on),
        lambda: bench.registry.key_files.checkout(Copy(version), trained_on, tmp_path / "out"),
    ):
        with pytest.raises(IntegrityError, match=f"{changed}: expected {trained_on.rows.digest}, got sha256:"):
            read()
    (problem,) = verify(bench.registry).problems
    assert problem.startswith(f"{changed}: expected {trained_on.rows.digest}")
    changed.unlink()
    assert verify(bench.registry).problems == (f"{changed}: expected a file of keys, got none",)


@pytest.mark.parametrize("done", [False, True])
def test_no_version_is_ever_there_without_its_keys_wherever_it_stops(tmp_path: Path, done: bool) -> None:
    for at in count(1):
        store = MemoryStore()
        stopping = StoppingStore(store, at, done=done)
        with suppress(Stopped):
            add(Registry(stopping, "census"), tmp_path, "one", 1, 2)
        assert verify(Registry(store, "census")).sound
        if not stopping.stopped:
            break
        version, trained_on = add(Registry(store, "census"), tmp_path, "one", 1, 2)
        assert Registry(store, "census").show(version).manifest.provenance.trained_on == trained_on
        assert verify(Registry(store, "census")).sound
    assert at > 10
