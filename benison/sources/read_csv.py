"""CSV: parsed by Arrow in blocks, every field as text first, so that a wrong one can be named."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from benison.core.errors import DataError
from benison.sources.columns import Columns, check_header, check_names
from benison.sources.conform import Place, conform
from benison.sources.diagnose import first_fault

# A row must fit into a block, and Arrow reads up to 32 blocks ahead.
BLOCK_BYTES = 1 << 21


def read_csv(stream: BinaryIO, source: str, columns: Columns) -> list[pa.Table]:
    """Reads a CSV with a header: UTF-8, comma, double quotes; a BOM, CRLF and newlines within quotes are fine.

    Raises:
        DataError: It is not such a file, or a value is not of the kind that the configuration says.
    """
    names = _header(stream, source)
    check_header(names, columns, source)
    check_names(names, columns, source)
    stream.seek(0)
    watched = _Watched(stream)
    try:
        blocks = list(_blocks(watched, names, columns, source))
    except pa.ArrowInvalid as error:
        hint = "a row may have at most 2 MB"
        unknown = DataError(source, expected="a CSV that can be parsed", got=str(error), hint=hint)
        raise first_fault(watched.take(), source) or unknown from error
    # Arrow takes a quote that is never closed for one field down to the end of the file.
    if watched.quotes % 2 and (fault := first_fault(stream, source)):
        raise fault
    return blocks


def _header(stream: BinaryIO, source: str) -> list[str]:
    """The first line that is not empty, by Python's own reader, which allows quotes in it."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        names = next((row for row in csv.reader(text) if row), None)
    except (UnicodeDecodeError, csv.Error) as error:
        text.detach()
        unknown = DataError(f"{source}, line 1", expected="a header with the columns' names", got=str(error))
        raise first_fault(stream, source) or unknown from error
    text.detach()
    if names is None:
        raise DataError(source, expected="a header with the columns' names", got="empty lines")
    return names


def _blocks(stream: _Watched, names: list[str], columns: Columns, source: str) -> Iterator[pa.Table]:
    reader = arrow_csv.open_csv(
        pa.PythonFile(stream, mode="r"),
        read_options=arrow_csv.ReadOptions(block_size=BLOCK_BYTES),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )
    first = 1
    with reader:
        for batch in reader:
            yield conform(dict(zip(names, batch.columns, strict=True)), columns, Place(source, first))
            first += batch.num_rows


class _Watched(io.RawIOBase):
    """A stream that counts the quotes that pass through it, and that can be taken from a reader that reads ahead."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.quotes = stream, 0
        self.lock, self.taken = threading.Lock(), False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        with self.lock:
            content = b"" if self.taken else self.stream.read(size)
        self.quotes += content.count(b'"')
        return content

    def take(self) -> BinaryIO:
        """The stream for somebody else; the reader finds it at its end."""
        with self.lock:
            self.taken = True
        return self.stream
