"""Diagnose: which row of a CSV is the broken one. Slow, and only asked when Arrow gave up."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from benison.core.errors import DataError

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


def first_fault(stream: BinaryIO, source: str) -> DataError | None:
    """The first fault of a CSV by Python's own reader; None where that finds none.

    Args:
        stream: The CSV's bytes; read from the beginning.
        source: The file's name. Rows count from 1, after the header.
    """
    stream.seek(0)
    rows = csv.reader(_lines(stream), strict=True)
    width, number = 0, -1
    try:
        for row in rows:
            number += bool(row)
            width = width or len(row)
            if row and len(row) != width:
                return _ragged(f"{source}, {_row(number)}", width, len(row))
    except UnicodeDecodeError as error:
        return _not_text(f"{source}, {_row(number + 1)}", error)
    except csv.Error as error:
        return _not_closed(f"{source}, {_row(number + 1)}", str(error))
    return no_rows(source) if number < 1 else None


def no_rows(source: str) -> DataError:
    """What is said of a file that ends with its header."""
    return DataError(source, expected="at least one row", got="column names alone")


def _row(number: int) -> str:
    return f"row {number}" if number > 0 else "line 1"


def _lines(stream: BinaryIO) -> Iterator[str]:
    """The lines, decoded one by one; an error carries the byte's place in the file."""
    start = 0
    for line in stream:
        try:
            yield line.removeprefix(_BOM if start == 0 else b"").decode()
        except UnicodeDecodeError as error:
            raise _shifted(error, start, line) from None
        start += len(line)


def _shifted(error: UnicodeDecodeError, start: int, line: bytes) -> UnicodeDecodeError:
    reason = "gzip" if start == 0 and line.startswith(_GZIP) else str(start + error.start + 1)
    return UnicodeDecodeError(error.encoding, error.object, error.start, error.end, reason)


def _not_text(where: str, error: UnicodeDecodeError) -> DataError:
    if error.reason == "gzip":
        return DataError(where, expected="UTF-8 text", got="gzip", hint="let the file's name end in .gz")
    got = f"byte {error.object[error.start]:#04x} as byte {error.reason} of the file"
    return DataError(where, expected="UTF-8 text", got=got, hint="write the file as UTF-8")


def _ragged(where: str, width: int, found: int) -> DataError:
    hint = "look for a comma or a line break in a value that is not quoted"
    return DataError(where, expected=f"{width} fields, as in the header", got=f"{found}", hint=hint)


def _not_closed(where: str, message: str) -> DataError:
    if "unexpected end" in message or "field larger" in message:
        return DataError(
            where, expected="a quote that closes", got="none", hint="a quote within a value is written twice"
        )
    return DataError(where, expected="a CSV row", got=message)
