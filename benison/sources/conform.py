"""Conform: columns of any type become int64, float64 or text, with nulls where a value is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from benison.core.casts import as_text
from benison.core.errors import DataError
from benison.sources import numerals
from benison.sources.columns import Columns

types = pa.types


@dataclass(frozen=True)
class Place:
    """Where a block of rows comes from.

    Attributes:
        source: The file's name.
        first: The number of the block's first row; rows count from 1, after the header.
    """

    source: str
    first: int = 1

    def at(self, index: int, column: str) -> str:
        """The place of one value."""
        return f"{self.source}, row {self.first + index}, column {column!r}"


def conform(
    block: Mapping[str, pa.Array],
    columns: Columns,
    place: Place,
    *,
    clean: bool = False,
    coded: Collection[str] = (),
) -> pa.Table:
    """Brings a block of rows to the types of a snapshot.

    Args:
        block: Columns of equal length by name, of any flat Arrow type.
        columns: Which of them are numbers, and which are text; the others keep their nature.
        place: Where the rows come from, for messages.
        clean: Whether all columns are texts that are known to be UTF-8 and never empty.
        coded: Columns that stay indices into a dictionary where they are that, since no configuration names them.

    Returns:
        Columns of int64, float64 or string. Empty text and NaN have become null, in a dictionary too.

    Raises:
        DataError: A value is not of the kind that the configuration says.
    """
    ready = {name: _coded(block[name], name, place) for name in coded if name in block and _is_coded(block[name])}
    flat = {name: array if clean else _flat(array, name, place) for name, array in block.items() if name not in ready}
    return pa.table({name: _conformed(array, name, columns, place) for name, array in flat.items()} | ready)


def _is_coded(array: pa.Array) -> bool:
    return bool(types.is_dictionary(array.type) and types.is_string(array.type.value_type))


def _coded(array: pa.DictionaryArray, name: str, place: Place) -> pa.Array:
    """The same indices into texts that are sound; where one is not, its row is looked for."""
    try:
        return pa.DictionaryArray.from_arrays(array.indices, _flat(array.dictionary, name, place), safe=False)
    except DataError:
        return _flat(array, name, place)


def _conformed(array: pa.Array, name: str, columns: Columns, place: Place) -> pa.Array:
    if name in columns.numeric:
        return _finite(_numbers(array, name, place), name, place)
    if name in columns.text or not is_number(array.type):
        return as_text(array)
    return _narrowed(array)


def _flat(array: pa.Array, name: str, place: Place) -> pa.Array:
    """Decodes dictionaries, bytes and wide strings; refuses what has no one value to a row."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_nested(array.type):
        hint = "write the file without this column, or with one value to a row"
        where = f"{place.source}, column {name!r}"
        raise DataError(where, expected="one value to a row", got=str(array.type), hint=hint)
    if types.is_fixed_size_binary(array.type):
        array = array.cast(pa.binary())
    if any(kind in str(array.type) for kind in ("binary", "string")):
        return _text_of_bytes(array, name, place)
    return array


def _text_of_bytes(array: pa.Array, name: str, place: Place) -> pa.Array:
    try:
        text = array.cast(pa.string())
        # Neither a cast of text to text nor Arrow's readers of JSON and Parquet look at the bytes.
        text.validate(full=True)
    except pa.ArrowInvalid as error:
        values = array.cast(pa.large_binary()).to_pylist()
        bad = next(index for index, value in enumerate(values) if value and not _is_utf8(value))
        raise DataError(place.at(bad, name), expected="UTF-8 text", got=f"{values[bad][:20]!r}") from error
    return _without(text, pc.equal(pc.binary_length(text), 0))


def _without(array: pa.Array, unwanted: pa.Array) -> pa.Array:
    """The same with null for the unwanted values."""
    return pc.if_else(unwanted, pa.scalar(None, array.type), array) if pc.any(unwanted).as_py() else array


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_number(kind: pa.DataType) -> bool:
    """Whether a column of this type is numbers."""
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _numbers(array: pa.Array, name: str, place: Place) -> pa.Array:
    if types.is_string(array.type):
        return _parsed(array, name, place)
    if types.is_boolean(array.type):
        return array.cast(pa.int64())
    if types.is_null(array.type) or is_number(array.type):
        return _narrowed(array)
    where = f"{place.source}, column {name!r}"
    raise DataError(where, expected="numbers", got=str(array.type), hint="make it categorical, or a number before")


def _narrowed(array: pa.Array) -> pa.Array:
    """Numbers of any width as int64, or as float64 with null for NaN."""
    if types.is_integer(array.type):
        fits = not types.is_uint64(array.type) or (pc.max(array).as_py() or 0) < 2**63
        return array.cast(pa.int64()) if fits else array.cast(pa.float64(), safe=False)
    floats = array.cast(pa.float64(), safe=False)
    return _without(floats, pc.is_nan(floats))


def _parsed(texts: pa.Array, name: str, place: Place) -> pa.Array:
    for kind in (pa.int64(), pa.float64()):
        if (numbers := numerals.parsed(texts, kind)) is not None:
            return _narrowed(numbers)
    trimmed = pc.utf8_trim_whitespace(texts)
    trimmed = _without(trimmed, pc.equal(trimmed, ""))
    if (numbers := numerals.parsed(trimmed, pa.float64())) is not None:
        return _narrowed(numbers)
    bad = _first_refused(trimmed)
    raise DataError(
        place.at(bad, name),
        expected="a number",
        got=repr(texts[bad].as_py()),
        hint=f"leave the field empty where the value is missing, or make {name} categorical in benison.yaml",
    )


def _first_refused(texts: pa.Array) -> int:
    """The index of the first text that is no number, by halving."""
    low, high = 0, len(texts)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if numerals.parsed(texts[low:middle], pa.float64()) is not None else (low, middle)
    return low


def _finite(numbers: pa.Array, name: str, place: Place) -> pa.Array:
    if types.is_floating(numbers.type) and pc.any(pc.is_inf(numbers)).as_py():
        bad = pc.index(pc.is_inf(numbers), True).as_py()
        got, hint = f"{numbers[bad].as_py()}", "a model cannot learn from it; leave the value empty, or mend it before"
        raise DataError(place.at(bad, name), expected="a finite number", got=got, hint=hint)
    return numbers
