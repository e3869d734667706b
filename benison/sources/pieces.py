"""Read: pieces of source files, whatever their format, as blocks of columns."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from benison.core.errors import DataError
from benison.sources.lists import Spread, spread
from benison.sources.read_csv import read_csv
from benison.sources.read_jsonl import read_jsonl
from benison.sources.read_parquet import read_group
from benison.sources.read_tfrecord import read_tfrecord

Block = Mapping[str, pa.Array]


@dataclass(frozen=True)
class Piece:
    """Some rows of a source file that can be read without the rest.

    Attributes:
        source: The source's number.
        path: The file.
        name: What messages call it.
        format: ``csv``, ``parquet``, ``tfrecord`` or ``jsonl``.
        start: Its first byte, after decompression; for Parquet the row group.
        end: The end of its bytes; None: the file's, which was not cut; for Parquet how many rows there are.
        names: The columns, where the file says them before its rows.
        partitions: Columns that the path tells: names, and values as text or null.
        integers: Columns that are integers by the file's own word.
        numbers: Likewise, those that are numbers of any kind.
        lists: Columns that become one for each place.
    """

    source: int
    path: Path
    name: str
    format: str
    start: int = 0
    end: int | None = None
    names: tuple[str, ...] = ()
    partitions: tuple[tuple[str, str | None], ...] = ()
    integers: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    lists: tuple[Spread, ...] = ()

    def opened(self) -> BinaryIO:
        """The whole file, decompressed.

        Raises:
            DataError: It cannot be read.
        """
        try:
            return cast(BinaryIO, gzip.open(self.path, "rb")) if self.packed else self.path.open("rb")
        except OSError as error:
            raise DataError(self.name, expected="a file that can be read", got=error.strerror or str(error)) from error

    @property
    def packed(self) -> bool:
        """Whether it is compressed."""
        return self.path.suffix == ".gz"


def read(
    piece: Piece, names: tuple[str, ...] | None = None, first: int = 1, coded: Collection[str] = ()
) -> Iterator[Block]:
    """Reads a piece, a block at a time.

    Args:
        piece: What to read.
        names: The columns of a Parquet file that are wanted; None: all.
        first: The number of its first row, for messages.
        coded: Columns of a Parquet file with texts that are left as indices into a dictionary.

    Yields:
        Columns of equal length, as the file's format has them, and those of its path.

    Raises:
        DataError: It is damaged, or something else than the configuration says; the message names the place.
    """
    blocks = _parquet(piece, names, coded) if piece.format == "parquet" else _streamed(piece, first)
    for block in blocks:
        rows = len(next(iter(block.values()), ()))
        wanted = ((name, value) for name, value in piece.partitions if names is None or name in names)
        yield {**block, **{name: pa.array([value], pa.string()).take(pa.array([0] * rows)) for name, value in wanted}}


def _parquet(piece: Piece, names: tuple[str, ...] | None, coded: Collection[str]) -> Iterator[Block]:
    of_places = {name: one.name for one in piece.lists for name in one.names}
    own = [of_places.get(name, name) for name in names or () if name not in dict(piece.partitions)]
    wanted = None if names is None else list(dict.fromkeys(own))
    for block in read_group(piece.path, piece.name, piece.start, wanted, coded):
        yield spread(block, piece.lists)


def _streamed(piece: Piece, first: int) -> Iterator[Block]:
    with compression(piece.name), piece.opened() as whole:
        whole.seek(piece.start)
        stream = cast(BinaryIO, _Range(whole, piece.end - piece.start)) if piece.end is not None else whole
        if piece.format == "csv":
            closes = piece.end is not None
            yield from read_csv(stream, piece.names, piece.name, piece.opened, closes=closes)
        elif piece.format == "jsonl":
            yield from read_jsonl(stream, piece.name, piece.opened)
        else:
            yield from read_tfrecord(stream, piece.name, first, piece.start)


class _Range(io.RawIOBase):
    """A part of a stream, from where it stands."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._left = stream, size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        content = self._stream.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(content)
        return content

    def readline(self, size: int | None = -1, /) -> bytes:
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        line = self._stream.readline(wanted)
        self._left -= len(line)
        return line


@contextmanager
def compression(source: str) -> Iterator[None]:
    """Tells a file that is no whole gzip."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        hint = "it was cut short, damaged, or is no gzip; copy it again, or give it its true name"
        raise DataError(source, expected="a whole gzip file", got=str(error), hint=hint) from error
