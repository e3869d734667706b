"""Settle: all blocks of all spans take the same columns and types, so that they can lie in one snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from benison.core.errors import DataError
from benison.core.spelling import nearest
from benison.sources.columns import Columns
from benison.sources.conform import as_text

# What is written otherwise, as 007 or 1e400, is a name and not a quantity: it stays as it is.
_WHOLE = r"^-?(0|[1-9][0-9]{0,17})$"
_NUMBER = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?$"
_EXACT = 2.0**53


def same_columns(sources: Mapping[str, Sequence[pa.Table]]) -> None:
    """Makes sure that the spans of a window have the same columns.

    Raises:
        DataError: One has a column more or less than the first.
    """
    (first, blocks), *others = sources.items()
    names = set(blocks[0].column_names)
    for source, (block, *_) in others:
        if missing := sorted(names - set(block.column_names)):
            hint = nearest(missing[0], block.column_names)
            raise DataError(source, expected=f"a column {missing[0]!r}, as in {first}", got="none", hint=hint)
        if more := sorted(set(block.column_names) - names):
            hint = "a window needs the same columns in every span; use a smaller window or a file without it"
            raise DataError(source, expected=f"the columns of {first}", got=f"{more[0]!r} as well", hint=hint)


def settle(sources: Sequence[Sequence[pa.Table]], columns: Columns, *, infer: bool) -> list[pa.Table]:
    """One table for each source; all of the same columns, sorted by name, and types.

    A column of numbers is int64 if all its values are whole, else float64.

    Args:
        sources: For each source its blocks, as `conform` leaves them.
        columns: What the configuration says of the columns.
        infer: Whether text outside of the configuration may be numbers, as in a CSV.
    """
    blocks = [block for source in sources for block in source]
    names = sorted({name for block in blocks for name in block.column_names})
    schema = pa.schema([(name, _settled(_parts(blocks, name), name, columns, infer)) for name in names])
    return [pa.concat_tables([_taking(schema, block) for block in source]) for source in sources]


def _parts(blocks: Sequence[pa.Table], name: str) -> list[pa.Array]:
    """The pieces of a column that have a value in them."""
    chunks = (chunk for block in blocks if name in block.column_names for chunk in block[name].chunks)
    return [chunk for chunk in chunks if chunk.null_count < len(chunk)]


def _settled(parts: list[pa.Array], name: str, columns: Columns, infer: bool) -> pa.DataType:
    if name in columns.text:
        return pa.string()
    if infer and name not in columns.numeric:
        parts = _inferred(parts)
    if not parts:
        return pa.float64() if name in columns.numeric else pa.string()
    if any(pa.types.is_string(part.type) for part in parts):
        return pa.string()
    return pa.int64() if all(map(_is_whole, parts)) else pa.float64()


def _inferred(parts: list[pa.Array]) -> list[pa.Array]:
    """The same as numbers where all of them are."""
    for kind, pattern in ((pa.int64(), _WHOLE), (pa.float64(), _NUMBER)):
        if all(pc.all(pc.match_substring_regex(part, pattern)).as_py() for part in parts):
            return [part.cast(kind) for part in parts]
    return parts


def _is_whole(part: pa.Array) -> bool:
    if pa.types.is_integer(part.type):
        return True
    whole = pc.and_(pc.equal(part, pc.floor(part)), pc.less(pc.abs(part), _EXACT))
    return bool(pc.all(whole).as_py())


def _taking(schema: pa.Schema, block: pa.Table) -> pa.Table:
    arrays = [_as_type(block, field) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _as_type(block: pa.Table, field: pa.Field) -> pa.Array:
    if field.name not in block.column_names:
        return pa.nulls(block.num_rows, field.type)
    array = block[field.name].combine_chunks()
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    if array.type == field.type:
        return array
    if array.null_count == len(array):
        return pa.nulls(len(array), field.type)
    return as_text(array) if pa.types.is_string(field.type) else _as_number(array, field.type)


def _as_number(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """By way of float64 where text such as 1e3 is a whole number; exact, since whole floats are below 2**53."""
    if pa.types.is_string(array.type) and not pc.all(pc.match_substring_regex(array, _WHOLE)).as_py():
        array = array.cast(pa.float64())
    return array.cast(kind, safe=False)
