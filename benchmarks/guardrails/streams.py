"""Traffic of rollouts as blocks of two arms: many rollouts at once, with how it comes and what the challenger does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benison.measures.evidence import Answers, Floats
from benison.measures.sequential import BLOCK_SECONDS

STEPS = ((1, 1800), (5, 7200), (25, 7200))
SHARES = np.repeat([percent / 100 for percent, _ in STEPS], [int(seconds / BLOCK_SECONDS) for _, seconds in STEPS])
BLOCKS = SHARES.size
# What is sold: one request in fifty buys, and what it pays has a long tail.
SALES, TAIL = 0.02, 1.5
# Above so many sales in a block their sum is drawn from its normal limit.
EXACT_SALES = 400
Levels = tuple[Floats, Floats, Floats]


@dataclass(frozen=True)
class Metric:
    """What is counted or summed, the champion's mean of it, and absolute limits: of other rules, of a breaker."""

    name: str
    base: float
    limit: float
    breaker: float = float("inf")
    sign: int = 1
    ratio: float = 1.0


ERRORS = Metric("errors", 0.01, 0.02, breaker=0.2)
SLOW = Metric("slow answers", 0.05, 0.10, breaker=0.5)
REVENUE = Metric("revenue", SALES, 0.9 * SALES, sign=-1, ratio=0.98)


@dataclass(frozen=True)
class Streams:
    """Rollouts, blocks: what both arms answered."""

    metric: Metric
    champion: Answers
    challenger: Answers


def even(random: np.random.Generator, shape: tuple[int, int]) -> Levels:
    """The same traffic and rates all the time, requests independent."""
    ones = np.ones(shape)
    return ones, ones, ones


def _bursts(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """One block in twenty with eleven times the rate, the others with less than half, on the mean 1."""
    return np.where(random.random(shape) < 0.05, 11.0, (1 - 0.05 * 11) / 0.95)


def shared_bursts(random: np.random.Generator, shape: tuple[int, int]) -> Levels:
    both = _bursts(random, shape)
    return np.ones(shape), both, both


def own_bursts(random: np.random.Generator, shape: tuple[int, int]) -> Levels:
    return np.ones(shape), _bursts(random, shape), _bursts(random, shape)


def wandering(memory: float) -> Callable[[np.random.Generator, tuple[int, int]], Levels]:
    """The logarithm of each arm's rate an autoregression of its own, of standard deviation 0.8."""

    def arm(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
        state, fresh = np.empty(shape), random.normal(size=shape)
        state[:, 0] = fresh[:, 0]
        for block in range(1, shape[1]):
            state[:, block] = memory * state[:, block - 1] + np.sqrt(1 - memory**2) * fresh[:, block]
        return np.exp(0.8 * state - 0.32)

    return lambda random, shape: (np.ones(shape), arm(random, shape), arm(random, shape))


def diurnal(random: np.random.Generator, shape: tuple[int, int]) -> Levels:
    """Traffic and rates by the hour, the rollout beginning at any; rates are highest two hours after traffic."""
    hours = random.random((shape[0], 1)) * 24 + np.arange(shape[1]) * BLOCK_SECONDS / 3600
    level = 1 + 0.8 * np.sin((hours - 2) * np.pi / 12)
    return 1 + 0.8 * np.sin(hours * np.pi / 12), level, level


def drifting(random: np.random.Generator, shape: tuple[int, int]) -> Levels:
    """A trend: rates grow from a half to one and a half while traffic shrinks likewise, or the other way round."""
    trend = random.choice([-1.0, 1.0], (shape[0], 1)) * np.linspace(-0.5, 0.5, shape[1])
    return 1 - trend, 1 + trend, 1 + trend


def heavy_tails(random: np.random.Generator, shape: tuple[int, int]) -> Levels:
    """Each arm's rate times a Pareto variable of its own (exponent 1.5: no variance), on the mean 1."""
    return np.ones(shape), (random.pareto(1.5, shape) + 1) / 3, (random.pareto(1.5, shape) + 1) / 3


TRAFFIC = {
    "independent": even,
    "bursts of both": shared_bursts,
    "bursts of each": own_bursts,
    "AR(1) 0.5 of each": wandering(0.5),
    "AR(1) 0.8 of each": wandering(0.8),
    "time of day": diurnal,
    "trend": drifting,
    "heavy tails of each": heavy_tails,
}


def draw(
    random: np.random.Generator, metric: Metric, traffic: str, rate: float, worse: float, rollouts: int
) -> Streams:
    """Rollouts in which the challenger's mean is `worse` times that of the champion."""
    volume, champion, challenger = TRAFFIC[traffic](random, (rollouts, BLOCKS))
    requests = random.poisson(rate * BLOCK_SECONDS * volume)
    own = random.binomial(requests, SHARES)
    # A rate cannot exceed 1, whatever the burst.
    theirs, ours = np.minimum(metric.base * champion, 1.0), np.minimum(metric.base * worse * challenger, 1.0)
    answered = sales if metric is REVENUE else counts
    return Streams(metric, answered(random, requests - own, theirs), answered(random, own, ours))


def counts(random: np.random.Generator, requests: Floats, rates: Floats) -> Answers:
    return Answers(requests.astype(float), random.binomial(requests.astype(int), rates).astype(float))


def sales(random: np.random.Generator, requests: Floats, rates: Floats) -> Answers:
    """Sums of lognormal payments of mean 1, and of their squares."""
    sold = random.binomial(requests.astype(int), rates)
    few = np.where(sold <= EXACT_SALES, sold, 0).ravel()
    total, squares = np.zeros(sold.shape), np.zeros(sold.shape)
    if few.any():
        paid = np.exp(TAIL * random.normal(size=int(few.sum())) - TAIL**2 / 2)
        starts = (np.cumsum(few) - few)[few > 0]
        total.ravel()[few > 0] = np.add.reduceat(paid, starts)
        squares.ravel()[few > 0] = np.add.reduceat(paid**2, starts)
    many = sold > EXACT_SALES
    spread = np.sqrt(sold * np.expm1(TAIL**2))
    total = np.where(many, sold + spread * random.normal(size=sold.shape), total)
    return Answers(requests.astype(float), total, np.where(many, sold * np.exp(TAIL**2), squares))
