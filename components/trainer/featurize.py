"""featurize: the feature graph, fitted on train only, and what it makes of rows in NumPy."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.config import Feature
from benison.core.errors import DataError
from benison.core.signatures import input_names, numbers, texts

MISSING, UNKNOWN, FIRST = 0, 1, 2
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Numeric:
    """A number: z = (x - mean) / std, with log(1 + x) in the place of x where asked; missing becomes 0, the mean.

    Attributes:
        name: The column.
        input: The name of its input in model and signature.
        log: Whether log(1 + x) is taken first.
        mean: Of train's values that are not missing, after the logarithm.
        std: Likewise the population's standard deviation; 1 where all values are the same.
        stored_as: Where a tf.Example keeps it: ``int64_list`` or ``float_list``.
    """

    name: str
    input: str
    log: bool
    mean: float
    std: float
    stored_as: str


@dataclass(frozen=True)
class Categorical:
    """A text as its place in the vocabulary: 0 missing or empty, 1 not in the vocabulary, from 2 on its values.

    Attributes:
        name: The column.
        input: The name of its input in model and signature.
        vocabulary: Train's values, most frequent first, equally frequent ones by text.
    """

    name: str
    input: str
    vocabulary: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many different numbers it can become."""
        return FIRST + len(self.vocabulary)


@dataclass(frozen=True)
class FeatureGraph:
    """What every column goes through before the model sees it, with the parameters fitted on train."""

    columns: tuple[Numeric | Categorical, ...]

    def to_json(self) -> list[dict[str, Any]]:
        """The features as they stand in features.json."""
        return [_entry(column) for column in self.columns]


def _entry(column: Numeric | Categorical) -> dict[str, Any]:
    if isinstance(column, Categorical):
        return {
            "name": column.name,
            "input": column.input,
            "kind": "categorical",
            "vocabulary": list(column.vocabulary),
        }
    return {
        "name": column.name,
        "input": column.input,
        "kind": "numeric",
        "stored_as": column.stored_as,
        "log": column.log,
        "mean": column.mean,
        "std": column.std,
    }


def fit(train: pa.Table, features: Sequence[Feature]) -> FeatureGraph:
    """Fits the feature graph.

    Args:
        train: The rows of the split train, with a column for each feature.
        features: The features of benison.yaml.

    Raises:
        DataError: A column is missing, holds something else than its kind says, or a negative number under ``log``.
    """
    names = input_names([feature.name for feature in features])
    return FeatureGraph(
        tuple(
            _fit_numeric(train, feature, names[feature.name])
            if feature.kind == "numeric"
            else _fit_categorical(train, feature, names[feature.name])
            for feature in features
        )
    )


def _fit_numeric(train: pa.Table, feature: Feature, name: str) -> Numeric:
    values = _scale_of(numbers(train, feature.name), feature.name, feature.log)
    known = values[~np.isnan(values)]
    stored_as = "float_list" if pa.types.is_floating(train[feature.name].type) else "int64_list"
    # Equality rather than a deviation of 0: rounding in the mean leaves a constant column with one of 1e-17.
    if not len(known) or known.min() == known.max():
        _log.warning("feature %s tells the model nothing: %s in train", feature.name, _constant(known))
        return Numeric(feature.name, name, feature.log, float(known[0]) if len(known) else 0.0, 1.0, stored_as)
    return Numeric(feature.name, name, feature.log, float(known.mean()), float(known.std()), stored_as)


def _constant(known: npt.NDArray[np.float64]) -> str:
    return "one value alone" if len(known) else "every value is missing"


def _fit_categorical(train: pa.Table, feature: Feature, name: str) -> Categorical:
    counts = pc.value_counts(texts(train, feature.name))
    pairs = zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
    found = sorted((-count, value) for value, count in pairs if value and count >= feature.min_count)
    if len(counts) < 2:
        what = "every value is missing" if counts.field("values").to_pylist() in ([], [""]) else "one value alone"
        _log.warning("feature %s tells the model nothing: %s in train", feature.name, what)
    elif not found:
        _log.warning("feature %s: no value occurs %d times in train, min_count", feature.name, feature.min_count)
    return Categorical(feature.name, name, tuple(value for _, value in found))


def _scale_of(values: npt.NDArray[np.float32], name: str, log: bool) -> npt.NDArray[np.float64]:
    """Values in float64, on the scale on which they are normalised."""
    wide = values.astype(np.float64)
    if not log:
        return wide
    if (negative := wide < 0).any():
        row = int(negative.argmax())
        raise DataError(
            f"column {name!r}, row {row + 1}",
            expected="0 or more, since log(1 + x) is taken",
            got=f"{wide[row]:g}",
            hint="remove  log: true  under features: in benison.yaml, or mend the data",
        )
    return np.log1p(wide)


def transform(table: pa.Table, graph: FeatureGraph) -> dict[str, npt.NDArray[Any]]:
    """What the model receives.

    Args:
        table: n rows with a column for each feature.
        graph: The fitted graph.

    Returns:
        By input name an array [n, 1]: float32 for numeric features, int32 for categorical ones.

    Raises:
        DataError: As `fit`.
    """
    return {column.input: _transformed(table, column)[:, np.newaxis] for column in graph.columns}


def _transformed(table: pa.Table, column: Numeric | Categorical) -> npt.NDArray[Any]:
    if isinstance(column, Categorical):
        return _places(texts(table, column.name), column.vocabulary)
    values = _scale_of(numbers(table, column.name), column.name, column.log)
    with np.errstate(over="ignore"):
        normal = ((values - column.mean) / column.std).astype(np.float32)
    return np.where(np.isnan(values), np.float32(0), normal)


def _places(values: pa.ChunkedArray, vocabulary: Sequence[str]) -> npt.NDArray[np.int32]:
    found = pc.index_in(values, value_set=pa.array(vocabulary, pa.string()))
    places = pc.fill_null(found, UNKNOWN - FIRST).to_numpy() + FIRST
    return np.where(pc.equal(values, "").to_numpy(), MISSING, places).astype(np.int32)
