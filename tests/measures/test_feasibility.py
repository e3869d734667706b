import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benison.core.errors import DataError
from benison.measures.evidence import Answers, bounds, evidence
from benison.measures.feasibility import Plan, Step, detectable, seconds_until, seconds_until_shown

PLAN = Plan([Step(5, 1800), Step(25, 3600)], rate=100, mean=0.02)


def simulated(plan: Plan, harm: float, rollouts: int = 300) -> np.ndarray[Any, np.dtype[np.float64]]:
    """After how many seconds each of many rollouts finds the harm; infinite where it does not."""
    random = np.random.default_rng(1)
    share = plan.shares()
    requests = random.poisson(plan.rate * plan.block_seconds, (rollouts, share.size))
    own = random.binomial(requests, share)
    champion, challenger = (
        Answers(many.astype(float), random.binomial(many, mean).astype(float))
        for many, mean in ((requests - own, plan.mean), (own, plan.mean + harm))
    )
    low, _ = bounds(evidence(champion, challenger, ratio=plan.ratio, min_blocks=plan.min_blocks), plan.alpha)
    seen = low > plan.limit
    return np.where(seen.any(axis=1), (seen.argmax(axis=1) + 1) * plan.block_seconds, math.inf)


@pytest.mark.parametrize("plan", [PLAN, replace(PLAN, rate=10), Plan([Step(1, 3600)], rate=50, mean=0.01)])
def test_the_harm_that_is_said_to_be_seen_is_seen_in_four_of_five_rollouts(plan: Plan) -> None:
    harm = detectable(plan)
    assert harm is not None
    assert 0.72 < np.isfinite(simulated(plan, harm)).mean() < 0.95


def test_a_harm_is_seen_by_when_it_was_said_to_be() -> None:
    expected = seconds_until(PLAN, 0.02)
    assert expected is not None
    assert np.quantile(simulated(PLAN, 0.02), 0.8) == pytest.approx(expected, rel=0.2)


def test_a_fourth_of_the_harm_takes_sixteen_times_the_traffic_where_traffic_is_ample() -> None:
    """Of a metric whose spread does not move with its mean, in steps of many requests and blocks."""
    plan = Plan([Step(50, 90_000)], rate=100, mean=10, deviation=5)
    small, large = detectable(replace(plan, rate=1600)), detectable(plan)
    assert small is not None and large is not None
    assert large / small == pytest.approx(4, rel=0.01)


def test_the_size_of_the_harm_follows_from_its_closed_form() -> None:
    """(sqrt(I q) + z) sigma / sqrt(W), where blocks are so many that what they weigh alone is nothing."""
    plan = Plan([Step(50, 900_000)], rate=100, mean=10, deviation=5)
    blocks, weight = 30_000, 100 * 30 * 0.25
    above = 1.5 / math.sqrt(blocks) + 1 / blocks
    time = blocks / (plan.min_blocks / 2)
    quantile = 2 * (1 + 1 / time) * math.log(math.sqrt(1 + time) / (2 * plan.alpha) + 1)
    expected = (math.sqrt(quantile * (1 + above) / (1 - above)) + 0.8416) * 5 / math.sqrt(blocks * weight)
    assert detectable(plan) == pytest.approx(expected, rel=0.002)


def test_harm_below_the_champion_is_found_as_one_above_is() -> None:
    plan = Plan([Step(20, 7200)], rate=50, mean=4, deviation=2)
    assert detectable(replace(plan, worse="lower")) == pytest.approx(detectable(plan), rel=1e-6)
    lower = replace(plan, worse="lower")
    assert seconds_until(lower, 0.3) == seconds_until(plan, 0.3)


def test_what_is_tolerated_is_added_to_the_harm() -> None:
    plan = Plan([Step(20, 7200)], rate=50, mean=4, deviation=2, worse="lower")
    strict, lenient = detectable(plan), detectable(replace(plan, ratio=0.98))
    assert strict is not None and lenient is not None
    assert lenient - strict == pytest.approx(0.02 * 4, rel=0.05)


def test_one_that_is_as_good_is_shown_to_be_within_the_limit_by_when_it_was_said_to_be() -> None:
    plan = replace(PLAN, rate=20, mean=0.02, limit=0.01, alpha=0.05)
    expected = seconds_until_shown(plan)
    assert expected is not None
    random = np.random.default_rng(2)
    requests = random.poisson(plan.rate * plan.block_seconds, (400, plan.shares().size))
    own = random.binomial(requests, plan.shares())
    champion, challenger = (
        Answers(many.astype(float), random.binomial(many, plan.mean).astype(float)) for many in (requests - own, own)
    )
    _, high = bounds(evidence(champion, challenger, ratio=1.0, min_blocks=plan.min_blocks), plan.alpha)
    shown = high <= plan.limit
    at = np.where(shown.any(axis=1), (shown.argmax(axis=1) + 1) * plan.block_seconds, math.inf)
    assert np.quantile(at, 0.8) == pytest.approx(expected, rel=0.2)


def test_a_loss_within_a_share_is_shown_from_below() -> None:
    """The same question with every sign turned."""
    gains = Plan([Step(20, 72_000)], rate=50, mean=4, deviation=2, worse="lower", ratio=0.9, alpha=0.05)
    costs = replace(gains, worse="higher", limit=0.4, ratio=1.0)
    found, other = seconds_until_shown(gains), seconds_until_shown(costs)
    assert found is not None and other is not None
    assert found == pytest.approx(other, rel=0.05)
    assert seconds_until_shown(replace(gains, steps=[Step(20, 600)], ratio=0.999)) is None


def test_a_step_too_short_for_a_first_look_sees_nothing() -> None:
    assert detectable(replace(PLAN, steps=[Step(5, 19 * 30)])) is None
    assert seconds_until(PLAN, 0.0005) is None
    assert 20 * 30 <= (seconds_until(PLAN, 0.9) or 0) < 1800


def test_a_challenger_with_a_request_every_other_block_is_looked_at_later() -> None:
    rare = replace(PLAN, rate=1.0, steps=[Step(2, 20_000)])
    assert (seconds_until(rare, 0.98, power=0.5) or 0) > 20 * 30 / (1 - math.exp(-0.6))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": []}, "plan of a rollout (seconds): expected a step of 30 s, a block, or more, got []"),
        ({"steps": [Step(1, 20)]}, "plan of a rollout (seconds): expected a step of 30 s, a block, or more, got [20]"),
        (
            {"steps": [Step(100, 60)]},
            "plan of a rollout (percent): expected above 0 and below 100 in every step, got [100]",
        ),
        ({"rate": 0}, "plan of a rollout (rate): expected above 0 requests a second, got 0"),
        ({"mean": 3}, "plan of a rollout (mean): expected 0 to 1, as there is no deviation, got 3"),
        ({"deviation": 0}, "plan of a rollout (deviation): expected above 0, got 0"),
    ],
)
def test_says_what_is_no_plan(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as raised:
        replace(PLAN, **wrong)
    assert str(raised.value) == message
