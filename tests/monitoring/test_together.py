"""Windows that are too small to decide alone: together they end alerts of what is over, and none of what stays."""

from __future__ import annotations

import numpy as np
import pytest

from benison.config.monitor import Monitor
from benison.core.verdicts import Verdict
from benison.measures import surprise
from benison.monitoring.pool import Member, Pool, Pools, members_of
from benison.monitoring.sketch import Sketch
from benison.monitoring.together import _mixture, together
from tests.monitoring.live import GRID, MONDAY_S, Live, shares

LEARNED, HOUR = 60, 3600
USUAL, SHIFTED = shares(0), shares(1.0)


def learned(seed: int) -> Live:
    """A monitor of windows with 48 rows, of which nearly all say nothing alone."""
    one = Live(seed, wander=0.2)
    one.go_on(LEARNED)
    assert one.actions() == []
    return one


def test_a_shift_of_a_day_is_over_when_windows_together_are_as_before() -> None:
    for one in map(learned, (0, 1, 2, 4)):
        one.go_on(24, lambda number: SHIFTED)
        assert one.actions() == ["raise"]
        one.go_on(72)
        assert one.actions() == ["raise", "recover"]
        alone = [f.verdict for w in one.windows[-72:] for f in w.findings if f.kind == "drift" and f.windows == 1]
        assert alone.count(Verdict.INCONCLUSIVE) > 36, "one by one they would have taken for ever"


def test_a_shift_that_stays_is_not_over_and_is_told_to_be_a_new_level() -> None:
    for one in map(learned, (0, 1, 2, 4)):
        one.go_on(240, lambda number: SHIFTED)
        assert one.actions() == ["raise", "settle"]
        (alert,) = (each for each in one.log.state().open if each.raised.cause == "drift")
        _, told = next(entry for entry in one.log.entries() if entry[1].action == "settle")
        assert alert.settled == told.when
        assert told.why == (
            "drift of x: the last day is as the one before it, and not as it used to be: a new level; where that is "
            "how it is to be, accept it or train on it"
        )


def test_what_goes_on_changing_is_no_new_level() -> None:
    one = Live(3, rows=300)
    one.go_on(LEARNED)
    one.go_on(120, lambda number: shares(0.7 + 0.03 * (number - LEARNED)))
    assert "settle" not in one.actions()


def test_errors_of_few_requests_end_by_many_windows() -> None:
    one = Live(1)
    one.go_on(4)
    one.go_on(2, failed=0.3)
    assert one.actions("errors") == ["raise"]
    one.go_on(30)
    assert one.actions("errors") == ["raise", "recover"]


def test_a_column_that_fails_before_anything_is_known_is_learned_when_it_no_longer_does() -> None:
    one = Live(1)
    one.go_on(3, lambda number: np.eye(10)[9])
    assert one.actions() == ["raise"]
    one.go_on(90)
    assert one.actions() == ["raise", "recover"]
    assert one.memory.habit("none", ("drift", "x")) is not None
    assert next(found for found in one.windows[-1].findings if found.kind == "drift").against == "none"


def test_windows_none_of_which_is_a_sample_of_training_are_one_together() -> None:
    one = Live(2, rows=200)
    one.go_on(1, lambda number: np.eye(10)[0])
    assert one.actions() == ["raise"], "each holds a single bin of ten"
    one.go_on(60, lambda number: np.eye(10)[number % 10])
    assert "recover" in one.actions()


def test_a_column_that_stays_grossly_another_than_training_is_never_learned() -> None:
    one = Live(2, rows=200)
    one.go_on(100, lambda number: np.eye(10)[9])
    assert one.actions()[0] == "raise" and "recover" not in one.actions()
    assert one.memory.predictions(("drift", "x")) == 0
    drift = next(found for found in one.windows[-1].findings if found.kind == "drift")
    assert drift.missing == "192 windows since it failed, got 100"


def test_windows_of_one_slot_are_held_against_its_sum() -> None:
    one, random = Live(0), np.random.default_rng(5)
    one.go_on(LEARNED)
    key, rows = ("drift", "x"), [random.multinomial(40, USUAL) for _ in range(6)]
    members = [Member(MONDAY_S + (LEARNED + n) * HOUR, counts, None) for n, counts in enumerate(rows)]
    found = _mixture(one.memory, "none", key, members)
    expected = one.memory.expected("none", 0, key)
    assert found is not None and expected is not None
    plain = surprise.distance(expected[0], np.sum(rows, axis=0), expected[1])
    assert plain is not None
    assert found.distance.value == pytest.approx(plain.value) and found.distance.sampling == pytest.approx(
        plain.sampling
    )
    assert found.between == pytest.approx(1 / expected[1])


def test_windows_of_several_slots_are_held_against_a_mixture_of_their_shares() -> None:
    one = Live(0, rows=300, monitor=Monitor(season="day", min_rows=20))
    one.go_on(24 * 4, lambda number: shares(np.sin(number)))
    random, key = np.random.default_rng(5), ("drift", "x")
    members = [
        Member(MONDAY_S + (96 + n) * HOUR, random.multinomial(50 * (n + 1), shares(np.sin(n))), None) for n in range(3)
    ]
    found = _mixture(one.memory, "day", key, members)
    assert found is not None
    naive = np.zeros(10)
    for member in members:
        of_slot = one.memory.expected("day", member.start, key)
        assert of_slot is not None
        naive += int(member.counts.sum()) / 300 * of_slot[0] / of_slot[0].sum()
    assert found.counts / found.counts.sum() == pytest.approx(naive)


def test_looks_are_few_and_none_follows_a_failure_with_less_power() -> None:
    pool, looks = Pool(), []
    member = Member(0, np.ones(2, np.int64), None)
    for _ in range(200):
        if len(pool.members) + 1 == pool.next_look(6):
            looks.append(len(pool.members) + 1)
        pool.add(member)
    assert looks == [6, 12, 24, 48, 96, 192]
    assert Pool(fewest=24).next_look(6) == 24 and Pool().next_look(1) == 5
    assert Pool().next_look(10_000) == 168, "what ends an alert late must not keep a monitor from learning"


def test_a_window_that_fails_alone_begins_a_pool_anew() -> None:
    one = Live(1)
    one.go_on(LEARNED)
    one.go_on(10, lambda number: shares(2.0))
    one.go_on(4)
    failed = [at for at, window in enumerate(one.windows) if any(f.verdict is Verdict.FAIL for f in window.findings)]
    ((key, pool),) = one.memory.pools
    assert key == ("drift", "x")
    assert len(pool.members) == len(one.windows) - 1 - failed[-1]


def test_another_champion_empties_the_pools() -> None:
    pools, one, sketch = Pools(), Live(1), Sketch.empty(GRID)
    one.go_on(30)
    one.go_on(3, lambda number: shares(2.0))
    failing = next(w for w in one.windows if any(f.verdict is Verdict.FAIL for f in w.findings))
    pools.take(failing, members_of(sketch, 0, sketch.columns))
    pools.take(one.windows[0], members_of(sketch, 0, sketch.columns))
    assert [len(pool.members) for _, pool in pools] == [1]
    pools.restart()
    assert [len(pool.members) for _, pool in pools] == [0]


def test_nothing_is_asked_of_windows_together_where_none_failed() -> None:
    one = Live(4)
    one.go_on(LEARNED)
    assert together(one.memory, Sketch.empty(GRID), MONDAY_S, one.monitor) == []
