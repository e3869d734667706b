from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benison.components.champion_resolver.run import run
from benison.core import digests, documents, key_sets
from benison.core.errors import IntegrityError, RegistryError
from benison.core.key_sets import TrainedOn
from benison.registry.copies import Copy
from benison.registry.log import utc
from benison.registry.registry import Registry
from benison.registry.testing import NOON, SAID, Bench, digest, package, profile, provenance

YAML = """
name: census
data: {path: "data/span-{span}.csv"}
label: {column: income, positive: ">50K", negative: "<=50K"}
features: {age: numeric}
model: {}
gate: {checks: [{metric: auc, at_least: 0.8}]}
"""


WARM = YAML.replace("model: {}", "model: {warm_start: true}")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "bundle" / "project").mkdir(parents=True)
    (tmp_path / "bundle" / "project" / "benison.yaml").write_text(YAML)
    return Bench(Registry.create(str(tmp_path / "registry"), "census"), tmp_path / "packages")


def resolved(tmp_path: Path, to: str = "out") -> tuple[Path, Path]:
    champion, history = tmp_path / to / "champion", tmp_path / to / "history"
    run(
        registry_uri=str(tmp_path / "registry"),
        bundle=tmp_path / "bundle",
        champion=champion,
        history=history,
        base_model=tmp_path / to / "base_model",
    )
    return champion, history


def test_finds_neither_before_the_first_promotion(bench: Bench, tmp_path: Path) -> None:
    bench.add("unblessed")
    champion, history = resolved(tmp_path)
    found = documents.read(champion / "champion.json", "champion")
    assert (found["champion"], found["reference"]) == (None, None)
    assert [path.name for path in champion.iterdir()] == ["champion.json"]
    assert list(history.iterdir()) == []


def test_copies_a_first_champion_once_for_both_roles(bench: Bench, tmp_path: Path) -> None:
    first = bench.crown("one", (1, 2))
    champion, _ = resolved(tmp_path)
    found = documents.read(champion / "champion.json", "champion")
    assert found["champion"] == found["reference"]
    assert found["champion"] == {
        "package": first.package,
        "number": 3,
        "spans": [1, 2],
        "snapshot": digest("snapshot of spans (1, 2)"),
        "model_digest": digest("weights of one"),
        "folder": "champion",
        "trained_on": None,
    }
    assert sorted(path.name for path in champion.iterdir()) == ["champion", "champion.json"]
    assert digests.of_tree(champion / "champion") == first.package


def test_copies_champion_and_reference_where_they_differ(bench: Bench, tmp_path: Path) -> None:
    first, second = bench.crown("one", (1,)), bench.crown("two", (2,))
    champion, _ = resolved(tmp_path)
    found = documents.read(champion / "champion.json", "champion")
    assert (found["champion"]["package"], found["champion"]["number"]) == (second.package, 6)
    assert (found["reference"]["package"], found["reference"]["number"]) == (first.package, 3)
    assert (found["champion"]["folder"], found["reference"]["folder"]) == ("champion", "reference")
    assert digests.of_tree(champion / "champion") == second.package
    assert digests.of_tree(champion / "reference") == first.package


def test_follows_a_rollback_rather_than_the_newest_blessed_model(bench: Bench, tmp_path: Path) -> None:
    first = bench.crown("one", (1,))
    bench.crown("two", (2,))
    bench.registry.rollback(**SAID)
    bench.bless(bench.add("three", (3,)))
    champion, _ = resolved(tmp_path)
    found = documents.read(champion / "champion.json", "champion")
    assert (found["champion"]["package"], found["champion"]["number"]) == (first.package, 7)


def test_brings_every_accepted_snapshot(bench: Bench, tmp_path: Path) -> None:
    for word in ("a", "b"):
        bench.registry.history.put(profile(digest(word)), NOON)
    _, history = resolved(tmp_path)
    kept = bench.registry.history.entries()
    assert len(kept) == 2
    assert {path.name: path.read_bytes() for path in history.iterdir()} == {
        f"{digests.as_folder_name(snapshot)}.json": raw for snapshot, raw in kept.items()
    }
    for path in history.iterdir():
        assert documents.read(path, "history_entry")["accepted_at"] == utc(NOON)


def test_brings_what_each_baseline_was_trained_on(bench: Bench, tmp_path: Path) -> None:
    seen = []
    for number, word in enumerate(("one", "two")):
        folder = package(tmp_path / word / "Format-Serving", word)
        keys = key_sets.write(np.array([5, number], np.uint64), ("age",), 0, key_sets.beside(folder))
        seen.append(TrainedOn(keys, None))
        registered = bench.registry.register(
            folder, replace(provenance(word, (number + 1,)), trained_on=seen[-1]), **SAID
        )
        bench.bless(registered)
        bench.registry.promote(registered, by_hand=False, **SAID)
    champion, _ = resolved(tmp_path)
    found = documents.read(champion / "champion.json", "champion")
    for role, trained_on, number in (("reference", seen[0], 0), ("champion", seen[1], 1)):
        assert TrainedOn.from_json(found[role]["trained_on"]) == trained_on
        beside = key_sets.beside(champion / found[role]["folder"])
        assert key_sets.read(trained_on.rows, beside).tolist() == [number, 5]
    kept = tmp_path / "registry" / "census" / "trained_on" / Copy(found["champion"]["package"]).name
    (kept / seen[1].rows.file).unlink()
    with pytest.raises(IntegrityError, match=rf"{seen[1].rows.file}: expected a file of keys, got none"):
        resolved(tmp_path, "later")
    assert not (tmp_path / "later" / "champion" / "champion.json").exists()


def test_says_the_same_bytes_twice(bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    bench.crown("two")
    (first, _), (second, _) = resolved(tmp_path, "first"), resolved(tmp_path, "second")
    assert digests.of_tree(first) == digests.of_tree(second)


def test_makes_a_missing_folder_a_registry(bench: Bench, tmp_path: Path) -> None:
    run(
        registry_uri=str(tmp_path / "new" / "registry"),
        bundle=tmp_path / "bundle",
        champion=tmp_path / "champion",
        history=tmp_path / "history",
        base_model=tmp_path / "base_model",
    )
    assert (tmp_path / "new" / "registry" / "registry.json").is_file()


def test_refuses_a_folder_that_is_no_registry_and_leaves_it_alone(bench: Bench, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("important")
    with pytest.raises(RegistryError, match=r"got a folder with thesis.tex"):
        run(
            registry_uri=str(other),
            bundle=tmp_path / "bundle",
            champion=tmp_path / "c",
            history=tmp_path / "h",
            base_model=tmp_path / "b",
        )
    assert [path.name for path in other.iterdir()] == ["thesis.tex"]
    assert not (tmp_path / "c").exists()


def test_stops_at_a_damaged_champion_and_names_the_file(bench: Bench, tmp_path: Path) -> None:
    first = bench.crown("one")
    damaged = tmp_path / "registry" / "census" / "packages" / digests.as_folder_name(first.package) / "saved_model.pb"
    damaged.write_bytes(b"other weights")
    with pytest.raises(IntegrityError, match=f"{damaged}: expected sha256:"):
        resolved(tmp_path)
    assert not (tmp_path / "out" / "champion" / "champion.json").exists()


def test_takes_no_notice_of_another_model(bench: Bench, tmp_path: Path) -> None:
    Bench(Registry.create(str(tmp_path / "registry"), "taxi"), tmp_path / "taxi").crown("taxi")
    champion, _ = resolved(tmp_path)
    assert documents.read(champion / "champion.json", "champion")["champion"] is None


def test_the_champion_comes_along_to_start_from_where_the_project_asks_for_it(bench: Bench, tmp_path: Path) -> None:
    crowned = bench.crown("one")
    resolved(tmp_path)
    anew = documents.read(tmp_path / "out" / "base_model" / "base_model.json", "base_model")
    assert (anew["package"], len(list((tmp_path / "out" / "base_model").iterdir()))) == (None, 1)
    (tmp_path / "bundle" / "project" / "benison.yaml").write_text(
        YAML.replace("model: {}", "model: {warm_start: true}")
    )
    resolved(tmp_path, "warm")
    base = tmp_path / "warm" / "base_model"
    assert documents.read(base / "base_model.json", "base_model")["package"] == crowned.package
    assert digests.of_tree(base / "Format-Serving") == crowned.package


def test_before_the_first_promotion_there_is_nothing_to_start_from(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "bundle" / "project" / "benison.yaml").write_text(
        YAML.replace("model: {}", "model: {warm_start: true}")
    )
    resolved(tmp_path)
    assert documents.read(tmp_path / "out" / "base_model" / "base_model.json", "base_model")["package"] is None
