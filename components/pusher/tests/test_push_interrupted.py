"""A push that stops anywhere is completed by repeating it, and then done once; a push that loses a race is blocked."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from benison.components.pusher.bless import bless
from benison.components.pusher.evidence import standing
from benison.components.pusher.publish import Push, publish
from benison.core import digests, documents
from benison.core.errors import RefusedError
from benison.core.store import Store
from benison.registry.log import Bless
from benison.registry.registry import Registry
from benison.registry.testing import NOON, Bench, MemoryStore, Stopped, StoppingStore, digest
from benison.registry.verification import verify

World = Any


def push(played: Any, store: Store) -> str:
    registry = Registry(store, "census")
    evidence = played.evidence()
    folder = played.folder / "model" / "Format-Serving"
    asked = Push(folder=folder, evidence=evidence, commit="", who="ci", when=NOON)
    state = registry.state()
    return publish(registry, state, asked, bless(evidence, standing(state, evidence))).outcome


@pytest.mark.slow
@pytest.mark.parametrize("done", [False, True])
def test_is_done_once_wherever_it_stopped_before(world: World, done: bool) -> None:
    played = world.round("one", [1]).write()
    for at in count(1):
        store = MemoryStore()
        stopping = StoppingStore(store, at, done=done)
        with suppress(Stopped):
            push(played, stopping)
        if not stopping.stopped:
            break
        for _ in range(2):
            assert push(played, store) == "pushed"
        registry = Registry(store, "census")
        assert [one.entry.action for one in registry.log()] == ["register", "bless", "promote"]
        assert list(registry.history.entries()) == [played.said("statistics/profile")["snapshot"]]
        assert verify(registry).unfinished == ()
        assert verify(registry).sound
    assert at > 15


def test_keeps_the_profile_also_where_the_model_is_champion_already(world: World) -> None:
    world.round("one", [1]).push()
    snapshot = digest("spans [1]")
    kept = world.root / "registry" / "census" / "history" / f"{digests.as_folder_name(snapshot)}.json"
    kept.unlink()
    again = world.round("one", [1])
    assert again.push() == "unchanged"
    assert documents.read(kept, "history_entry")["profile"] == documents.read(
        again.folder / "statistics" / "profile.json", "profile"
    )
    assert world.log == ["register", "bless", "promote"]


def test_loses_to_a_promotion_between_its_look_and_its_push(world: World, tmp_path: Path) -> None:
    played = world.round("one", [1]).write()
    store = MemoryStore()
    registry, evidence = Registry(store, "census"), played.evidence()
    state = registry.state()
    word = bless(evidence, standing(state, evidence))
    assert word.blessed
    other = Bench(Registry(store, "census"), tmp_path / "other").crown("other")
    folder = played.folder / "model" / "Format-Serving"
    asked = Push(folder=folder, evidence=evidence, commit="", who="ci", when=NOON)
    with pytest.raises(RefusedError, match=r"expected champion none, which it was compared with, got champion 3 \("):
        publish(registry, state, asked, word)
    assert push(played, store) == "blocked"
    assert registry.state().champion == other
    words = [one.entry for one in registry.log() if isinstance(one.entry, Bless)]
    assert [word.verdict for word in words if word.package == played.package] == ["PASS", "FAIL"]
    assert registry.state().challenger is None


def test_looks_again_by_itself_when_it_lost(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another champion comes in at the moment in which the pusher registers its own package."""
    played = world.round("one", [1])
    other = Bench(Registry.create(str(world.root / "registry"), "census"), tmp_path / "other")
    plain = Registry.register
    crowned: list[bool] = []

    def register(self: Registry, *arguments: Any, **said: Any) -> str:
        if not crowned and self is not other.registry:
            crowned.append(True)
            other.crown("other")
        return plain(self, *arguments, **said)

    monkeypatch.setattr(Registry, "register", register)
    assert played.push() == "blocked"
    assert crowned == [True]
    assert played.markers() == ["NOT_BLESSED"]
    assert played.blessing()["reasons"][0].startswith("it was compared with champion none, and the champion is 3 (")
    assert played.pushed()["champion_after"] == world.registry.state().champion.package
