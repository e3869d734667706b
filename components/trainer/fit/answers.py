"""The answers of a trained model, on the way that training takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from benison.components.trainer.accept import probabilities

PREDICTED_AT_ONCE = 8192


def predict(model: Any, inputs: Mapping[str, npt.NDArray[Any]], where: str) -> npt.NDArray[np.float64]:
    """The model's probabilities, n of them, on the way that training takes.

    Raises:
        ModelCodeError: An answer is no probability.
    """
    rows = len(next(iter(inputs.values())))
    parts = [slice(start, start + PREDICTED_AT_ONCE) for start in range(0, rows, PREDICTED_AT_ONCE)]
    answers = [model.predict_on_batch({name: values[part] for name, values in inputs.items()}) for part in parts]
    return probabilities(where, np.concatenate(answers))
