"""Drift between two samples of a column: effects over bins that the reference fixed, and what chance does to them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from benison.core.profiles import CATEGORICAL, ColumnProfile

# Tallies need scipy, which comparing counts does not.
if TYPE_CHECKING:
    from benison.measures.tallies import ColumnTally

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

PSI, JENSEN_SHANNON, L_INFINITY = "psi", "jensen_shannon", "l_infinity"
# Jeffreys' half row in each bin: an empty bin must not make the logarithm infinite.
_PRIOR = 0.5
# Bins with fewer rows than this to be expected share one: their logarithms do not follow the chi-square law.
_FEWEST_EXPECTED = 2.0
# A value is certain to be among those that a reference kept by name from so many deviations above the least of them on.
_CERTAIN = 3.0
_BEYOND_CHANCE = 5.0


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
    new = _new_values(reference, tally)
    compared = _capped(reference.distinct, before, now, new) if reference.other else _complete(before, now, new)
    return Binned(before, now, *compared)


def _as_they_are(before: Counts, now: Counts) -> Binned:
    return Binned(before, now, before.astype(np.float64), now.astype(np.float64))


def _new_values(reference: ColumnProfile, tally: ColumnTally) -> Counts:
    """Rows of each value that the reference did not keep by name, as far as they could be told apart."""
    if tally.texts is None:
        return np.zeros(0, np.int64)
    texts, totals = tally.texts, tally.texts.counts.sum(axis=1)
    return np.array([totals[place] for text, place in texts.places.items() if text not in reference.values], np.int64)


def _complete(before: Counts, now: Counts, new: Counts) -> tuple[Floats, Floats]:
    """Every new value as a bin of its own; rows that the tally could not tell apart are none of theirs."""
    second = [*now[:-2], *new, now[-2] - new.sum(), now[-1]]
    return np.array([*before[:-2], *np.zeros(len(new)), *before[-2:]], np.float64), np.array(second, np.float64)


def _capped(distinct: int, before: Counts, now: Counts, new: Counts) -> tuple[Floats, Floats]:
    """The values that were bound to be kept as they are; the rest in two bins, of which chance decided who is in which.

    A value that was kept by luck has more rows in the reference than it will have again. Among the rest, the named ones
    must have at least the average value's share of what is not new, and at most the one they had: only outside of that
    they have moved. What is new should be about as much as there were values with a single row (Good and Turing, 1953).
    A value that was not named had at most as many rows as the least of those that were; one that has more now than can
    come of that is a bin of its own. It must not be chance which one that is, so five deviations are asked for.
    """
    named, rows = len(before) - 2, before[:-2]
    least = int(rows.min(initial=before[-2]))
    sure = rows + now[:-2] >= _bound_to_be_kept(least, before.sum() / (before.sum() + now.sum()))
    risen = new[new > _most(_most(least) * now.sum() / before.sum())] if named else new[:0]
    had = np.full(len(risen), min(least, before[-2] / max(1, len(risen))))
    lucky, lucky_now = rows[~sure].sum(), now[:-2][~sure].sum()
    others, others_now = before[-2] - had.sum(), now[-2] - risen.sum()
    unnamed, some = max(1, distinct - named), np.count_nonzero(~sure)
    unseen = min(1.0, (np.count_nonzero(rows == 1) + unnamed) / max(1.0, lucky + others))
    lowest, highest = (1 - unseen) * some / (unnamed + some), lucky / max(1.0, lucky + others)
    share = np.clip(lucky_now / max(1, lucky_now + others_now), min(lowest, highest), highest)
    first = [*rows[sure], *had, share * (lucky + others), (1 - share) * (lucky + others), before[-1]]
    return np.array(first, np.float64), np.array([*now[:-2][sure], *risen, lucky_now, others_now, now[-1]], np.float64)


def _most(rows: float) -> float:
    """So many rows at most, for both: what is seen where this is expected, and what is expected where this is seen."""
    return float(rows + _BEYOND_CHANCE * math.sqrt(rows) + _BEYOND_CHANCE**2 / 2)


def _bound_to_be_kept(least: int, share: float) -> float:
    """From so many rows in both samples on, a value has more in the reference than the least that was kept by name.

    Of T rows in all, a share f = n / (n + m) is the reference's, give or take sqrt(T f (1 - f)).
    """
    deviations = _CERTAIN * math.sqrt(1 - share)
    return (deviations + math.sqrt(deviations**2 + 4 * least)) ** 2 / (4 * share)


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
    first, second = pooled(reference.astype(np.float64), sample.astype(np.float64))
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
    effects = {PSI: psi, JENSEN_SHANNON: jensen_shannon(first / n, second / m), L_INFINITY: farthest}
    # Near equality the Jensen-Shannon divergence is PSI / (8 ln 2).
    by_chance = float((bins - 1) * scale)
    chance = {PSI: by_chance, JENSEN_SHANNON: by_chance / (8 * math.log(2)), L_INFINITY: by_luck}
    return Drift(effects, chance, p_value, bins, enough=True)


def _psi(first: Floats, second: Floats) -> float:
    bins = len(first)
    p, q = ((rows + _PRIOR) / (rows.sum() + _PRIOR * bins) for rows in (first, second))
    return float(np.sum((q - p) * np.log(q / p)))


def jensen_shannon(p: Floats, q: Floats) -> float:
    """(KL(p, h) + KL(q, h)) / 2 with h = (p + q) / 2 and logarithms of base 2: from 0, for equal shares, to 1.

    Args:
        p: Shares that add up to 1.
        q: Likewise, of the same bins.
    """
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


def pooled(reference: Floats, sample: Floats) -> tuple[Floats, Floats]:
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
