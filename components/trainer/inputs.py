"""What the project's model.py receives: one object for each feature, so that it needs to import Keras alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras

from benison.components.trainer.featurize import Categorical, FeatureGraph

ONE_HOT_UP_TO = 100


@dataclass(frozen=True)
class ModelFeature:
    """One feature as ``build_model(features, hyperparameters)`` sees it.

    Attributes:
        name: The name of its input.
        kind: ``numeric`` or ``categorical``.
        size: How many places a categorical feature has: 0 missing, 1 unknown, then its vocabulary; 1 for a numeric one.
        column: The column of the data that it comes from.
    """

    name: str
    kind: str
    size: int
    column: str

    def input(self) -> Any:
        """Its `keras.Input`: [n, 1], float32 and normalised, or int32 places."""
        return keras.Input((1,), name=self.name, dtype="float32" if self.kind == "numeric" else "int32")

    def encode(self, tensor: Any) -> Any:
        """Its input as numbers [n, k]: itself, its place as one of `size`, or an embedding where `size` is over 100."""
        if self.kind == "numeric":
            return tensor
        if self.size <= ONE_HOT_UP_TO:
            return keras.ops.one_hot(keras.ops.squeeze(tensor, -1), self.size)
        # fastai's rule of thumb for tables, 1.6 size^0.56, which for a million values would be 3,665 numbers.
        width = min(50, math.ceil(1.6 * self.size**0.56))
        return keras.layers.Reshape((width,))(keras.layers.Embedding(self.size, width)(tensor))


def model_features(graph: FeatureGraph) -> tuple[ModelFeature, ...]:
    """The features of a graph in the order of benison.yaml."""
    return tuple(
        ModelFeature(column.input, "categorical", column.size, column.name)
        if isinstance(column, Categorical)
        else ModelFeature(column.input, "numeric", 1, column.name)
        for column in graph.columns
    )
