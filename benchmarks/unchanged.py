"""Rows of a table that does not change, or only as tables do: twenty different columns, one of them the label."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benison.core.profiles import RowsProfile
from benison.measures.tallies import NEITHER, ColumnTally

LABEL = "label"
Random = np.random.Generator
Values = npt.NDArray[np.float64]
# Random numbers, rows, and how far the span lies from the usual one, 0 for not at all.
Draw = Callable[[Random, int, float], pa.Array]
# What a distance of 1 does: a shift by so many standard deviations, or so much more on scales and shares.
_REACH = 0.2


def _factor(away: float) -> float:
    return max(0.1, 1 + _REACH * away)


def _shifted(of: Callable[[Random, int], Values], deviation: float) -> Draw:
    return lambda random, rows, away: pa.array(of(random, rows) + _REACH * deviation * away)


def _scaled(of: Callable[[Random, int], Values]) -> Draw:
    return lambda random, rows, away: pa.array(of(random, rows) * _factor(away))


def _counts(of: Callable[[Random, int, float], Values]) -> Draw:
    return lambda random, rows, away: pa.array(of(random, rows, _factor(away)).astype(float))


def _missing(share: float) -> Draw:
    def draw(random: Random, rows: int, away: float) -> pa.Array:
        return pa.array(random.normal(size=rows), mask=random.random(rows) < share * _factor(away))

    return draw


def _texts(weights: Values) -> Draw:
    names = pa.array([f"value {number}" for number in range(len(weights))])

    def draw(random: Random, rows: int, away: float) -> pa.Array:
        tilted = weights * np.where(np.arange(len(weights)) % 2, _factor(away), 1.0)
        return names.take(pa.array(random.choice(len(weights), rows, p=tilted / tilted.sum())))

    return draw


def _or_zero(share: float, of: Callable[[Random, int], Values]) -> Callable[[Random, int], Values]:
    return lambda random, rows: np.where(random.random(rows) < share, 0.0, of(random, rows))


COLUMNS: Mapping[str, Draw] = {
    "normal": _shifted(lambda random, rows: random.normal(100, 15, rows), 15),
    "around_zero": _shifted(lambda random, rows: random.normal(0, 1, rows), 1),
    "uniform": _shifted(lambda random, rows: random.random(rows), 0.29),
    "exponential": _scaled(lambda random, rows: random.exponential(10, rows)),
    "lognormal": _scaled(lambda random, rows: random.lognormal(3, 1.5, rows)),
    "student_3": _shifted(lambda random, rows: random.standard_t(3, rows), 1.7),
    "half_zero": _scaled(_or_zero(0.5, lambda random, rows: random.lognormal(2, 1, rows))),
    "mostly_zero": _scaled(_or_zero(0.95, lambda random, rows: random.exponential(50, rows))),
    "few_integers": _counts(lambda random, rows, factor: random.poisson(3 * factor, rows)),
    "ages": _counts(lambda random, rows, factor: random.normal(40 * factor, 13, rows).round()),
    "rare_flag": _counts(lambda random, rows, factor: random.random(rows) < 0.01 * factor),
    "constant": _counts(lambda random, rows, factor: np.full(rows, 7.0)),
    "rarely_missing": _missing(0.003),
    "half_missing": _missing(0.4),
    "texts_3": _texts(np.array([0.7, 0.25, 0.05])),
    "texts_50": _texts(1 / np.arange(1, 51)),
    "texts_50_even": _texts(np.ones(50)),
    "texts_1000": _texts(1 / np.arange(1, 1001)),
    "texts_1000_even": _texts(np.ones(1000)),
    LABEL: _texts(np.array([0.8, 0.2])),
}


def tallied(array: pa.Array) -> ColumnTally:
    """A column's tally."""
    tally = ColumnTally.of(array.type)
    tally.add(array, np.full(len(array), NEITHER, np.int8))
    return tally


def drawn(random: Random, rows: int, away: Mapping[str, float] | None = None) -> dict[str, ColumnTally]:
    """So many rows, by column; `away` says how far each column lies from the usual one."""
    return {name: tallied(draw(random, rows, (away or {}).get(name, 0.0))) for name, draw in COLUMNS.items()}


def profiled(tallies: Mapping[str, ColumnTally]) -> RowsProfile:
    """What is kept of them."""
    columns = {name: tally.profile() for name, tally in tallies.items()}
    label = columns[LABEL].values if LABEL in columns else {}
    return RowsProfile(
        rows=next(iter(columns.values())).rows,
        first=None,
        last=None,
        positives=label.get("value 1", 0),
        negatives=label.get("value 0", 0),
        columns=columns,
    )
