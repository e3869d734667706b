"""Writers that die by SIGKILL, at every call to the file system or at random moments, and what they leave behind.

    python -m tests.registry.kills FOLDER promote            # at every call
    python -m tests.registry.kills FOLDER promote 100 7      # 100 kills at moments drawn with seed 7

A process of its own forks a writer for each kill, so that nothing has a last word. After each one the state must be
the old one or the new one, the next attempt must complete, and a walk over everything must find nothing wrong. Prints a
line of JSON: how many kills there were, how many left the new state, whether those came last.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benison.core import chain, digests
from benison.registry.registry import Registry
from benison.registry.retention import Keep, carry_out, plan
from benison.registry.serving_folder import materialize
from benison.registry.testing import NOON, SAID, Bench
from benison.registry.verification import verify

EVENTS = {
    *("open", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.rename", "os.scandir", "os.listdir", "shutil.rmtree"),
}
# The entry that each of the acts adds is the last of a segment, so that segment and snapshot are written too.
ENTRIES = 11


@dataclass(frozen=True)
class Place:
    """A registry, packages to register, and a folder that a server watches."""

    root: Path
    packages: Path

    def bench(self) -> Bench:
        return Bench(Registry.open(str(self.root / "registry"), "census"), self.packages)

    @property
    def serving(self) -> Path:
        return self.root / "srv"


def template(root: Path, packages: Path) -> Place:
    """Two champions, the first of them served, a blessed challenger, and a version that was retired."""
    bench = Bench(Registry.create(str(root / "registry"), "census"), packages)
    bench.crown("one")
    materialize(bench.registry, root / "srv", keep=1)
    bench.crown("two")
    bench.registry.retire(bench.add("old"), **SAID)
    bench.bless(bench.add("three"))
    bench.package("four")
    return Place(root, packages)


def collect(place: Place) -> None:
    registry = place.bench().registry
    carry_out(registry, plan(registry, Keep(grace=0), NOON), who="cron", when=NOON)


ACTS: dict[str, Callable[[Place], object]] = {
    "register": lambda place: place.bench().add("four"),
    "bless": lambda place: place.bench().bless("challenger", evaluation="again"),
    "promote": lambda place: place.bench().registry.promote("challenger", **SAID),
    "rollback": lambda place: place.bench().registry.rollback(replacing=6, **SAID),
    "materialize": lambda place: materialize(place.bench().registry, place.serving, keep=1),
    "gc": collect,
}


def seen(place: Place) -> tuple[Any, ...]:
    """What readers and servers see, whose parts must be whole."""
    state = place.bench().registry.state()
    packages = {reign.champion.number: reign.champion.package for reign in state.reigns}
    served = {int(path.name): path for path in (place.serving / "census").iterdir() if path.name.isdigit()}
    assert served
    assert all(digests.of_tree(path) == packages[number] for number, path in served.items())
    return max(served), state.champion, state.challenger, tuple(state.versions.values()), state.number


def clean(place: Place) -> None:
    """Nothing is wrong, and nothing is left of what was cut short, except in the store's own folder for that."""
    found = verify(place.bench().registry)
    assert (found.problems, found.unfinished, found.leftover) == ((), (), ()), found
    assert all(path.name.isdigit() for path in (place.serving / "census").iterdir()), list(place.serving.rglob("*"))


def dies_at(call: int) -> Callable[[Callable[[], object]], bool]:
    """The way to die at the so-manieth call to the file system; it tells whether it came to that."""

    def run(act: Callable[[], object]) -> bool:
        left = call

        def hook(event: str, _: object) -> None:
            nonlocal left
            if event in EVENTS:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        child = os.fork()
        if child == 0:
            sys.addaudithook(hook)
            _done(act)
        return os.waitpid(child, 0)[1] == signal.SIGKILL

    return run


def dies_after(seconds: float) -> Callable[[Callable[[], object]], bool]:
    """The way to be killed from outside after a time."""

    def run(act: Callable[[], object]) -> bool:
        child = os.fork()
        if child == 0:
            _done(act)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        return os.waitpid(child, 0)[1] == signal.SIGKILL

    return run


def _done(act: Callable[[], object]) -> None:
    try:
        act()
    finally:
        os._exit(0)


def deaths(root: Path, act: Callable[[Place], object], times: int, seed: int) -> Iterator[tuple[Any, Any, Any, Any]]:
    """What is seen before, after a writer that was not killed, after each kill, and after the attempt that follows."""
    start = template(root / "template", root / "packages")
    whole = copy(start, root / "whole")
    old, began = seen(whole), time.perf_counter()
    act(whole)
    took, new, drawn = time.perf_counter() - began, seen(whole), random.Random(seed)
    clean(whole)
    for number in range(1, 1 + (times or 10_000)):
        place = copy(start, root / "now")
        dies = dies_after(drawn.uniform(0, 1.2 * took)) if times else dies_at(number)
        if not dies(lambda place=place: act(place)) and not times:
            return
        found = seen(place)
        if found == old or act in (ACTS["materialize"], ACTS["gc"]):
            act(place)
        clean(place)
        yield old, new, found, seen(place)
        shutil.rmtree(place.root)


def copy(place: Place, root: Path) -> Place:
    shutil.copytree(place.root, root)
    return Place(root, place.packages)


def main(root: str, name: str, times: str = "0", seed: str = "0") -> None:
    chain.SEGMENT = ENTRIES
    kills, news = 0, []
    for old, new, found, after in deaths(Path(root), ACTS[name], int(times), int(seed)):
        assert found in (old, new), (kills, found)
        assert after == new, (kills, after)
        kills += 1
        news.append(found == new)
    print(json.dumps({"kills": kills, "new": sum(news), "in_order": news == sorted(news)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
