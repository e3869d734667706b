"""A Keras model's layers in a sentence, for the model card."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from benison.config import Config
from benison.pages.figures import plural


def architecture(model: Any) -> str:
    """The layers in their order, with what they give and how many weights they have; runs of equal ones are counted.

    Args:
        model: A built keras.Model.
    """
    layers = [f"{times} {told}" if times > 1 else told for told, times in _runs(model)]
    optimizer = type(model.optimizer).__name__ if model.optimizer else "no optimizer"
    return f"A Keras model ({type(model).__name__}) trained by {optimizer}: {', '.join(layers) or 'no layers'}."


def of_module(config: Config) -> str:
    """What is known of a model that a TFX module made."""
    module = config.model.run_fn.module if config.model.run_fn else ""
    return f"Made and exported by the project's TFX module {module}, which alone knows its layers."


def _runs(model: Any) -> Iterator[tuple[str, int]]:
    """Layers are told by kind and never by name: Keras numbers names through a whole process."""
    for told, run in groupby(_told(layer) for layer in model.layers):
        yield told, len(list(run))


def _told(layer: Any) -> str:
    shape = getattr(getattr(layer, "output", None), "shape", None)
    size = " x ".join(str(size) for size in tuple(shape or ())[1:] if size is not None)
    weights = plural(layer.count_params(), "weight") if layer.built and layer.count_params() else ""
    said = ", ".join(part for part in (size, weights) if part)
    return f"{type(layer).__name__} ({said})" if said else type(layer).__name__
