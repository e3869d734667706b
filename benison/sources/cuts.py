"""Cuts: where a file can be cut so that its parts can be read on their own. They depend on the file's bytes alone.

JSON lines are cut at line breaks, TFRecords between records, a CSV at line breaks outside of quotes. Quotes are
followed in the simple way, every other one closes, as long as each opening one stands where a value begins or right
after a closing one (a doubled quote); that is checked for all at once, and where it does not hold, as with a lone quote
within a value, they are followed one by one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benison.core import digests

PART_BYTES = 32 << 20
_CHUNK_BYTES = 1 << 20
_QUOTE, _BEGINS = ord('"'), b",\r\n"
# Bytes that an opening quote may stand behind; behind another quote it is the second of a doubled one.
_MAY_PRECEDE = np.isin(np.arange(256), (*_BEGINS, _QUOTE))
_OPENING = re.compile(rb'(?<=[,\r\n])"')


@dataclass
class Quotes:
    """Follows the quotes of a CSV, from the beginning of a row on.

    Attributes:
        open: Whether what comes next stands within quotes.
    """

    open: bool = False
    _last: int = ord("\n")
    _closed: bool = False

    def feed(self, content: bytes) -> None:
        """Goes on to the end of some more bytes."""
        if not content:
            return
        places = np.flatnonzero(np.frombuffer(content, np.uint8) == _QUOTE) if b'"' in content else ()
        if len(places):
            self._follow(content, np.asarray(places))
        self._last = content[-1]

    def _follow(self, content: bytes, places: Any) -> None:
        opening = places[1 if self.open else 0 :: 2]
        before = np.frombuffer(content, np.uint8)[opening - 1]
        if len(opening) and opening[0] == 0:
            before[0] = ord(",") if self._may_open(content, 0) else 0
        if _MAY_PRECEDE[before].all():
            self.open ^= len(places) % 2 == 1
            self._closed = not self.open
        else:
            self._walk(content)

    def _may_open(self, content: bytes, place: int) -> bool:
        """Whether a quote at this place, outside of quotes, opens."""
        last = content[place - 1] if place else self._last
        return last in _BEGINS or (last == _QUOTE and self._closed)

    def _walk(self, content: bytes) -> None:
        place = 0
        while place < len(content):
            if self.open:
                found = content.find(b'"', place)
                if found < 0:
                    return
                self.open, self._closed, place = False, True, found + 1
            elif content[place] == _QUOTE and self._may_open(content, place):
                self.open, place = True, place + 1
            else:
                self._closed = False
                following = _OPENING.search(content, place + 1)
                if following is None:
                    return
                self.open, place = True, following.end()


@dataclass(frozen=True)
class Cuts:
    """What one pass over a file tells.

    Attributes:
        size: In bytes.
        digest: Of all of them.
        ranges: First byte and end of each part, without what comes before the first row; None: to the file's end.
        open: Whether a quote is never closed.
    """

    size: int
    digest: str
    ranges: tuple[tuple[int, int | None], ...] = ()
    open: bool = False


@dataclass
class _Lines:
    """Cuts lines as they come by; with quotes, those of a CSV.

    Attributes:
        place: How many bytes there were.
        quotes: Where a line break is none; None: nowhere.
        cuts: Where parts begin.
    """

    place: int
    quotes: Quotes | None
    cuts: list[int]

    def feed(self, content: bytes) -> None:
        """The next bytes."""
        view = 0
        while view < len(content):
            wanted = self.cuts[-1] + PART_BYTES - self.place
            end = len(content) if wanted >= len(content) - view else content.find(b"\n", view + max(wanted, 0)) + 1
            piece = content[view : end or len(content)]
            self._pass(piece)
            view += len(piece)
            if self.place >= self.cuts[-1] + PART_BYTES and piece.endswith(b"\n") and not self.open:
                self.cuts.append(self.place)

    @property
    def open(self) -> bool:
        """Whether what comes next stands within quotes."""
        return self.quotes is not None and self.quotes.open

    def _pass(self, piece: bytes) -> None:
        if self.quotes is not None:
            self.quotes.feed(piece)
        self.place += len(piece)


@dataclass
class _Records:
    """Cuts a TFRecord file as it comes by: each record begins with its length, and is 16 bytes longer.

    Attributes:
        place: How many bytes there were.
        cuts: Where parts begin.
        open: Never.
    """

    place: int
    cuts: list[int]
    open: bool = False
    _next: int = 0
    _rest: bytes = b""

    def feed(self, content: bytes) -> None:
        """The next bytes."""
        known, begin = self._rest + content, self.place - len(self._rest)
        while self._next - begin + 8 <= len(known):
            if self._next >= self.cuts[-1] + PART_BYTES:
                self.cuts.append(self._next)
            self._next += int.from_bytes(known[self._next - begin : self._next - begin + 8], "little") + 16
        self.place += len(content)
        self._rest = known[self._next - begin :]


def cut(path: Path, first: int, format: str) -> Cuts:
    """Cuts a file into parts of about `PART_BYTES`, and hashes it on the way.

    Args:
        path: The file.
        first: Where its first row begins.
        format: ``csv``, ``jsonl`` or ``tfrecord``.
    """
    sha = hashlib.sha256()
    cutter = _Records(first, [first]) if format == "tfrecord" else _Lines(first, _QUOTED[format](), [first])
    # To hash takes as long as to cut, and needs no interpreter. The thread is gone before anything is forked.
    with path.open("rb") as file, ThreadPoolExecutor(1) as beside:
        sha.update(file.read(first))
        hashed: Future[Any] = beside.submit(int)
        while chunk := file.read(_CHUNK_BYTES):
            hashed.result()
            hashed = beside.submit(sha.update, chunk)
            cutter.feed(chunk)
        hashed.result()
    ends = [*cutter.cuts[1:], cutter.place]
    ranges = tuple((start, end) for start, end in zip(cutter.cuts, ends, strict=True) if end > start)
    return Cuts(cutter.place, digests.PREFIX + sha.hexdigest(), ranges, cutter.open)


_QUOTED: dict[str, Callable[[], Quotes | None]] = {"csv": Quotes, "jsonl": lambda: None}
