"""Snapshots of the fold: opened from one, a log comes to the same; a wrong one is passed over and named."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benison.config import Release
from benison.core import chain, documents
from benison.core.errors import IntegrityError
from benison.core.store import Store
from benison.core.verdicts import Verdict
from benison.registry.registry import Registry
from benison.registry.retention import Keep, carry_out, plan
from benison.registry.state import State
from benison.registry.testing import NOON, SAID, Bench, MemoryStore
from benison.registry.verification import verify

FOLDER = "census/log_snapshots/"


@pytest.fixture(autouse=True)
def segments_of_five(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "SEGMENT", 5)


class Objects(MemoryStore):
    """A store in memory whose objects a test may damage, and that counts what is got from it."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[str] = []

    def get(self, key: str) -> bytes | None:
        self.got.append(key)
        return super().get(key)

    def replace(self, key: str, content: bytes) -> None:
        assert self.delete(key)
        assert self.put_if_absent(key, content)


@pytest.fixture
def store(tmp_path: Path) -> Objects:
    """A log with an entry of every kind, 28 in all."""
    store = Objects()
    bench = Bench(Registry(store, "census"), tmp_path)
    for _ in lives(bench):
        pass
    assert bench.registry.state().number == 28
    return store


def lives(bench: Bench) -> Iterator[None]:
    """One change after the other."""
    registry = bench.registry
    one = bench.crown("one").package
    yield
    bench.crown("two")
    yield
    registry.rollback(**SAID)
    yield
    for word in ("three", "four"):
        bench.crown(word, superior=True)
        yield
    registry.alias("holiday", one, **SAID)
    yield
    registry.govern(Release(approval="required"), **SAID)
    yield
    bench.bless(bench.add("five"))
    registry.approve("challenger", who="ann", when=NOON, why="read")
    yield
    registry.promote("challenger", **SAID)
    yield
    registry.rollback(**SAID)
    yield
    bench.bless(bench.add("six"), Verdict.FAIL)
    retired = registry.retire(bench.add("two"), **SAID)
    yield
    assert retired is not None
    registry.collect(bench.add("seven"), 1, **SAID)
    registry.collect(retired.entry.package, retired.number, **SAID)
    bench.add("two")
    yield
    bench.bless(bench.add("eight"))
    yield


def opened(store: Store) -> State:
    return Registry(store, "census").state()


def without_snapshots(store: Objects) -> State:
    for key in list(store.list_after(FOLDER)):
        store.delete(key)
    return opened(store)


def everything(state: State) -> tuple[Any, ...]:
    """With what the entries say, which a state itself knows by their numbers."""
    told = [(one.entry, one.blessings, one.retirement, one.approved) for one in state.versions.values()]
    return state, list(state.versions), told, [reign.entry for reign in state.reigns], state.aliases


def test_opened_from_a_snapshot_a_log_comes_to_the_same_at_every_length(tmp_path: Path) -> None:
    store = Objects()
    bench = Bench(Registry(store, "census"), tmp_path)
    for _ in lives(bench):
        copy = Objects()
        for key in store.list_after(""):
            copy.put_if_absent(key, store.get(key) or b"")
        assert everything(opened(copy)) == everything(bench.registry.state()) == everything(without_snapshots(copy))
        assert Registry(copy, "census").log() == bench.registry.log()
    assert verify(bench.registry).sound


def test_a_long_log_is_open_with_few_objects_read(store: Objects) -> None:
    store.got.clear()
    state = opened(store)
    assert len(store.got) == 2 + 3  # the snapshot, the entry that it stands at, those after it
    assert state.reign is not None
    store.got.clear()
    assert state.reign.entry.action == "rollback"
    assert len(store.got) == 1


def test_it_fits_its_schema(store: Objects) -> None:
    keys = list(store.list_after(FOLDER))
    assert keys == [f"{FOLDER}{number:012d}.json" for number in (5, 10, 15, 20, 25)]
    for key in keys:
        assert documents.problems("log_snapshot", json.loads(store.get(key) or b"")) == []


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda raw: raw[:-9], "log_snapshot"),
        (lambda raw: b"{}", "something else"),
        (lambda raw: raw.replace(b'"number":25', b'"number":20'), "that of entry 20"),
        (lambda raw: raw.replace(b'"format":1', b'"format":2'), "a newer version of Benison wrote it"),
        (lambda raw: raw.replace(b'"versions":[[', b'"versions":[1,['), "log_snapshot"),
        (lambda raw: raw.replace(b'"line":[', b'"line":[1,'), "log_snapshot"),
    ],
)
def test_a_damaged_one_is_passed_over_with_a_warning(
    store: Objects, harm: Any, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = f"{FOLDER}000000000025.json"
    store.replace(key, harm(store.get(key)))
    with caplog.at_level(logging.WARNING):
        found = everything(opened(store))
    assert "a snapshot of the log is passed over: memory/census/log_snapshots/000000000025.json" in caplog.text
    assert said in caplog.text
    assert any("000000000025.json" in problem for problem in verify(Registry(store, "census")).problems)
    assert found == everything(without_snapshots(store))


def test_one_of_another_log_is_passed_over(store: Objects, tmp_path: Path) -> None:
    key, other = f"{FOLDER}000000000025.json", Objects()
    bench = Bench(Registry(other, "census"), tmp_path / "other")
    for number in range(25):
        bench.add(f"other {number}")
    store.replace(key, other.get(key) or b"")
    assert everything(opened(store)) == everything(without_snapshots(store))


def test_a_forged_one_is_found_by_whoever_verifies(store: Objects) -> None:
    key = f"{FOLDER}000000000025.json"
    content = json.loads(store.get(key) or b"")
    content["challenger"] = next(iter(opened(store).versions))
    store.replace(key, json.dumps(content).encode())
    (problem,) = verify(Registry(store, "census")).problems
    assert "000000000025.json: expected what the log comes to at entry 25, got something else" in problem


def test_one_that_stands_beyond_the_log_is_passed_over(store: Objects) -> None:
    for number in range(25, 29):
        store.delete(f"census/log/{number:012d}.json")
    store.delete("census/log_segments/000000000025.json")
    assert opened(store).number == 24


def test_a_segment_that_was_changed_is_not_believed(store: Objects) -> None:
    key = "census/log_segments/000000000005.json"
    store.replace(key, (store.get(key) or b"").replace(b"nightly", b"monthly"))
    state = opened(store)
    with pytest.raises(IntegrityError, match=r"000000000005.json: expected (the segment that the snapshot|the entry)"):
        everything(state)


def test_a_segment_that_is_missing_is_made_again(store: Objects) -> None:
    raw = store.get("census/log_segments/000000000010.json")
    store.delete("census/log_segments/000000000010.json")
    everything(opened(store))
    assert store.get("census/log_segments/000000000010.json") == raw


def test_an_entry_of_another_kind_than_a_snapshot_says_is_named(store: Objects) -> None:
    key = f"{FOLDER}000000000025.json"
    content = json.loads(store.get(key) or b"")
    content["versions"][0][1] = 2
    store.replace(key, json.dumps(content).encode())
    first = next(iter(opened(store).versions.values()))
    with pytest.raises(IntegrityError, match=r"expected an entry 'register', got 'bless'(?s:.)*remove the folder"):
        _ = first.entry


def test_a_collection_leaves_the_newest_two(store: Objects) -> None:
    registry = Registry(store, "census")
    todo = plan(registry, Keep(), NOON)
    assert todo.snapshots == 3
    carry_out(registry, todo, who="cron", when=NOON)
    assert list(store.list_after(FOLDER)) == [f"{FOLDER}{number:012d}.json" for number in (20, 25)]
    assert verify(Registry(store, "census")).sound


def test_a_log_that_was_changed_behind_the_back_of_its_reader_is_named(store: Objects) -> None:
    registry = Registry(store, "census")
    registry.state()
    for key in [*store.list_after("census/log/"), *store.list_after("census/log_segments/")]:
        store.delete(key)
    with pytest.raises(IntegrityError, match=r"000000000028.json: expected sha256:.*, got none"):
        registry.log()
