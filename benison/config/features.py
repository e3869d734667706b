"""features: in benison.yaml: what the model sees of the columns, each feature with a kind and a version."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from benison.core.sections import Section
from benison.core.spelling import nearest

NORMALISATIONS = ("standard", "min_max", "none")
PARTS = ("days", "month", "day", "weekday", "hour")
_DEFAULT_PARTS = ("month", "weekday", "hour")
_MOST_PLACES = 2**31 - 2
_SHORT = "write  age: numeric  or  city: categorical"


@dataclass(frozen=True)
class Numeric:
    """A number, clipped, then log(1 + x) of it, then normalised.

    Attributes:
        name: The feature.
        column: Where it comes from.
        version: Raised when its meaning is meant to change.
        log: Whether log(1 + x) is taken, for long tails of values that are not negative.
        clip: The lowest and the highest value that is told apart; infinite where it is open.
        normalise: ``standard`` (mean 0, deviation 1 on train), ``min_max`` (0 to 1 on train) or ``none``.
    """

    name: str
    column: str
    version: int = 1
    log: bool = False
    clip: tuple[float, float] = (-math.inf, math.inf)
    normalise: str = "standard"

    @property
    def declared(self) -> dict[str, Any]:
        """What was asked for, as it stands in features.json."""
        clip = [None if math.isinf(bound) else bound for bound in self.clip]
        return {"log": self.log, "clip": clip, "normalise": self.normalise}


@dataclass(frozen=True)
class Buckets:
    """A number as the place of the bucket that it falls into.

    Attributes:
        name: The feature.
        column: Where it comes from.
        version: Raised when its meaning is meant to change.
        count: Into so many buckets of equally many rows of train; 0: by the boundaries.
        boundaries: Ascending; a value that equals one belongs above it.
        embedding: How many numbers `ModelFeature.encode` makes of a place; 0: its own choice.
    """

    name: str
    column: str
    version: int = 1
    count: int = 0
    boundaries: tuple[float, ...] = ()
    embedding: int = 0

    @property
    def declared(self) -> dict[str, Any]:
        """What was asked for, as it stands in features.json."""
        return {"buckets": self.count or list(self.boundaries)}


@dataclass(frozen=True)
class Categorical:
    """A text as its place in a vocabulary, or as one of so many hash buckets.

    Attributes:
        name: The feature.
        column: Where it comes from.
        version: Raised when its meaning is meant to change.
        min_count: Values seen less often in train share one place with unknown ones.
        max_size: As many values, the most frequent ones, have a place of their own; 0: all.
        hash: How many buckets; 0: a vocabulary.
        embedding: As in `Buckets`.
    """

    name: str
    column: str
    version: int = 1
    min_count: int = 1
    max_size: int = 0
    hash: int = 0
    embedding: int = 0

    @property
    def declared(self) -> dict[str, Any]:
        """What was asked for, as it stands in features.json."""
        return {"min_count": self.min_count, "max_size": self.max_size, "hash": self.hash}


@dataclass(frozen=True)
class Text:
    """A text as the places of its words: runs of letters and digits, in small letters.

    Attributes:
        name: The feature.
        column: Where it comes from.
        version: Raised when its meaning is meant to change.
        length: So many words of a text count, the first ones.
        min_count: Words seen less often in train are unknown ones.
        max_size: As many words, the most frequent ones, have a place of their own.
        embedding: As in `Buckets`.
    """

    name: str
    column: str
    version: int = 1
    length: int = 64
    min_count: int = 2
    max_size: int = 10_000
    embedding: int = 0

    @property
    def declared(self) -> dict[str, Any]:
        """What was asked for, as it stands in features.json."""
        return {"length": self.length, "min_count": self.min_count, "max_size": self.max_size}


@dataclass(frozen=True)
class Date:
    """A date or time as numbers: the places in year, month, week and day on a circle, and the day itself.

    Attributes:
        name: The feature.
        column: Where it comes from: ISO 8601, or seconds since 1970.
        version: Raised when its meaning is meant to change.
        parts: Of `PARTS`: ``days`` is the day on a line, normalised; each other one is the sine and cosine of an angle.
    """

    name: str
    column: str
    version: int = 1
    parts: tuple[str, ...] = _DEFAULT_PARTS

    @property
    def declared(self) -> dict[str, Any]:
        """What was asked for, as it stands in features.json."""
        return {"parts": list(self.parts)}


@dataclass(frozen=True)
class Cross:
    """Several features together as one of so many hash buckets.

    Attributes:
        name: The feature.
        of: The names of categorical features and of those with buckets, two at least.
        hash: How many buckets.
        version: Raised when its meaning is meant to change.
        embedding: As in `Buckets`.
    """

    name: str
    of: tuple[str, ...]
    hash: int
    version: int = 1
    embedding: int = 0

    @property
    def declared(self) -> dict[str, Any]:
        """What was asked for, as it stands in features.json."""
        return {"of": list(self.of), "hash": self.hash}


Feature = Numeric | Buckets | Categorical | Text | Date | Cross
_NUMBERS, _TEXTS = (Numeric, Buckets), (Categorical, Text)


def columns_of(features: Sequence[Feature]) -> tuple[str, ...]:
    """Every column that the model sees something of, once, in the order of the features."""
    return tuple(dict.fromkeys(feature.column for feature in features if not isinstance(feature, Cross)))


def number_columns(features: Sequence[Feature]) -> tuple[str, ...]:
    """The columns that have to hold numbers."""
    return tuple(dict.fromkeys(feature.column for feature in features if isinstance(feature, _NUMBERS)))


def text_columns(features: Sequence[Feature]) -> tuple[str, ...]:
    """The columns whose values are taken as text."""
    return tuple(dict.fromkeys(feature.column for feature in features if isinstance(feature, _TEXTS)))


def date_columns(features: Sequence[Feature]) -> tuple[str, ...]:
    """The columns of dates, as numbers or as text."""
    return tuple(dict.fromkeys(feature.column for feature in features if isinstance(feature, Date)))


def features_of(section: Section) -> tuple[Feature, ...]:
    """Reads the section.

    Raises:
        ConfigError: Something in it is not understood.
    """
    if not section.content:
        raise section.error("", "at least one feature", "none", _SHORT)
    for name in section.content:
        if not isinstance(name, str):
            hint = "put it in quotes: YAML reads words like on and no, and digits, as something else than text"
            raise section.error("", "names of columns, which are text", repr(name), hint)
    features = tuple(_feature(section, name) for name in section.content)
    for feature in features:
        if isinstance(feature, Cross):
            _crossable(section.section(feature.name), feature, features)
    _one_nature(section, features)
    return features


def _feature(section: Section, name: str) -> Feature:
    kinds = tuple(_READ)
    if isinstance(section.content[name], str):
        kind = section.choice(name, kinds)
        if kind == "cross":
            raise section.error(name, "the features that are crossed", "none", "{kind: cross, of: [a, b], hash: 1000}")
        return _READ[kind](Section(section.file, {}, section.lines, (*section.at, name)), name)
    own = section.section(name)
    feature = _READ[own.choice("kind", kinds)](own, name)
    own.close()
    return feature


def _numeric(own: Section, name: str) -> Feature:
    column, version = _source(own, name)
    if "buckets" in own.content:
        return _buckets(own, name, column, version)
    clip = _clip(own)
    log, normalise = own.take("log", bool, False), own.choice("normalise", NORMALISATIONS, "standard")
    if log and clip[1] <= 0:
        raise own.error("clip", "a highest value above 0, since log(1 + x) is taken", f"{clip[1]:g}")
    return Numeric(name, column, version, log, clip, normalise)


def _source(own: Section, name: str) -> tuple[str, int]:
    """Column and version."""
    return own.take("column", str, name), own.whole("version", 1, low=1)


def _clip(own: Section) -> tuple[float, float]:
    own.asked.add("clip")
    bounds = own.content.get("clip", [None, None])
    if not isinstance(bounds, list) or len(bounds) != 2 or not all(bound is None or _finite(bound) for bound in bounds):
        raise own.error("clip", "the lowest and the highest value, as [0, 100] or [null, 100]", repr(bounds))
    low = -math.inf if bounds[0] is None else float(bounds[0])
    high = math.inf if bounds[1] is None else float(bounds[1])
    if low >= high:
        raise own.error("clip", "a lowest value below the highest", repr(bounds))
    return low, high


def _finite(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(float(value))  # type: ignore[arg-type]


def _buckets(own: Section, name: str, column: str, version: int) -> Buckets:
    for key in ("log", "clip", "normalise"):
        if key in own.content:
            raise own.error(key, "buckets alone", f"buckets and {key}", "a bucket's place does not depend on it")
    own.asked.add("buckets")
    value = own.content["buckets"]
    if type(value) is int and value >= 2:
        return Buckets(name, column, version, count=value, embedding=_embedding(own))
    ascending = (
        isinstance(value, list) and value and all(map(_finite, value)) and all(a < b for a, b in pairwise(value))
    )
    if not ascending:
        raise own.error("buckets", "a number of buckets from 2, or boundaries that ascend", repr(value))
    return Buckets(name, column, version, boundaries=tuple(map(float, value)), embedding=_embedding(own))


def _embedding(own: Section) -> int:
    return own.whole("embedding", 0, low=1) if "embedding" in own.content else 0


def _categorical(own: Section, name: str) -> Feature:
    column, version = _source(own, name)
    if "hash" not in own.content:
        return Categorical(name, column, version, *_vocabulary(own, 1, 0), embedding=_embedding(own))
    for key in ("min_count", "max_size"):
        if key in own.content:
            raise own.error(key, "hash alone", f"hash and {key}", "hashing has no vocabulary; remove one of the two")
    return Categorical(name, column, version, hash=_places(own), embedding=_embedding(own))


def _vocabulary(own: Section, min_count: int, max_size: int) -> tuple[int, int]:
    """min_count and max_size."""
    least = own.whole("min_count", min_count, low=1)
    return least, own.whole("max_size", max_size, low=1) if "max_size" in own.content else max_size


def _places(own: Section) -> int:
    places = own.whole("hash", low=2)
    if places > _MOST_PLACES:
        raise own.error("hash", f"at most {_MOST_PLACES} buckets", places)
    return places


def _text(own: Section, name: str) -> Feature:
    column, version = _source(own, name)
    length = own.whole("length", 64, low=1)
    return Text(name, column, version, length, *_vocabulary(own, 2, 10_000), embedding=_embedding(own))


def _date(own: Section, name: str) -> Feature:
    column, version = _source(own, name)
    parts = own.texts("parts", _DEFAULT_PARTS)
    for part in parts:
        if part not in PARTS or parts.count(part) > 1:
            raise own.error("parts", f"of {', '.join(PARTS)}, each once", repr(part), nearest(part, PARTS))
    return Date(name, column, version, parts)


def _cross(own: Section, name: str) -> Feature:
    of, version = own.texts("of"), own.whole("version", 1, low=1)
    if len(set(of)) < 2:
        raise own.error("of", "two features or more", ", ".join(of))
    return Cross(name, of, _places(own), version, _embedding(own))


_READ: dict[str, Callable[[Section, str], Feature]] = {
    "numeric": _numeric,
    "categorical": _categorical,
    "text": _text,
    "date": _date,
    "cross": _cross,
}


def _crossable(own: Section, cross: Cross, features: Sequence[Feature]) -> None:
    known = [feature.name for feature in features if isinstance(feature, (Buckets, Categorical))]
    for name in cross.of:
        if name not in known:
            declared = any(feature.name == name for feature in features)
            hint = (
                "give a number buckets, as a feature of its own, and cross these" if declared else nearest(name, known)
            )
            raise own.error("of", "features that are categorical or have buckets", repr(name), hint)


def _one_nature(section: Section, features: Sequence[Feature]) -> None:
    """A column is read as numbers, as text or as dates."""
    natures = {"numbers": number_columns, "text": text_columns, "dates": date_columns}
    for column in columns_of(features):
        found = [nature for nature, columns in natures.items() if column in columns(features)]
        if len(found) > 1:
            last = [feature.name for feature in features if not isinstance(feature, Cross) and feature.column == column]
            hint = "numbers can be both a value and buckets; for a date's hour or day name its parts"
            raise section.error(last[-1], f"column {column!r} of one nature", " and ".join(found), hint)
