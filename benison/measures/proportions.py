"""Score intervals for proportions and for differences of proportions, independent and paired."""

from __future__ import annotations

import math

from scipy import optimize, special

from benison.measures.intervals import UNKNOWN, Interval, mover, union
from benison.measures.quantiles import normal

_STEP = 1e-13
# Shares from which on the upper end of the scale is no longer so far that Wilson's bound there holds.
_FAR = 0.3
_FEW = 30


def wilson(hits: float, trials: float, confidence: float) -> Interval:
    """Wilson's score interval of a proportion: all p with |hits/trials - p| <= z sqrt(p (1 - p) / trials).

    Args:
        hits: From 0 to `trials`.
        trials: How many; 0: nothing is said.
        confidence: Of each bound alone.

    Reference:
        Wilson (1927), JASA 22, 209-212; Newcombe (1998), Statistics in Medicine 17, 857-872, method 3.

    >>> found = wilson(81, 263, 0.975)
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.2553, 0.3662)
    """
    return _score(hits, trials, normal(confidence)) if trials else UNKNOWN


def clopper_pearson(hits: float, trials: float, confidence: float) -> Interval:
    """The exact interval of a proportion, whose bounds never hold less often than they say.

    Args:
        hits: From 0 to `trials`; no need to be whole.
        trials: How many, above 0.
        confidence: Of each bound alone.

    Reference:
        Clopper & Pearson (1934), Biometrika 26, 404-413.

    >>> found = clopper_pearson(20, 20, 0.95)
    >>> round(found.lower, 4), found.upper
    (0.8609, 1.0)
    """
    misses = trials - hits
    lower = float(special.betaincinv(hits, misses + 1, 1 - confidence)) if hits > 0 else 0.0
    upper = float(special.betaincinv(hits + 1, misses, confidence)) if misses > 0 else 1.0
    return Interval(lower, upper)


def wilson_of_share(share: float, error: float, size: float, most: float, quantile: float) -> Interval:
    """Wilson's interval of a share whose rows weigh differently, or hang together, and tell less than their number.

    The rows of equal weight that would give the share the error it has, share (1 - share) / error^2, take the place of
    the trials; where it has none, at 0 and 1, as many as `size`.

    Args:
        share: From 0 to 1.
        error: Its standard error.
        size: The effective number of rows by their weights and units alone.
        most: The rows that there are: a share is never known better than by so many.
        quantile: How many errors.

    Reference:
        Korn & Graubard (1998), Survey Methodology 24, 193-201, for the effective size; Franco, Little, Louis & Slud
        (2019), Journal of Survey Statistics and Methodology 7, 334-364, for Wilson's interval with it.
    """
    if not size > 0 or math.isnan(share) or math.isnan(error):
        return UNKNOWN
    trials = effective_trials(share, error, size, most)
    return _score(share * trials, trials, quantile)


def effective_trials(share: float, error: float, size: float, most: float) -> float:
    """How many rows of equal weight would give a share its error; as `wilson_of_share`."""
    return min(share * (1 - share) / error**2, most) if error > 0 else size


def _score(hits: float, trials: float, quantile: float) -> Interval:
    square = quantile**2
    centre = hits + square / 2
    half = math.sqrt(square * (max(hits * (trials - hits), 0.0) / trials + square / 4))
    lower = (centre - half) / (trials + square) if hits > 0 else 0.0
    upper = (centre + half) / (trials + square) if hits < trials else 1.0
    return Interval(lower, upper)


def on_both_sides(score: Interval, share: float, trials: float, confidence: float) -> Interval:
    """Wilson's interval, but on the far side, that of the nearer end of the scale, Clopper-Pearson's where it is wider.

    There Wilson's bound holds too rarely: the lower one of few hits among many, the upper one of few misses.

    Args:
        score: Wilson's.
        share: Of hits.
        trials: How many, or how many rows of equal weight would tell as much.
        confidence: Of each bound alone.

    Reference:
        Cai (2005), Journal of Statistical Planning and Inference 131, 63-88, on one-sided bounds.
    """
    if not score.known:
        return score
    exact = clopper_pearson(share * trials, trials, confidence)
    lower = min(score.lower, exact.lower) if share <= 1 - _FAR else score.lower
    upper = max(score.upper, exact.upper) if share >= _FAR else score.upper
    return Interval(lower, upper)


def proportion(hits: float, trials: float, confidence: float) -> Interval:
    """The interval of a proportion whose bounds both hold; see `on_both_sides`.

    Args:
        hits: From 0 to `trials`.
        trials: How many; 0: nothing is said.
        confidence: Of each bound alone.

    >>> found, score = proportion(3, 100, 0.95), wilson(3, 100, 0.95)
    >>> found.lower < score.lower, found.upper == score.upper
    (True, True)
    """
    score = wilson(hits, trials, confidence)
    return on_both_sides(score, hits / trials, trials, confidence) if trials else score


def tango(only_first: float, only_second: float, pairs: float, confidence: float) -> Interval:
    """Tango's score interval of the difference of two proportions on the same units.

    All d with |only_first - only_second - pairs d| <= z sqrt(pairs (2 q + d (1 - d))), where q is the likeliest
    share of units with the second alone, given d.

    Args:
        only_first: Units on which the first holds and the second does not.
        only_second: Units on which it is the other way round.
        pairs: All units; 0: nothing is said.
        confidence: Of each bound alone.

    Reference:
        Tango (1998), Statistics in Medicine 17, 891-908.

    >>> found = tango(1, 7, 21, 0.975)
    >>> round(found.lower, 3), round(found.upper, 3)
    (-0.517, -0.026)
    """
    if pairs == 0:
        return UNKNOWN
    quantile = normal(confidence)
    upper = _bound(only_first, only_second, pairs, quantile)
    lower = -_bound(only_second, only_first, pairs, quantile)
    return Interval(lower, upper)


def paired_difference(only_first: float, only_second: float, pairs: float, confidence: float) -> Interval:
    """Tango's interval, and where fewer than `_FEW` units tell the two apart, on each side no less than MOVER's.

    That is made of the interval of each share, whose far side holds; Tango's bound does not quite where one is near 0.

    Args:
        only_first: As in `tango`.
        only_second: Likewise.
        pairs: Likewise.
        confidence: Of each bound alone.
    """
    found = tango(only_first, only_second, pairs, confidence)
    if not found.known or only_first + only_second >= min(_FEW, pairs):
        return found
    one, two = only_first / pairs, only_second / pairs
    # Units on which only the one holds are none on which only the other does.
    correlation = -math.sqrt(one * two / ((1 - one) * (1 - two)))
    bounds = [proportion(hits, pairs, confidence) for hits in (only_first, only_second)]
    return union(found, mover(one, bounds[0], two, bounds[1], correlation))


def _bound(only_first: float, only_second: float, pairs: float, quantile: float) -> float:
    """The largest difference that is not refused; the statistic falls as the difference grows."""

    def left(difference: float) -> float:
        return _left(only_first, only_second, pairs, difference, quantile)

    # At the estimate itself nothing may be left, where no unit differs.
    low = (only_first - only_second) / pairs + _STEP
    if left(1.0) >= 0:
        return 1.0
    return float(optimize.brentq(left, low, 1.0, xtol=1e-15)) if left(low) > 0 else low


def _left(only_first: float, only_second: float, pairs: float, difference: float, quantile: float) -> float:
    """How far the statistic is from being refused; below 0 it is."""
    linear = (2 * pairs - only_first + only_second) * difference - only_first - only_second
    constant = -only_second * difference * (1 - difference)
    share = (math.sqrt(max(linear**2 - 8 * pairs * constant, 0.0)) - linear) / (4 * pairs)
    variance = pairs * (2 * share + difference * (1 - difference))
    return only_first - only_second - pairs * difference + quantile * math.sqrt(max(variance, 0.0))
