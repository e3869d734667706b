"""What the project's rules of promotion, and its serving folder, make of a push."""

from __future__ import annotations

from typing import Any

import pytest

from benison.core import digests
from benison.registry.log import Champion
from benison.registry.testing import SAID

World = Any


def test_the_champion_lies_in_the_serving_folder_whatever_became_of_the_challenger(world: World) -> None:
    serving = world.root / "srv"
    first = world.round("one", [1])
    with (first.bundle / "project" / "benison.yaml").open("a") as file:
        file.write(f"serving: {{folder: {serving}}}\n")
    for played, verdict, number in (
        (first, "PASS", 3),
        (world.round("two", [1]), "FAIL", 3),
    ):
        played.judged(verdict).push()
        assert [path.name for path in (serving / "census").iterdir()] == [str(number)]
    assert digests.of_tree(serving / "census" / "3") == first.package
    world.round("three", [1]).push()
    assert sorted(path.name for path in (serving / "census").iterdir()) == ["3", "8"]


def release(world: World, rules: str) -> None:
    with (world.root / "bundle" / "project" / "benison.yaml").open("a") as file:
        file.write(f"release: {rules}\n")


@pytest.mark.parametrize(
    ("rules", "waits"),
    [
        ("{delivery: hold}", "blessed, and waits to be promoted: benison registry promote challenger"),
        ("{approval: required}", "blessed, and waits for an approval: benison registry approve challenger"),
    ],
)
def test_holds_a_blessed_model_where_the_rules_say_so(world: World, rules: str, waits: str) -> None:
    played = world.round("one", [1])
    release(world, rules)
    assert [played.push(), played.push()] == ["held", "held"]
    assert world.log == ["govern", "register", "bless"]
    assert world.registry.state().challenger == played.package
    assert played.pushed()["reason"] == waits
    assert played.blessing()["blessed"]


def test_goes_on_once_a_person_has_approved(world: World) -> None:
    played = world.round("one", [1])
    release(world, "{approval: required}")
    played.push()
    world.registry.approve("challenger", who="ann@desk", when=SAID["when"], why="looked at it")
    assert played.push() == "pushed"
    assert world.registry.state().champion == Champion(5, played.package)


def test_rules_that_are_taken_back_leave_a_trace(world: World) -> None:
    played = world.round("one", [1])
    release(world, "{force: forbidden}")
    assert played.push() == "pushed"
    path = played.bundle / "project" / "benison.yaml"
    path.write_text(path.read_text().replace("release: {force: forbidden}\n", ""))
    assert world.round("two", [1]).push() == "pushed"
    assert world.log == ["govern", "register", "bless", "promote", "govern", "register", "bless", "promote"]
