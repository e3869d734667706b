"""Who answers which request."""

import numpy as np
import pytest
from scipy import stats

from benison.delivery.traffic import Role, Traffic, place
from benison.registry.log import Champion

CHAMPION = Champion(3, "sha256:" + "0" * 64)
CHALLENGER = "sha256:" + "1" * 64
UNITS = [f"unit {number}" for number in range(20_000)]


@pytest.mark.parametrize("percent", [1.0, 5.0, 25.0, 50.0])
def test_the_challenger_answers_its_share_of_units(percent: float) -> None:
    traffic = Traffic(CHAMPION, CHALLENGER, percent=percent, salt="a")
    answered = sum(traffic.role(unit) is Role.CHALLENGER for unit in UNITS)
    assert stats.binomtest(answered, len(UNITS), percent / 100).pvalue > 0.001


def test_a_unit_stays_with_the_challenger_while_its_share_grows() -> None:
    at_five, at_twenty_five = (Traffic(CHAMPION, CHALLENGER, percent=share, salt="a") for share in (5.0, 25.0))
    few, many = ({unit for unit in UNITS if one.role(unit) is Role.CHALLENGER} for one in (at_five, at_twenty_five))
    assert few < many


def test_none_is_none_and_all_is_all() -> None:
    nobody, everybody = Traffic(CHAMPION, CHALLENGER, percent=0.0), Traffic(CHAMPION, CHALLENGER, percent=100.0)
    assert {nobody.role(unit) for unit in UNITS} == {Role.CHAMPION}
    assert {everybody.role(unit) for unit in UNITS} == {Role.CHALLENGER}


def test_without_a_challenger_the_champion_answers_and_nothing_is_copied() -> None:
    traffic = Traffic(CHAMPION, percent=50.0, shadow=50.0)
    assert {traffic.role(unit) for unit in UNITS[:100]} == {Role.CHAMPION}
    assert not any(traffic.is_shadowed(unit) for unit in UNITS[:100])


def test_places_are_even_and_independent_of_those_of_another_salt() -> None:
    first, second = (np.array([place(unit, salt) for unit in UNITS]) for salt in ("a", "b"))
    assert stats.kstest(first / 100, "uniform").pvalue > 0.001
    assert abs(stats.spearmanr(first, second).statistic) < 4 / len(UNITS) ** 0.5


def test_who_is_shadowed_does_not_hang_on_who_is_answered() -> None:
    traffic = Traffic(CHAMPION, CHALLENGER, percent=50.0, shadow=50.0, salt="a")
    both = sum(traffic.is_shadowed(unit) and traffic.role(unit) is Role.CHALLENGER for unit in UNITS)
    assert stats.binomtest(both, len(UNITS), 0.25).pvalue > 0.001


def test_salt_and_unit_do_not_run_into_each_other() -> None:
    assert place("bc", "a") != place("c", "ab")


@pytest.mark.parametrize(
    ("percent", "shadow", "side", "role", "copied"),
    [
        (5.0, 0.0, Role.CHAMPION, Role.CHAMPION, False),
        (100.0, 0.0, Role.CHAMPION, Role.CHAMPION, False),
        (0.0, 100.0, Role.CHAMPION, Role.CHAMPION, False),
        (5.0, 0.0, Role.CHALLENGER, Role.CHALLENGER, False),
        (100.0, 0.0, Role.CHALLENGER, Role.CHALLENGER, False),
        # Before the first step, and on the way back whatever a router does.
        (0.0, 0.0, Role.CHALLENGER, Role.CHAMPION, False),
    ],
)
def test_a_server_behind_a_router_answers_all_in_its_role(
    percent: float, shadow: float, side: Role, role: Role, copied: bool
) -> None:
    traffic = Traffic(CHAMPION, CHALLENGER, percent, shadow, "a", 7).behind_router(side)
    assert {traffic.role(unit) for unit in UNITS[:500]} == {role}
    assert any(traffic.is_shadowed(unit) for unit in UNITS[:500]) is copied
    assert (traffic.champion, traffic.number) == (CHAMPION, 7)
    assert (traffic.challenger is None) is (side is Role.CHAMPION)


def test_without_a_rollout_both_servers_behind_a_router_answer_with_the_champion() -> None:
    for side in (Role.CHAMPION, Role.CHALLENGER):
        traffic = Traffic(CHAMPION, number=7).behind_router(side)
        assert {traffic.role(unit) for unit in UNITS[:100]} == {Role.CHAMPION}
