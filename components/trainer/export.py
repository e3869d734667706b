"""export: the SavedModel that serves, and the digest that tells whether two trainings gave the same model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from benison.components.trainer.featurize.graph import FeatureGraph
from benison.components.trainer.serve import Served
from benison.core import digests
from benison.core.errors import StorageError
from benison.core.files import storage_errors
from benison.core.user_code import said


def save(served: Served, signatures: Mapping[str, Any], folder: Path) -> None:
    """Writes a SavedModel that loads without Benison.

    Raises:
        StorageError: The folder is read-only or full.
    """
    with storage_errors(folder):
        folder.mkdir(parents=True)
    try:
        tf.saved_model.save(served, str(folder), signatures=dict(signatures))
    except (tf.errors.PermissionDeniedError, tf.errors.ResourceExhaustedError) as error:
        raise storage_error(folder, error) from error


def storage_error(folder: Path, error: Exception) -> StorageError:
    """TensorFlow's word on a folder that cannot be written, as Benison's own."""
    expected, hint = "a folder with room that can be written", "make room or name another folder"
    return StorageError(str(folder), expected=expected, got=said(error), hint=hint)


def model_digest(model: Any, graph: FeatureGraph, signatures: Mapping[str, Any]) -> str:
    """SHA-256 over the sorted variables (name, shape, type, bytes), the fitted feature parameters and the signatures.

    The files of a SavedModel differ from one writing to the next even where the model is the same; this does not.
    """
    return digests.of_json(
        {
            "variables": sorted(_variable(weight.path, weight.numpy()) for weight in model.weights),
            **graph.to_json(),
            "signatures": sorted(_signature(name, function) for name, function in signatures.items()),
        }
    )


def _variable(path: str, values: Any) -> list[Any]:
    values = np.ascontiguousarray(values)
    return [path, list(values.shape), str(values.dtype), digests.of_bytes(values.tobytes())]


def _signature(name: str, function: Any) -> list[Any]:
    inputs = sorted([spec.name, spec.dtype.name] for spec in tf.nest.flatten(function.structured_input_signature))
    outputs = sorted([key, spec.dtype.name] for key, spec in function.structured_outputs.items())
    return [name, inputs, outputs]
