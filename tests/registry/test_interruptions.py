"""Whatever stops a writer, and wherever: the state is the old one or the new one, and the next attempt completes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from benison.core.errors import BenisonError, RefusedError
from benison.core.store import Store
from benison.registry.registry import Registry
from benison.registry.state import State
from benison.registry.testing import SAID, Bench, MemoryStore, Stopped, StoppingStore
from benison.registry.verification import verify

Act = Callable[[Bench], object]


def prepared(folder: Path) -> tuple[MemoryStore, str, str]:
    """A champion with one before it, and a blessed challenger."""
    store = MemoryStore()
    bench = Bench(Registry(store, "census"), folder)
    bench.crown("one")
    bench.crown("two")
    three = bench.add("three")
    bench.bless(three)
    return store, bench.registry.state().reigns[0].champion.package, three


def register(bench: Bench) -> None:
    bench.add("four")


def bless(bench: Bench) -> None:
    bench.bless("challenger", evaluation="again")


def promote(bench: Bench) -> None:
    bench.registry.promote("challenger", **SAID)


def rollback(bench: Bench) -> None:
    bench.registry.rollback(replacing=6, **SAID)


def view(state: State) -> tuple[object, ...]:
    return state.champion, state.challenger, tuple(sorted(state.versions)), state.number


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("act", [register, bless, promote, rollback])
def test_leaves_the_old_state_or_the_new_one_wherever_it_stops(tmp_path: Path, act: Act, done: bool) -> None:
    before, _, _ = prepared(tmp_path)
    after = Bench(Registry(before.copy(), "census"), tmp_path)
    old = view(after.registry.state())
    act(after)
    new = view(after.registry.state())
    seen = set()
    for at in count(1):
        store = before.copy()
        stopping = StoppingStore(store, at, done=done)
        with suppress(Stopped):
            act(Bench(Registry(stopping, "census"), tmp_path))
        if not stopping.stopped:
            break
        found = view(Registry(store, "census").state())
        assert found in (old, new)
        seen.add(found)
        _retry(act, store, tmp_path, finished=found == new)
        assert view(Registry(store, "census").state()) == new
        assert verify(Registry(store, "census")).unfinished == ()
        assert verify(Registry(store, "census")).sound
    assert seen == ({old, new} if done else {old})
    assert at > 5


def _retry(act: Act, store: Store, folder: Path, *, finished: bool) -> None:
    """Once more; where a promotion or rollback had been made already, it says so instead of making another."""
    try:
        act(Bench(Registry(store, "census"), folder))
    except BenisonError as error:
        if not finished or act not in (promote, rollback):
            raise
        assert "challenger" in str(error) or "which is to go" in str(error)


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "least"),
    [
        pytest.param("register", 60, marks=SLOW),
        ("bless", 15),
        pytest.param("promote", 25, marks=SLOW),
        pytest.param("rollback", 25, marks=SLOW),
        pytest.param("materialize", 60, marks=SLOW),
        pytest.param("gc", 40, marks=SLOW),
    ],
)
def test_survives_a_kill_at_every_call_to_the_file_system(tmp_path: Path, name: str, least: int) -> None:
    found = killed(tmp_path, name)
    assert found["kills"] >= least
    assert 0 < found["new"] < found["kills"]
    assert found["in_order"]


@SLOW
def test_survives_kills_at_random_moments(tmp_path: Path) -> None:
    assert killed(tmp_path, "promote", "20", "7")["kills"] > 0


def killed(folder: Path, *arguments: str) -> dict[str, Any]:
    program = [sys.executable, "-m", "tests.registry.kills", str(folder), *arguments]
    ended = subprocess.run(program, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_does_not_forget_who_was_first_when_a_retry_meets_another_writer(tmp_path: Path) -> None:
    store, first, _ = prepared(tmp_path)
    stopping = StoppingStore(store, 1, done=False)
    with pytest.raises(Stopped):
        promote(Bench(Registry(stopping, "census"), tmp_path))
    Registry(store, "census").rollback(**SAID)
    with pytest.raises(RefusedError, match=r"expected champion 6 \("):
        promote(Bench(Registry(store, "census"), tmp_path))
    assert Registry(store, "census").state().champion.package == first
