"""CSV: parsed by Arrow in blocks, every field as text first, so that a wrong one can be named."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from benison.core.errors import DataError
from benison.sources.columns import Columns, check_header
from benison.sources.cuts import Quotes
from benison.sources.diagnose import first_fault

# A row must fit into a block.
BLOCK_BYTES = 1 << 21
_LINE_BYTES = 1 << 20
_BOM = b"\xef\xbb\xbf"


def read_header(stream: BinaryIO, source: str, columns: Columns) -> tuple[list[str], int]:
    """The first row that is not empty, by Python's own reader, which allows quotes in it.

    Args:
        stream: The file's bytes, at their beginning.
        source: Its name, for messages.
        columns: What the configuration says of its columns.

    Returns:
        The columns' names, and where the rows begin, in bytes.

    Raises:
        DataError: There is no such row, or it looks like values.
    """
    lines = _Lines(stream)
    try:
        names = next((row for row in csv.reader(lines) if row), None)
    except (UnicodeDecodeError, csv.Error) as error:
        unknown = DataError(f"{source}, line 1", expected="a header with the columns' names", got=str(error))
        raise first_fault(stream, source) or unknown from error
    if names is None:
        raise DataError(source, expected="a header with the columns' names", got="empty lines")
    check_header(names, columns, source)
    return names, lines.read


class _Lines:
    """Lines as text, of which it is known how many bytes they took."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.read = stream, 0

    def __iter__(self) -> Iterator[str]:
        while content := self._stream.readline(_LINE_BYTES):
            for line in content.splitlines(keepends=True):
                text = line.removeprefix(b"" if self.read else _BOM).decode()
                self.read += len(line)
                yield text


def read_csv(
    stream: BinaryIO, names: Sequence[str], source: str, again: Callable[[], BinaryIO], *, closes: bool = False
) -> Iterator[Mapping[str, pa.Array]]:
    """Reads rows of a CSV: UTF-8, comma, double quotes; CRLF and newlines within quotes are fine.

    Args:
        stream: The rows' bytes, without the header.
        names: The columns.
        source: The file's name, for messages.
        again: Opens the whole file, to find out what is wrong with it.
        closes: Whether it is known that every quote closes.

    Yields:
        Blocks of strings by column, all of them UTF-8, with null where a field is empty.

    Raises:
        DataError: It is no such file; the message names the first row that is wrong.
    """
    watched = _Watched(stream)
    try:
        yield from _blocks(stream if closes else watched, names)
    except pa.ArrowInvalid as error:
        hint = "a row may have at most 2 MB"
        unknown = DataError(source, expected="a CSV that can be parsed", got=str(error), hint=hint)
        with again() as whole:
            raise first_fault(whole, source) or unknown from error
    # Arrow takes a quote that is never closed for one field down to the end of the file.
    if watched.quotes.open:
        raise never_closed(source, again)


def never_closed(source: str, again: Callable[[], BinaryIO]) -> DataError:
    """What is said of a CSV with a quote that is never closed.

    Args:
        source: The file's name.
        again: Opens the whole file.
    """
    with again() as whole:
        found = first_fault(whole, source)
    hint = "a quote within a value is written twice"
    return found or DataError(source, expected="a quote that closes", got="none", hint=hint)


def _blocks(stream: BinaryIO | io.RawIOBase, names: Sequence[str]) -> Iterator[Mapping[str, pa.Array]]:
    reader = arrow_csv.open_csv(
        pa.PythonFile(stream, mode="r"),
        # Cores are used by reading several parts at once; threads would only read further ahead.
        read_options=arrow_csv.ReadOptions(block_size=BLOCK_BYTES, column_names=names, use_threads=False),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )
    with reader:
        for batch in reader:
            yield dict(zip(names, batch.columns, strict=True))


class _Watched(io.RawIOBase):
    """A stream whose quotes are followed as they pass."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.quotes = stream, Quotes()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        content = self._stream.read(size)
        self.quotes.feed(content)
        return content
