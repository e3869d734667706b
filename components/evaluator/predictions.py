"""predictions: rows that models of any framework have answered already, from a file to figures and verdict."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.components.evaluator.columns import Columns
from benison.components.evaluator.compare import Answers
from benison.components.evaluator.evaluate import Asked, document, evaluate, slices, with_metrics_of, write_tfma
from benison.components.evaluator.measure import Bools, Floats
from benison.components.evaluator.own import opened
from benison.components.evaluator.tfma_files import Naming
from benison.components.evaluator.weighing import rows_of
from benison.config import Gate, format_of
from benison.core import digests, documents
from benison.core.casts import as_text
from benison.core.errors import ConfigError, DataError
from benison.core.metrics import BINARY
from benison.sources.dataset import Dataset

_LOG = logging.getLogger(__name__)
# Labels that say themselves which of them is positive.
_PLAIN = {"1": True, "0": False, "true": True, "false": False}
_MOST_NAMED = 5


@dataclass(frozen=True)
class Policy:
    """A gate, and the file that it stands in."""

    gate: Gate
    file: str


@dataclass(frozen=True)
class Labels:
    """The label of each row.

    Attributes:
        known: Whether a row has one.
        positive: Whether a row is positive, or what share of it is, or its number, of the rows that have one.
        values: Its two values, as (positive, negative); None for one that does not occur, and both of them
            where labels are shares or numbers.
    """

    known: Bools
    positive: Bools | Floats
    values: tuple[str | None, str | None]


def run(
    dataset: Dataset, source: str, columns: Columns, positive: str | None, policy: Policy | None, folder: Path
) -> dict[str, Any]:
    """Measures predictions by slice, with intervals, and judges them where there is a policy.

    Args:
        dataset: Rows with label, predictions, and the columns that slices are cut by.
        source: What the user calls them.
        columns: What the columns are.
        positive: The label's value that counts as positive; None: 1, or true.
        policy: What must hold; None: nothing is judged.
        folder: TFMA's own layout and evaluation.json are written here; it is there.

    Returns:
        evaluation.json, without kind and format.

    Raises:
        ConfigError: Slices or policy ask for what there is not.
        DataError: Labels or predictions cannot be used.
    """
    table = _table(dataset, source, columns.all)
    labels = _labels(table[columns.label], columns, positive)
    rows = table.filter(pa.array(labels.known))
    if left_out := table.num_rows - rows.num_rows:
        _LOG.info("%d of %d rows have no label, and are left out", left_out, table.num_rows)
    asked = _asked(columns, rows, labels, policy, digests.of_json([one.digest for one in dataset.sources]))
    found = slices(asked)
    said = "probabilities" if columns.task == BINARY else "numbers"
    answered = {role: numbers(rows[model.column], model.column, said) for role, model in columns.models.items()}
    outcome = evaluate(asked, found, Answers(asked.rows, answered, {}))
    told = {role: model.column for role, model in columns.models.items()}
    write_tfma(folder, asked, told, outcome, Naming(asked.names, told, format_of(source) or ""))
    content = document(asked, {role: vars(model) for role, model in columns.models.items()}, outcome)
    content["predictions"] = _said(dataset, columns, labels)
    documents.write(folder / "evaluation.json", "evaluation", content)
    return content


def _table(dataset: Dataset, source: str, needed: Sequence[str]) -> pa.Table:
    fields = [dataset.schema.field(name) for name in needed]
    places = [dataset.schema.get_field_index(name) for name in needed]
    batches = (batch for part in dataset.parts for batch in dataset.batches(part))
    kept = [pa.record_batch([batch.column(place) for place in places], schema=pa.schema(fields)) for batch in batches]
    table = pa.Table.from_batches(kept, pa.schema(fields))
    if not table.num_rows:
        raise DataError(source, expected="rows", got="none", hint="the file has a header at most")
    return table


def _asked(columns: Columns, rows: pa.Table, labels: Labels, policy: Policy | None, snapshot: str) -> Asked:
    if policy:
        _comparable(policy, list(columns.models))
    gate = policy.gate if policy else None
    config = replace(columns.config, metrics=with_metrics_of(gate, columns.config.metrics))
    names = {role: model.name for role, model in columns.models.items()}
    file = policy.file if policy else ""
    counted = rows_of(labels.positive, rows, config.weight, columns.unit, columns.config_file, columns.task)
    own = opened(columns.own, rows) if columns.own else None
    return Asked(config, columns.config_file, gate, columns.label, rows, counted, snapshot, file, names, own)


def _comparable(policy: Policy, roles: Sequence[str]) -> None:
    """Makes sure that every comparison has a baseline: nobody else will come to be one.

    Raises:
        ConfigError: A line compares with baselines of which there is none.
    """
    for number, line in enumerate(policy.gate.checks):
        if not math.isnan(line.tolerance) and not set(line.no_worse_than) & set(roles):
            where = f"{policy.file} (gate.checks.{number}.tolerance)"
            expected = f"a baseline to compare with: {' or '.join(line.no_worse_than)}"
            hint = "name the column of its predictions with --baseline (once: champion, twice: reference too)"
            raise ConfigError(where, expected=expected, got="none", hint=hint)


def _labels(column: pa.ChunkedArray, columns: Columns, positive: str | None) -> Labels:
    if columns.task == BINARY:
        return binary_labels(column, columns.label, positive)
    if positive is not None:
        raise ConfigError("--positive", expected=f"none where the task is {columns.task}", got=repr(positive))
    return number_labels(column, columns.label)


def number_labels(column: pa.ChunkedArray, name: str) -> Labels:
    """Labels as numbers; rows without one are told apart.

    Args:
        column: The label's, of any type.
        name: What it is called.

    Raises:
        DataError: There are no labels, or some are text or infinite.
    """
    where = f"label column {name!r}"
    found = numbers(column, name, "numbers", "label")
    known = np.asarray(column.is_valid().to_numpy(), dtype=np.bool_)
    known &= ~np.isnan(found) | pa.types.is_string(column.type)
    wrong = known & ~np.isfinite(found)
    if wrong.any():
        first = int(np.argmax(wrong))
        got = f"{column[first].as_py()!r} in row {first + 1:,}"
        raise DataError(where, expected="a number, or none", got=got)
    return Labels(known, found[known], (None, None))


def binary_labels(column: pa.ChunkedArray, name: str, positive: str | None) -> Labels:
    """Labels as yes or no; rows without one are told apart.

    Args:
        column: The label's, of any type.
        name: What it is called.
        positive: The value that counts as positive; None: 1, or true, of labels that are 0 and 1, or false and true.

    Raises:
        ConfigError: Which value is positive is not known, or it does not occur.
        DataError: There are no labels, or they have more than two values.
    """
    texts = as_text(column)
    if positive is None and (shares := _shares(column)) is not None:
        return shares
    values = sorted(value for value in pc.unique(texts).to_pylist() if value is not None)
    _check_two(values, name)
    yes = _plain(values, name) if positive is None else _named(positive, values, name)
    no = next((value for value in values if value != yes), None)
    known = np.asarray(pc.is_valid(texts).to_numpy(), dtype=np.bool_)
    positives = pc.fill_null(pc.equal(texts, pa.scalar(yes, pa.string())), False)
    return Labels(known, np.asarray(positives.to_numpy(), dtype=np.bool_)[known], (yes, no))


def _shares(column: pa.ChunkedArray) -> Labels | None:
    """Labels that say what share of a row is positive; None where they are something else."""
    if not pa.types.is_floating(column.type):
        return None
    numbers = np.asarray(pc.fill_null(column.cast(pa.float64()), math.nan).to_numpy(), dtype=np.float64)
    known = ~np.isnan(numbers)
    shares = numbers[known]
    inside, split = bool(np.all((shares >= 0) & (shares <= 1))), bool(np.any((shares > 0) & (shares < 1)))
    return Labels(known, shares, (None, None)) if inside and split else None


def _check_two(values: Sequence[str], name: str) -> None:
    if not values:
        raise DataError(f"label column {name!r}", expected="labels", got="none in any row")
    if len(values) > 2:
        got = f"{len(values):,}: {_some(values)}"
        hint = "say  --task regression  where labels are numbers; shares of a row are numbers from 0 to 1"
        raise DataError(f"label column {name!r}", expected="two values", got=got, hint=hint)


def _some(values: Sequence[str]) -> str:
    more = ", ..." if len(values) > _MOST_NAMED else ""
    return ", ".join(map(repr, values[:_MOST_NAMED])) + more


def _plain(values: Sequence[str], name: str) -> str | None:
    """The positive one of 0 and 1, or of false and true; None where it does not occur."""
    meaning = {value: _PLAIN.get(value.lower()) for value in values}
    positives = [value for value, yes in meaning.items() if yes]
    if None in meaning.values() or len(positives) > 1 or (len(values) > 1 and not positives):
        hint = f"say which of them counts as positive: --positive {values[-1]}"
        raise ConfigError(
            "--positive", expected=f"0 and 1 in column {name!r}, or its positive value", got=_some(values), hint=hint
        )
    return positives[0] if positives else None


def _named(positive: str, values: Sequence[str], name: str) -> str:
    if positive not in values:
        hint = f"there are {_some(values)}"
        raise ConfigError("--positive", expected=f"a value of column {name!r}", got=repr(positive), hint=hint)
    return positive


def numbers(column: pa.ChunkedArray, name: str, expected: str = "probabilities", what: str = "prediction") -> Floats:
    """Predictions as numbers, NaN for what is none: a check counts them, and nothing is judged by such a model.

    Args:
        column: Of any type.
        name: What it is called.
        expected: What the numbers are, for messages.
        what: What the column is, likewise.

    Raises:
        DataError: Not one of them is a number.
    """
    if pa.types.is_string(column.type):
        found = np.array([_number(value) for value in column.to_pylist()], dtype=np.float64)
    else:
        found = np.asarray(pc.fill_null(column.cast(pa.float64(), safe=False), math.nan).to_numpy(), dtype=np.float64)
    if np.all(np.isnan(found)) and len(found):
        example = next((value for value in column.to_pylist() if value is not None), None)
        got = f"text such as {example!r}" if isinstance(example, str) else "no value in any row"
        raise DataError(f"{what} column {name!r}", expected=expected, got=got)
    return found


def _number(value: str | None) -> float:
    try:
        return math.nan if value is None else float(value)
    except ValueError:
        return math.nan


def _said(dataset: Dataset, columns: Columns, labels: Labels) -> dict[str, Any]:
    """Where the predictions came from, as evaluation.json keeps it."""
    positive, negative = labels.values
    return {
        "files": [{"path": one.path, "digest": one.digest, "rows": one.rows} for one in dataset.sources],
        "label": {"column": columns.label, "positive": positive, "negative": negative},
        "without_label": int(np.count_nonzero(~labels.known)),
    }
