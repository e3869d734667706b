"""What columns of a snapshot look like: small enough to keep for ever, enough to compare later snapshots with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# The last second of the year 9999, since 1970: a larger number is no time in seconds.
LATEST = 253_402_300_799
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
NUMERIC, CATEGORICAL, DATETIME = "numeric", "categorical", "datetime"


@dataclass(frozen=True)
class ColumnProfile:
    """One column of some rows.

    Attributes:
        kind: ``numeric``; ``datetime``, the same over seconds since 1970 in UTC; ``categorical``.
        rows: All of them.
        missing: Rows without a value, or with NaN.
        distinct: Different values; exact as far as they were counted one by one, else an estimate within a few percent.
        mean: Numeric: over finite values, None where there is none. So are the next four.
        std: Of the population: divided by n.
        minimum: The smallest.
        maximum: The largest.
        quantiles: At `QUANTILES`; empty where there is no value.
        zeros: Numeric: rows with 0.
        edges: Numeric: inner edges, ascending: bin i holds edges[i-1] < x <= edges[i].
        counts: Numeric: rows in each bin, one more than edges; missing ones are in none.
        label_auc: Numeric: how well the column alone orders the label: P(x of a positive row > x of a negative one),
            ties half; None without both classes.
        values: Categorical: rows by value for the most frequent ones; none of a column that looks like an identifier.
        other: Categorical: rows of all other values.
    """

    kind: str
    rows: int
    missing: int
    distinct: int
    mean: float | None = None
    std: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    quantiles: tuple[float, ...] = ()
    zeros: int = 0
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    label_auc: float | None = None
    values: Mapping[str, int] = field(default_factory=dict)
    other: int = 0

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing

    def to_json(self) -> dict[str, Any]:
        """As it stands in profile.json: the fields of its kind alone."""
        kept = _OF_CATEGORIES if self.kind == CATEGORICAL else _OF_NUMBERS
        content = {name: value for name, value in asdict(self).items() if name in _OF_ALL or name in kept}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in content.items()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ColumnProfile:
        """The inverse of `to_json`."""
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
        }
        return cls(**fields)


_OF_ALL = {"kind", "rows", "missing", "distinct"}
_OF_NUMBERS = {"mean", "std", "minimum", "maximum", "quantiles", "zeros", "edges", "counts", "label_auc"}
_OF_CATEGORIES = {"values", "other"}


@dataclass(frozen=True)
class RowsProfile:
    """Some rows: a span, or the train split.

    Attributes:
        rows: How many.
        first: The earliest event, seconds since 1970 in UTC; None where no column says.
        last: The latest one.
        positives: Rows whose label is the positive value.
        negatives: Rows whose label is the negative value.
        columns: By name, sorted.
    """

    rows: int
    first: float | None
    last: float | None
    positives: int
    negatives: int
    columns: Mapping[str, ColumnProfile]

    def to_json(self) -> dict[str, Any]:
        """As it stands in profile.json."""
        columns = {name: column.to_json() for name, column in self.columns.items()}
        return {**vars(self), "columns": columns}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> RowsProfile:
        """The inverse of `to_json`."""
        columns = {name: ColumnProfile.from_json(one) for name, one in content["columns"].items()}
        counts = {name: content[name] for name in ("rows", "first", "last", "positives", "negatives")}
        return cls(**counts, columns=columns)


@dataclass(frozen=True)
class Profile:
    """A snapshot.

    Attributes:
        snapshot: Its digest.
        train: The rows that a model is trained on: what later ones are compared with as the champion's.
        spans: All rows of each span of the window, whatever split they fell into, by number, ascending.
    """

    snapshot: str
    train: RowsProfile
    spans: Mapping[int, RowsProfile]

    @property
    def newest(self) -> int:
        """The number of the newest span."""
        return max(self.spans)

    def to_json(self) -> dict[str, Any]:
        """The content of profile.json."""
        spans = [{"span": number, **self.spans[number].to_json()} for number in sorted(self.spans)]
        return {"snapshot": self.snapshot, "train": self.train.to_json(), "spans": spans}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Profile:
        """The inverse of `to_json`, of the whole document."""
        spans = {one["span"]: RowsProfile.from_json(one) for one in content["spans"]}
        return cls(content["snapshot"], RowsProfile.from_json(content["train"]), spans)
