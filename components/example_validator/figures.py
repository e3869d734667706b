"""Figures: the numbers that tell a column's past from its present, and what chance does to each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from benison.core.profiles import NUMERIC, QUANTILES, ColumnProfile, RowsProfile
from benison.measures.bands import LOG, PLAIN, rows_variance, share_error

# A deviation that is smaller matters to nobody: half a percent of the rows; a twentieth of a column's deviation, or of
# its logarithm; a tenth more or fewer different values; a quarter more between the middle and the ends.
_OF_ROWS, _OF_DEVIATION, _OF_VARIETY, _OF_REACH = 0.005, 0.05, 0.1, 0.25
# Of the range of a column's values, for a quantile that falls on a value that many rows have: it may jump anywhere.
_OF_JUMP = 0.25
_JUDGED_QUANTILES = {0.05: "quantile_05", 0.5: "quantile_50", 0.95: "quantile_95"}
# The distance between the 5% and the 95% quantile of a normal variable, in standard deviations.
_NORMAL_WIDTH = 3.29
_FROM_0 = (0.0, math.inf)


@dataclass(frozen=True)
class Figure:
    """One figure of a column, now and in the past.

    Attributes:
        measure: Its name.
        now: Of the newest span; None where it has none.
        past: Of each past span; None likewise.
        error: The sampling error of `now` and of the past's median together, in the units of the axis.
        floor: A deviation that matters to nobody, likewise.
        axis: `PLAIN` or `LOG`.
        offset: What is added before logarithms are taken.
        sign: -1 turns the axis round before.
        blocks: Whether it may block: extremes and varieties only warn.
        low: Whether too low is wrong.
        high: Whether too high is.
        range: The least and the most that such a figure can be.
    """

    measure: str
    now: float | None
    past: tuple[float | None, ...]
    error: float
    floor: float
    axis: str = PLAIN
    offset: float = 0.0
    sign: float = 1.0
    blocks: bool = True
    low: bool = True
    high: bool = True
    range: tuple[float, float] = (-math.inf, math.inf)

    def among(self, columns: Sequence[ColumnProfile | None]) -> Figure:
        """The same with a place for each of these spans, also for those without the column, which have none of it."""
        values = iter(self.past)
        return replace(self, past=tuple(None if one is None else next(values) for one in columns))


def of_label(now: RowsProfile, past: Sequence[RowsProfile]) -> Figure:
    """The share of positive rows among those with a label."""
    counts = [(one.positives, one.positives + one.negatives) for one in (now, *past)]
    return _share("positive_share", counts)


def of_column(now: ColumnProfile, past: Sequence[ColumnProfile]) -> list[Figure]:
    """What is judged of a column: shares of any; moments, quantiles and extremes of numbers.

    Args:
        now: Of the newest span.
        past: Of each past span, at least one; of the same kind as `now` wherever either has values.
    """
    figures = [_share("missing_share", [(one.missing, one.rows) for one in (now, *past)])]
    with_values = [one for one in past if one.present]
    if not with_values or not now.present:
        return figures
    if now.kind == NUMERIC:
        figures += [_share("zeros_share", [(one.zeros, one.present) for one in (now, *past)])]
        figures += _Numbers(now, past, [one for one in with_values if _has_moments(one)]).figures()
    return [*figures, _variety(now, past, with_values)]


def _share(measure: str, counts: Sequence[tuple[int, int]]) -> Figure:
    """A share of rows, (some, all) for the newest span and each past one."""
    (some, rows), past = counts[0], counts[1:]
    there = [pair for pair in past if pair[1]]
    typical = (sum(one for one, _ in there) + 0.5) / (sum(of for _, of in there) + 1)
    error = share_error(typical, rows, rows_variance(rows, [of for _, of in there])) if rows and there else 0.0
    shares = [one / of if of else None for one, of in past]
    return Figure(measure, some / rows if rows else None, tuple(shares), error, _OF_ROWS, range=(0.0, 1.0))


def _variety(now: ColumnProfile, past: Sequence[ColumnProfile], with_values: Sequence[ColumnProfile]) -> Figure:
    """How many different values, by factors: as rows are more or fewer, so may they be."""
    usual = median(one.distinct for one in with_values)
    rows = math.log(now.present / median(one.present for one in with_values))
    values = tuple(one.distinct if one.present else None for one in past)
    error = 1 / math.sqrt(usual) + abs(rows)
    return Figure("distinct", now.distinct, values, error, _OF_VARIETY, LOG, blocks=False, range=_FROM_0)


@dataclass(frozen=True)
class _Numbers:
    """A numeric column, now and in the past; `usual` holds the past spans that have moments."""

    now: ColumnProfile
    past: Sequence[ColumnProfile]
    usual: Sequence[ColumnProfile]

    def figures(self) -> list[Figure]:
        """Moments, quantiles and extremes."""
        if not self.usual:
            return []
        if not _has_moments(self.now):
            return [replace(next(self._moments()), now=None)]
        return [*self._moments(), *self._quantiles(), *self._extremes()]

    def _moments(self) -> Iterator[Figure]:
        """Mean and deviation. Neither may hang on one row that is as far out as there ever was one.

        A deviation's own error is sqrt(1 / 2n) of it for normal numbers; where tails are heavy that row's part is more.
        """
        spread, variance, farthest = self._median(_std), self._variance(), self._farthest()
        floor = _OF_DEVIATION * (spread or _std(self.now))
        error = spread * math.sqrt(variance) + farthest / self.now.present
        yield self._figure("mean", _mean, error, floor)
        if spread > 0:
            offset = farthest / math.sqrt(self.now.present)
            error = math.sqrt(variance / 2) + math.log(math.hypot(1, offset / spread))
            yield replace(self._figure("std", _std, error, _OF_DEVIATION), axis=LOG, offset=offset, range=_FROM_0)

    def _quantiles(self) -> Iterator[Figure]:
        """Three quantiles. Where values repeat one may jump to the next value, and the farther the fewer there are."""
        variance, floor = self._variance(), _OF_DEVIATION * self._width()
        for share, measure in _JUDGED_QUANTILES.items():
            place = QUANTILES.index(share)
            low, at, high = (self._median(_quantile(of)) for of in (place - 1, place, place + 1))
            slope = max((at - low) / (share - QUANTILES[place - 1]), (high - at) / (QUANTILES[place + 1] - share))
            error = slope * math.sqrt(share * (1 - share) * variance)
            jump = _OF_JUMP * self._range() if self._repeats(place) else self._step() / 2
            yield self._figure(measure, _quantile(place), error, max(floor, jump))

    def _extremes(self) -> Iterator[Figure]:
        """How far out the ends are, by factors of the usual width. Only farther is wrong, and more rows go farther."""
        width = self._width() or self._median(_std)
        if not width:
            return
        rows = math.log(self.now.present / median(one.present for one in self.usual))
        middle = self._median(_quantile(QUANTILES.index(0.5)))
        for measure, of, sign in (("minimum", _minimum, -1.0), ("maximum", _maximum, 1.0)):
            figure = self._figure(measure, of, max(0.0, rows), _OF_REACH)
            yield replace(figure, axis=LOG, offset=width - sign * middle, sign=sign, blocks=False, low=False)

    def _figure(self, measure: str, of: Callable[[ColumnProfile], float], error: float, floor: float) -> Figure:
        past = tuple(of(one) if _has_moments(one) else None for one in self.past)
        return Figure(measure, of(self.now), past, error, floor)

    def _median(self, of: Callable[[ColumnProfile], float]) -> float:
        return median(of(one) for one in self.usual)

    def _variance(self) -> float:
        return rows_variance(self.now.present, [one.present for one in self.usual])

    def _farthest(self) -> float:
        """The largest distance of a row from its span's mean that there ever was."""
        return max(max(_maximum(one) - _mean(one), _mean(one) - _minimum(one)) for one in self.usual)

    def _width(self) -> float:
        """A deviation that outliers do not touch."""
        low, high = (self._median(_quantile(QUANTILES.index(share))) for share in (0.05, 0.95))
        return (high - low) / _NORMAL_WIDTH

    def _step(self) -> float:
        """The distance of neighbouring values, were they evenly spaced."""
        low, high = (self._median(_quantile(place)) for place in (0, -1))
        return (high - low) / max(1.0, self._median(lambda one: one.distinct) - 1)

    def _range(self) -> float:
        return max(map(_maximum, self.usual)) - min(map(_minimum, self.usual))

    def _repeats(self, place: int) -> bool:
        """Whether one value held a quantile and a neighbouring one, in any span."""
        values = [one.quantiles for one in self.usual]
        return any(one[place] in (one[place - 1], one[place + 1]) for one in values)


def _has_moments(column: ColumnProfile) -> bool:
    """Whether there are finite values, and moments that a float64 holds."""
    return None not in (column.mean, column.std, column.minimum, column.maximum) and bool(column.quantiles)


def _mean(column: ColumnProfile) -> float:
    return column.mean or 0.0


def _std(column: ColumnProfile) -> float:
    return column.std or 0.0


def _minimum(column: ColumnProfile) -> float:
    return column.minimum or 0.0


def _maximum(column: ColumnProfile) -> float:
    return column.maximum or 0.0


def _quantile(place: int) -> Callable[[ColumnProfile], float]:
    return lambda column: column.quantiles[place]
