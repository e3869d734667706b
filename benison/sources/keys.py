"""Keys: a number for each row's key that depends on the key's values alone.

It is the same on every machine, for every version of the libraries, in every order of rows and columns, whatever else
is in the data, and for 1, 1.0 and "1" alike. With 64-bit unsigned numbers, all sums modulo 2**64:

    name(c)  = BLAKE2b-64 of the column's name, little-endian
    value(v) = BLAKE2b-64 of the text, or mix(bits of the number): as int64 where it is whole, as float64 where not
    key(row) = mix(sum over the columns that have a value of mix(name(c) + value(v)))

`mix` is the finaliser of SplitMix64 (Steele, Lea and Flood 2014). A text that spells a number counts as that number.

Splits are cut by these keys. Where rows are only to be recognised, in any number, `content_keys` are alike in all but
BLAKE2b of a value, which costs about 5 microseconds a text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.core.hashes import mix, of_texts

Keys = npt.NDArray[np.uint64]

_WHOLE = r"^-?[0-9]{1,18}$"
_FRACTION = r"^-?[0-9]{1,18}(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?$"


def row_keys(table: pa.Table, names: Sequence[str]) -> Keys:
    """The key of each row.

    Args:
        table: Columns of int64, float64 or string.
        names: The columns that make the key; their order does not matter.

    Returns:
        One number for each row, evenly spread over 0 .. 2**64 - 1.
    """
    return _summed(table, names, _digests)


def content_keys(table: pa.Table, names: Sequence[str]) -> Keys:
    """As `row_keys`, with texts hashed by `core.hashes.of_texts`: by which rows are recognised, not split.

    Args:
        table: As for `row_keys`.
        names: As for `row_keys`.

    >>> content_keys(pa.table({"a": [7]}), ["a"]) == content_keys(pa.table({"a": ["7.0"]}), ["a"])
    array([ True])
    """
    return _summed(table, names, of_texts)


def complete_keys(table: pa.Table, names: Sequence[str]) -> Keys:
    """The `content_keys` of the rows that lack none of the values, in their order: who is not named is not recognised.

    Args:
        table: As for `row_keys`.
        names: At least one.
    """
    there = np.ones(table.num_rows, np.bool_)
    for name in names:
        there &= pc.is_valid(table[name]).to_numpy()
    found: Keys = content_keys(table, names)[there]
    return found


def _summed(table: pa.Table, names: Sequence[str], hashed: Callable[[pa.Array], Keys]) -> Keys:
    total = np.zeros(table.num_rows, np.uint64)
    for name in names:
        keys = (_keys(chunk, name, hashed) for chunk in table[name].chunks)
        total += np.concatenate([np.zeros(0, np.uint64), *keys])
    return mix(total)


def _keys(column: pa.Array, name: str, hashed: Callable[[pa.Array], Keys]) -> Keys:
    """mix(name + value) by row, 0 where there is no value."""
    values = _text_keys(column, hashed) if pa.types.is_string(column.type) else _number_keys(column)
    return np.where(_numpy(pc.is_null(column)), np.uint64(0), mix(values + _digest(name)))


def _numpy(array: pa.Array) -> npt.NDArray[Any]:
    return np.asarray(array.to_numpy(zero_copy_only=False))


def _digests(texts: pa.Array) -> Keys:
    return np.array([_digest(text) for text in texts.to_pylist()], np.uint64)


def _digest(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little"))


def _number_keys(column: pa.Array) -> Keys:
    numbers = _numpy(pc.fill_null(column, pa.scalar(0, column.type)))
    if numbers.dtype == np.int64:
        return mix(numbers.view(np.uint64))
    whole = (np.floor(numbers) == numbers) & (np.abs(numbers) < 2.0**63)
    integers = np.where(whole, numbers, 0).astype(np.int64)
    return mix(np.where(whole, integers.view(np.uint64), numbers.view(np.uint64)))


def _text_keys(column: pa.Array, hashed: Callable[[pa.Array], Keys]) -> Keys:
    """Each distinct text once; a missing one as empty."""
    encoded = pc.fill_null(column, "").dictionary_encode()
    texts = encoded.dictionary
    keys = hashed(texts)
    for pattern, kind in ((_FRACTION, pa.float64()), (_WHOLE, pa.int64())):
        spelt = pc.match_substring_regex(texts, pattern)
        keys[_numpy(spelt)] = _number_keys(texts.filter(spelt).cast(kind))
    rows: Keys = keys[_numpy(encoded.indices)]
    return rows
