"""JSON lines: one object to a line, parsed by Arrow in blocks; a name that a line lacks is a missing value there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import json as arrow_json

from benison.core.errors import DataError

BLOCK_BYTES = 1 << 21
_KINDS = {str: "text", bool: "true or false", int: "a number", float: "a number"}


def read_jsonl(stream: BinaryIO, source: str, again: Callable[[], BinaryIO]) -> Iterator[Mapping[str, pa.Array]]:
    """Reads lines of JSON.

    Args:
        stream: Whole lines.
        source: The file's name, for messages.
        again: Opens the whole file, to find out what is wrong with it.

    Yields:
        Blocks of int64, float64, bool or string by column.

    Raises:
        DataError: A line is no object, or a value is a list or an object; the message names the line.
    """
    while content := stream.read(BLOCK_BYTES):
        content += stream.readline()
        if not content.strip():
            continue
        try:
            table = _parsed(content)
            # Arrow's reader does not look whether text is UTF-8.
            table.validate(full=True)
        except pa.ArrowInvalid as error:
            raise fault(source, again, str(error)) from error
        if any(pa.types.is_nested(column.type) for column in table.schema):
            raise fault(source, again, "a list or an object")
        yield {name: _whole(table[name]) for name in table.column_names}


def _parsed(content: bytes) -> pa.Table:
    table = _table(content, None)
    # Arrow takes text that looks like a time for one; what was written is to stay.
    times = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
    return _table(content, pa.schema([(name, pa.string()) for name in times])) if times else table


def _table(content: bytes, schema: pa.Schema | None) -> pa.Table:
    return arrow_json.read_json(
        pa.BufferReader(content),
        read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(content) + 1),
        parse_options=arrow_json.ParseOptions(explicit_schema=schema),
    )


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def fault(source: str, again: Callable[[], BinaryIO], message: str) -> DataError:
    """The first line that is wrong, by Python's own reader.

    Args:
        source: The file's name. Lines count from 1.
        again: Opens the whole file.
        message: What is said where that finds none.
    """
    kinds: dict[str, str] = {}
    with again() as lines:
        for number, line in enumerate(lines, start=1):
            if found := _fault(line, f"{source}, line {number}", kinds):
                return found
    return DataError(source, expected="one JSON object to a line", got=message)


def _fault(line: bytes, where: str, kinds: dict[str, str]) -> DataError | None:
    if not line.strip():
        return None
    try:
        content = json.loads(line.decode())
    except UnicodeDecodeError as error:
        got = f"byte {line[error.start]:#04x}"
        return DataError(where, expected="UTF-8 text", got=got, hint="write the file as UTF-8")
    except ValueError as error:
        return DataError(where, expected="one JSON object", got=f"{line.decode()[:40].strip()!r}: {error}")
    if not isinstance(content, dict):
        return DataError(where, expected="a JSON object", got=repr(content)[:40])
    return next(filter(None, (_unfit(name, value, where, kinds) for name, value in content.items())), None)


def _unfit(name: str, value: Any, where: str, kinds: dict[str, str]) -> DataError | None:
    """What is wrong with one value; `kinds` keeps what came before."""
    where = f"{where}, column {name!r}"
    if value is None:
        return None
    if isinstance(value, list | dict):
        hint = "write the file without this column, or with one value to a row"
        return DataError(
            where, expected="one value", got="a list" if isinstance(value, list) else "an object", hint=hint
        )
    kind = kinds.setdefault(name, _KINDS[type(value)])
    if kind != _KINDS[type(value)]:
        return DataError(where, expected=f"{kind}, as before", got=_KINDS[type(value)])
    return None
