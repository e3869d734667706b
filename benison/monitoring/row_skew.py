"""row_skew: served values beside those that the data has of the same rows: in how many a column differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.config.limits import Limits
from benison.core.casts import as_text
from benison.core.verdicts import Verdict
from benison.measures import surprise
from benison.monitoring.grid import numbers_of
from benison.monitoring.joined import Differing, Joined
from benison.monitoring.judge import Asked
from benison.monitoring.windows import SKEW_ROWS, Finding

DATA = "data"
_EXAMPLES = 5
Flags = npt.NDArray[np.bool_]


def differing(name: str, served: pa.Array, data: pa.Array, ids: pa.Array, tolerance: float) -> Differing:
    """In how many rows a column differs: its value, or that it has one.

    What the data has as numbers is compared as numbers, all else by its text; NaN is no value.

    Args:
        name: Of the column.
        served: Values as they were served, (n,).
        data: As the data has them, in the same order, (n,).
        ids: Of the requests, (n,).
        tolerance: Numbers differ by more than this part of the larger one.
    """
    numeric = pa.types.is_integer(data.type) or pa.types.is_floating(data.type)
    unserved, unknown, unlike = _numbers(served, data, tolerance) if numeric else _texts(served, data)
    found = (unserved != unknown) | (unlike & ~unserved & ~unknown)
    examples = ids.filter(pa.array(found)).slice(0, _EXAMPLES).to_pylist()
    lacks, only = int((unserved & ~unknown).sum()), int((unknown & ~unserved).sum())
    return Differing(name, int(found.sum()), lacks, only, tuple(examples))


def _numbers(served: pa.Array, data: pa.Array, tolerance: float) -> tuple[Flags, Flags, Flags]:
    first, second = (_of_texts(served) if pa.types.is_string(served.type) else numbers_of(served)), numbers_of(data)
    with np.errstate(invalid="ignore"):
        apart = np.abs(first - second) > tolerance * np.maximum(np.abs(first), np.abs(second))
    return np.isnan(first), np.isnan(second), apart & (first != second)


def _of_texts(column: pa.Array) -> npt.NDArray[np.float64]:
    """Numbers that are spelt; NaN for what is none."""
    encoded = column.dictionary_encode()
    found = [*map(_number, encoded.dictionary.to_pylist()), np.nan]
    return np.array(found)[np.asarray(pc.fill_null(encoded.indices, len(found) - 1), np.int64)]


def _number(text: str) -> float:
    if text in ("true", "false"):
        return float(text == "true")
    try:
        return float(text)
    except ValueError:
        return np.nan


def _texts(served: pa.Array, data: pa.Array) -> tuple[Flags, Flags, Flags]:
    first, second = as_text(served), as_text(data)
    unlike = pc.fill_null(pc.not_equal(first, second), False)
    return _flags(first.is_null()), _flags(second.is_null()), _flags(unlike)


def _flags(column: pa.Array) -> Flags:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.bool_)


def asked_of(joined: Joined, limits: Limits, min_rows: int) -> list[Asked]:
    """Of each column whether it differs in more rows than the limit allows, and more than chance does.

    Args:
        joined: A day.
        limits: Of the share of rows.
        min_rows: With fewer of them nothing is said.
    """
    return [_asked(one, joined.joined, limits, min_rows) for one in joined.columns]


def _asked(one: Differing, rows: int, limits: Limits, min_rows: int) -> Asked:
    finding = unanswered(one.name, limits, rows)
    if rows < min_rows:
        return Asked(replace(finding, missing=f"{min_rows} rows with the same id, got {rows}"), limits)
    told = replace(finding, effect=one.rows / rows)
    p = surprise.binomial_tail(one.rows, rows, limits.limit)
    return Asked(
        told, limits, p, lambda each: surprise.reach_of_share(rows, limits.limit, each, surprise.binomial_tail)
    )


def unanswered(name: str, limits: Limits, rows: int = 0, missing: str = "") -> Finding:
    """The question of a column, without an answer.

    Args:
        name: Of the column.
        limits: Of the share of rows.
        rows: That were joined.
        missing: What there is too little of.
    """
    return Finding(SKEW_ROWS, name, Verdict.INCONCLUSIVE, False, None, limits.limit, None, None, rows, DATA, missing)


def troubled(start: int, minutes: int, names: Sequence[str], limits: Limits, why: str) -> tuple[Joined, list[Asked]]:
    """A day that nothing could be joined of.

    Args:
        start: When it begins.
        minutes: How long it is.
        names: The columns that were to be compared.
        limits: Of the share of rows.
        why: What hindered it.
    """
    return Joined(start, minutes, 0, 0, trouble=why), [Asked(unanswered(one, limits, 0, why), limits) for one in names]
