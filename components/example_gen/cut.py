"""Cut: where time divides rows. The moments lie on disk, and a few passes over them find the place exactly.

A moment is kept as an unsigned number of 64 bits that sorts as moments do. The number at a given rank is found digit by
digit, 16 bits at a time, as radix sort would: each pass counts the next digit of those numbers that begin as the one
sought. So memory holds 65,536 counts, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benison.sources.times import Moments

Ranks = npt.NDArray[np.uint64]

_SIGN = np.uint64(1 << 63)
_DIGIT_BITS = 16
_DIGITS = 1 << _DIGIT_BITS
_CHUNK_ROWS = 1 << 20


def ordered(moments: Moments) -> Ranks:
    """Moments as unsigned numbers: a later moment is a larger number, and equal moments are equal numbers.

    >>> ordered(np.array([-1.5, -0.0, 0.0, 2.0])).argsort(kind="stable").tolist()
    [0, 1, 2, 3]
    """
    if moments.dtype == np.int64:
        return moments.view(np.uint64) ^ _SIGN
    bits = (moments + 0.0).view(np.uint64)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


class MomentFile:
    """The moments of all rows, in the order of the rows, on disk.

    Args:
        path: The file to make.
    """

    def __init__(self, path: Path) -> None:
        self._path, self.rows = path, 0

    def write(self, batches: Iterable[Ranks]) -> None:
        """Takes the moments of all rows."""
        with self._path.open("xb") as file:
            for ranks in batches:
                file.write(ranks.tobytes())
                self.rows += len(ranks)

    def chunks(self) -> Iterator[Ranks]:
        """All of them, a million at a time."""
        with self.reader() as take:
            while len(ranks := take(_CHUNK_ROWS)):
                yield ranks

    @contextmanager
    def reader(self) -> Iterator[Callable[[int], Ranks]]:
        """Hands out the moments of so many rows, and the next time those of the rows after them."""
        with self._path.open("rb") as file:
            yield lambda rows: np.frombuffer(file.read(8 * rows), np.uint64)


@dataclass(frozen=True)
class Cut:
    """Where one split ends and the next begins.

    Attributes:
        moment: As `ordered` writes it.
        included: Whether rows of this very moment come after the cut.
    """

    moment: int
    included: bool

    def is_behind(self, ranks: Ranks) -> npt.NDArray[np.bool_]:
        """Which rows come after the cut."""
        moment = np.uint64(self.moment)
        return ranks >= moment if self.included else ranks > moment


def cut(chunks: Callable[[], Iterable[Ranks]], rows: int, share: float) -> Cut:
    """Where a share of the rows ends. A moment falls where the middle of its rows falls.

    Args:
        chunks: The moments of all rows, as often as asked for.
        rows: How many there are, at least one.
        share: Of the rows that come before the cut, over 0 and below 1.
    """
    moment, below, same = _at(chunks, min(int(share * rows), rows - 1))
    middle = (below + same - same / 2) / rows
    return Cut(moment, middle >= share)


def _at(chunks: Callable[[], Iterable[Ranks]], place: int) -> tuple[int, int, int]:
    """The moment at a place in the order of time, how many rows are older, and how many are of this moment."""
    moment, below, same = 0, 0, 0
    for shift in range(64 - _DIGIT_BITS, -1, -_DIGIT_BITS):
        counts = np.zeros(_DIGITS, np.int64)
        for ranks in chunks():
            counts += np.bincount(_digits(ranks, shift, moment), minlength=_DIGITS)
        ends = np.cumsum(counts)
        digit = int(np.searchsorted(ends, place - below, side="right"))
        moment, same = moment << _DIGIT_BITS | digit, int(counts[digit])
        below += int(ends[digit]) - same
    return moment, below, same


def _digits(ranks: Ranks, shift: int, beginning: int) -> npt.NDArray[np.int64]:
    """The digit at `shift` bits of those numbers whose digits before it are the ones given."""
    digits = ranks >> np.uint64(shift)
    begins_so = digits >> np.uint64(_DIGIT_BITS) == np.uint64(beginning)
    found: npt.NDArray[np.int64] = (digits[begins_so] & np.uint64(_DIGITS - 1)).astype(np.int64)
    return found
