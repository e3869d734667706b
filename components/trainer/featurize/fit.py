"""Fitting the feature graph, on train alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf

from benison.components.trainer.featurize.graph import (
    Bucketed,
    Crossed,
    Dated,
    Entry,
    FeatureGraph,
    Fitted,
    Hashed,
    Indexed,
    RawColumn,
    Scaled,
    Tokenized,
    is_kept,
    refitted,
)
from benison.components.trainer.featurize.raw import columns_on_scale, different, moments_of, raw_column
from benison.components.trainer.featurize.tensors import words
from benison.config import columns_of
from benison.config.features import Buckets, Categorical, Cross, Date, Feature, Numeric, Text
from benison.core.signatures import input_names, numbers, require_column, texts

# A vocabulary beyond this is mostly identifiers: it costs memory in training and serving and says little.
MANY_VALUES = 100_000
_AT_ONCE = 65_536
_QUANTILES = 33
_log = logging.getLogger(__name__)


class Columns(Protocol):
    """Rows of which some columns at a time can be had: a table, or a split that is larger than memory."""

    @property
    def column_names(self) -> Sequence[str]:
        """Of the data."""

    def select(self, columns: Sequence[str]) -> pa.Table:
        """All rows with some columns alone."""


def fit(train: Columns, features: Sequence[Feature], before: Mapping[str, Entry] | None = None) -> FeatureGraph:
    """Fits the feature graph.

    Args:
        train: The rows of the split train, with every column that the features are made of, which are read one by one.
        features: The features of benison.yaml.
        before: Entries of another package's features.json by name: what is declared the same keeps its parameters.

    Raises:
        DataError: A column is missing, holds something else than its feature says, a negative number under ``log``, or
            what is no date.
    """
    columns = columns_of(features)
    inputs = input_names(columns)
    for column in columns:
        require_column(column, train.column_names)
    raw = tuple(raw_column(train.select([column]), column, inputs[column], features) for column in columns)
    names = input_names([feature.name for feature in features])
    fitted: dict[str, Fitted] = {}
    for feature in sorted(features, key=lambda feature: isinstance(feature, Cross)):
        name = names[feature.name]
        if is_kept(feature, before or {}):
            fitted[feature.name] = refitted(feature, name, (before or {})[feature.name])
        else:
            fitted[feature.name] = _fitted(train, feature, name, raw, fitted)
    return FeatureGraph(raw, tuple(fitted[feature.name] for feature in features))


def _fitted(
    train: Columns, feature: Feature, name: str, raw: Sequence[RawColumn], before: Mapping[str, Fitted]
) -> Fitted:
    if isinstance(feature, Cross):
        return Crossed(feature, name, tuple(before[part] for part in feature.of))  # type: ignore[misc]
    rows = train.select([feature.column])
    if isinstance(feature, Numeric):
        return _scaled(rows, feature, name)
    if isinstance(feature, Buckets):
        return _bucketed(rows, feature, name)
    if isinstance(feature, Categorical):
        return Hashed(feature, name) if feature.hash else _indexed(rows, feature, name)
    if isinstance(feature, Text):
        return _tokenized(rows, feature, name)
    return _dated(rows, feature, name, next(column for column in raw if column.name == feature.column))


def _scaled(train: pa.Table, feature: Numeric, name: str) -> Scaled:
    values = columns_on_scale(train, feature)
    known = values[~np.isnan(values)]
    # Equality rather than a deviation of 0: rounding in the mean leaves a constant column with one of 1e-17.
    if not len(known) or known.min() == known.max():
        _useless(feature, "one value alone" if len(known) else "every value is missing")
        only = float(known[0]) if len(known) else 0.0
        offset = 0.0 if feature.normalise == "none" else only
        return Scaled(feature, name, offset, 1.0, only - offset)
    offset, scale = _scale(known, feature.normalise)
    fill = float((known.mean() - offset) / scale)
    return Scaled(feature, name, offset, scale, fill, _quantiles(known, offset, scale))


def _scale(known: npt.NDArray[np.float64], normalise: str) -> tuple[float, float]:
    """offset and scale."""
    if normalise == "none":
        return 0.0, 1.0
    if normalise == "min_max":
        return float(known.min()), float(known.max() - known.min())
    return float(known.mean()), float(known.std())


def _quantiles(known: npt.NDArray[np.float64], offset: float, scale: float) -> tuple[float, ...]:
    """So many of all values, and of the different ones, since most rows of a long tail hold one value."""
    shares = np.linspace(0, 1, _QUANTILES)
    found = np.concatenate([np.quantile(known, shares), np.quantile(np.unique(known), shares)])
    edges = np.unique(((found - offset) / scale).astype(np.float32))
    return tuple(edges.astype(np.float64).tolist())


def _useless(feature: Feature, what: str) -> None:
    _log.warning("feature %s tells the model nothing: %s in train", feature.name, what)


def _bucketed(train: pa.Table, feature: Buckets, name: str) -> Bucketed:
    values = numbers(train, feature.column)
    known = values[~np.isnan(values)]
    if not len(known):
        _useless(feature, "every value is missing")
    inner = np.linspace(0, 1, feature.count + 1)[1:-1]
    found = np.quantile(known, inner) if feature.count and len(known) else np.array(feature.boundaries)
    boundaries = np.unique(found.astype(np.float32))
    if feature.count and len(known) and len(boundaries) < feature.count - 1:
        said = "feature %s: its values in train make %d different buckets, where %d are asked for"
        _log.warning(said, feature.name, len(boundaries) + 1, feature.count)
    return Bucketed(feature, name, tuple(boundaries.tolist()))


def _indexed(train: pa.Table, feature: Categorical, name: str) -> Indexed:
    counts = pc.value_counts(texts(train, feature.column))
    values, times = counts.field("values").to_pylist(), counts.field("counts").to_pylist()
    if len(values) < 2:
        _useless(feature, "every value is missing" if values in ([], [""]) else "one value alone")
    vocabulary = _most_frequent(dict(zip(values, times, strict=True)), feature)
    if len(values) >= 2 and not vocabulary:
        _log.warning("feature %s: no value occurs %d times in train, min_count", feature.name, feature.min_count)
    if len(vocabulary) > MANY_VALUES:
        said = "feature %s has a vocabulary of %s values; min_count, max_size or hash make it smaller"
        _log.warning(said, feature.name, f"{len(vocabulary):,}")
    return Indexed(feature, name, vocabulary)


def _most_frequent(counts: Mapping[str, int], feature: Categorical | Text) -> tuple[str, ...]:
    found = sorted((-count, value) for value, count in counts.items() if value and count >= feature.min_count)
    return tuple(value for _, value in found[: feature.max_size or None])


def _tokenized(train: pa.Table, feature: Text, name: str) -> Tokenized:
    counts = pc.value_counts(texts(train, feature.column))
    seen: dict[str, int] = {}
    for start in range(0, len(counts), _AT_ONCE):
        part = counts.slice(start, _AT_ONCE)
        for word, count in _words(part.field("values"), part.field("counts").to_numpy()):
            seen[word] = seen.get(word, 0) + count
    vocabulary = _most_frequent(seen, feature)
    if not vocabulary:
        _useless(feature, f"no word occurs {feature.min_count} times" if seen else "no word at all")
    return Tokenized(feature, name, vocabulary)


def _words(values: pa.Array, counts: npt.NDArray[np.int64]) -> Sequence[tuple[str, int]]:
    """The words of some texts, each with how often it occurs where a text does so many times."""
    found = words(tf.constant(values.to_pylist(), tf.string))
    times = counts[found.value_rowids().numpy()]
    encoded = pa.array(found.flat_values.numpy().tolist(), pa.binary()).dictionary_encode()
    sums = np.bincount(encoded.indices.to_numpy(zero_copy_only=False), times, len(encoded.dictionary))
    return [(word.decode(), int(total)) for word, total in zip(encoded.dictionary.to_pylist(), sums, strict=True)]


def _dated(train: pa.Table, feature: Date, name: str, column: RawColumn) -> Dated:
    values, each = different(train, [column.name])
    moments = moments_of(values, each, column)
    days = moments.days.numpy()[each][moments.known.numpy()[each]]
    if not len(days) or days.min() == days.max():
        _useless(feature, "one value alone" if len(days) else "every value is missing")
        return Dated(feature, name, float(days[0]) if len(days) else 0.0)
    return (
        Dated(feature, name, float(days.mean()), float(days.std())) if "days" in feature.parts else Dated(feature, name)
    )
