from __future__ import annotations

from typing import Any

import pytest

from benison.core.errors import IntegrityError
from benison.core.verdicts import Verdict
from benison.registry.fold import fold
from benison.registry.log import Bless, Champion, Entry, Logged, Promote, Register, Rollback
from benison.registry.state import State

SAID: dict[str, Any] = {"who": "ci", "when": "2026-11-20T12:00:00Z", "why": "test"}


class Log:
    """Writes entries as the registry would, one letter for a package."""

    def __init__(self, packages: str = "") -> None:
        self.entries: list[Entry] = []
        for package in packages:
            self.say(Register(package=package, spans=(1,), **SAID))

    def say(self, entry: Entry) -> Log:
        self.entries.append(entry)
        return self

    def state(self) -> State:
        return fold(Logged(number, "", "", entry) for number, entry in enumerate(self.entries, 1))

    def bless(self, package: str, verdict: Verdict = Verdict.PASS) -> Log:
        return self.say(Bless(package=package, verdict=verdict, compared_with=self.state().champion, **SAID))

    def promote(self, package: str, *, superior: bool = False, by_hand: bool = False) -> Log:
        champion = self.state().champion
        return self.say(Promote(package=package, superior=superior, by_hand=by_hand, replaces=champion, **SAID))

    def rollback(self, package: str) -> Log:
        return self.say(Rollback(package=package, replaces=self.state().champion, **SAID))


def test_is_empty_before_the_first_entry() -> None:
    state = Log().state()
    assert (state.champion, state.challenger, state.reference, state.number) == (None, None, None, 0)
    assert state.aliases == {"champion": None, "challenger": None, "reference": None}


def test_is_the_same_in_one_go_or_in_two() -> None:
    log = Log("abc").promote("a", superior=True).bless("b").promote("b").rollback("a").bless("c")
    logged = [Logged(number, "", "", entry) for number, entry in enumerate(log.entries, 1)]
    for cut in range(len(logged) + 1):
        assert fold(logged[cut:], fold(logged[:cut])) == log.state()


def test_keeps_the_reference_until_a_superior_version_comes() -> None:
    log = Log("abcd").promote("a", superior=True)
    assert log.state().reference == Champion(5, "a")
    assert log.promote("b").state().reference == Champion(5, "a")
    assert log.promote("c", superior=True).state().reference == Champion(7, "c")
    assert log.promote("d").state().reference == Champion(7, "c")


def test_takes_a_version_that_a_person_promotes_for_the_reference() -> None:
    assert Log("ab").promote("a").promote("b", by_hand=True).state().reference == Champion(4, "b")


def test_takes_the_first_champion_for_the_reference_whatever_its_entry_says() -> None:
    assert Log("a").promote("a").state().reference == Champion(2, "a")


def test_brings_back_the_reference_of_the_version_that_it_rolls_back_to() -> None:
    log = Log("abc").promote("a", superior=True).promote("b").promote("c", superior=True)
    state = log.rollback("b").state()
    assert (state.champion, state.reference) == (Champion(7, "b"), Champion(4, "a"))
    state = log.rollback("a").state()
    assert state.champion == state.reference == Champion(8, "a")


def test_takes_a_version_that_was_never_champion_for_its_own_reference() -> None:
    state = Log("ab").promote("a").bless("b").rollback("b").state()
    assert state.champion == state.reference == Champion(5, "b")


def test_has_a_blessed_version_as_challenger_until_it_is_promoted() -> None:
    log = Log("abc").promote("a").bless("b")
    assert log.state().challenger == "b"
    assert log.bless("c").state().challenger == "c"
    assert log.promote("c").state().challenger is None


def test_has_no_challenger_once_the_gate_takes_its_word_back() -> None:
    log = Log("abc").promote("a").bless("b")
    assert log.bless("c", Verdict.FAIL).state().challenger == "b"
    assert log.bless("b", Verdict.INCONCLUSIVE).state().challenger is None


def test_does_not_take_the_champion_for_a_challenger() -> None:
    assert Log("a").promote("a").bless("a").state().challenger is None
    assert Log("ab").promote("a").bless("b").rollback("b").state().challenger is None


def test_remembers_what_was_rolled_back_until_it_is_champion_again() -> None:
    log = Log("abc").promote("a").promote("b")
    assert log.rollback("a").state().rolled_back == {"b"}
    assert log.promote("c").state().rolled_back == {"b"}
    assert log.promote("b").state().rolled_back == set()


def test_goes_back_through_the_line_without_what_was_rolled_back() -> None:
    log = Log("abcd").promote("a").promote("b").promote("c")
    assert [one.champion.package for one in log.rollback("a").state().line] == ["a"]
    assert [one.champion.package for one in log.promote("d").state().line] == ["a", "d"]
    assert [one.champion.package for one in log.rollback("c").state().line] == ["a", "c"]
    assert [one.champion.package for one in log.state().reigns] == ["a", "b", "c", "a", "d", "c"]


@pytest.mark.parametrize(
    "entry",
    [
        Register(package="a", spans=(1,), **SAID),
        Bless(package="z", verdict=Verdict.PASS, **SAID),
        Promote(package="z", superior=True, by_hand=False, replaces=Champion(3, "a"), **SAID),
        Promote(package="b", superior=True, by_hand=False, **SAID),
        Promote(package="b", superior=True, by_hand=False, replaces=Champion(2, "a"), **SAID),
        Promote(package="b", superior=True, by_hand=False, replaces=Champion(3, "b"), **SAID),
        Rollback(package="z", replaces=Champion(3, "a"), **SAID),
        Rollback(package="b", **SAID),
    ],
)
def test_refuses_an_entry_that_cannot_follow(entry: Entry) -> None:
    with pytest.raises(IntegrityError, match=r"log entry 4: expected what can follow with champion 3 \(a\), got"):
        Log("ab").promote("a").say(entry).state()


def test_refuses_a_rollback_without_a_champion() -> None:
    with pytest.raises(
        IntegrityError, match="log entry 2: expected what can follow with champion none, got rollback of a"
    ):
        Log("a").rollback("a").state()
