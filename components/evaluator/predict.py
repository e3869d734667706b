"""predict: what a package answers to the rows of the holdout, in large batches, through its signature for columns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf

from benison.core.errors import DataError
from benison.core.examples import as_text
from benison.core.spelling import nearest

SIGNATURE = "serve_columns"
OUTPUT = "probability"
BATCH_ROWS = 8192
Floats = npt.NDArray[np.float64]


def predict(package: Path, table: pa.Table, *, batch_rows: int = BATCH_ROWS) -> Floats:
    """The probability that a package gives to each row.

    Args:
        package: A SavedModel with the signature ``serve_columns``.
        table: Rows with every column that the signature takes; missing values are nulls.
        batch_rows: Rows per call.

    Returns:
        One float64 for each row, in the table's order, whatever it is: NaN where the model answers so.

    Raises:
        DataError: The package cannot be loaded or called so, or the rows lack a column that it takes.
    """
    model = _load(package)  # named here, since it owns the variables that its signature only refers to
    serve = model.signatures[SIGNATURE]
    inputs = {name: _values(table, name, spec.dtype) for name, spec in serve.structured_input_signature[1].items()}
    batches = [slice(start, start + batch_rows) for start in range(0, table.num_rows, batch_rows)]
    answers = [_answer(serve, {name: values[batch] for name, values in inputs.items()}) for batch in batches]
    return np.concatenate(answers) if answers else np.zeros(0)


def _load(package: Path) -> Any:
    try:
        model = tf.saved_model.load(str(package))
    except (OSError, tf.errors.OpError) as error:
        raise DataError(str(package), expected="a SavedModel", got=str(error).splitlines()[0]) from error
    if SIGNATURE not in model.signatures:
        got = ", ".join(model.signatures) or "none"
        hint = "the trainer exports it; a model from elsewhere needs it too"
        raise DataError(str(package), expected=f"a signature {SIGNATURE!r}", got=got, hint=hint)
    return model


def _values(table: pa.Table, name: str, kind: Any) -> npt.NDArray[Any]:
    """A column as the signature takes it: text with "" for missing, or numbers with NaN for missing."""
    if name not in table.column_names:
        hint = nearest(name, table.column_names)
        raise DataError("holdout", expected=f"a column {name!r}, which the model takes", got="none", hint=hint)
    column = table[name]
    if kind == tf.string:
        return np.asarray(pc.fill_null(as_text(column), "").to_numpy(), dtype=object)
    try:
        numbers = pc.cast(column, pa.float64(), safe=False)
    except pa.ArrowInvalid as error:
        raise DataError(f"holdout, column {name!r}", expected="numbers, as the model takes", got=str(error)) from error
    return np.asarray(pc.fill_null(numbers, np.nan).to_numpy(), dtype=kind.as_numpy_dtype)


def _answer(serve: Callable[..., Any], batch: dict[str, npt.NDArray[Any]]) -> Floats:
    found = serve(**{name: tf.constant(values) for name, values in batch.items()})
    return np.asarray(found[OUTPUT].numpy(), dtype=np.float64).reshape(-1)
