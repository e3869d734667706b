"""Whatever stops a writer, and wherever: the state is the old one or the new one, and the next attempt completes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from benison.core.errors import BenisonError, RefusedError
from benison.core.store import Store
from benison.registry.registry import Registry
from benison.registry.state import State
from benison.registry.testing import SAID, Bench, MemoryStore, Stopped, StoppingStore
from benison.registry.verification import verify

Act = Callable[[Bench], object]


def prepared(folder: Path) -> tuple[Store, str, str]:
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
    whole, _, _ = prepared(tmp_path)
    after = Bench(Registry(whole, "census"), tmp_path)
    old = view(after.registry.state())
    act(after)
    new = view(after.registry.state())
    seen = set()
    for at in count(1):
        store, _, _ = prepared(tmp_path)
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


_KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from benison.registry.registry import Registry
from benison.registry.testing import SAID, Bench
from benison.registry.verification import verify

EVENTS = {"open", "os.link", "os.remove", "os.mkdir", "os.scandir", "os.rename"}
root, folder, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
acts = {
    "register": lambda bench: bench.add("four"),
    "bless": lambda bench: bench.bless("challenger", evaluation="again"),
    "promote": lambda bench: bench.registry.promote("challenger", **SAID),
    "rollback": lambda bench: bench.registry.rollback(replacing=6, **SAID),
}

template = Bench(Registry.create(root + "/template", "census"), folder)
template.crown("one"), template.crown("two")
template.bless(template.add("three"))
template.package("four")

def prepare(place):
    shutil.copytree(root + "/template", place)
    return Bench(Registry.open(place, "census"), folder)

def view(place):
    state = Registry.open(place, "census").state()
    return state.champion, state.challenger, sorted(state.versions), state.number

def killed(bench, at):
    left = at
    def hook(event, _):
        nonlocal left
        if event in EVENTS:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    child = os.fork()
    if child == 0:
        sys.addaudithook(hook)
        acts[name](bench)
        os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL

whole = prepare(root + "/whole")
old = view(root + "/whole")
acts[name](whole)
new = view(root + "/whole")
seen, kills = [], 0
for at in range(1, 1000):
    place = f"{root}/{at}"
    if not killed(prepare(place), at):
        break
    kills += 1
    found = view(place)
    assert found in (old, new), (at, found)
    seen.append(found == new)
    if found == old:
        acts[name](Bench(Registry.open(place, "census"), folder))
    assert view(place) == new, at
    assert verify(Registry.open(place, "census")).sound
print(kills, seen.index(True), seen == sorted(seen))
"""


@pytest.mark.parametrize(("name", "least"), [("register", 30), ("bless", 8), ("promote", 15), ("rollback", 15)])
def test_survives_a_kill_at_every_call_to_the_file_system(tmp_path: Path, name: str, least: int) -> None:
    """A process of its own forks a writer for each place to die at; SIGKILL leaves it no last word."""
    ended = subprocess.run(
        [sys.executable, "-c", _KILLED, str(tmp_path), str(tmp_path / "packages"), name],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert ended.returncode == 0, ended.stderr
    kills, first_new, in_order = ended.stdout.split()
    assert int(kills) >= least
    assert 0 < int(first_new) < int(kills)
    assert in_order == "True"


def test_does_not_forget_who_was_first_when_a_retry_meets_another_writer(tmp_path: Path) -> None:
    store, first, _ = prepared(tmp_path)
    stopping = StoppingStore(store, 1, done=False)
    with pytest.raises(Stopped):
        promote(Bench(Registry(stopping, "census"), tmp_path))
    Registry(store, "census").rollback(**SAID)
    with pytest.raises(RefusedError, match=r"expected champion 6 \("):
        promote(Bench(Registry(store, "census"), tmp_path))
    assert Registry(store, "census").state().champion.package == first
