"""What the project's model.py receives: one object for each feature, so that it needs to import Keras alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from benison.components.trainer.featurize.graph import FeatureGraph, Fitted, sources

ONE_HOT_UP_TO = 100
_KINDS = {"numeric": "numeric", "date": "date", "text": "text"}


@dataclass(frozen=True)
class ModelFeature:
    """One feature as ``build_model(features, hyperparameters)`` sees it.

    Attributes:
        name: The name of its input.
        kind: ``numeric`` (one normalised number), ``date`` (several), ``categorical`` (a place: a category, a bucket, a
            cross) or ``text`` (the places of its words, filled up with 0).
        size: How many places a categorical feature or a word has; 1 for numbers.
        width: How many numbers or places a row has: 1, the numbers of a date, or the words of a text.
        columns: The columns of the data that it comes from.
        embedding: The width that benison.yaml asks for; 0: none.
        quantiles: Of a number in train, ascending, on its own scale.
    """

    name: str
    kind: str
    size: int
    width: int
    columns: tuple[str, ...]
    embedding: int = 0
    quantiles: tuple[float, ...] = ()

    def input(self) -> Any:
        """Its `keras.Input`: [n, width], float32 numbers or int32 places."""
        places = self.kind in ("categorical", "text")
        return keras.Input((self.width,), name=self.name, dtype="int32" if places else "float32")

    def encode(self, tensor: Any) -> Any:
        """Its input as numbers [n, k].

        Numbers are themselves. A place becomes an embedding where it has one or more than 100 places, else one of
        `size`. A text becomes the mean of its words' embeddings.
        """
        if self.kind in ("numeric", "date"):
            return tensor
        if self.kind == "text":
            return MeanOfWords(self.size, self.embedding_width, name=f"{self.name}_words")(tensor)
        if self.size <= ONE_HOT_UP_TO and not self.embedding:
            return keras.ops.one_hot(keras.ops.squeeze(tensor, -1), self.size)
        width = self.embedding_width
        return keras.layers.Reshape((width,))(keras.layers.Embedding(self.size, width)(tensor))

    def stairs(self, tensor: Any) -> Any:
        """A number [n, 1] as the part of each step between two of its quantiles that lies below it, 0 to 1 [n, steps].

        A line through these bends wherever it has to (piecewise linear encoding, Gorishniy and others, 2022). A number
        that is the same in all of train is itself.
        """
        if len(self.quantiles) < 2:
            return tensor
        edges = np.array(self.quantiles, np.float32)
        return keras.ops.clip((tensor - edges[:-1]) / np.diff(edges), 0, 1)

    @property
    def embedding_width(self) -> int:
        """The width asked for, else fastai's rule for tables, 1.6 size^0.56, but at most 50."""
        return self.embedding or min(50, math.ceil(1.6 * self.size**0.56))


class MeanOfWords(keras.layers.Layer):
    """The mean of the embeddings of a text's words [n, width]; 0 where there are none.

    Args:
        size: How many places there are, 0 for no word among them.
        width: Of an embedding.
    """

    def __init__(self, size: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding = keras.layers.Embedding(size, width)

    def build(self, input_shape: Any) -> None:
        """Makes the embedding's weights."""
        self.embedding.build(input_shape)
        self.built = True

    def call(self, places: Any) -> Any:
        """The means of places [n, words]."""
        there = keras.ops.expand_dims(keras.ops.cast(places > 0, self.compute_dtype), -1)
        summed = keras.ops.sum(self.embedding(places) * there, axis=1)
        return summed / keras.ops.maximum(keras.ops.sum(there, axis=1), 1)


def model_features(graph: FeatureGraph) -> tuple[ModelFeature, ...]:
    """The features of a graph in the order of benison.yaml."""
    return tuple(_model_feature(feature) for feature in graph.features)


def _model_feature(feature: Fitted) -> ModelFeature:
    return ModelFeature(
        name=feature.input,
        kind=_KINDS.get(feature.kind, "categorical"),
        size=feature.size,
        width=feature.width,
        columns=sources(feature),
        embedding=getattr(feature.declared, "embedding", 0),
        quantiles=getattr(feature, "quantiles", ()),
    )
