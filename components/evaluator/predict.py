"""predict: what a package answers to the rows of the holdout, in large batches.

It is asked through its signature for columns, or, where a TFX module exported it, by serialized tf.Examples.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from benison.config import FILE, Label
from benison.core import answers, documents
from benison.core.errors import ConfigError, DataError
from benison.core.examples import as_text
from benison.core.signatures import PROBABILITY, SERVE_COLUMNS, SERVE_EXAMPLES, feed
from benison.core.spelling import nearest
from benison.sources.encode import TEXTS, encode

BATCH_ROWS = 8192
Floats = npt.NDArray[np.float64]


def predict(package: Path, table: pa.Table, label: Label, *, batch_rows: int = BATCH_ROWS) -> Floats:
    """The probability that a package gives to each row.

    Args:
        package: A SavedModel with ``assets.extra/features.json`` and the signature ``serve_columns``, or, where that
            file has no features but columns, ``serving_default`` on serialized tf.Examples.
        table: Rows with every column that it takes; missing values are nulls.
        label: What it has to have been trained to predict.
        batch_rows: Rows per call.

    Returns:
        One float64 for each row, in the table's order, whatever it is: NaN where the model answers so.

    Raises:
        ConfigError: The package predicts something else.
        DataError: It cannot be loaded or called so, or the rows lack a column that it takes, or have it as another
            kind.
    """
    told = documents.read(package / "assets.extra" / "features.json", "features")
    _check_label(package, told["label"], label)
    if not told["features"]:
        return _by_examples(package, table, told["columns"], batch_rows)
    for feature in told["features"]:
        _check_column(package.name, table, feature)
    inputs = feed(table, told["features"])
    model = _load(package, SERVE_COLUMNS)  # named here, since it owns the variables that its signature only refers to
    serve = model.signatures[SERVE_COLUMNS]
    batches = [slice(start, start + batch_rows) for start in range(0, table.num_rows, batch_rows)]
    found = [_answer(serve, {name: values[batch] for name, values in inputs.items()}) for batch in batches]
    return np.concatenate(found) if found else np.zeros(0)


def _by_examples(package: Path, table: pa.Table, columns: Sequence[Mapping[str, Any]], batch_rows: int) -> Floats:
    """The answers of a package whose graph is its own, to rows as serialized tf.Examples."""
    kinds = {column["name"]: column.get("stored_as", TEXTS) for column in columns}
    for name in kinds:
        _check_there(package.name, table, name)
    where, model = answers.place(package.name), _load(package, SERVE_EXAMPLES)
    serve = model.signatures[SERVE_EXAMPLES]
    takes = answers.examples_input(serve, where)
    gives = answers.probability_output(serve.structured_outputs, where)
    found = [np.zeros(0)]
    for start in range(0, table.num_rows, batch_rows):
        rows = encode(table.slice(start, batch_rows), kinds)
        answer = serve(**{takes: tf.constant(rows, tf.string)})[gives].numpy()
        found.append(answers.one_a_row(answer, len(rows), where))
    return np.concatenate(found)


def _check_there(role: str, table: pa.Table, name: str) -> None:
    """Refuses rows without a column that a model reads: it would lose through no fault of its own."""
    if name not in table.column_names:
        hint = nearest(name, table.column_names)
        raise DataError(f"column {name!r}", expected=f"a column that the {role} reads", got="none", hint=hint)


def _check_label(package: Path, told: Mapping[str, str], label: Label) -> None:
    wanted = {"column": label.column, "positive": label.positive, "negative": label.negative}
    if told != wanted:
        raise ConfigError(
            f"{FILE} (label)",
            expected=f"what the {package.name} predicts, {told['column']} = {told['positive']!r}",
            got=f"{label.column} = {label.positive!r} and not {label.negative!r}",
            hint="models that predict different things cannot be compared; give the new one another name",
        )


def _check_column(role: str, table: pa.Table, feature: Mapping[str, Any]) -> None:
    """Refuses rows that a model reads otherwise than when it was trained: it would lose through no fault of its own."""
    name = feature["name"]
    kind = table[name].type if name in table.column_names else pa.null()
    if pa.types.is_null(kind) or pa.types.is_string(kind) == (feature["kind"] == "categorical"):
        return
    expected, got = f"numbers, as the {role} was trained on", "text"
    if feature["kind"] == "categorical":
        changed = next((pair for pair in _respelt(feature["vocabulary"], kind) if pair[0] != pair[1]), None)
        if changed is None:
            return
        expected, got = f"text such as {changed[0]!r}, as the {role} was trained on", f"numbers, here {changed[1]}"
    hint = f"declare it {feature['kind']} under features: in benison.yaml, or give the project another name"
    raise DataError(f"column {name!r}", expected=expected, got=got, hint=hint)


def _respelt(values: Sequence[str], kind: pa.DataType) -> Iterator[tuple[str, str]]:
    """Texts that can be numbers, each with the text that it becomes by way of them: 007 and 7."""
    for value in values:
        with contextlib.suppress(pa.ArrowInvalid):
            yield value, as_text(pa.chunked_array([pa.array([value]).cast(kind)]))[0].as_py()


def _load(package: Path, signature: str) -> Any:
    try:
        model = tf.saved_model.load(str(package))
    except (OSError, tf.errors.OpError) as error:
        raise DataError(str(package), expected="a SavedModel", got=str(error).splitlines()[0]) from error
    if signature not in model.signatures:
        got = ", ".join(model.signatures) or "none"
        hint = "the trainer exports it; a model from elsewhere needs it too"
        raise DataError(str(package), expected=f"a signature {signature!r}", got=got, hint=hint)
    return model


def _answer(serve: Callable[..., Any], batch: Mapping[str, npt.NDArray[Any]]) -> Floats:
    found = serve(**{name: tf.constant(values) for name, values in batch.items()})
    return np.asarray(found[PROBABILITY].numpy(), dtype=np.float64).reshape(-1)
