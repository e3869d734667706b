"""How a package that is not the trainer's own answers: serialized tf.Examples in, one probability for each row out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from benison.core.errors import DataError
from benison.core.signatures import PROBABILITY, SERVE_EXAMPLES

# What probabilities are called in TFX's examples, Keras's own signatures and those of estimators; the first one counts.
OUTPUTS = (PROBABILITY, "probabilities", "predictions", "outputs", "output_0", "scores")


def examples_input(signature: Any, where: str) -> str:
    """The name of a signature's one input, which takes serialized tf.Examples.

    Args:
        signature: A function of a loaded SavedModel.
        where: Its place, for the message.

    Raises:
        DataError: It has several inputs, or one of something else than strings.
    """
    inputs = signature.structured_input_signature[1]
    found = ", ".join(f"{name} ({spec.dtype.name})" for name, spec in sorted(inputs.items())) or "none"
    if len(inputs) != 1 or next(iter(inputs.values())).dtype.name != "string":
        hint = (
            "export it with  signatures={'serving_default': f}, f being a tf.function of "
            "tf.TensorSpec([None], tf.string, name='examples') that begins with tf.io.parse_example"
        )
        expected = "one input of strings, which are serialized tf.Examples"
        raise DataError(where, expected=expected, got=found, hint=hint)
    return str(next(iter(inputs)))


def probability_output(names: Iterable[str], where: str) -> str:
    """The name of the output that holds the probability: the only one, or the first of `OUTPUTS` that is there.

    Raises:
        DataError: There are several, and none is called so.

    >>> probability_output(["classes", "scores"], "serving_default"), probability_output(["y"], "serving_default")
    ('scores', 'y')
    """
    found = sorted(names)
    if len(found) == 1:
        return found[0]
    known = next((name for name in OUTPUTS if name in found), None)
    if known is None:
        hint = f"call the one that holds the probability  {PROBABILITY}"
        got = ", ".join(found) or "none"
        raise DataError(where, expected=f"one output, or one of the name {' or '.join(OUTPUTS)}", got=got, hint=hint)
    return known


def one_a_row(answer: npt.NDArray[Any], rows: int, where: str) -> npt.NDArray[np.float64]:
    """An answer of shape [n] or [n, 1] as n numbers.

    Raises:
        DataError: It is of another shape.
    """
    if answer.shape not in ((rows,), (rows, 1)):
        expected = f"one probability for each of {rows} rows, so shape ({rows},) or ({rows}, 1)"
        hint = "a model of several classes is none that Benison can judge: it answers yes or no, by one probability"
        raise DataError(where, expected=expected, got=str(answer.shape), hint=hint)
    return answer.reshape(-1).astype(np.float64)


def place(package: str) -> str:
    """What messages call the signature of a package."""
    return f"{package} ({SERVE_EXAMPLES})"
