"""agree: does the exported model answer as the trained one did, through each of its signatures?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from benison.components.trainer import fit
from benison.components.trainer.featurize.graph import FeatureGraph
from benison.components.trainer.featurize.transform import tensors, transform
from benison.core.errors import BrokenError
from benison.core.examples import LabelledSplit
from benison.core.signatures import (
    PROBABILITY,
    SERVE_COLUMNS,
    SERVE_EXAMPLES,
    SERVE_TRANSFORMED,
    TRANSFORM_COLUMNS,
)
from benison.sources.encode import encode

TOLERANCE = 1e-6
_COMPARED = {SERVE_COLUMNS: 10_000, SERVE_TRANSFORMED: 10_000, SERVE_EXAMPLES: 1_000}
Floats = npt.NDArray[np.float64]
Arrays = Mapping[str, npt.NDArray[Any]]


def sample(table: pa.Table, most: int) -> pa.Table:
    """At most so many rows, evenly spread over a table."""
    return table.take(np.linspace(0, table.num_rows - 1, min(most, table.num_rows)).astype(np.int64))


def by_columns(signatures: Mapping[str, Any], table: pa.Table, graph: FeatureGraph) -> Floats:
    """The answers of ``serve_columns``."""
    return _answer(signatures[SERVE_COLUMNS](**tensors(table, graph.columns)))


def by_transformed(signatures: Mapping[str, Any], table: pa.Table, graph: FeatureGraph) -> Floats:
    """The answers of ``serve_transformed`` to what ``transform_columns`` makes of the rows."""
    return _answer(signatures[SERVE_TRANSFORMED](**signatures[TRANSFORM_COLUMNS](**tensors(table, graph.columns))))


def by_examples(signatures: Mapping[str, Any], table: pa.Table, graph: FeatureGraph) -> Floats:
    """The answers of ``serving_default``."""
    return _answer(signatures[SERVE_EXAMPLES](examples=tf.constant(as_examples(table, graph))))


def _answer(outputs: Mapping[str, Any]) -> Floats:
    return np.asarray(outputs[PROBABILITY].numpy(), dtype=np.float64)


def as_examples(table: pa.Table, graph: FeatureGraph) -> list[bytes]:
    """Rows as serialized tf.Examples in TFX's convention: a missing value is a feature without one."""
    return encode(table, {column.name: column.stored_as for column in graph.columns})


def require(trained: Floats, exported: Floats, where: str) -> None:
    """Holds two models' answers to the same rows against each other.

    Args:
        trained: n probabilities on the way that training took.
        exported: The same rows' through a signature of the exported model.
        where: The signature, for the message.

    Raises:
        BrokenError: They are further apart than 1e-6 somewhere, or not numbers.
    """
    apart = np.abs(trained - exported)
    if not (apart <= TOLERANCE).all():
        worst = int(np.argmax(np.where(np.isnan(apart), np.inf, apart)))
        raise BrokenError(
            f"signature {where}",
            expected=f"the probabilities of the trained model within {TOLERANCE:g}",
            got=f"{exported[worst]:.8f} instead of {trained[worst]:.8f} for a row of eval",
            hint="a layer that does something else when it is served, or something random, would do this",
        )


def require_features(trained: Arrays, exported: Arrays) -> None:
    """Holds what training saw of some rows against what the exported feature graph makes of them.

    Args:
        trained: By input name the arrays of training.
        exported: The same of ``transform_columns``.

    Raises:
        BrokenError: Places differ, or quantities by more than 1e-6 of their size.
    """
    for name, values in trained.items():
        if not np.allclose(exported[name], values, rtol=TOLERANCE, atol=TOLERANCE):
            worst = np.unravel_index(np.abs(exported[name] - values).argmax(), values.shape)
            raise BrokenError(
                f"signature {TRANSFORM_COLUMNS}, feature {name!r}",
                expected=f"what training saw, {values[worst]:g}",
                got=f"{exported[name][worst]:g} for a row of eval",
            )


def require_package(package: Path, model: Any, where: str, graph: FeatureGraph, held: LabelledSplit) -> None:
    """Loads what was exported and sends rows of eval through each of its signatures.

    Args:
        package: A SavedModel.
        model: The trained one.
        where: The file that it comes from, for messages.
        graph: The fitted features.
        held: The split eval.

    Raises:
        BrokenError: It answers otherwise than the trained model, or makes other features of the rows.
    """
    loaded = tf.saved_model.load(str(package)).signatures
    ways = {SERVE_COLUMNS: by_columns, SERVE_TRANSFORMED: by_transformed, SERVE_EXAMPLES: by_examples}
    every = held.spread([column.name for column in graph.columns], max(_COMPARED.values()))
    for signature, way in ways.items():
        rows = sample(every, _COMPARED[signature])
        seen = transform(rows, graph)
        require(fit.predict(model, seen, where), way(loaded, rows, graph), signature)
    found = loaded[TRANSFORM_COLUMNS](**tensors(rows, graph.columns))
    require_features(seen, {name: values.numpy() for name, values in found.items()})
