"""Which versions go, in two steps, and what becomes of whoever comes in between."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from benison.core.errors import ConflictError, RefusedError
from benison.core.store import Store
from benison.core.verdicts import Verdict
from benison.registry import retention
from benison.registry.log import Collect
from benison.registry.registry import Registry
from benison.registry.retention import Keep, Plan
from benison.registry.testing import NOON, SAID, Bench, MemoryStore, Stopped, StoppingStore
from benison.registry.verification import verify

WORDS = ("one", "two", "three", "four", "five")


def later(days: float) -> datetime:
    return NOON + timedelta(days=days)


def collected(bench: Bench, keep: Keep, days: float) -> list[str]:
    """What is gone after a collection so many days later."""
    when = later(days)
    return retention.carry_out(bench.registry, retention.plan(bench.registry, keep, when), who="cron", when=when)


@pytest.fixture
def full(bench: Bench) -> dict[str, str]:
    """Five champions, one after the other; a sixth version failed, and a seventh waits."""
    packages = {word: bench.crown(word).package for word in WORDS}
    packages["failed"] = bench.add("failed")
    bench.bless(packages["failed"], Verdict.FAIL)
    packages["waits"] = bench.add("waits")
    bench.bless(packages["waits"])
    return packages


def test_goes_in_two_steps_with_grace_between(bench: Bench, full: dict[str, str]) -> None:
    keep = Keep(versions=1, champions=2, grace=7)
    todo = retention.plan(bench.registry, keep, NOON)
    assert set(todo.retire) == {full[word] for word in ("two", "three", "failed")}
    assert todo.protected == {
        full["five"]: "it is the champion",
        full["four"]: "it is one of the last 2 champions",
        full["one"]: "it is the reference",
    }
    assert collected(bench, keep, 0) == []
    assert bench.registry.show(full["two"]).manifest.package == full["two"]
    assert collected(bench, keep, 6.9) == []
    gone = collected(bench, keep, 7)
    assert set(gone) == {full[word] for word in ("two", "three", "failed")}
    found = verify(bench.registry)
    assert (found.sound, found.versions, found.leftover, found.unfinished) == (True, 4, (), ())
    assert collected(bench, keep, 30) == []


def test_the_reference_stays_however_old_it_is(bench: Bench, full: dict[str, str]) -> None:
    reference = bench.registry.state().reference
    assert reference is not None
    assert reference.package == full["one"]
    bench.registry.state()
    todo = retention.plan(bench.registry, Keep(days=0, champions=1), later(400))
    assert todo.protected[full["one"]] == "it is the reference"
    assert full["one"] not in todo.retire


@pytest.mark.parametrize(
    ("keep", "going"),
    [
        (Keep(), set()),
        (Keep(days=30), set()),
        (Keep(days=10, champions=1), {"two", "three", "four", "failed"}),
        (Keep(versions=3, champions=1), {"two", "three", "four"}),
    ],
)
def test_by_age_by_number_and_by_size(bench: Bench, full: dict[str, str], keep: Keep, going: set[str]) -> None:
    todo = retention.plan(bench.registry, keep, later(20))
    assert set(todo.retire) == {full[word] for word in going}


def test_by_size(bench: Bench, full: dict[str, str]) -> None:
    newest = sum(bench.registry.show(full[word]).manifest.size for word in ("waits", "failed"))
    for size, going in ((newest, {"two", "three", "four"}), (newest - 1, {"two", "three", "four", "failed"})):
        todo = retention.plan(bench.registry, Keep(size=size, champions=1), NOON)
        assert set(todo.retire) == {full[word] for word in going}


def test_a_dry_run_changes_nothing(bench: Bench, full: dict[str, str]) -> None:
    before = bench.registry.log()
    assert retention.plan(bench.registry, Keep(days=0), later(90)).retire
    assert bench.registry.log() == before


def test_what_an_alias_stands_for_is_not_retired(bench: Bench, full: dict[str, str]) -> None:
    for alias in ("champion", "challenger", "reference"):
        with pytest.raises(RefusedError, match=f"expected a version that no alias stands for, got the .*{alias}"):
            bench.registry.retire(alias, **SAID)


def test_a_retired_version_is_neither_promoted_nor_gone_back_to(bench: Bench, full: dict[str, str]) -> None:
    bench.registry.retire(full["two"], **SAID)
    assert bench.registry.retire(full["two"], **SAID) is None
    for act in (bench.registry.promote, bench.registry.rollback):
        with pytest.raises(RefusedError, match="expected a version in use, got one that was retired by entry"):
            act(full["two"], **SAID)


def test_registering_it_again_ends_a_retirement(bench: Bench, full: dict[str, str]) -> None:
    keep = Keep(grace=7)
    bench.registry.retire(full["two"], **SAID)
    bench.add("two")
    assert collected(bench, keep, 8) == []
    bench.registry.rollback(full["two"], **SAID)


def test_a_collected_version_comes_again_under_another_copy(bench: Bench, full: dict[str, str]) -> None:
    bench.registry.retire(full["two"], **SAID)
    assert collected(bench, Keep(grace=0, champions=1), 0) == [full["two"]]
    number = bench.registry.state().number
    assert bench.add("two") == full["two"]
    assert bench.registry.state().copy(full["two"]).generation == number
    bench.registry.rollback(full["two"], **SAID)
    assert verify(bench.registry).sound
    # Whoever is still deleting the old copy deletes nothing of the new one.
    todo = Plan(collect={full["two"]: number - 1})
    assert retention.carry_out(bench.registry, todo, who="slow", when=NOON) == []
    assert verify(bench.registry).sound


def test_a_plan_is_held_to_the_moment(bench: Bench, full: dict[str, str]) -> None:
    """Between plan and deed a version is blessed, which makes it the challenger, and another comes back."""
    bench.registry.retire(full["two"], **SAID)
    todo = retention.plan(bench.registry, Keep(versions=1, champions=1, grace=0), NOON)
    assert {full["failed"], full["three"]} <= set(todo.retire)
    assert set(todo.collect) == {full["two"]}
    bench.bless(full["failed"], evaluation="again")
    bench.add("two")
    assert retention.carry_out(bench.registry, todo, who="cron", when=NOON) == []
    state = bench.registry.state()
    assert state.versions[full["failed"]].retirement is None
    assert state.versions[full["three"]].retirement is not None
    assert verify(bench.registry).versions == 7


def prepared(folder: Path) -> tuple[MemoryStore, str]:
    store = MemoryStore()
    bench = Bench(Registry(store, "census"), folder)
    for word in ("one", "two", "three"):
        bench.crown(word)
    old = bench.registry.state().reigns[1].champion.package
    bench.registry.retire(old, **SAID)
    return store, old


@pytest.mark.parametrize("done", [False, True])
def test_wherever_it_stops_the_next_one_completes(tmp_path: Path, done: bool) -> None:
    keep, states = Keep(grace=0, champions=1), set()
    whole, old = prepared(tmp_path)
    for at in count(1):
        store = whole.copy()
        stopping = StoppingStore(store, at, done=done)
        with suppress(Stopped):
            collected(Bench(Registry(stopping, "census"), tmp_path), keep, 0)
        if not stopping.stopped:
            break
        found = verify(Registry(store, "census"))
        assert found.problems == ()
        states.add((bool(found.leftover), Registry(store, "census").state().versions[old].collected))
        collected(Bench(Registry(store, "census"), tmp_path), keep, 0)
        assert not [key for key in store.list_after("census/") if old.replace(":", "-") in key]
        assert verify(Registry(store, "census")).leftover == ()
    assert states - {(False, True)} == {(False, False), (True, True)}


class Meddling:
    """A store in which something happens before its nth operation."""

    def __init__(self, store: Store, at: int, act: Any) -> None:
        self._store, self._left, self._act = store, at, act

    @property
    def met(self) -> bool:
        """Whether there were so many operations."""
        return self._left <= 0

    def __getattr__(self, name: str) -> Any:
        def called(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                self._act()
            return getattr(self._store, name)(*arguments, **named)

        return called if name != "where" else self._store.where


def test_a_collection_at_any_moment_of_a_registration_loses_nothing(tmp_path: Path) -> None:
    outcomes = set()
    whole, old = prepared(tmp_path)
    for at in count(1):
        store = whole.copy()

        def collect(store: Store = store) -> None:
            collected(Bench(Registry(store, "census"), tmp_path), Keep(grace=0, champions=1), 0)

        meddling = Meddling(store, at, collect)
        bench = Bench(Registry(meddling, "census"), tmp_path)
        try:
            bench.add("two")
            outcomes.add("registered")
        except ConflictError:
            outcomes.add("try again")
            bench.add("two")
        except Exception as error:  # a file vanished under the hands of whoever read it back
            outcomes.add(type(error).__name__)
            bench.add("two")
        if not meddling.met:
            break
        registry = Registry(store, "census")
        assert registry.show(old).version.retirement is None
        assert verify(registry).problems == ()
        registry.rollback(old, **SAID)
    assert {"registered", "try again"} <= outcomes <= {"registered", "try again", "IntegrityError"}


def test_a_collection_is_an_entry(bench: Bench, full: dict[str, str]) -> None:
    logged = bench.registry.retire(full["two"], **SAID)
    assert logged is not None
    assert bench.registry.collect(full["two"], logged.number, **SAID)
    assert not bench.registry.collect(full["two"], logged.number, **SAID)
    entry = bench.registry.log()[-1].entry
    assert isinstance(entry, Collect)
    assert entry.retired == logged.number
