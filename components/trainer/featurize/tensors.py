"""What a fitted feature makes of its columns, in TensorFlow: in training and when it serves the same operations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from benison.components.trainer.featurize import dates
from benison.components.trainer.featurize.graph import (
    CIRCLES,
    FIRST,
    MISSING,
    UNKNOWN,
    Bucketed,
    Crossed,
    Dated,
    FeatureGraph,
    Fitted,
    Hashed,
    Indexed,
    Scaled,
    Tokenized,
)

# Between the parts of a cross: no text of a table holds it.
_UNIT_SEPARATOR = "\x1f"


class Transform(tf.Module):
    """A feature graph as a function, with the lookup tables that it needs.

    Args:
        graph: The fitted graph.
    """

    def __init__(self, graph: FeatureGraph) -> None:
        super().__init__(name="transform")
        self.graph = graph
        self.inputs = {column.name: column.input for column in graph.columns}
        looked_up = (feature for feature in graph.features if isinstance(feature, (Indexed, Tokenized)))
        self.tables = {feature.input: _table(feature.vocabulary) for feature in looked_up}

    def __call__(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """What the model sees.

        Args:
            columns: By input name a tensor [n]: float32, or float64 for times, with NaN for missing; or strings with ""
                for missing.

        Returns:
            By input name a tensor [n, width]: float32 quantities or int32 places.
        """
        return {feature.input: self.feature(feature, columns) for feature in self.graph.features}

    def feature(self, feature: Fitted, columns: Mapping[str, Any]) -> Any:
        """One feature [n, width] of the columns by input name."""
        if isinstance(feature, Crossed):
            return _column_of(_crossed(feature, [self._values(part, columns) for part in feature.parts]))
        values = self._values(feature, columns)
        if isinstance(feature, Dated):
            return _dated(feature, values)
        if isinstance(feature, Tokenized):
            found = words(values)
            places = tf.cast(self.tables[feature.input].lookup(found.flat_values), tf.int32)
            return found.with_flat_values(places).to_tensor(MISSING, shape=[None, feature.width])
        if isinstance(feature, Indexed):
            return _column_of(tf.cast(self.tables[feature.input].lookup(values), tf.int32))
        if isinstance(feature, Hashed):
            return _column_of(_hashed(values, feature.declared.hash, values != ""))
        return _column_of(_scaled(feature, values) if isinstance(feature, Scaled) else _bucketed(feature, values))

    def _values(self, feature: Fitted, columns: Mapping[str, Any]) -> Any:
        return columns[self.inputs[feature.declared.column]]  # type: ignore[union-attr]


def _column_of(values: Any) -> Any:
    return tf.expand_dims(values, 1)


def _table(vocabulary: tuple[str, ...]) -> Any:
    keys = tf.constant(["", *vocabulary], tf.string)
    places = tf.constant([MISSING, *range(FIRST, FIRST + len(vocabulary))], tf.int64)
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, places), UNKNOWN)


def _scaled(feature: Scaled, values: Any) -> Any:
    """What would have been an error in training, infinite or negative under log, counts as missing."""
    low, high = feature.declared.clip
    wide = tf.cast(values, tf.float64)
    known = tf.math.is_finite(wide)
    wide = tf.where(known, wide, tf.zeros_like(wide))
    if math.isfinite(low) or math.isfinite(high):
        wide = tf.clip_by_value(wide, tf.constant(low, tf.float64), tf.constant(high, tf.float64))
    if feature.declared.log:
        known &= wide >= 0
        wide = tf.math.log1p(tf.where(known, wide, tf.zeros_like(wide)))
    normal = (wide - feature.offset) / feature.scale
    return tf.cast(
        tf.where(known, normal, tf.fill(tf.shape(normal), tf.constant(feature.fill, tf.float64))), tf.float32
    )


def _bucketed(feature: Bucketed, values: Any) -> Any:
    """0 for a missing value; an infinite one belongs to the first or the last bucket."""
    boundaries = tf.constant(feature.boundaries, tf.float32)
    known = ~tf.math.is_nan(values)
    places = tf.searchsorted(boundaries, tf.where(known, values, tf.zeros_like(values)), side="right")
    return tf.where(known, places + 1, tf.zeros_like(places))


def _hashed(values: Any, buckets: int, known: Any) -> Any:
    places = tf.cast(tf.strings.to_hash_bucket_fast(values, buckets), tf.int32) + 1
    return tf.where(known, places, tf.zeros_like(places))


def _crossed(feature: Crossed, values: list[Any]) -> Any:
    texts, known = [], []
    for part, found in zip(feature.parts, values, strict=True):
        places = _bucketed(part, found) if isinstance(part, Bucketed) else None
        known.append(found != "" if places is None else places > 0)
        texts.append(found if places is None else tf.strings.as_string(places))
    joined = tf.strings.join(texts, separator=_UNIT_SEPARATOR)
    return _hashed(joined, feature.declared.hash, tf.reduce_all(tf.stack(known), axis=0))


def words(texts: Any) -> Any:
    """Runs of letters and digits in small letters, by text.

    Args:
        texts: Strings [n], UTF-8; what is not counts as no letter.

    Returns:
        A ragged tensor [n, (words)] of strings.
    """
    clean = tf.strings.lower(tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8"), encoding="utf-8")
    return tf.strings.split(tf.strings.regex_replace(clean, r"[^\pL\pM\pN]+", " "))


def _dated(feature: Dated, values: Any) -> Any:
    moments = dates.moments(values)
    known = tf.expand_dims(moments.known, 1)
    found = tf.concat([_part(feature, part, moments) for part in feature.declared.parts], axis=1)
    return tf.cast(tf.where(known, found, tf.zeros_like(found)), tf.float32)


def _part(feature: Dated, part: str, moments: dates.Moments) -> Any:
    if part == "days":
        return _column_of((moments.days - feature.mean) / feature.std)
    angle = getattr(moments, part) * (2 * math.pi / CIRCLES[part])
    return tf.stack([tf.sin(angle), tf.cos(angle)], axis=1)
