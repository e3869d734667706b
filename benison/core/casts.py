"""Columns of one type as another."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from benison.core.texts import spell


def as_text(array: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Values as text: 1 for 1.0, true and false, ISO 8601 for times (Z where they have a zone); null stays null.

    A value's text depends on that value alone. The spelling is Python's and NumPy's, since Arrow's own has changed
    between versions.
    """
    if isinstance(array, pa.ChunkedArray):
        return pa.chunked_array([as_text(chunk) for chunk in array.chunks], pa.string())
    if types.is_dictionary(array.type):
        return as_text(array.cast(array.type.value_type))
    if types.is_string(array.type) or types.is_null(array.type) or types.is_integer(array.type):
        return array.cast(pa.string())
    if types.is_timestamp(array.type) or types.is_date(array.type):
        return _iso_times(array)
    encoded = array.dictionary_encode()
    texts = pa.array([spell(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return texts.take(encoded.indices)


def _iso_times(array: pa.Array) -> pa.Array:
    """Times by NumPy, which needs no time zone database and knows nanoseconds."""
    if types.is_date(array.type):
        unit, zone, counts = "D", "", array.cast(pa.date32()).view(pa.int32())
    else:
        unit, zone, counts = array.type.unit, "Z" if array.type.tz else "", array.view(pa.int64())
    values = pc.fill_null(counts, 0).to_numpy(zero_copy_only=False).astype(np.int64).astype(f"datetime64[{unit}]")
    spelt = [f"{text}{zone}" for text in np.datetime_as_string(values)]
    return pa.array(spelt, pa.string(), mask=pc.is_null(array).to_numpy(zero_copy_only=False))
