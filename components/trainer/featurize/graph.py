"""The feature graph: what each column goes through before the model sees it, with parameters fitted on train."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benison.config.features import Buckets, Categorical, Cross, Date, Feature, Numeric, Text

MISSING, UNKNOWN, FIRST = 0, 1, 2
CIRCLES = {"month": 12, "day": 31, "weekday": 7, "hour": 24}


@dataclass(frozen=True)
class RawColumn:
    """A column as signatures take it.

    Attributes:
        name: Its name in the data and in a tf.Example.
        input: The name of its input in signatures.
        type: ``number``, ``text`` or ``seconds``.
        stored_as: Where a tf.Example keeps it: ``int64_list``, ``float_list`` or ``bytes_list``.
    """

    name: str
    input: str
    type: str
    stored_as: str


@dataclass(frozen=True)
class Scaled:
    """A number as (x - offset) / scale, of log(1 + x) where asked, after clipping.

    Attributes:
        declared: What was asked for.
        input: The name of its input in the model.
        offset: Of train's values on that scale: the mean, the minimum, or 0 without normalisation.
        scale: Likewise the population's standard deviation, the range, or 1; 1 where all values are the same.
        fill: What a missing value becomes: train's mean, on the model's scale.
        quantiles: Of train's values and of its different values, on the model's scale: a model may build steps of them.
    """

    declared: Numeric
    input: str
    offset: float
    scale: float
    fill: float
    quantiles: tuple[float, ...] = ()

    kind = "numeric"
    size = width = 1

    @property
    def fitted(self) -> dict[str, Any]:
        """The parameters as they stand in features.json."""
        return {"offset": self.offset, "scale": self.scale, "fill": self.fill, "quantiles": list(self.quantiles)}


@dataclass(frozen=True)
class Bucketed:
    """A number as a place: 0 missing, then one for each bucket from the lowest.

    Attributes:
        declared: What was asked for.
        input: The name of its input in the model.
        boundaries: Ascending, each a number of float32, since that is what a value is compared as.
    """

    declared: Buckets
    input: str
    boundaries: tuple[float, ...]

    kind, width = "buckets", 1

    @property
    def size(self) -> int:
        """How many places there are."""
        return len(self.boundaries) + 2

    @property
    def fitted(self) -> dict[str, Any]:
        """The parameters as they stand in features.json."""
        return {"boundaries": list(self.boundaries)}


@dataclass(frozen=True)
class Indexed:
    """A text as its place in the vocabulary: 0 missing or empty, 1 not in the vocabulary, from 2 on its values.

    Attributes:
        declared: What was asked for.
        input: The name of its input in the model.
        vocabulary: Train's values, most frequent first, equally frequent ones by text.
    """

    declared: Categorical
    input: str
    vocabulary: tuple[str, ...]

    kind, width = "categorical", 1

    @property
    def size(self) -> int:
        """How many places there are."""
        return FIRST + len(self.vocabulary)

    @property
    def fitted(self) -> dict[str, Any]:
        """The parameters as they stand in features.json."""
        return {"vocabulary": list(self.vocabulary)}


@dataclass(frozen=True)
class Hashed:
    """A text as a place: 0 missing or empty, then one for each hash bucket (FarmHash64 modulo their number)."""

    declared: Categorical
    input: str

    kind, width = "categorical", 1

    @property
    def size(self) -> int:
        """How many places there are."""
        return 1 + self.declared.hash

    @property
    def fitted(self) -> dict[str, Any]:
        """Nothing: hashing learns nothing from train."""
        return {}


@dataclass(frozen=True)
class Tokenized:
    """A text as the places of its first words: 0 no word, 1 not in the vocabulary, from 2 on its words.

    Attributes:
        declared: What was asked for.
        input: The name of its input in the model.
        vocabulary: Train's words, most frequent first, equally frequent ones by text.
    """

    declared: Text
    input: str
    vocabulary: tuple[str, ...]

    kind = "text"

    @property
    def size(self) -> int:
        """How many places there are."""
        return FIRST + len(self.vocabulary)

    @property
    def width(self) -> int:
        """How many words of a text there are at most."""
        return self.declared.length

    @property
    def fitted(self) -> dict[str, Any]:
        """The parameters as they stand in features.json."""
        return {"vocabulary": list(self.vocabulary)}


@dataclass(frozen=True)
class Dated:
    """A date or time as numbers, part by part; all of them 0 where it is missing, which no date is.

    Attributes:
        declared: What was asked for.
        input: The name of its input in the model.
        mean: Of train's days since 1970; 0 where ``days`` is not among the parts.
        std: Likewise the population's standard deviation; 1 where there is none.
    """

    declared: Date
    input: str
    mean: float = 0.0
    std: float = 1.0

    kind, size = "date", 1

    @property
    def width(self) -> int:
        """How many numbers: two for each part on a circle, one for the day on a line."""
        return sum(2 if part in CIRCLES else 1 for part in self.declared.parts)

    @property
    def fitted(self) -> dict[str, Any]:
        """The parameters as they stand in features.json."""
        return {"mean": self.mean, "std": self.std}


@dataclass(frozen=True)
class Crossed:
    """Several features as one place: 0 where one is missing, then one for each hash bucket of them together.

    Attributes:
        declared: What was asked for.
        input: The name of its input in the model.
        parts: The features that it is made of; those of vocabularies count by their text.
    """

    declared: Cross
    input: str
    parts: tuple[Bucketed | Indexed | Hashed, ...]

    kind, width = "cross", 1

    @property
    def size(self) -> int:
        """How many places there are."""
        return 1 + self.declared.hash

    @property
    def fitted(self) -> dict[str, Any]:
        """The boundaries that its parts are cut at, since its value depends on them."""
        cut = [part for part in self.parts if isinstance(part, Bucketed)]
        return {"boundaries": {part.declared.name: list(part.boundaries) for part in cut}}


Entry = Mapping[str, Any]
Fitted = Scaled | Bucketed | Indexed | Hashed | Tokenized | Dated | Crossed


def sources(feature: Fitted) -> tuple[str, ...]:
    """The columns that a feature is made of."""
    if isinstance(feature, Crossed):
        return tuple(dict.fromkeys(part.declared.column for part in feature.parts))
    return (feature.declared.column,)


def is_place(feature: Fitted) -> bool:
    """Whether a feature is whole numbers that name places, and no quantity."""
    return not isinstance(feature, (Scaled, Dated))


@dataclass(frozen=True)
class FeatureGraph:
    """What every column goes through before the model sees it, with the parameters fitted on train."""

    columns: tuple[RawColumn, ...]
    features: tuple[Fitted, ...]

    def column(self, name: str) -> RawColumn:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    def to_json(self) -> dict[str, Any]:
        """Columns and features as they stand in features.json."""
        return {
            "columns": [vars(column) for column in self.columns],
            "features": [_entry(feature) for feature in self.features],
        }


def _entry(feature: Fitted) -> dict[str, Any]:
    return {
        "name": feature.declared.name,
        "input": feature.input,
        "kind": feature.kind,
        "version": feature.declared.version,
        "columns": list(sources(feature)),
        "declared": feature.declared.declared,
        "fitted": feature.fitted,
    }


def is_kept(feature: Feature, entries: Mapping[str, Entry]) -> bool:
    """Whether an entry of features.json is this very feature: name, version, columns, and all that was declared."""
    entry = entries.get(feature.name)
    if entry is None or isinstance(feature, Cross):
        return False
    own = (feature.version, [feature.column], feature.declared)
    kind = _KINDS[type(feature)]
    return (entry["kind"], entry["version"], entry["columns"], entry["declared"]) == (kind, *own)


_KINDS: Mapping[type, str] = {
    Numeric: Scaled.kind,
    Buckets: Bucketed.kind,
    Categorical: Indexed.kind,
    Text: Tokenized.kind,
    Date: Dated.kind,
}


def refitted(feature: Feature, name: str, entry: Entry) -> Fitted:
    """The fitted feature that an entry of features.json describes.

    Args:
        feature: What it was asked for as.
        name: The name of its input in the model.
        entry: Of a feature that `is_kept`.
    """
    fitted = {key: tuple(value) if isinstance(value, list) else value for key, value in entry["fitted"].items()}
    if isinstance(feature, Categorical) and feature.hash:
        return Hashed(feature, name)
    made: Mapping[type, Any] = {Numeric: Scaled, Buckets: Bucketed, Categorical: Indexed, Text: Tokenized, Date: Dated}
    found: Fitted = made[type(feature)](feature, name, **fitted)
    return found
