"""predict: what a package answers to the rows of the holdout, in large batches.

It is asked through its signature for columns, or, where a TFX module exported it, by serialized tf.Examples.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from benison.config import FILE, Label
from benison.core import answers, documents
from benison.core.casts import as_text
from benison.core.errors import ConfigError, DataError
from benison.core.signatures import PROBABILITY, SERVE_COLUMNS, SERVE_EXAMPLES, TEXT, TRANSFORM_COLUMNS, feed
from benison.core.spelling import nearest
from benison.sources.encode import encode

BATCH_ROWS = 8192
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Package:
    """A package that is ready to answer.

    Attributes:
        role: What messages call it.
        told: Its ``assets.extra/features.json``.
        model: The SavedModel; it owns the variables that its signatures only refer to.
    """

    role: str
    told: Mapping[str, Any]
    model: Any

    @classmethod
    def open(cls, folder: Path, label: Label) -> Package:
        """Loads a package.

        Args:
            folder: A SavedModel with ``assets.extra/features.json`` and the signature ``serve_columns`` or, where that
                file has no features but columns, ``serving_default`` on serialized tf.Examples.
            label: What it has to have been trained to predict.

        Raises:
            ConfigError: It predicts something else.
            DataError: It cannot be loaded, or lacks the signature.
        """
        told = documents.read(folder / "assets.extra" / "features.json", "features")
        _check_label(folder, told["label"], label)
        return cls(folder.name, told, _load(folder, SERVE_COLUMNS if told["features"] else SERVE_EXAMPLES))

    def inputs(self, table: pa.Table) -> dict[str, npt.NDArray[Any]]:
        """Rows as the inputs of its signatures.

        Raises:
            DataError: The rows lack a column that it takes, or have it as another kind.
        """
        return feed(_as_trained_on(self.role, table, self.told), self.told["columns"])

    def predict(self, table: pa.Table, *, batch_rows: int = BATCH_ROWS) -> Floats:
        """The probability that it gives to each row.

        Args:
            table: Rows with every column that it takes; missing values are nulls.
            batch_rows: Rows per call.

        Returns:
            One float64 for each row, in the table's order, whatever it is: NaN where the model answers so.

        Raises:
            DataError: As `inputs`.
        """
        if not self.told["features"]:
            return self._by_examples(table, batch_rows)
        inputs, serve = self.inputs(table), self.model.signatures[SERVE_COLUMNS]
        batches = [slice(start, start + batch_rows) for start in range(0, table.num_rows, batch_rows)]
        found = [_answer(serve, {name: values[batch] for name, values in inputs.items()}) for batch in batches]
        return np.concatenate(found) if found else np.zeros(0)

    def _by_examples(self, table: pa.Table, batch_rows: int) -> Floats:
        """The answers of a package whose graph is its own, to rows as serialized tf.Examples."""
        kinds = {column["name"]: column["stored_as"] for column in self.told["columns"]}
        for name in kinds:
            _check_there(self.role, table, name)
        where, serve = answers.place(self.role), self.model.signatures[SERVE_EXAMPLES]
        takes = answers.examples_input(serve, where)
        gives = answers.probability_output(serve.structured_outputs, where)
        found = [np.zeros(0)]
        for start in range(0, table.num_rows, batch_rows):
            rows = encode(table.slice(start, batch_rows), kinds)
            answer = serve(**{takes: tf.constant(rows, tf.string)})[gives].numpy()
            found.append(answers.one_a_row(answer, len(rows), where))
        return np.concatenate(found)

    def transform(self, table: pa.Table) -> dict[str, npt.NDArray[Any]]:
        """What its feature graph makes of rows: by input name an array [n, width].

        Raises:
            DataError: As `inputs`.
        """
        serve = self.model.signatures[TRANSFORM_COLUMNS]
        found = serve(**{name: tf.constant(values) for name, values in self.inputs(table).items()})
        return {name: values.numpy() for name, values in found.items()}


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


def _as_trained_on(role: str, table: pa.Table, told: Mapping[str, Any]) -> pa.Table:
    """The rows with each column as the model was trained on it, where that can be had without a loss.

    A column that is declared otherwise than when a model was trained must not let it lose through no fault of its own.
    """
    for column in told["columns"]:
        name = column["name"]
        if name in table.column_names and not pa.types.is_null(table[name].type):
            place = table.column_names.index(name)
            words = [word for one in told["features"] if name in one["columns"] for word in _vocabulary(one)]
            table = table.set_column(place, name, _as(role, table[name], column, words))
    return table


def _vocabulary(feature: Mapping[str, Any]) -> Sequence[str]:
    found: Sequence[str] = feature["fitted"].get("vocabulary", ()) if feature["kind"] == "categorical" else ()
    return found


def _as(role: str, values: pa.ChunkedArray, column: Mapping[str, Any], vocabulary: Sequence[str]) -> pa.ChunkedArray:
    name = column["name"]
    if pa.types.is_string(values.type) == (column["type"] == TEXT):
        return values
    if column["type"] != TEXT:
        return _numbers(role, name, values)
    changed = next((pair for pair in _respelt(vocabulary, values.type) if pair[0] != pair[1]), None)
    if changed is not None:
        raise _declared_otherwise(
            role, name, f"text such as {changed[0]!r}", f"numbers, here {changed[1]}", "categorical"
        )
    return values


def _numbers(role: str, name: str, texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts as the numbers that they are."""
    try:
        return texts.cast(pa.float64())
    except pa.ArrowInvalid as error:
        raise _declared_otherwise(role, name, "numbers", f"text ({error})", "numeric") from error


def _declared_otherwise(role: str, name: str, expected: str, got: str, kind: str) -> DataError:
    hint = f"declare it {kind} under features: in benison.yaml, or give the project another name"
    return DataError(f"column {name!r}", expected=f"{expected}, as the {role} was trained on", got=got, hint=hint)


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
