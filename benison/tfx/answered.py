"""Answered: what a model answers to the holdout's examples as they are, where our Evaluator has not kept it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benison.core import answers
from benison.core.errors import DataError
from benison.core.examples import LabelledSplit, split_folder
from benison.core.logs import quiet_imports
from benison.core.user_code import said
from benison.sources.encode import BLOCK_ROWS, encode
from benison.tfx import exported
from benison.tfx.given import Given
from benison.tfx.models import kinds_of

with quiet_imports():
    import tensorflow as tf

_COLUMN = "challenger"


def answered(given: Given, package: Path, into: Path) -> Path:
    """The answers to all rows with a known label, kept as our evaluator keeps them.

    The model is given what TFX's Evaluator gives it: whole examples, with the label. One that reads it there answers
    otherwise than it serves.

    Args:
        given: The project and the examples.
        package: The SavedModel.
        into: Where they come to lie.

    Raises:
        DataError: It cannot be loaded, or does not answer each row.
    """
    folder = split_folder(into, "holdout")
    folder.mkdir(parents=True)
    found = np.concatenate([np.zeros(0), *_parts(given, package)])
    pq.write_table(pa.table({_COLUMN: found}), folder / "predictions.parquet")
    return into


def _parts(given: Given, package: Path) -> Iterator[npt.NDArray[np.float64]]:
    label, kinds, model = given.config.label, kinds_of(given), exported.loaded(package)
    serve = exported.Serve.of(model, answers.place(package.name))
    holdout = given.snapshot.holdout
    split = LabelledSplit.open(holdout, "holdout", label.column, positive=label.positive, negative=label.negative)
    for rows in split.batches(list(kinds), BLOCK_ROWS):
        try:
            found = serve.ask(encode(rows, kinds))
        except tf.errors.OpError as error:
            raise DataError(serve.where, expected="answers to the rows of the holdout", got=said(error)) from error
        yield answers.one_a_row(found, rows.num_rows, serve.where)
