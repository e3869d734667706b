"""Keys of rows: one 64-bit hash of the values of some columns, equal where the values are, whatever their types."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.core.hashes import Hashes, mix, of_numbers, of_texts
from benison.core.texts import spell
from benison.measures.numbers import Floats, ordered_bits

# Two odd numbers without a pattern in their bits.
_START, _ODD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
# The whole numbers that float64 and int64 have in common lie below it.
_LARGE = 2.0**63
# A missing value is an empty text: sources tell the two apart no better.
MISSING = of_texts(pa.array([""]))[0]


def of_column(column: pa.Array, *, as_text: bool = False) -> Hashes:
    """One hash for each value: 3 and 3.0 have the same, 3 and the text 3 have not, missing ones have `MISSING`.

    Args:
        column: Numbers or texts.
        as_text: Whether numbers count as the text that stands for them in a CSV, to be compared with texts.
    """
    if _is_number(column.type) and not as_text and not column.null_count:
        return _of_values(column, as_text)
    encoded = column.dictionary_encode()
    hashes = np.append(_of_values(encoded.dictionary, as_text), MISSING)
    places = pc.fill_null(encoded.indices, len(hashes) - 1)
    return np.asarray(hashes[np.asarray(places.to_numpy(zero_copy_only=False))], dtype=np.uint64)


def _of_values(values: pa.Array, as_text: bool) -> Hashes:
    if pa.types.is_null(values.type):
        return np.zeros(0, np.uint64)
    if not _is_number(values.type):
        return of_texts(values.cast(pa.string()))
    if as_text:
        return of_texts(pa.array(map(spell, values.to_pylist()), pa.string()))
    if pa.types.is_integer(values.type):
        return of_numbers(np.asarray(values.cast(pa.int64())))
    return _of_floats(np.asarray(values.cast(pa.float64())))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _of_floats(values: Floats) -> Hashes:
    whole = (np.floor(values) == values) & (np.abs(values) < _LARGE)
    hashes = mix(ordered_bits(values).view(np.uint64) ^ _ODD)
    hashes[whole] = of_numbers(values[whole].astype(np.int64))
    return hashes


def of_rows(columns: Sequence[Hashes]) -> Hashes:
    """One hash for each row, of the hashes of its values and their order.

    Args:
        columns: At least one; all of the same length.

    >>> one, two = of_column(pa.array([1, 2])), of_column(pa.array([2, 1]))
    >>> keys = of_rows([one, two])
    >>> bool(keys[0] == of_rows([two, one])[0]), bool(keys[0] == of_rows([two, one])[1])
    (False, True)
    """
    keys = np.full(len(columns[0]), _START)
    for hashes in columns:
        keys = mix(keys * _ODD + hashes)
    return keys
