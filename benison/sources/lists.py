"""Lists: a column of Parquet with several numbers to a row, as one column for each place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.core.errors import DataError
from benison.sources.read_parquet import read_group


@dataclass(frozen=True)
class Spread:
    """A column of lists.

    Attributes:
        name: The column's.
        many: How many numbers a row has.
    """

    name: str
    many: int

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns that it becomes.

        >>> Spread("scores", 2).names
        ('scores[0]', 'scores[1]')
        """
        return tuple(f"{self.name}[{place}]" for place in range(self.many))


def is_list(kind: pa.DataType) -> bool:
    """Whether a column of this type has a list to a row."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def spreads_of(path: Path, source: str, schema: pa.Schema, wanted: Collection[str]) -> tuple[Spread, ...]:
    """The columns of lists that are wanted, with as many numbers as the first row has that has any.

    Args:
        path: A Parquet file.
        source: Its name, for messages.
        schema: Its columns.
        wanted: Columns that may be lists.

    Raises:
        DataError: One has lists of something else than numbers, or no list that is not empty.
    """
    return tuple(_spread(path, source, field) for field in schema if field.name in wanted and is_list(field.type))


def _spread(path: Path, source: str, field: pa.Field) -> Spread:
    where, kind = f"{source}, column {field.name!r}", field.type.value_type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
        raise DataError(where, expected="lists of numbers", got=str(field.type))
    block = next(iter(read_group(path, source, 0, [field.name])), {})
    lengths = [len(row) for row in block[field.name].slice(0, 1000).to_pylist() if row] if block else []
    if not lengths:
        raise DataError(where, expected="lists of numbers", got="none in the first rows")
    return Spread(field.name, lengths[0])


def spread(block: Mapping[str, pa.Array], lists: Sequence[Spread]) -> dict[str, pa.Array]:
    """A block with one column for each place of its lists; nulls where a row has no list of this length.

    Args:
        block: Columns of equal length.
        lists: Those that are lists, of which some may not be there.
    """
    found = dict(block)
    for one in lists:
        if one.name in found:
            values = _values(found.pop(one.name), one.many)
            missing = np.isnan(values)
            columns = (pa.array(values[:, at], mask=missing[:, at]) for at in range(one.many))
            found.update(zip(one.names, columns, strict=True))
    return found


def _values(array: pa.Array, many: int) -> np.ndarray:  # type: ignore[type-arg]
    lengths = np.asarray(pc.fill_null(pc.list_value_length(array), -1).to_numpy(zero_copy_only=False))
    whole = lengths == many
    values = np.full((len(array), many), np.nan)
    flat = array.filter(pa.array(whole)).flatten().cast(pa.float64(), safe=False)
    values[whole] = np.asarray(pc.fill_null(flat, float("nan")).to_numpy(zero_copy_only=False)).reshape(-1, many)
    return values
