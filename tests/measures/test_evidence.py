import numpy as np
import pytest
from scipy import stats

from benchmarks.guardrails.rules import RULES
from benchmarks.guardrails.streams import ERRORS, REVENUE, SLOW, Metric, draw
from benison.measures.autocorrelation import inflation
from benison.measures.evidence import Answers, bounds, crossing, evidence

# sqrt(t q(t)) for one side, from ville 0.1.0 by `benchmarks/guardrails/peers.py`: the boundary without a closed form.
BOUNDARY = {
    1: (4.75196, 4.12812, 3.26175),
    13: (13.61262, 12.10374, 10.07564),
    540: (95.59048, 87.39360, 76.78970),
    20_000: (640.33122, 595.45773, 538.69421),
}


@pytest.mark.parametrize("time", BOUNDARY)
def test_the_crossing_is_above_the_exact_boundary_by_less_than_two_percent(time: int) -> None:
    for alpha, exact in zip((0.0025, 0.01, 0.05), BOUNDARY[time], strict=True):
        found = np.sqrt(time * crossing(np.array(float(time)), alpha))
        assert exact < found < 1.02 * exact


def test_normal_steps_cross_no_more_often_than_alpha_says() -> None:
    walks = np.cumsum(np.random.default_rng(1).normal(size=(4_000, 1_000)), axis=1)
    time = np.arange(1, 1_001) / 10
    crossed = (walks >= np.sqrt(10 * time * crossing(time, 0.05))).any(axis=1).sum()
    assert stats.binomtest(int(crossed), 4_000, 0.05, alternative="greater").pvalue > 0.01
    assert crossed > 0.5 * 0.05 * 4_000


def test_what_is_known_after_each_block_is_what_the_blocks_until_then_say() -> None:
    random = np.random.default_rng(2)
    requests = random.poisson(60, (2, 3, 140)).astype(float)
    requests[0, 1, 10:14] = 0
    champion, challenger = (Answers(many, random.binomial(many.astype(int), 0.2).astype(float)) for many in requests)
    every = bounds(evidence(champion, challenger, ratio=1.0, min_blocks=20), 0.01)
    for end in (19, 24, 70, 140):
        until = (Answers(arm.requests[:, :end], arm.total[:, :end]) for arm in (champion, challenger))
        for whole, part in zip(every, bounds(evidence(*until, ratio=1.0, min_blocks=20), 0.01), strict=True):
            np.testing.assert_allclose(whole[:, end - 1], part[:, -1])


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.8])
def test_long_memory_is_found_and_none_is_not(memory: float) -> None:
    """The variance of a sum of an autoregression grows (1 + a) / (1 - a) times as fast as that of independent steps."""
    fresh = np.random.default_rng(3).normal(size=(200, 1_000))
    steps = fresh.copy()
    for block in range(1, steps.shape[1]):
        steps[:, block] = memory * steps[:, block - 1] + fresh[:, block]
    found = inflation(steps, np.ones_like(steps))[:, -1]
    truth = (1 + memory) / (1 - memory)
    assert np.median(found) == pytest.approx(truth, rel=0.3)
    assert np.median(found) > truth


NULLS: list[tuple[Metric, str, float]] = [
    (ERRORS, "independent", 10),
    (ERRORS, "bursts of both", 100),
    (ERRORS, "bursts of each", 100),
    (ERRORS, "AR(1) 0.8 of each", 1_000),
    (SLOW, "heavy tails of each", 100),
    (REVENUE, "independent", 10),
]


@pytest.mark.slow
@pytest.mark.parametrize(("metric", "traffic", "rate"), NULLS)
def test_false_rollbacks_stay_below_one_in_a_hundred(metric: Metric, traffic: str, rate: float) -> None:
    streams = draw(np.random.default_rng(4), metric, traffic, rate, metric.ratio, 400)
    false = int((RULES["Benison"](streams, 0.01) >= 0).sum())
    assert stats.binomtest(false, 400, 0.01, alternative="greater").pvalue > 0.01


@pytest.mark.slow
def test_a_test_that_is_peeked_at_and_single_requests_in_bursts_go_back_falsely() -> None:
    """Or the test above would show nothing."""
    streams = draw(np.random.default_rng(5), ERRORS, "bursts of both", 100, 1.0, 200)
    for rule in ("peeked test", "single requests"):
        assert (RULES[rule](streams, 0.01) >= 0).mean() > 0.25
