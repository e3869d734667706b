from __future__ import annotations

import pytest

from benison.core.errors import ConflictError, RefusedError, RegistryError
from benison.core.verdicts import Verdict
from benison.registry.log import Champion
from benison.registry.testing import SAID, Bench


def test_rolls_back_to_the_champion_before_under_a_higher_number(bench: Bench) -> None:
    first = bench.crown("one")
    second = bench.crown("two")
    logged = bench.registry.rollback(**SAID)
    assert bench.registry.state().champion == Champion(7, first.package)
    assert (logged.number, logged.entry.replaces) == (7, second)


def test_goes_further_back_each_time_and_never_to_what_was_rolled_back(bench: Bench) -> None:
    one, two, _ = bench.crown("one"), bench.crown("two"), bench.crown("three")
    bench.registry.rollback(**SAID)
    assert bench.registry.state().champion.package == two.package
    bench.registry.rollback(**SAID)
    assert bench.registry.state().champion.package == one.package
    message = r"rollback: expected a champion before this one, got champion 11 \(.*\) and none before\n\nhint: name a"
    with pytest.raises(RegistryError, match=message):
        bench.registry.rollback(**SAID)


def test_rolls_back_to_a_named_blessed_version(bench: Bench) -> None:
    bench.crown("one")
    blessed = bench.add("blessed")
    bench.bless(blessed)
    bench.crown("two")
    bench.registry.rollback(blessed, **SAID)
    assert bench.registry.state().champion.package == blessed


def test_does_not_roll_back_to_what_was_never_proven(bench: Bench) -> None:
    bench.crown("one")
    unproven = bench.add("unproven")
    bench.bless(unproven, Verdict.FAIL)
    with pytest.raises(RefusedError, match="expected a version that was champion or is blessed, got neither"):
        bench.registry.rollback(unproven, **SAID)


def test_does_not_roll_back_to_the_champion_nor_without_one(bench: Bench) -> None:
    with pytest.raises(RegistryError, match="rollback: expected a champion before this one, got champion none"):
        bench.registry.rollback(**SAID)
    one = bench.add("one")
    bench.bless(one)
    with pytest.raises(RegistryError, match="rollback: expected a champion to roll back from, got none"):
        bench.registry.rollback(one, **SAID)
    bench.registry.promote(one, **SAID)
    with pytest.raises(RegistryError, match="got the champion already"):
        bench.registry.rollback("champion", **SAID)


def test_rolls_back_once_when_asked_twice_with_a_number(bench: Bench) -> None:
    first, _, third = bench.crown("one"), bench.crown("two"), bench.crown("three")
    bench.registry.rollback(replacing=third.number, **SAID)
    with pytest.raises(ConflictError, match=r"rollback: expected champion 9, which is to go, got champion 10 \("):
        bench.registry.rollback(replacing=third.number, **SAID)
    assert bench.registry.state().champion.package != first.package
