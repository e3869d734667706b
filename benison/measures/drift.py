"""Drift between two samples of a column: effects over bins that the reference fixed, and what chance does to them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benison.core.profiles import CATEGORICAL, ColumnProfile
from benison.measures.tallies import ColumnTally, TextTally

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

PSI, JENSEN_SHANNON, L_INFINITY = "psi", "jensen_shannon", "l_infinity"
# Jeffreys' half row in each bin: an empty bin must not make the logarithm infinite.
_PRIOR = 0.5
# Bins with fewer rows than this to be expected share one: their logarithms do not follow the chi-square law.
_FEWEST_EXPECTED = 2.0
# How near a value must be to a column's only value to count as the same one.
_SAME = 1e-9
# A value is certain to be among those that a reference kept by name from so many deviations above the least of them on.
_CERTAIN = 3.0


@dataclass(frozen=True)
class Drift:
    """How far a sample is from its reference.

    Attributes:
        effects: By measure: `PSI`, 0 for equal shares, over 0.1 commonly called a shift, over 0.25 a large one;
            `JENSEN_SHANNON`, from 0 to 1; `L_INFINITY`, the largest difference of a bin's shares.
        chance: What chance alone adds to each on average, at these numbers of rows.
        p_value: How often two samples of these sizes from one distribution are at least as far apart.
        bins: How many bins were compared.
        enough: Whether the rows are enough to tell anything: not so where all bins were too scarce to stand alone.
    """

    effects: Mapping[str, float]
    chance: Mapping[str, float]
    p_value: float
    bins: int
    enough: bool

    @property
    def psi(self) -> float:
        """The population stability index."""
        return self.effects[PSI]

    def beyond_chance(self, measure: str) -> float:
        """An effect less what chance adds to it; at least 0."""
        return max(0.0, self.effects[measure] - self.chance[measure])


@dataclass(frozen=True)
class Binned:
    """Rows of a reference and of a sample in the same bins.

    Attributes:
        before: Of the reference: bins in order, or named values and all others; missing ones last.
        now: Of the sample.
        first: Of the reference, in the bins that are compared, see `binned`; not always whole numbers.
        second: Of the sample, likewise.
    """

    before: Counts
    now: Counts
    first: Floats
    second: Floats


def binned(reference: ColumnProfile, tally: ColumnTally) -> Binned:
    """Counts a sample in the bins of its reference.

    Which values a reference has, and which of them it kept by name, is chance too: fifty rows show half of a hundred
    values, another fifty rows another half, and a bin of "all others" would be drift every time. So new values are
    compared one by one where the reference kept all of its own; where it kept the most frequent ones, see `_capped`.

    Args:
        reference: The profile of a column.
        tally: The same column of other rows; of the same kind, unless either has no value.

    Returns:
        Rows of all classes together.

    Raises:
        ValueError: The kinds differ.
    """
    by_bin = reference.values.values() if reference.kind == CATEGORICAL else reference.counts
    others = [reference.other] if reference.kind == CATEGORICAL else []
    before = np.array([*by_bin, *others, reference.missing], np.int64)
    if not reference.present or not tally.present:
        now = np.zeros(len(before), np.int64)
        now[-2:] = tally.present, tally.missing.sum()
        return _as_they_are(before, now)
    now = tally.binned(reference)
    if reference.kind != CATEGORICAL:
        return _as_they_are(before, now)
    texts = tally.texts if tally.texts is not None else TextTally()
    compared = _capped(reference, before, now) if reference.other else _complete(reference, before, now, texts)
    return Binned(before, now, *compared)


def _as_they_are(before: Counts, now: Counts) -> Binned:
    return Binned(before, now, before.astype(np.float64), now.astype(np.float64))


def _complete(reference: ColumnProfile, before: Counts, now: Counts, texts: TextTally) -> tuple[Floats, Floats]:
    """Every new value as a bin of its own; rows that the tally could not tell apart are none of theirs."""
    totals = texts.counts.sum(axis=1)
    new = np.array([totals[place] for text, place in texts.places.items() if text not in reference.values], np.int64)
    untold = now[-2] - new.sum()
    second = np.concatenate([now[:-2], new, [untold, now[-1]]])
    return np.concatenate([before[:-2], np.zeros(len(new)), before[-2:]]), second.astype(np.float64)


def _capped(reference: ColumnProfile, before: Counts, now: Counts) -> tuple[Floats, Floats]:
    """The values that were bound to be kept as they are; the rest in two bins, of which chance decided who is in which.

    A value that was kept by luck has more rows in the reference than it will have again. Among the rest, the named ones
    must have at least the average value's share, and at most the one they had: only outside of that they have moved.
    """
    named = len(reference.values)
    sure = np.zeros(named, bool) if not named else before[:named] + now[:named] >= _surely_kept(before, now)
    lucky, others = int(before[:named][~sure].sum()), reference.other
    lucky_now, others_now = float(now[:named][~sure].sum()), float(now[named])
    some = int((~sure).sum())
    least = some / max(some + 1, reference.distinct - named + some)
    share = np.clip(lucky_now / max(1.0, lucky_now + others_now), least, max(least, lucky / (lucky + others)))
    first = [*before[:named][sure], share * (lucky + others), (1 - share) * (lucky + others), before[-1]]
    return np.array(first), np.array([*now[:named][sure], lucky_now, others_now, now[-1]])


def _surely_kept(before: Counts, now: Counts) -> float:
    """From so many rows in both samples on, a value has more in the reference than the least that was kept by name.

    Of T rows in all, a share f = n / (n + m) is the reference's, give or take sqrt(T f (1 - f)).
    """
    f = before.sum() / (before.sum() + now.sum())
    least, deviations = float(before[:-2].min()), _CERTAIN * math.sqrt(1 - f)
    return float((deviations + math.sqrt(deviations**2 + 4 * least)) ** 2 / (4 * f))


def compare(reference: Floats | Counts, sample: Floats | Counts) -> Drift:
    """Effect sizes of two samples over the same bins, and their significance.

    With p and q the bins' shares in reference (n rows) and sample (m rows), after bins with fewer than two rows to be
    expected were put together:

    - PSI = sum (q - p) ln(q / p), with half a row added to each bin.
    - Jensen-Shannon = (KL(p, h) + KL(q, h)) / 2 with h = (p + q) / 2 and logarithms of base 2, as in TFDV.
    - L-infinity = max |q - p|.

    Where both come from one distribution PSI follows chi2(B - 1) * (1/n + 1/m). Pearson's statistic follows the same
    law and errs the other way where bins are nearly empty, so the larger of both p-values counts.

    Args:
        reference: Rows in each bin, at least one row in all.
        sample: Likewise; the same number of bins.

    Returns:
        The comparison; effects of 0 and p-value 1 where there is but one bin with rows.

    Raises:
        ValueError: The numbers of bins differ, or one side has no rows.
    """
    if len(reference) != len(sample) or not reference.sum() or not sample.sum():
        raise ValueError("two samples over the same bins, neither empty, can be compared")
    first, second = _pooled(reference.astype(np.float64), sample.astype(np.float64))
    bins = len(first)
    if bins < 2:
        nothing = dict.fromkeys((PSI, JENSEN_SHANNON, L_INFINITY), 0.0)
        return Drift(nothing, nothing, 1.0, bins, enough=bool(np.count_nonzero(reference + sample) < 2))
    n, m = first.sum(), second.sum()
    psi = _psi(first, second)
    pearson = float(np.sum((first / n - second / m) ** 2 * (n + m) / (first + second)))
    scale = 1 / n + 1 / m
    p_value = max(chi_square_survival(found / scale, bins - 1) for found in (psi, pearson))
    farthest, by_luck = _l_infinity(first, second)
    effects = {PSI: psi, JENSEN_SHANNON: _jensen_shannon(first / n, second / m), L_INFINITY: farthest}
    # Near equality the Jensen-Shannon divergence is PSI / (8 ln 2).
    by_chance = float((bins - 1) * scale)
    chance = {PSI: by_chance, JENSEN_SHANNON: by_chance / (8 * math.log(2)), L_INFINITY: by_luck}
    return Drift(effects, chance, p_value, bins, enough=True)


def _psi(first: Floats, second: Floats) -> float:
    bins = len(first)
    p, q = ((rows + _PRIOR) / (rows.sum() + _PRIOR * bins) for rows in (first, second))
    return float(np.sum((q - p) * np.log(q / p)))


def _jensen_shannon(p: Floats, q: Floats) -> float:
    between = (p + q) / 2
    terms = [share[share > 0] * np.log2(share[share > 0] / between[share > 0]) for share in (p, q)]
    return max(0.0, float(sum(term.sum() for term in terms)) / 2)


def _l_infinity(first: Floats, second: Floats) -> tuple[float, float]:
    """The largest difference of shares, and what chance adds to it: d - sqrt(d^2 - r (1 - r) (1/n + 1/m)).

    r is the bin's share in both together: the expected square of d is its true square and that variance.
    """
    n, m = first.sum(), second.sum()
    differences = np.abs(first / n - second / m)
    place = int(differences.argmax())
    both = float((first[place] + second[place]) / (n + m))
    farthest = float(differences[place])
    return farthest, farthest - math.sqrt(max(0.0, farthest**2 - both * (1 - both) * float(1 / n + 1 / m)))


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
