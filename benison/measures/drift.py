"""Drift between two samples of one column: PSI on bins that the reference fixed, and whether it is more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

# Jeffreys' half row in each bin: an empty bin must not make the logarithm infinite.
_PRIOR = 0.5
# Bins with fewer rows than this to be expected share one: their logarithms do not follow the chi-square law.
_FEWEST_EXPECTED = 2.0
# How near a value must be to a column's only value to count as the same one.
_SAME = 1e-9


@dataclass(frozen=True)
class Drift:
    """How far a sample is from its reference.

    Attributes:
        psi: The population stability index: 0 for equal shares; over 0.1 is commonly called a shift, over 0.25 a large
            one.
        p_value: How often two samples of these sizes from one distribution are at least as far apart.
        bins: How many bins were compared.
        enough: Whether the rows are enough to tell anything: not so where all bins were too scarce to stand alone.
    """

    psi: float
    p_value: float
    bins: int
    enough: bool


def quantile_edges(values: Floats, bins: int = 10) -> Floats:
    """Inner edges that cut a sample into bins of rows as equal in number as its ties allow.

    Bin i holds edges[i-1] < x <= edges[i]. Each edge is a value of the sample, the one whose rank is nearest to
    a quantile i/bins, and never the largest. A column with a single value gets an edge just below and just above
    it, so that leaving it is seen.

    Args:
        values: Finite numbers, in any order.
        bins: At most so many bins.

    Returns:
        Ascending, distinct edges, at most bins - 1; none for no values.

    >>> quantile_edges(np.array([0.0, 0.0, 0.0, 5.0, 7.0]), bins=2)
    array([0.])
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) == 0:
        return np.empty(0)
    if len(distinct) == 1:
        nearby = _SAME * max(1.0, abs(distinct[0]))
        return np.array([distinct[0] - nearby, distinct[0] + nearby])
    ranks = np.cumsum(counts)[:-1]
    wanted = len(values) * np.arange(1, bins) / bins
    above = np.minimum(np.searchsorted(ranks, wanted), len(ranks) - 1)
    below = np.maximum(above - 1, 0)
    nearest = np.where(wanted - ranks[below] < ranks[above] - wanted, below, above)
    return np.asarray(distinct[np.unique(nearest)], dtype=np.float64)


def bin_counts(values: Floats, edges: Floats) -> Counts:
    """How many values lie in each bin edges[i-1] < x <= edges[i]; the outer bins are open.

    Args:
        values: Numbers, infinite ones allowed, NaN not.
        edges: Ascending inner edges.

    Returns:
        len(edges) + 1 counts.

    >>> bin_counts(np.array([-3.0, 0.0, 1.0]), np.array([0.0]))
    array([2, 1])
    """
    return np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1).astype(np.int64)


def compare(reference: Counts, sample: Counts) -> Drift:
    """PSI of two samples over the same bins, and its significance.

    PSI = sum (q - p) ln(q / p), with p and q the bins' shares in reference (n rows) and sample (m rows). Where both
    come from one distribution it follows chi2(B - 1) * (1/n + 1/m). Pearson's statistic follows the same law
    and errs the other way where bins are nearly empty, so the larger of both p-values counts.

    Args:
        reference: Rows in each bin, at least one row in all.
        sample: Likewise; the same number of bins.

    Returns:
        The comparison; PSI 0 and p-value 1 where there is but one bin with rows.

    Raises:
        ValueError: The numbers of bins differ, or one side has no rows.
    """
    if len(reference) != len(sample) or not reference.sum() or not sample.sum():
        raise ValueError("two samples over the same bins, neither empty, can be compared")
    first, second = _pooled(reference.astype(np.float64), sample.astype(np.float64))
    bins = len(first)
    if bins < 2:
        return Drift(0.0, 1.0, bins, enough=bool(np.count_nonzero(reference + sample) < 2))
    n, m = first.sum(), second.sum()
    p, q = (first + _PRIOR) / (n + _PRIOR * bins), (second + _PRIOR) / (m + _PRIOR * bins)
    psi = float(np.sum((q - p) * np.log(q / p)))
    pearson = float(np.sum((first / n - second / m) ** 2 * (n + m) / (first + second)))
    scale = 1 / n + 1 / m
    return Drift(psi, max(chi_square_survival(found / scale, bins - 1) for found in (psi, pearson)), bins, enough=True)


def _pooled(reference: Floats, sample: Floats) -> tuple[Floats, Floats]:
    """The same counts without empty bins, and with the scarce ones put together."""
    both = reference + sample
    expected = both * min(reference.sum(), sample.sum()) / both.sum()
    scarce = expected < _FEWEST_EXPECTED
    first, second = (np.append(counts[~scarce], counts[scarce].sum()) for counts in (reference, sample))
    return first[first + second > 0], second[first + second > 0]


def chi_square_survival(statistic: float, freedom: int) -> float:
    """P(X > statistic) for a chi-square variable: the finite sum that whole degrees of freedom have.

    Q(k/2, x) = [k odd] erfc(sqrt x) + exp(-x) * sum x^a / Gamma(a + 1), over a = 0, 1, .. (k even) or 1/2, 3/2, ..
    (k odd) below k/2, with x = statistic / 2. See NIST DLMF 8.4.8 to 8.4.10.

    Args:
        statistic: 0 or more.
        freedom: Degrees of freedom, at least 1.

    >>> round(chi_square_survival(3.841, 1), 3)
    0.05
    """
    half, odd = statistic / 2, freedom % 2
    if half <= 0:
        return 1.0
    powers = (order + odd / 2 for order in range(freedom // 2))
    terms = math.fsum(math.exp(a * math.log(half) - half - math.lgamma(a + 1)) for a in powers)
    return min(1.0, odd * math.erfc(math.sqrt(half)) + terms)


def benjamini_hochberg(p_values: Sequence[float]) -> Floats:
    """P-values adjusted for how many were looked at, so that those under a level have at most that false share.

    adjusted_(i) = min over j >= i of p_(j) * count / j, with p_(1) <= p_(2) <= ... (Benjamini and Hochberg, 1995).

    Args:
        p_values: Numbers from 0 to 1.

    Returns:
        The adjusted ones, in the order given.

    >>> benjamini_hochberg([0.01, 0.5, 0.03])
    array([0.03 , 0.5  , 0.045])
    """
    given = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(given)[::-1]
    ranks = np.arange(len(given), 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum.accumulate(given[order] * len(given) / ranks)
    return np.minimum(adjusted, 1.0)
