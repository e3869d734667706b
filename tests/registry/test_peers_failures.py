"""What goes wrong with peers' pushers and registries, each tried here, where it must not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benison.core import digests
from benison.core.errors import ConflictError, IntegrityError, RefusedError
from benison.core.store import Writer
from benison.registry.log import Alias, Champion
from benison.registry.registry import Registry
from benison.registry.serving_folder import materialize
from benison.registry.stores import LocalStore
from benison.registry.testing import SAID, Bench


def served(serving: Path) -> dict[int, str]:
    """What a server finds: by number the digest of what lies there."""
    there = (serving / "census").iterdir() if (serving / "census").is_dir() else iter(())
    return {int(path.name): digests.of_tree(path) for path in there if path.name.isdigit()}


def test_tfx_pushes_where_there_is_no_blessing(bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    materialize(bench.registry, tmp_path / "srv")
    two = bench.add("two")
    with pytest.raises(RefusedError, match="expected a blessing, got no blessing"):
        bench.registry.promote(two, **SAID)
    assert not materialize(bench.registry, tmp_path / "srv").made


def test_tfx_does_not_check_that_the_blessing_is_of_this_model(bench: Bench) -> None:
    bench.crown("one")
    blessed, other = bench.add("blessed"), bench.add("other")
    bench.bless(blessed)
    with pytest.raises(RefusedError, match=f"version {digests.short(other)}: expected a blessing, got no blessing"):
        bench.registry.promote(other, **SAID)


def test_tfx_loses_the_second_of_two_versions_in_one_second(bench: Bench, tmp_path: Path) -> None:
    """All that a bench does is of one second."""
    one = bench.crown("one")
    materialize(bench.registry, tmp_path)
    two = bench.crown("two")
    materialize(bench.registry, tmp_path)
    assert {logged.entry.when for logged in bench.registry.log()} == {"2026-11-20T12:00:00Z"}
    assert served(tmp_path) == {one.number: one.package, two.number: two.package}


class Watched(LocalStore):
    """A store that looks at a server's folder before each piece that is copied out."""

    def __init__(self, root: Path, serving: Path) -> None:
        super().__init__(root)
        self.serving = serving
        self.seen: list[tuple[str, dict[int, str]]] = []

    def copy_to(self, key: str, target: Writer) -> bool:
        self.seen.append((key, served(self.serving)))
        return super().copy_to(key, target)


def test_tfx_fills_the_folder_before_the_eyes_of_the_server(bench: Bench, tmp_path: Path) -> None:
    one = bench.crown("one")
    materialize(bench.registry, tmp_path / "srv")
    two = bench.crown("two")
    store = Watched(tmp_path / "registry", tmp_path / "srv")
    materialize(Registry(store, "census"), tmp_path / "srv")
    assert len(store.seen) > 4
    assert all(found == {one.number: one.package} for _, found in store.seen)
    assert served(tmp_path / "srv") == {one.number: one.package, two.number: two.package}


def test_servers_take_a_saved_model_for_ready_while_its_variables_are_on_the_way(bench: Bench, tmp_path: Path) -> None:
    """What peers do right: the file whose presence says so is copied last."""
    one = bench.crown("one")
    store = Watched(tmp_path / "registry", tmp_path / "srv")
    Registry(store, "census").checkout(one.package, tmp_path / "out")
    files = [key for key, _ in store.seen if "/packages/" in key]
    assert files[-1].endswith("/saved_model.pb")


def test_tfx_drops_a_saved_model_within_a_saved_model(bench: Bench, tmp_path: Path) -> None:
    nested = bench.package("one") / "assets" / "encoder"
    nested.mkdir(parents=True)
    (nested / "saved_model.pb").write_bytes(b"a graph within")
    bench.crown("one")
    folder = materialize(bench.registry, tmp_path).folder
    assert (folder / "assets/encoder/saved_model.pb").read_bytes() == b"a graph within"


def test_tfx_has_no_way_back(bench: Bench, tmp_path: Path) -> None:
    one = bench.crown("one")
    bench.crown("two")
    materialize(bench.registry, tmp_path)
    back = bench.registry.rollback(**SAID)
    materialize(bench.registry, tmp_path)
    assert served(tmp_path)[max(served(tmp_path))] == one.package
    assert max(served(tmp_path)) == back.number


def test_tfx_replaces_a_champion_that_it_was_never_compared_with(bench: Bench) -> None:
    bench.crown("one")
    challenger = bench.add("challenger")
    bench.bless(challenger)
    meanwhile = bench.crown("meanwhile")
    with pytest.raises(RefusedError, match=r"expected champion 3 \(.*\), which it was compared with, got champion 8"):
        bench.registry.promote(challenger, **SAID)
    assert bench.registry.state().champion == meanwhile


def test_tfx_takes_the_newest_blessed_model_for_the_one_that_serves(bench: Bench) -> None:
    one = bench.crown("one")
    bench.bless(bench.add("waits"))
    assert bench.registry.state().champion == one
    bench.crown("two")
    bench.registry.rollback(**SAID)
    assert bench.registry.resolve("champion") == one.package


def test_a_sample_of_vertex_compares_a_challenger_with_itself(bench: Bench) -> None:
    one = bench.crown("one")
    challenger = bench.add("challenger")
    bench.bless(challenger, against=Champion(one.number, challenger))
    with pytest.raises(RefusedError, match="which it was compared with"):
        bench.registry.promote(challenger, **SAID)


def test_mlflow_lets_the_last_writer_win(bench: Bench) -> None:
    bench.crown("one")
    left, right = bench.add("left"), bench.add("right")
    for challenger in (left, right):
        bench.bless(challenger)
    bench.registry.promote(left, **SAID)
    with pytest.raises(RefusedError, match=f"got champion 8 \\({digests.short(left)}"):
        bench.registry.promote(right, **SAID)
    with pytest.raises(ConflictError, match="expected champion 3, which is to go, got champion 8"):
        bench.registry.rollback(replacing=3, **SAID)


def test_mlflow_forgets_what_an_alias_stood_for(bench: Bench) -> None:
    one, two = bench.add("one"), bench.add("two")
    for package in (one, two):
        bench.registry.alias("holiday", package, **SAID)
    told = [(one.entry.name, one.entry.package) for one in bench.registry.log() if isinstance(one.entry, Alias)]
    assert told == [("holiday", one), ("holiday", two)]


def damaged(bench: Bench, package: str) -> Iterator[str]:
    """A flipped bit, a missing file, one too many; each in turn, with the name of the file."""
    folder = bench.folder.parent / "registry/census/packages" / digests.as_folder_name(package)
    weights = folder / "variables/variables.data-00000-of-00001"
    sound = weights.read_bytes()
    weights.write_bytes(bytes([sound[0] ^ 1]) + sound[1:])
    yield weights.name
    weights.unlink()
    yield weights.name
    weights.write_bytes(sound)
    (folder / "variables/extra").write_bytes(b"")
    yield "extra"


def test_mlflow_knows_no_digest_of_the_files(bench: Bench, tmp_path: Path) -> None:
    one = bench.crown("one")
    bench.crown("two")
    acts: list[Any] = [
        lambda: bench.registry.rollback(**SAID),
        lambda: bench.registry.checkout(one.package, tmp_path / "out"),
    ]
    for name in damaged(bench, one.package):
        for act in acts:
            with pytest.raises(IntegrityError, match=name):
                act()
    assert not (tmp_path / "out").exists()
