"""Numerals: which texts are numbers, and exactly so.

What is written otherwise, as 007, .5 or 1e400, is a name and not a quantity: it stays the text that it is. Two regular
expressions say which is which. They are slow, so most texts are judged by their first and last bytes, which is the same
once Arrow has parsed them; only those that look unusual are held to the expressions themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

WHOLE = r"^-?(0|[1-9][0-9]{0,17})$"
NUMBER = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?$"
# Up to here every whole float64 is one number.
EXACT = 2.0**53
# Arrow parses no others: those of exponents, nan and inf.
_LETTERS = (b"e", b"E", b"n", b"N")
_FEW = 64
# A number of as many bytes without an exponent is below 1e15.
_SHORT = 15
_ZERO, _NINE, _MINUS, _POINT = b"09-."


@dataclass(frozen=True)
class Evidence:
    """What the values of a column allow it to be. Missing values allow everything.

    Attributes:
        some: Whether there is a value at all.
        whole: All values are whole numbers that their type holds exactly.
        spelt_whole: All are numbers, or texts that `WHOLE` fits.
        spelt: All are numbers, or texts that `NUMBER` fits.
    """

    some: bool = False
    whole: bool = True
    spelt_whole: bool = True
    spelt: bool = True

    def __add__(self, other: Evidence) -> Evidence:
        """That of both together; associative and commutative, and ``Evidence()`` adds nothing."""
        return Evidence(
            self.some or other.some,
            self.whole and other.whole,
            self.spelt_whole and other.spelt_whole,
            self.spelt and other.spelt,
        )

    def kind(self, empty: pa.DataType) -> pa.DataType:
        """int64, float64 or string.

        Args:
            empty: What a column without any value is.
        """
        if not self.some:
            return empty
        if not (self.spelt or self.spelt_whole):
            return pa.string()
        return pa.int64() if self.whole else pa.float64()


TEXT = Evidence(some=True, whole=False, spelt_whole=False, spelt=False)


def of_numbers(numbers: pa.Array) -> Evidence:
    """What int64 or float64 values allow."""
    if numbers.null_count == len(numbers):
        return Evidence()
    return Evidence(some=True, whole=pa.types.is_integer(numbers.type) or _all_whole(numbers))


def _all_whole(floats: pa.Array) -> bool:
    # Most columns that are not whole show it at once.
    for some in (floats[:_FEW], floats):
        values = np.asarray(some.drop_null())
        if not np.all((np.floor(values) == values) & (np.abs(values) < EXACT)):
            return False
    return True


def of_texts(texts: pa.Array) -> tuple[pa.Array, Evidence]:
    """What texts allow, and the texts as numbers where they are.

    Args:
        texts: Strings; null for missing, never empty.

    Returns:
        int64 of which each is spelt in one way alone, so that the texts can be had back; float64; or the texts.
    """
    if texts.null_count == len(texts):
        return texts, Evidence()
    content = _Bytes.of(texts)
    if (integers := _parsed(texts, pa.int64(), content)) is not None:
        return _of_integers(texts, integers, content)
    if (floats := _parsed(texts, pa.float64(), content)) is not None and _all_spelt(texts, floats, content):
        return floats, Evidence(some=True, whole=_all_whole(floats), spelt_whole=False)
    return texts, TEXT


def parsed(texts: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """Texts as Arrow parses numbers, None where one of them is none.

    A cast that fails is slow, since Arrow words an error for each text; so what is likely to fail is looked for before.

    Args:
        texts: Strings.
        kind: int64 or float64.
    """
    return _parsed(texts, kind, _Bytes.of(texts))


def _parsed(texts: pa.Array, kind: pa.DataType, content: _Bytes) -> pa.Array | None:
    try:
        texts[:_FEW].cast(kind)
        if pa.types.is_integer(kind) and len(texts) > _FEW and content.contain(b"."):
            return None
        return texts.cast(kind)
    except pa.ArrowInvalid:
        return None


@dataclass(frozen=True)
class _Bytes:
    """Single bytes of many texts."""

    data: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int32]
    sizes: npt.NDArray[np.int32]

    @classmethod
    def of(cls, texts: pa.Array) -> _Bytes:
        if texts.null_count == len(texts):
            # Newer versions of Arrow have no buffers for what is empty.
            nothing = np.zeros(len(texts), np.int32)
            return cls(np.zeros(0, np.uint8), nothing, nothing)
        _, offsets, data = texts.buffers()
        places = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
        sizes = np.diff(places)
        if texts.null_count:
            sizes[np.asarray(texts.is_null())] = 0
        return cls(np.frombuffer(data, np.uint8), places[:-1], sizes)

    def at(self, place: npt.NDArray[np.int32] | int) -> npt.NDArray[np.uint8]:
        """The byte at a place of each text; any byte where the text is shorter."""
        return self.data.take(self.starts + place, mode="clip")

    def some(self, places: npt.NDArray[np.intp]) -> _Bytes:
        """The bytes of some of the texts."""
        return _Bytes(self.data, self.starts[places], self.sizes[places])

    def contain(self, *signs: bytes) -> bool:
        """Whether one of some bytes is among them."""
        content = self.data[self.starts[0] : self.starts[-1] + self.sizes[-1]].tobytes()
        return any(sign in content for sign in signs)


def _of_integers(texts: pa.Array, integers: pa.Array, content: _Bytes) -> tuple[pa.Array, Evidence]:
    first = content.at(0)
    signed = first == _MINUS
    digits = content.sizes - signed
    zero = np.where(signed, content.at(1), first) == _ZERO if signed.any() else first == _ZERO
    if np.any((zero & (digits > 1)) | (digits > 18)):
        return texts, TEXT
    evidence = Evidence(some=True, spelt=bool(digits.max() <= 15))
    return (texts if np.any(signed & zero & (content.sizes > 0)) else integers), evidence


def _all_spelt(texts: pa.Array, floats: pa.Array, content: _Bytes) -> bool:
    """Whether `NUMBER` fits all, of texts that Arrow could parse."""
    if content.contain(*_LETTERS):
        return _matched(texts)
    odd = _unusual(floats, content)
    return not len(odd) or _matched(texts.take(pa.array(odd)))


def _matched(texts: pa.Array) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts, NUMBER)).as_py() is not False)


def _unusual(floats: pa.Array, content: _Bytes) -> npt.NDArray[np.intp]:
    """Where texts without letters stand that `NUMBER` may not fit.

    It fits what begins, after a sign, with 1 to 9, ends with a digit and is short; others are looked at more closely.
    """
    lead, last = content.at((content.at(0) == _MINUS).astype(np.int32)), content.at(content.sizes - 1)
    plain = (lead > _ZERO) & (lead <= _NINE) & (last >= _ZERO) & (last <= _NINE) & (content.sizes <= _SHORT)
    others = np.flatnonzero(~plain & (content.sizes > 0))
    return others[_odd(np.asarray(floats)[others], content.some(others))]


def _odd(values: npt.NDArray[np.float64], content: _Bytes) -> npt.NDArray[np.bool_]:
    """Those that do not begin or end with a digit, begin with a 0 that should not be there, or are large."""
    signed = (content.at(0) == _MINUS).astype(np.int32)
    lead, after, last = content.at(signed), content.at(signed + 1), content.at(content.sizes - 1)
    plain = (lead >= _ZERO) & (lead <= _NINE) & (last >= _ZERO) & (last <= _NINE) & (np.abs(values) < 1e15)
    return np.asarray(~(plain & ((lead != _ZERO) | (after == _POINT) | (content.sizes - signed == 1))))
