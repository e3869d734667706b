"""slice: which rows belong to each slice of the evaluation config, by integer codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.core.casts import as_text
from benison.core.errors import ConfigError
from benison.core.spelling import nearest
from benison.eval_config import EvalConfig, Slicing

OVERALL = "overall"
MOST = 1000
Rows = npt.NDArray[np.int64]


Keys = tuple[tuple[str, str], ...]


def name_of(keys: Keys) -> str:
    """``race=Other, sex=Female``; ``overall`` for all rows."""
    return ", ".join(f"{column}={value}" for column, value in keys) or OVERALL


@dataclass(frozen=True)
class Slice:
    """Some rows of the holdout.

    Attributes:
        keys: What they share, as (column, value as text), sorted by column; empty: they are all rows.
        rows: Their positions, ascending.
    """

    keys: Keys
    rows: Rows

    @property
    def name(self) -> str:
        """``race=Other, sex=Female``; ``overall`` for all rows."""
        return name_of(self.keys)


@dataclass(frozen=True)
class _Coded:
    """A column as numbers: `codes` point into `values`; -1 where the row has none."""

    codes: Rows
    values: list[str]


def cut(table: pa.Table, config: EvalConfig, where: str) -> list[Slice]:
    """All rows first, then every slice that occurs; a row without a value belongs to no slice of that column.

    Args:
        table: The holdout, with every column that slices are cut by.
        config: Says by which columns and values.
        where: The config's file, for error messages.

    Raises:
        ConfigError: A value or column that is asked for does not occur, two slices would have one name, or there are
            more than a thousand.
    """
    coded = {name: _coded(table[name]) for name in config.columns}
    found: dict[Keys, Slice] = {(): Slice((), np.arange(table.num_rows))}
    for slicing in config.slicings:
        ones = _slices(slicing, coded, table.num_rows, where)
        if table.num_rows and not ones:
            raise none_of(slicing, where)
        for one in ones:
            found.setdefault(one.keys, one)
        if len(found) > MOST:
            raise too_many(slicing, where)
    told_apart([one.name for one in found.values()], where)
    return list(found.values())


def cut_part(table: pa.Table, slicings: Sequence[Slicing]) -> list[Slice]:
    """The slices that occur in some of the rows, where whatever does not may do so in the others.

    Args:
        table: Some rows, with every column that slices are cut by.
        slicings: How rows are cut.
    """
    coded = {name: _coded(table[name]) for name in dict.fromkeys(name for one in slicings for name in one.columns)}
    found: dict[Keys, Slice] = {(): Slice((), np.arange(table.num_rows))}
    for slicing in slicings:
        if all(value in coded[name].values for name, value in slicing.values):
            for one in _slices(slicing, coded, table.num_rows, ""):
                found.setdefault(one.keys, one)
    return list(found.values())


def told_apart(names: Sequence[str], where: str) -> None:
    """Makes sure that slices have names of their own.

    A policy calls slices by name, so one that bears another's name would go unjudged.

    Raises:
        ConfigError: Two have the same.
    """
    for name, times in Counter(names).items():
        if times > 1:
            expected, hint = "slices with names of their own", "write values and columns without ', ' and '='"
            raise ConfigError(f"{where} (slicing_specs)", expected=expected, got=f"{times} named {name!r}", hint=hint)


def _coded(column: pa.ChunkedArray) -> _Coded:
    encoded = pa.concat_arrays([pa.array([], pa.string()), *as_text(column).chunks]).dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    order = sorted(range(len(texts)), key=lambda place: float(texts[place]) if numeric else texts[place])
    # What stands last is the code of no value, which is -1 in both.
    codes = np.append(np.argsort(np.array(order, dtype=np.int64)), -1)
    found = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return _Coded(codes.take(found), [texts[place] for place in order])


def _slices(slicing: Slicing, coded: dict[str, _Coded], rows: int, where: str) -> list[Slice]:
    """The slices of one spec, in the order of their values."""
    kept = np.ones(rows, dtype=np.bool_)
    for name, value in slicing.values:
        kept &= coded[name].codes == _code(name, value, coded[name], where)
    cross = np.zeros(rows, dtype=np.int64)
    for name in slicing.keys:
        kept &= coded[name].codes >= 0
        cross = cross * max(len(coded[name].values), 1) + coded[name].codes
    members = np.flatnonzero(kept)
    codes = cross[members]
    # NumPy sorts whole numbers of two bytes by digit, in a tenth of the time.
    short = codes.astype(np.uint16) if codes.max(initial=0) < 1 << 16 else codes
    order = members[np.argsort(short, kind="stable")]
    ends = np.flatnonzero(np.diff(cross[order])) + 1
    return [Slice(_keys(slicing, coded, one[0]), one) for one in np.split(order, ends) if len(one)]


def _code(name: str, value: str, coded: _Coded, where: str) -> int:
    if value not in coded.values:
        raise unknown_value(name, value, coded.values, where)
    return coded.values.index(value)


def _keys(slicing: Slicing, coded: dict[str, _Coded], row: int) -> Keys:
    crossed = [(name, coded[name].values[coded[name].codes[row]]) for name in slicing.keys]
    return tuple(sorted([*crossed, *slicing.values]))


def unknown_value(name: str, value: str, known: Sequence[str], where: str) -> ConfigError:
    """What to raise where a value that is asked for does not occur among those of its column."""
    place = f"{where} (slicing_specs)"
    expected = f"values of column {name!r} that occur in the holdout"
    return ConfigError(place, expected=expected, got=repr(value), hint=nearest(value, known))


def none_of(slicing: Slicing, where: str) -> ConfigError:
    """What to raise where no row is in any slice of a slicing."""
    asked = ", ".join(slicing.columns)
    hint = "leave it out if no row can have one: what is not there cannot be judged"
    return ConfigError(
        f"{where} (slicing_specs)", expected="rows of the holdout to cut", got=f"none with values of {asked}", hint=hint
    )


def too_many(slicing: Slicing, where: str) -> ConfigError:
    """What to raise where a slicing makes the slices more than `MOST`."""
    return ConfigError(
        f"{where} (slicing_specs)",
        expected=f"at most {MOST:,} slices",
        got=f"more, by {', '.join(slicing.columns)}",
        hint="slice by columns of few values; put numbers into bands before",
    )
