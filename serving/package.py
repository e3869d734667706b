"""package: a checked-out package that is loaded, and what it answers to rows.

Evaluator, InfraValidator and server ask by this module alone, so what is judged is what answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from benison.core import answers, documents
from benison.core.errors import DataError
from benison.core.signatures import PROBABILITY, SERVE_COLUMNS, SERVE_EXAMPLES, TEXT, feed
from benison.core.spelling import nearest
from benison.sources.encode import encode

BATCH_ROWS = 8192
WARM_UP_ROWS = (1, 2, 16, 64)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Column:
    """A column that a package reads.

    Attributes:
        name: The column's own.
        type: ``number``, ``text`` or ``seconds`` since 1970.
        stored_as: The list of a tf.Example that keeps it: ``int64_list`` means whole numbers.
    """

    name: str
    type: str
    stored_as: str


@dataclass(frozen=True)
class Package:
    """A package that is ready to answer.

    Attributes:
        name: What messages call it.
        told: Its ``assets.extra/features.json``.
        model: The SavedModel; it owns the variables that its signatures only refer to.
    """

    name: str
    told: Mapping[str, Any]
    model: Any

    @classmethod
    def open(cls, folder: Path, name: str = "") -> Package:
        """Loads a package.

        Args:
            folder: A SavedModel with ``assets.extra/features.json`` and the signature ``serve_columns`` or, where that
                file has no features but columns, ``serving_default`` on serialized tf.Examples.
            name: What messages call it; empty: the folder's name.

        Raises:
            DataError: It cannot be loaded, or lacks the signature.
        """
        told = documents.read(folder / "assets.extra" / "features.json", "features")
        return cls(name or folder.name, told, _load(folder, SERVE_COLUMNS if told["features"] else SERVE_EXAMPLES))

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns that it reads, all of which a request gives."""
        return tuple(Column(one["name"], one["type"], one["stored_as"]) for one in self.told["columns"])

    def inputs(self, table: pa.Table) -> dict[str, npt.NDArray[Any]]:
        """Rows as the inputs of its signatures for columns.

        Raises:
            DataError: The rows lack a column that it takes, or have it as another kind.
        """
        return feed(table, self.told["columns"])

    def answer(self, table: pa.Table, *, batch_rows: int = BATCH_ROWS) -> Floats:
        """The probability that it gives to each row.

        Args:
            table: Rows with every column that it takes; missing values are nulls.
            batch_rows: Rows per call.

        Returns:
            One float64 for each row, in the table's order, whatever it is: NaN where the model answers so.

        Raises:
            DataError: As `inputs`, or the answer is none for each row.
        """
        if not self.told["features"]:
            return self._by_examples(table, batch_rows)
        inputs, serve = self.inputs(table), self.model.signatures[SERVE_COLUMNS]
        found = [np.zeros(0)]
        for start in range(0, table.num_rows, batch_rows):
            batch = {name: tf.constant(values[start : start + batch_rows]) for name, values in inputs.items()}
            found.append(np.asarray(serve(**batch)[PROBABILITY].numpy(), dtype=np.float64).reshape(-1))
        return np.concatenate(found)

    def warm_up(self, rows: Iterable[int] = WARM_UP_ROWS) -> None:
        """Answers rows of no meaning, so that no caller waits for what TensorFlow prepares at the first call.

        Args:
            rows: The sizes of batches to prepare for, each at least 1.

        Raises:
            DataError: It does not answer.
        """
        for size in rows:
            table = pa.table({column.name: _of_no_meaning(column, size) for column in self.columns})
            try:
                found = len(self.answer(table))
            except tf.errors.OpError as error:
                raise self._silent(f"{size} answers", str(error).splitlines()[0]) from error
            if found != size:
                raise self._silent(f"{size} answers", str(found))

    def _silent(self, expected: str, got: str) -> DataError:
        return DataError(f"{self.name} (warm-up)", expected=expected, got=got, hint="the package cannot be served")

    def _by_examples(self, table: pa.Table, batch_rows: int) -> Floats:
        """The answers of a package whose graph is its own, to rows as serialized tf.Examples."""
        kinds = {column.name: column.stored_as for column in self.columns}
        for name in kinds:
            _check_there(self.name, table, name)
        where, serve = answers.place(self.name), self.model.signatures[SERVE_EXAMPLES]
        takes = answers.examples_input(serve, where)
        gives = answers.probability_output(serve.structured_outputs, where)
        found = [np.zeros(0)]
        for start in range(0, table.num_rows, batch_rows):
            rows = encode(table.slice(start, batch_rows), kinds)
            answer = serve(**{takes: tf.constant(rows, tf.string)})[gives].numpy()
            found.append(answers.one_a_row(answer, len(rows), where))
        return np.concatenate(found)


def _check_there(package: str, table: pa.Table, name: str) -> None:
    """Refuses rows without a column that a model reads: it would lose through no fault of its own."""
    if name not in table.column_names:
        hint = nearest(name, table.column_names)
        raise DataError(f"column {name!r}", expected=f"a column that the {package} reads", got="none", hint=hint)


def _of_no_meaning(column: Column, rows: int) -> pa.Array:
    """A column of zeros, which are numbers, texts and moments alike."""
    return pa.array(["0"] * rows) if column.type == TEXT else pa.array([0] * rows)


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
