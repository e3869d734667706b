from __future__ import annotations

import shutil
from pathlib import Path

from benison.core import digests
from benison.registry.testing import NOON, SAID, Bench, digest, profile
from benison.registry.verification import verify


def kept(tmp_path: Path, *names: str) -> Path:
    return tmp_path.joinpath("registry", "census", *names)


def test_finds_a_sound_registry_sound_and_counts_it(bench: Bench) -> None:
    bench.crown("one")
    bench.crown("two")
    bench.registry.history.put(profile(digest("s")), NOON)
    found = verify(bench.registry)
    assert found.sound
    assert (found.entries, found.versions, found.files, found.profiles) == (6, 2, 8, 1)
    assert found.size == sum(path.stat().st_size for path in bench.folder.rglob("*") if path.is_file())
    assert (found.problems, found.unfinished) == ((), ())


def test_names_everything_that_is_wrong(bench: Bench, tmp_path: Path) -> None:
    one, two = bench.crown("one").package, bench.crown("two").package
    bench.registry.rollback(**SAID)
    graph = kept(tmp_path, "packages", digests.as_folder_name(one), "saved_model.pb")
    graph.write_bytes(b"evil")
    kept(tmp_path, "versions", f"{digests.as_folder_name(two)}.json").unlink()
    bench.registry.history.put(profile(digest("s")), NOON)
    kept(tmp_path, "history", f"{digests.as_folder_name(digest('s'))}.json").write_bytes(b"{")
    found = verify(bench.registry)
    assert not found.sound
    assert len(found.problems) == 3
    assert any(problem.startswith(f"{graph}: expected sha256:") for problem in found.problems)
    assert any(f"{digests.as_folder_name(two)}.json: expected a manifest, got none" in one for one in found.problems)
    assert any("history" in problem for problem in found.problems)
    assert (found.versions, found.entries) == (0, 7)


def test_reads_the_packages_even_where_the_log_is_broken(bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    kept(tmp_path, "log", "000000000002.json").unlink()
    found = verify(type(bench.registry).open(str(tmp_path / "registry"), "census"))
    assert ["000000000002.json: expected an entry" in problem for problem in found.problems] == [True]
    assert (found.entries, found.versions, found.files) == (0, 1, 4)


def test_tells_what_was_begun_and_never_finished(bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    begun = digest("begun")
    folder = kept(tmp_path, "packages", digests.as_folder_name(begun))
    shutil.copytree(bench.package("two"), folder)
    found = verify(bench.registry)
    assert found.sound
    assert found.unfinished == (begun,)
