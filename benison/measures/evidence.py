"""What many blocks of two concurrent arms say about their difference, after each of them.

With n1, n0 requests and means m1, m0 in block b, d_b = m1 - ratio * m0 has weight w_b = n1 n0 / (n1 + n0) (Mantel and
Haenszel): a block of three requests counts for three, not for as much as one of three thousand. The estimate is the sum
of w_b d_b over W, the sum of w_b. Means over all time would compare hours in which the challenger had 1% of the
traffic with hours in which it had 25%.

A difference m is ruled out when, with S = sum of w_b (d_b - m) and Q = sum of w_b^2 (d_b - m)^2,

    S^2 >= I q(W / r) max(Q, (Q + 2 P) / 3),    q(t) = 2 (1 + 1/t) log(sqrt(1 + t) / (2 alpha) + 1).

q is Robbins' mixture of normals for one side: the chance that it is ever crossed is alpha. r is half of the weight at
the first look, which makes the bounds narrowest at some seven times that weight. Q, squares about the value that is
tested and not about the estimate, is what S is measured by where increments are symmetric, even of few blocks. Where
most are slightly low and few very high (a challenger with rare sales) it is too small until the first high one;
P, the variance that the spread of single requests predicts, has a part therefore. I is the inflation by blocks that
hang together (`benison.measures.autocorrelation`).

References:
    Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024; preprint 2021). Time-uniform central limit theory and asymptotic
    confidence sequences. Annals of Statistics 52, 2613-2640.
    Howard, Ramdas, McAuliffe, Sekhon (2021). Time-uniform, nonparametric, nonasymptotic confidence sequences. Annals
    of Statistics 49, 1055-1080.
    Robbins (1970). Statistical methods related to the law of the iterated logarithm. Annals of Mathematical Statistics
    41, 1397-1409.
    de la Pena (1999). A general class of exponential inequalities for martingales and ratios. Annals of Probability 27,
    537-564, for Q alone.
    Delyon (2009). Exponential inequalities for sums of weakly dependent variables. Electronic Journal of Probability
    14, 752-779, for (Q + 2 P) / 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from benison.measures.autocorrelation import inflation

Floats = npt.NDArray[np.float64]
# None seen and four more predict what makes an upper bound of some 6 / n, as by the chance (1 - p)^n at 1% and less.
UNSEEN = 4.0


@dataclass(frozen=True)
class Answers:
    """What one arm answered in many blocks: arrays with time along the last axis, rollouts along any before it.

    Attributes:
        requests: How many.
        total: Sum of the metric over them.
        squares: Sum of its squares; None where each request counts 0 or 1.
    """

    requests: Floats
    total: Floats
    squares: Floats | None = None

    def followed_by(self, more: Answers) -> Answers:
        """With later blocks; of counts, squares are totals."""
        squares = None
        if self.squares is not None or more.squares is not None:
            both = (one.total if one.squares is None else one.squares for one in (self, more))
            squares = np.concatenate([*both], axis=-1)
        requests = np.concatenate([self.requests, more.requests], axis=-1)
        return Answers(requests, np.concatenate([self.total, more.total], axis=-1), squares)

    def mean(self) -> Floats:
        """Of each block; 0 where it has no requests."""
        found: Floats = self.total / np.maximum(self.requests, 1)
        return found

    def variance(self, unseen: float = 0.0) -> Floats:
        """Of single requests up to each block.

        Args:
            unseen: Of counts, so many more that count (or, below 0, do not) than were seen: no failure among ninety
                requests does not make failures impossible.
        """
        requests, total = np.cumsum(self.requests, axis=-1), np.cumsum(self.total, axis=-1)
        several = np.maximum(requests + abs(unseen), 1)
        if self.squares is None:
            share = (total + max(unseen, 0.0)) / several
            found: Floats = share * (1 - share)
        else:
            several = np.maximum(requests, 1)
            found = np.maximum(np.cumsum(self.squares, axis=-1) / several - (total / several) ** 2, 0.0)
        return found


@dataclass(frozen=True)
class Evidence:
    """All that bounds depend on, after each block.

    Attributes:
        weight: W, sum of weights.
        heaviness: Sum of their squares.
        first: Sum of w d.
        linear: Sum of w^2 d.
        square: Sum of w^2 d^2.
        predicted: P, for the lower bound.
        predicted_above: P for the upper one, which has to allow for failures of the challenger that are still to come.
        inflation: I, 1 or more.
        reference: r; NaN before the first look.
    """

    weight: Floats
    heaviness: Floats
    first: Floats
    linear: Floats
    square: Floats
    predicted: Floats
    predicted_above: Floats
    inflation: Floats
    reference: Floats

    @property
    def estimate(self) -> Floats:
        """Weighted mean of the differences; NaN without any weight."""
        return np.divide(self.first, self.weight, out=np.full_like(self.first, math.nan), where=self.weight > 0)

    def last(self) -> Evidence:
        """After the last block."""
        return Evidence(*(getattr(self, field.name)[..., -1] for field in fields(self)))

    def extended(self, more: float, weight: float, heaviness: float) -> Evidence:
        """After more blocks of the same estimate and variance, each with so much weight and squared weight."""
        spread = (self.square - self.linear**2 / self.heaviness) / self.weight
        centre = self.linear / self.heaviness
        return Evidence(
            self.weight + more * weight,
            self.heaviness + more * heaviness,
            self.first + more * weight * self.estimate,
            self.linear + more * heaviness * centre,
            self.square + more * (heaviness * centre**2 + weight * spread),
            self.predicted * (1 + more * weight / self.weight),
            self.predicted_above * (1 + more * weight / self.weight),
            self.inflation,
            self.reference,
        )


def evidence(champion: Answers, challenger: Answers, *, ratio: float, min_blocks: int) -> Evidence:
    """The evidence after each block; one in which an arm answered nothing has no weight."""
    apart = challenger.mean() - ratio * champion.mean()
    weight = challenger.requests * champion.requests / np.maximum(challenger.requests + champion.requests, 1)
    square = weight * weight
    total = np.cumsum(weight, axis=-1)
    return Evidence(
        weight=total,
        heaviness=np.cumsum(square, axis=-1),
        first=np.cumsum(weight * apart, axis=-1),
        linear=np.cumsum(square * apart, axis=-1),
        square=np.cumsum(square * apart**2, axis=-1),
        predicted=_predicted(champion, challenger, square, ratio, -UNSEEN),
        predicted_above=_predicted(champion, challenger, square, ratio, UNSEEN),
        inflation=inflation(apart, weight),
        reference=_reference(weight, total, min_blocks),
    )


def _predicted(champion: Answers, challenger: Answers, square: Floats, ratio: float, unseen: float) -> Floats:
    """P; a challenger that has sold nothing yet is taken to vary as much as the champion."""
    theirs = champion.variance(-unseen)
    own, other = (np.cumsum(square / np.maximum(arm.requests, 1), axis=-1) for arm in (challenger, champion))
    found: Floats = np.maximum(theirs, challenger.variance(unseen)) * own + ratio**2 * theirs * other
    return found


def _reference(weight: Floats, total: Floats, min_blocks: int) -> Floats:
    blocks = np.cumsum(weight > 0, axis=-1)
    first_look = np.where((blocks == min_blocks) & (weight > 0), total, 0.0).sum(axis=-1, keepdims=True)
    return np.where(blocks >= min_blocks, first_look / 2, math.nan)


def bounds(found: Evidence, alpha: float) -> tuple[Floats, Floats]:
    """Lower and upper end of the differences that are not ruled out; infinite where none is.

    Args:
        found: The evidence.
        alpha: Of each bound alone, above 0 and below 0.5.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = found.inflation * crossing(found.weight / found.reference, alpha)
        low, high = _roots(found, factor, 1.0, found.predicted)
        lower, _ = _roots(found, factor, 1 / 3, found.predicted)
        _, higher = _roots(found, factor, 1 / 3, found.predicted_above)
    return np.minimum(low, lower), np.maximum(high, higher)


def crossing(time: Floats, alpha: float) -> Floats:
    """q(t): Brownian motion ever reaches sqrt(t q(t)), at any time t above 0, with a probability of at most alpha.

    In closed form a little above the boundary at which the mixture of exp(x B - x^2 t / 2) over the half normal x of
    variance 1 reaches 1 / alpha.

    Args:
        time: t, above 0.
        alpha: Of one side, above 0 and below 0.5.

    Reference:
        Howard et al. (2021), section 3.2.

    >>> f"{float(crossing(np.array(13.0), 0.01)):.2f}"
    '11.28'
    """
    found: Floats = 2 * (1 + 1 / time) * np.log(np.sqrt(1 + time) / (2 * alpha) + 1)
    return found


def _roots(found: Evidence, factor: Floats, share: float, predicted: Floats) -> tuple[Floats, Floats]:
    """Where W^2 (estimate - m)^2 = factor (share Q(m) + (1 - share) P), a quadratic in m."""
    leading = found.weight**2 - factor * share * found.heaviness
    middle = found.weight * found.first - factor * share * found.linear
    last = found.first**2 - factor * (share * found.square + (1 - share) * predicted)
    half = np.sqrt(np.maximum(middle**2 - leading * last, 0.0))
    known = (leading > 0) & (found.square + predicted > 0) & np.isfinite(factor)
    return np.where(known, (middle - half) / leading, -math.inf), np.where(known, (middle + half) / leading, math.inf)
