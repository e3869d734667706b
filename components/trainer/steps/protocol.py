"""What training asks of a backend of Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import keras
import numpy as np
import numpy.typing as npt

from benison.components.trainer.steps.blocks import Blocks

EVALUATED_AT_ONCE = 8192
Arrays = list[npt.NDArray[Any]]


class Steps(Protocol):
    """A compiled model that is fitted to rows, many steps at a time.

    A step is one update of the optimizer with the gradient of the mean loss over its rows, whatever the micro-batches
    it is computed in. How steps are spread over calls changes nothing.

    Attributes:
        model: The model, whose variables are up to date after each call.
        micro_batch: Rows that go through the model at once; a change of it takes effect with the next call.
        evaluated_at_once: The same of an evaluation.
    """

    model: Any
    micro_batch: int
    evaluated_at_once: int

    def load(self, order: npt.NDArray[np.int32]) -> Any:
        """Brings what some steps need to the device; may run in another thread while a call runs.

        Args:
            order: Row numbers [steps, batch size].
        """

    def run(self, loaded: Any) -> npt.NDArray[np.float32]:
        """Does steps that were loaded.

        Returns:
            The loss of each; the last step that was done is the first whose loss is not finite.
        """

    def evaluate(self, rows: Blocks) -> tuple[float, npt.NDArray[Any]]:
        """The model's mean loss over rows without training, and its answers [n, 1]."""

    def state(self) -> Arrays:
        """A copy of all variables of model and optimizer, those of seeds too."""

    def restore(self, state: Sequence[npt.NDArray[Any]]) -> None:
        """Sets all variables to what `state` gave."""

    def out_of_memory(self, error: BaseException) -> bool:
        """Whether an exception says that the device's memory does not suffice."""

    def device_peak_mb(self) -> float | None:
        """The most memory of the device that was in use at once, in MB; None: it has none of its own."""


def variables_of(model: Any) -> list[Any]:
    """All variables of a model and its optimizer, which is built where it is not yet; each of them once."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    every = [*model.variables, *model.optimizer.variables]
    return list({id(variable): variable for variable in every}.values())


def snapshot(model: Any) -> Arrays:
    """The values of all variables of a model and its optimizer, copied."""
    return [np.array(keras.ops.convert_to_numpy(variable.value)) for variable in variables_of(model)]


def assign(model: Any, state: Sequence[npt.NDArray[Any]]) -> None:
    """Sets all variables of a model and its optimizer."""
    for variable, value in zip(variables_of(model), state, strict=True):
        variable.assign(value)


def by_parts(rows: Blocks, size: int, evaluate: Callable[[Blocks], tuple[Any, Any]]) -> tuple[float, npt.NDArray[Any]]:
    """Evaluates rows in parts that fit into memory.

    Args:
        rows: At least one.
        size: Of a part.
        evaluate: The mean loss of a part, and the answers to it.
    """
    total, answers = 0.0, []
    for start in range(0, len(rows), size):
        part = rows.part(start, start + size)
        loss, answer = evaluate(part)
        total += float(loss) * len(part)
        answers.append(keras.ops.convert_to_numpy(answer))
    return total / len(rows), np.concatenate(answers)
