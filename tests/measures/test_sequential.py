import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benison.core.errors import DataError
from benison.measures.sequential import (
    Arm,
    Block,
    Bounds,
    Trial,
    difference,
    differences,
    more_needed,
    split,
    sustained,
)

ALPHA = 0.01


def counted(*, blocks: int, champion: float = 0.01, challenger: float = 0.01, share: float = 0.2, seed: int = 0):
    """Blocks of some thousand requests, of which some fail."""
    random = np.random.default_rng(seed)
    requests = random.poisson(3_000, blocks)
    own = random.binomial(requests, share)
    rest = requests - own
    failed, theirs = random.binomial(own, challenger), random.binomial(rest, champion)
    return [
        Block(30.0 * number, Arm(int(many), int(bad)), Arm(int(few), int(worse)))
        for number, (many, bad, few, worse) in enumerate(zip(rest, theirs, own, failed, strict=True))
    ]


def paid(blocks: list[Block], each: float) -> list[Block]:
    """The same failures as payments of so much each."""

    def arm(one: Arm) -> Arm:
        return Arm(one.requests, each * one.total, each * each * one.total)

    return [Block(one.start, arm(one.champion), arm(one.challenger)) for one in blocks]


def naive_excess(blocks: Sequence[Block], value: float, *, below: bool, ratio: float) -> float:
    """S^2 over what rules the value out, in plain loops: 1 at a bound, more beyond it."""
    weights, apart, predicted = [], [], 0.0
    sums = {
        role: [sum(getattr(getattr(one, role), name) for one in blocks) for name in ("requests", "total")]
        for role in ("champion", "challenger")
    }
    more = {"champion": 4 if below else 0, "challenger": 0 if below else 4}
    shares = {role: (total + more[role]) / (requests + 4) for role, (requests, total) in sums.items()}
    spread = {role: share * (1 - share) for role, share in shares.items()}
    for one in blocks:
        few, many = one.challenger.requests, one.champion.requests
        weights.append(few * many / (few + many))
        apart.append(one.challenger.total / few - ratio * one.champion.total / many)
        own = max(spread.values()) / few
        predicted += weights[-1] ** 2 * (own + ratio**2 * spread["champion"] / many)
    summed = sum(w * (d - value) for w, d in zip(weights, apart, strict=True))
    squares = sum((w * (d - value)) ** 2 for w, d in zip(weights, apart, strict=True))
    time = sum(weights) / (sum(weights[:20]) / 2)
    quantile = 2 * (1 + 1 / time) * math.log(math.sqrt(1 + time) / (2 * ALPHA) + 1)
    return summed**2 / (naive_inflation(weights, apart) * quantile * max(squares, (squares + 2 * predicted) / 3))


def naive_inflation(weights: list[float], apart: list[float]) -> float:
    centre = sum(w * d for w, d in zip(weights, apart, strict=True)) / sum(weights)
    moved = [math.sqrt(w) * (d - centre) for w, d in zip(weights, apart, strict=True)]
    blocks = len(moved)
    slope = sum(a * b for a, b in itertools.pairwise(moved)) / sum(a * a for a in moved)
    raised = slope + (1 + 3 * slope) / blocks + (1.5 * math.sqrt((1 - slope**2) / blocks) if slope > 0 else 0.0)
    raised = min(max(raised, 0.0), 0.95)
    found = [(1 + raised) / (1 - raised)]
    for length in (4, 8, 16, 32):
        whole = blocks // length
        if whole >= 8:
            within = naive_within(weights, apart, whole * length)
            found.append(naive_between(weights, apart, whole, length) / within * whole / (whole - 1))
    return max(found)


def naive_within(weights: list[float], apart: list[float], blocks: int) -> float:
    centre = sum(w * d for w, d in zip(weights[:blocks], apart, strict=False)) / sum(weights[:blocks])
    return sum(w * (d - centre) ** 2 for w, d in zip(weights[:blocks], apart, strict=False))


def naive_between(weights: list[float], apart: list[float], whole: int, length: int) -> float:
    end = whole * length
    centre = sum(w * d for w, d in zip(weights[:end], apart, strict=False)) / sum(weights[:end])
    return sum(
        sum(math.sqrt(weights[n]) * (apart[n] - centre) for n in range(first, first + length)) ** 2
        for first in range(0, end, length)
    )


@pytest.mark.parametrize(("blocks", "ratio", "seed"), [(20, 1.0, 1), (33, 0.98, 2), (70, 1.0, 3), (300, 1.1, 4)])
def test_at_each_bound_the_sum_is_just_what_rules_it_out(blocks: int, ratio: float, seed: int) -> None:
    given = counted(blocks=blocks, challenger=0.02, seed=seed)
    found = difference(given, alpha=ALPHA, ratio=ratio)
    for bound in (found.low, found.high):
        assert naive_excess(given, bound, below=bound < found.estimate, ratio=ratio) == pytest.approx(1, abs=1e-6)
        away = bound + 0.1 * (bound - found.estimate)
        assert naive_excess(given, away, below=bound < found.estimate, ratio=ratio) > 1


# Half widths by `benchmarks/guardrails/peers.py`: ville 0.1.0, which has gbstats 0.8.0's to the digit, and savvi 0.3.1.
@pytest.mark.parametrize(
    ("blocks", "ville", "savvi"), [(40, 0.007690, 0.008365), (60, 0.006165, 0.006473), (540, 0.002114, 0.002124)]
)
def test_is_a_little_wider_than_peers_on_blocks_of_equal_weight(blocks: int, ville: float, savvi: float) -> None:
    apart = 0.01 + 0.02 * np.sin(1.7 * np.arange(blocks))
    spread = 50 * apart.var(ddof=1)
    given = [
        Block(30.0 * number, Arm(100, 0.0, 100 * spread), Arm(100, 100 * one, 100 * (spread + one * one)))
        for number, one in enumerate(apart)
    ]
    found = difference(given, alpha=ALPHA)
    assert found.estimate == pytest.approx(apart.mean())
    half = (found.high - found.low) / 2
    assert max(ville, savvi) < half < 1.2 * ville
    assert half / ville < 1.02 or blocks < 500


def test_blocks_that_share_a_burst_say_as_much_as_calm_ones() -> None:
    calm = [Block(30.0 * n, Arm(1000, 10 + n % 3), Arm(1000, 12 + n % 2)) for n in range(40)]
    stormy = [
        replace(one, champion=Arm(1000, one.champion.total + 300), challenger=Arm(1000, one.challenger.total + 300))
        if number % 7 == 0
        else one
        for number, one in enumerate(calm)
    ]
    quiet, loud = (difference(given, alpha=ALPHA) for given in (calm, stormy))
    assert loud.estimate == pytest.approx(quiet.estimate)
    assert loud.high - loud.low < 2.5 * (quiet.high - quiet.low)


def test_compares_arms_within_blocks_and_not_over_all_time() -> None:
    """The challenger has most of its traffic when everything fails more: means over all time differ by a factor."""
    given = [Block(30.0 * n, Arm(900, 9), Arm(100, 1)) for n in range(30)]
    given += [Block(30.0 * n, Arm(500, 50), Arm(500, 50)) for n in range(30, 60)]
    assert difference(given, alpha=ALPHA).estimate == pytest.approx(0)


def test_blocks_in_which_an_arm_answered_nothing_are_skipped_and_counted() -> None:
    given = counted(blocks=30)
    empty = [Block(1e6, Arm(100, 3), Arm(0, 0)), Block(1e6 + 30, Arm(0, 0), Arm(5, 5))]
    with_gaps = difference([*given, *empty], alpha=ALPHA)
    assert with_gaps == replace(difference(given, alpha=ALPHA), skipped=2)


def test_says_nothing_before_the_fewest_blocks_nor_of_none() -> None:
    assert difference([], alpha=ALPHA).skipped == 0
    assert math.isnan(difference([], alpha=ALPHA).estimate)
    few = difference(counted(blocks=19, challenger=0.5), alpha=ALPHA)
    assert (few.low, few.high, few.blocks) == (-math.inf, math.inf, 19)
    assert few.estimate == pytest.approx(0.49, abs=0.02)
    assert difference(counted(blocks=20, challenger=0.5), alpha=ALPHA).low > 0.3


def test_no_failure_anywhere_is_not_certainty() -> None:
    """180 requests without a failure: the rule of three says that up to 1.7% may fail, one in a hundred times 2.5%."""
    found = difference([Block(30.0 * n, Arm(297, 0), Arm(3, 0)) for n in range(60)], alpha=ALPHA)
    assert found.estimate == 0
    assert 0.025 < found.high < 0.1


def test_a_challenger_that_has_sold_nothing_yet_is_not_condemned_where_the_champion_rarely_sells() -> None:
    """60 blocks of 3 requests, of which one in a hundred buys for 50: that none of 180 does has a chance of 16%."""
    sold = [Block(30.0 * n, Arm(300, 150.0, 7500.0), Arm(3, 0.0, 0.0)) for n in range(60)]
    assert difference(sold, alpha=ALPHA).estimate == pytest.approx(-0.5)
    assert difference(sold, alpha=ALPHA).high > 0


def test_nothing_that_varies_tells_nothing() -> None:
    silent = [Block(30.0 * n, Arm(300, 0.0, 0.0), Arm(30, 0.0, 0.0)) for n in range(60)]
    assert difference(silent, alpha=ALPHA) == Bounds(0.0, -math.inf, math.inf, 60, 0)


@settings(max_examples=25, deadline=None)
@given(st.integers(20, 60), st.floats(0.01, 100), st.integers(0, 10_000))
def test_bounds_go_with_the_unit_of_the_metric(blocks: int, unit: float, seed: int) -> None:
    given = counted(blocks=blocks, challenger=0.03, seed=seed)
    plain, scaled = difference(paid(given, 1.0), alpha=ALPHA), difference(paid(given, unit), alpha=ALPHA)
    for name in ("estimate", "low", "high"):
        assert getattr(scaled, name) == pytest.approx(unit * getattr(plain, name), rel=1e-6, abs=1e-9 * unit)


def test_swapped_arms_swap_the_bounds() -> None:
    given = counted(blocks=40, challenger=0.03, share=0.5, seed=5)
    turned = [Block(one.start, one.challenger, one.champion) for one in given]
    found, other = difference(given, alpha=ALPHA), difference(turned, alpha=ALPHA)
    assert other.estimate == pytest.approx(-found.estimate)
    assert (other.low, other.high) == pytest.approx((-found.high, -found.low), rel=0.05)


def test_a_ratio_makes_a_share_of_the_champion_a_difference() -> None:
    given = counted(blocks=60, champion=0.2, challenger=0.2 * 0.98, share=0.5, seed=6)
    assert difference(given, alpha=ALPHA, ratio=0.98).estimate == pytest.approx(0, abs=0.003)
    assert difference(given, alpha=ALPHA).estimate == pytest.approx(-0.004, abs=0.003)


def test_neighbours_that_hang_together_widen_the_bounds() -> None:
    pattern = np.random.default_rng(7).permutation(np.repeat([0, 8], 40))

    def blocks(failed: Sequence[int]) -> list[Block]:
        return [Block(30.0 * n, Arm(1000, 10), Arm(1000, 10 + int(one))) for n, one in enumerate(failed)]

    mixed, runs = (
        difference(blocks(pattern), alpha=ALPHA),
        difference(blocks(np.repeat(np.resize([0, 8], 10), 8)), alpha=ALPHA),
    )
    assert runs.estimate == pytest.approx(mixed.estimate)
    assert runs.high - runs.low > 1.7 * (mixed.high - mixed.low)


def test_more_blocks_of_the_same_decide_when_they_were_said_to() -> None:
    given = counted(blocks=24, challenger=0.013, seed=8)
    assert difference(given, alpha=ALPHA).low < 0
    more = more_needed(given, limit=0.0, alpha=ALPHA)
    assert more is not None and 0 < more < 200
    for seed in range(3):
        longer = counted(blocks=24 + 3 * more, challenger=0.013, seed=seed)
        assert difference(longer, alpha=ALPHA).low > 0


def test_nothing_more_is_needed_once_decided_on_either_side() -> None:
    given = counted(blocks=40, challenger=0.05, seed=9)
    assert more_needed(given, limit=0.0, alpha=ALPHA) == 0
    assert more_needed(given, limit=0.2, alpha=ALPHA) == 0


def test_more_traffic_of_late_decides_in_fewer_blocks() -> None:
    slow = counted(blocks=60, challenger=0.012, share=0.02, seed=10)
    quick = [replace(one, start=one.start + 1e5) for one in counted(blocks=20, challenger=0.012, share=0.5, seed=11)]
    less, more = (more_needed(given, limit=0.01, alpha=1e-6) for given in ([*slow, *quick], slow))
    assert less is not None and more is not None and less < more


def test_it_is_not_foreseen_what_too_few_blocks_or_a_week_do_not_decide() -> None:
    assert more_needed(counted(blocks=10), limit=0.0, alpha=ALPHA) is None
    same = [Block(30.0 * n, Arm(1000, 10 + n % 2), Arm(1000, 10 + n % 2)) for n in range(30)]
    assert more_needed(same, limit=0.0, alpha=ALPHA) is None


@pytest.mark.parametrize(
    ("failed", "answer"),
    [
        ([9, 9, 9, 9], True),
        ([0, 9, 9, 9], True),
        ([9, 0, 9, 0], False),
        ([9, 9, 9, 9, 0, 0], False),
        ([5, 5, 5], False),
        ([9, 9], None),
    ],
)
def test_a_breach_is_sustained_in_three_of_the_last_four_blocks(failed: list[int], answer: bool | None) -> None:
    given = [Block(30.0 * n, Arm(1000, 0), Arm(50, one)) for n, one in enumerate(failed)]
    assert sustained(given, limit=0.1) is answer


def test_blocks_of_few_requests_neither_trip_the_breaker_nor_clear_it() -> None:
    few = [Block(30.0 * n, Arm(1000, 0), Arm(19, 19)) for n in range(4)]
    assert sustained(few, limit=0.1) is None
    assert sustained(few, limit=0.1, min_requests=19) is True


def test_the_chance_of_a_false_rollback_is_split_and_none_is_lost() -> None:
    parts = split(0.01, {"error_rate": 2, "latency": 1, "kpi": 1})
    assert parts == {"error_rate": 0.005, "latency": 0.0025, "kpi": 0.0025}
    assert split(0.01, {}) == {}


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: difference([], alpha=0.6), "guardrail (alpha): expected above 0 and below 0.5, got 0.6"),
        (lambda: difference([], alpha=0.01, min_blocks=1), "guardrail (min_blocks): expected 2 or more, got 1"),
        (
            lambda: difference([Block(30, Arm(1, 0), Arm(1, 0)), Block(0, Arm(1, 0), Arm(1, 0))], alpha=0.01),
            "guardrail (start of a block): expected later than 30, got 0",
        ),
        (
            lambda: difference([Block(0, Arm(3, 0), Arm(3, 12.5))], alpha=0.01),
            "guardrail (total of a block): expected how many of 3 requests count, as there is no sum of squares, "
            "got 12.5\n\nhint: give the sum of squares beside the sum",
        ),
        (
            lambda: difference([Block(0, Arm(3, 0), Arm(3, math.nan))], alpha=0.01),
            "guardrail (total of a block): expected a finite number, got nan",
        ),
        (
            lambda: difference([Block(0, Arm(3, 0), Arm(3, 1.5, -1.0))], alpha=0.01),
            "guardrail (squares of a block): expected 0 or more, and finite, got -1.0",
        ),
        (
            lambda: sustained([], limit=1, last=4, over=5),
            "guardrail (over): expected 1 to 4, the blocks that are looked at, got 5",
        ),
        (lambda: sustained([], limit=1, min_requests=0), "guardrail (min_requests): expected 1 or more, got 0"),
        (lambda: split(0.01, {"kpi": 0}), "guardrail (weight of kpi): expected a number above 0, got 0"),
    ],
)
def test_says_what_cannot_be_judged(act: Callable[[], object], message: str) -> None:
    with pytest.raises(DataError) as raised:
        act()
    assert str(raised.value) == message


@pytest.mark.parametrize("made", [lambda blocks: blocks, lambda blocks: paid(blocks, 7.5)])
def test_bounds_after_each_block_are_those_of_the_blocks_until_then(made: Callable[[list[Block]], list[Block]]) -> None:
    blocks = made(counted(blocks=60, challenger=0.02))
    for place in (0, 7, 8, 40):
        blocks[place] = replace(blocks[place], challenger=Arm(0, 0))
    found = differences(blocks, alpha=ALPHA, ratio=0.9, min_blocks=10)
    assert len(found) == 60
    assert (math.isnan(found[0].estimate), found[0].skipped, found[0].blocks) == (True, 1, 0)
    for place in (1, 8, 12, 13, 30, 40, 59):
        alone = difference(blocks[: place + 1], alpha=ALPHA, ratio=0.9, min_blocks=10)
        assert found[place] == pytest.approx(alone)
    assert differences([], alpha=ALPHA) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_trial_looked_at_again_and_again_knows_to_the_bit_what_its_blocks_say_at_once(seed: int) -> None:
    """Counts or amounts, an arm that is silent at times, and a block that turns out otherwise at a later look."""
    random = np.random.default_rng(seed)
    blocks = counted(blocks=400, challenger=0.02, seed=seed)
    blocks[200:] = paid(blocks[200:], 2.5) if seed % 2 else blocks[200:]
    for place in random.choice(400, 30, replace=False):
        blocks[place] = replace(blocks[place], challenger=Arm(0, 0))
    trial, many = Trial(0.9, 15), 0
    while many < 400:
        many = min(many + int(random.integers(0, 50)), 400)
        trial = trial.after(blocks[:many])
        asked = {"ratio": 0.9, "min_blocks": 15}
        for alpha in (0.05, ALPHA):
            assert repr(trial.difference(alpha)) == repr(difference(blocks[:many], alpha=alpha, **asked))
            needed = trial.more_needed(0.001, alpha)
            assert needed == more_needed(blocks[:many], limit=0.001, alpha=alpha, **asked)
        place = int(random.integers(0, many + 1))
        blocks[place : place + 1] = [replace(one, champion=Arm(70, 7)) for one in blocks[place : place + 1]]


def test_a_trial_refuses_a_new_block_that_is_not_later() -> None:
    trial = Trial().after([Block(30, Arm(1, 0), Arm(1, 0))])
    with pytest.raises(DataError, match=r"start of a block\): expected later than 30, got 30"):
        trial.after([*trial.blocks, Block(30, Arm(1, 0), Arm(1, 1))])
    with pytest.raises(DataError, match=r"min_blocks\): expected 2 or more, got 1"):
        Trial(min_blocks=1)
