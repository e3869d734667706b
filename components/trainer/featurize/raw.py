"""Raw columns of Arrow as the feature graph takes them, with what cannot be used named by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf

from benison.components.trainer.featurize import dates
from benison.components.trainer.featurize.graph import RawColumn
from benison.config import FILE, date_columns, number_columns
from benison.config.features import Feature, Numeric
from benison.core.errors import ConfigError, DataError
from benison.core.signatures import NUMBER, SECONDS, TEXT, feed, numbers, texts

Whole = npt.NDArray[np.int64]


def raw_column(table: pa.Table, column: str, name: str, features: Sequence[Feature]) -> RawColumn:
    """How signatures take a column.

    Args:
        table: Rows that have it.
        column: Its name.
        name: The name of its input.
        features: What it is used for.

    Raises:
        DataError: It is missing, or no numbers where numbers are needed.
    """
    if column in number_columns(features):
        numbers(table, column)
        return RawColumn(column, name, NUMBER, _stored_as(table[column].type))
    texts(table, column)
    kind = table[column].type
    if column in date_columns(features) and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return RawColumn(column, name, SECONDS, _stored_as(kind))
    return RawColumn(column, name, TEXT, "bytes_list")


def _stored_as(kind: pa.DataType) -> str:
    return "float_list" if pa.types.is_floating(kind) else "int64_list"


def as_kept(columns: Sequence[RawColumn], kinds: Mapping[str, str]) -> tuple[RawColumn, ...]:
    """The columns as somebody else's tf.Examples keep them, which the model is to be asked with.

    Args:
        columns: As `raw_column` makes them.
        kinds: Which list of a tf.Example keeps each column.

    Raises:
        ConfigError: What is a text here is a fraction there, which is spelt in more than one way.
    """
    for column in columns:
        if kinds[column.name] == ("float_list" if column.type == TEXT else "bytes_list"):
            expected = f"examples that keep it as {'text or whole numbers' if column.type == TEXT else 'numbers'}"
            hint = "declare it otherwise under features:, or have ExampleGen read it otherwise"
            where = f"{FILE} (features: column {column.name!r})"
            raise ConfigError(where, expected=expected, got=kinds[column.name], hint=hint)
    return tuple(replace(column, stored_as=kinds[column.name]) for column in columns)


def columns_on_scale(table: pa.Table, feature: Numeric) -> npt.NDArray[np.float64]:
    """A column on the scale on which it is normalised: clipped, then log(1 + x) where asked; NaN for missing.

    Raises:
        DataError: It holds something else than numbers, or one below 0 under ``log``.
    """
    low, high = feature.clip
    wide = np.clip(numbers(table, feature.column).astype(np.float64), low, high)
    if not feature.log:
        return wide
    if (negative := wide < 0).any():
        row = int(negative.argmax())
        raise DataError(
            f"column {feature.column!r}, row {row + 1}",
            expected="0 or more, since log(1 + x) is taken",
            got=f"{wide[row]:g}",
            hint="say  clip: [0, null]  or remove  log: true  under features: in benison.yaml, or mend the data",
        )
    return np.log1p(wide)


def moments_of(values: pa.Table, each: Whole, column: RawColumn) -> dates.Moments:
    """A column of dates.

    Args:
        values: Its different values, as `different` gives them.
        each: Likewise the number of each row's own, for messages.
        column: Which it is.

    Raises:
        DataError: A value that is not missing is no date.
    """
    given = feed(values, [vars(column)])[column.input]
    found = dates.moments(tf.constant(given, tf.string if column.type == TEXT else tf.float64))
    strange = ~found.known.numpy() & (given != "" if column.type == TEXT else ~np.isnan(given))
    if strange.any():
        row = int(strange[each].argmax())
        value = given[each[row]]
        raise DataError(
            f"column {column.name!r}, row {row + 1}",
            expected="a date or time such as 2026-11-20 or 2026-11-20T14:30, or seconds since 1970",
            got=repr(value) if column.type == TEXT else f"{value:g}",
            hint="leave it empty where it is missing, or declare the column categorical in benison.yaml",
        )
    return found


def different(table: pa.Table, columns: Sequence[str]) -> tuple[pa.Table, Whole]:
    """The different rows of some columns, and for each row of the table the number of its own."""
    encoded = {name: _encoded(table[name]) for name in columns}
    if len(columns) == 1:
        ((name, (values, codes)),) = encoded.items()
        return pa.table({name: values}), codes
    together = np.zeros(table.num_rows, np.int64)
    for values, codes in encoded.values():
        # Made narrow again at every column, so that no product of two numbers of values overflows.
        together = np.unique(together * max(len(values), 1) + codes, return_inverse=True)[1].reshape(-1)
    _, first, each = np.unique(together, return_index=True, return_inverse=True)
    return table.select(columns).take(first), each.reshape(-1)


def _encoded(column: pa.ChunkedArray) -> tuple[pa.Array, Whole]:
    """A column's different values, a missing one among them, and for each row the number of its own."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    encoded = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], column.type).dictionary_encode()
    return encoded.dictionary, np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int64)
