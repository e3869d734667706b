"""predict: what a package answers to the rows of the holdout, in large batches.

It is asked as when it serves live traffic. Columns that are declared otherwise by now first become what it knows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from benison.config import FILE, Label
from benison.core.casts import as_text
from benison.core.errors import ConfigError, DataError
from benison.core.signatures import TEXT, TRANSFORM_COLUMNS
from benison.serving.package import BATCH_ROWS
from benison.serving.package import Package as Served

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Package:
    """A package that is ready to be judged.

    Attributes:
        role: What messages call it.
        served: The package as it is served.
    """

    role: str
    served: Served

    @classmethod
    def open(cls, folder: Path, label: Label) -> Package:
        """Loads a package.

        Args:
            folder: As `benison.serving.package.Package.open` takes one.
            label: What it has to have been trained to predict.

        Raises:
            ConfigError: It predicts something else.
            DataError: It cannot be loaded, or lacks the signature.
        """
        served = Served.open(folder)
        _check_label(folder, served.told["label"], label)
        return cls(folder.name, served)

    @property
    def told(self) -> Mapping[str, Any]:
        """Its ``assets.extra/features.json``."""
        return self.served.told

    def predict(self, table: pa.Table, *, batch_rows: int = BATCH_ROWS) -> Floats:
        """The probability that it gives to each row.

        Args:
            table: Rows with every column that it takes; missing values are nulls.
            batch_rows: Rows per call.

        Returns:
            One float64 for each row, in the table's order, whatever it is: NaN where the model answers so.

        Raises:
            DataError: The rows lack a column that it takes, or have it as another kind.
        """
        if self.told["features"]:
            table = _as_trained_on(self.role, table, self.told)
        return self.served.answer(table, batch_rows=batch_rows)

    def transform(self, table: pa.Table) -> dict[str, npt.NDArray[Any]]:
        """What its feature graph makes of rows: by input name an array [n, width].

        Raises:
            DataError: As `predict`.
        """
        serve = self.served.model.signatures[TRANSFORM_COLUMNS]
        inputs = self.served.inputs(_as_trained_on(self.role, table, self.told))
        found = serve(**{name: tf.constant(values) for name, values in inputs.items()})
        return {name: values.numpy() for name, values in found.items()}


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
