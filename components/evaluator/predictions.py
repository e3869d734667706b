"""predictions: rows that models of any framework have answered already, from a file to figures and verdict."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.components.evaluator import classes
from benison.components.evaluator.columns import Columns
from benison.components.evaluator.compare import Answers
from benison.components.evaluator.evaluate import (
    Asked,
    Data,
    Loaded,
    document,
    evaluate,
    slices,
    with_metrics_of,
    write_tfma,
)
from benison.components.evaluator.own import opened
from benison.components.evaluator.record import Outcome
from benison.components.evaluator.tfma_files import Naming
from benison.components.evaluator.weighing import rows_of
from benison.config import Gate, format_of
from benison.core import digests, documents
from benison.core.casts import as_text
from benison.core.errors import ConfigError, DataError
from benison.core.metrics import BINARY, MULTICLASS, RANKING, REGRESSION
from benison.metrics.measure import Bools, Floats, Rows
from benison.sources.dataset import Dataset

_LOG = logging.getLogger(__name__)
# Labels that say themselves which of them is positive.
_PLAIN = {"1": True, "0": False, "true": True, "false": False}
_MOST_NAMED = 5
IN_MEMORY = "memory"


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
        positive: Of rows with one: whether positive, its share, its number or relevance, or the number of its class.
        values: Its two values, as (positive, negative); None for one that does not occur, and both of them
            where labels are shares, numbers or several classes.
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
    comparable(policy, columns)
    table = _table(dataset, source, columns.all)
    columns, names = _with_classes(columns, table[columns.label], policy)
    labels = _labels(table[columns.label], columns, positive, names)
    rows = table.filter(pa.array(labels.known))
    if left_out := table.num_rows - rows.num_rows:
        _LOG.info("%d of %d rows have no label, and are left out", left_out, table.num_rows)
    asked = _asked(columns, rows, labels, policy, digests.of_json([one.digest for one in dataset.sources]), names)
    found = slices(asked)
    outcome = evaluate(asked, found, _answers(rows, columns, asked.rows))
    without = int(np.count_nonzero(~labels.known))
    read = Read(dataset, source, columns, labels.values, without, {"name": IN_MEMORY})
    return write(folder, asked, read, outcome)


def _with_classes(columns: Columns, labels: pa.ChunkedArray, policy: Policy | None) -> tuple[Columns, tuple[str, ...]]:
    """The classes, where models tell several apart, with the metrics that are asked of them."""
    if columns.task != MULTICLASS:
        return columns, ()
    models = [tuple(model.classes) for model in columns.models.values()]
    names = classes.names_of(labels, f"label column {columns.label!r}", models)
    metrics = classes.resolved(columns.config.metrics, names, columns.config_file)
    if policy:
        classes.check_named(policy.gate.metrics, names, policy.file)
    return replace(columns, config=replace(columns.config, metrics=metrics)), names


def _answers(rows: pa.Table, columns: Columns, counted: Rows) -> Answers:
    said = "numbers" if columns.task in (REGRESSION, RANKING) else "probabilities"
    answered, lacking = {}, {}
    for role, model in columns.models.items():
        found = {name: numbers(rows[name], name, said) for name in model.columns}
        if columns.task == MULTICLASS:
            of_classes = {name: found[column] for name, column in model.classes.items()}
            answered[role] = classes.matrix_of(of_classes, counted.classes, counted.numbers)
            lacking[role] = tuple(at for at, name in enumerate(counted.classes) if name not in model.classes)
        else:
            answered[role] = found[model.column]
    return Answers(counted, answered, {}, lacking=lacking)


@dataclass(frozen=True)
class Read:
    """What predictions were read from, and how.

    Attributes:
        dataset: The rows.
        source: What the user calls them.
        columns: What the columns are.
        values: As in `Labels`.
        without_label: Rows that were left out.
        engine: Its name, and what there is to say of it.
    """

    dataset: Dataset
    source: str
    columns: Columns
    values: tuple[str | None, str | None]
    without_label: int
    engine: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As evaluation.json keeps it."""
        positive, negative = self.values
        return {
            "files": [{"path": one.path, "digest": one.digest, "rows": one.rows} for one in self.dataset.sources],
            "label": {"column": self.columns.label, "positive": positive, "negative": negative},
            "without_label": self.without_label,
            "engine": self.engine,
        }


def write(folder: Path, asked: Asked, read: Read, outcome: Outcome) -> dict[str, Any]:
    """Writes TFMA's files, then evaluation.json, and returns that."""
    columns = read.columns
    told = {role: model.column for role, model in columns.models.items()}
    write_tfma(folder, asked, told, outcome, Naming(asked.names, told, format_of(read.source) or ""))
    said = {role: {"name": model.name, "column": model.column} for role, model in columns.models.items()}
    content = document(asked, said, outcome)
    content["predictions"] = read.to_json()
    documents.write(folder / "evaluation.json", "evaluation", content)
    return content


def _table(dataset: Dataset, source: str, needed: Sequence[str]) -> pa.Table:
    fields = [dataset.schema.field(name) for name in needed]
    places = [dataset.schema.get_field_index(name) for name in needed]
    batches = (batch for part in dataset.parts for batch in dataset.batches(part))
    kept = [pa.record_batch([batch.column(place) for place in places], schema=pa.schema(fields)) for batch in batches]
    table = pa.Table.from_batches(kept, pa.schema(fields))
    if not table.num_rows:
        raise no_rows(source)
    return table


def no_rows(source: str) -> DataError:
    """What to raise where there is nothing to evaluate."""
    return DataError(source, expected="rows", got="none", hint="the file has a header at most")


def _asked(
    columns: Columns, rows: pa.Table, labels: Labels, policy: Policy | None, snapshot: str, names: tuple[str, ...]
) -> Loaded:
    weight, where = columns.config.weight, columns.config_file
    counted = rows_of(labels.positive, rows, weight, columns.unit, where, columns.task, names, columns.query)
    asked = asked_of(columns, policy, Data.of(snapshot, rows, counted, columns.config, columns.unit, columns.query))
    own = opened(columns.own, rows) if columns.own else None
    return Loaded(**{**vars(asked), "own": own}, table=rows, rows=counted)


def asked_of(columns: Columns, policy: Policy | None, data: Data) -> Asked:
    """What is asked of some data by what columns and policy say."""
    config = replace(columns.config, metrics=metrics_of(columns, policy))
    names = {role: model.name for role, model in columns.models.items()}
    gate, file = (policy.gate, policy.file) if policy else (None, "")
    return Asked(config, columns.config_file, gate, columns.label, data, file, names)


def metrics_of(columns: Columns, policy: Policy | None) -> tuple[str, ...]:
    """The metrics that the evaluation config and the policy ask for."""
    return with_metrics_of(policy.gate if policy else None, columns.config.metrics)


def comparable(policy: Policy | None, columns: Columns) -> None:
    """Makes sure that every comparison has a baseline: nobody else will come to be one.

    Raises:
        ConfigError: A line compares with baselines of which there is none.
    """
    for where, limit, names in _compared(policy.gate) if policy else ():
        if policy and not math.isnan(limit) and not set(names) & set(columns.models):
            expected = f"a baseline to compare with: {' or '.join(names)}"
            hint = "name the column of its predictions with --baseline (once: champion, twice: reference too)"
            raise ConfigError(f"{policy.file} (gate.{where})", expected=expected, got="none", hint=hint)


def _compared(gate: Gate) -> Iterator[tuple[str, float, Sequence[str]]]:
    """What the policy holds against baselines: where it stands, the limit (NaN: not asked), and which baselines."""
    for number, line in enumerate(gate.checks):
        yield f"checks.{number}.tolerance", line.tolerance, line.no_worse_than
        yield f"checks.{number}.better_by", line.better_by, line.better_than
    for number, across in enumerate(gate.fairness):
        yield f"fairness.{number}.tolerance", across.tolerance, across.no_worse_than


def _labels(column: pa.ChunkedArray, columns: Columns, positive: str | None, names: Sequence[str]) -> Labels:
    if columns.task == BINARY:
        return binary_labels(column, columns.label, positive)
    if positive is not None:
        raise ConfigError("--positive", expected=f"none where the task is {columns.task}", got=repr(positive))
    if columns.task == MULTICLASS:
        known, found = classes.numbers_of_labels(column, names)
        return Labels(known, found.astype(np.float64), (None, None))
    return number_labels(column, columns.label, 0.0 if columns.task == RANKING else -math.inf)


def number_labels(column: pa.ChunkedArray, name: str, low: float = -math.inf) -> Labels:
    """Labels as numbers; rows without one are told apart.

    Args:
        column: The label's, of any type.
        name: What it is called.
        low: None is below it.

    Raises:
        DataError: There are no labels, or some are text, infinite or too low.
    """
    found = numbers(column, name, "numbers", "label")
    known = np.asarray(column.is_valid().to_numpy(), dtype=np.bool_)
    known &= ~np.isnan(found) | pa.types.is_string(column.type)
    wrong = known & ~(np.isfinite(found) & (found >= low))
    if wrong.any():
        first = int(np.argmax(wrong))
        got = f"{column[first].as_py()!r} in row {first + 1:,}"
        expected = "a number, or none" if math.isinf(low) else f"a number from {low:g}, or none"
        raise DataError(f"label column {name!r}", expected=expected, got=got)
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
    yes, no = meaning_of(values, name, positive)
    known = np.asarray(pc.is_valid(texts).to_numpy(), dtype=np.bool_)
    positives = pc.fill_null(pc.equal(texts, pa.scalar(yes, pa.string())), False)
    return Labels(known, np.asarray(positives.to_numpy(), dtype=np.bool_)[known], (yes, no))


def meaning_of(values: Sequence[str], name: str, positive: str | None) -> tuple[str | None, str | None]:
    """Which value of a label is the positive one, and which the other; None for one that does not occur.

    Args:
        values: Those that occur, sorted.
        name: The label's column.
        positive: As in `binary_labels`.

    Raises:
        ConfigError: As in `binary_labels`.
        DataError: As in `binary_labels`.
    """
    _check_two(values, name)
    yes = _plain(values, name) if positive is None else _named(positive, values, name)
    return yes, next((value for value in values if value != yes), None)


def says_yes(value: str, positive: str | None) -> bool:
    """Whether a label's value is the positive one, as far as it says so itself."""
    return bool(_PLAIN.get(value.lower())) if positive is None else value == positive


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
        hint = "say  --task multiclass  where labels are classes, or  --task regression  where they are numbers"
        raise DataError(f"label column {name!r}", expected="two values", got=got, hint=hint)


def _some(values: Sequence[str]) -> str:
    more = ", ..." if len(values) > _MOST_NAMED else ""
    return ", ".join(map(repr, values[:_MOST_NAMED])) + more


def _plain(values: Sequence[str], name: str) -> str | None:
    """The positive one of 0 and 1, or of false and true; None where it does not occur."""
    meaning = {value: _PLAIN.get(value.lower()) for value in values}
    positives = [value for value, yes in meaning.items() if yes]
    if None in meaning.values() or len(positives) > 1 or (len(values) > 1 and not positives):
        hint = f"say which of them counts as positive: {' or '.join(f'--positive {value}' for value in values)}"
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
    found = numbers_of(column)
    if np.all(np.isnan(found)) and len(found):
        example = next((value for value in column.to_pylist() if value is not None), None)
        got = f"text such as {example!r}" if isinstance(example, str) else "no value in any row"
        raise no_numbers(name, got, expected, what)
    return found


def no_numbers(name: str, got: str, expected: str = "probabilities", what: str = "prediction") -> DataError:
    """What to raise where no prediction of a column, or no label, is a number."""
    return DataError(f"{what} column {name!r}", expected=expected, got=got)


def numbers_of(column: pa.Array | pa.ChunkedArray) -> Floats:
    """Predictions as numbers, NaN for what is none."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type):
        return np.array([_number(value) for value in column.to_pylist()], dtype=np.float64)
    numbers = column if pa.types.is_float64(column.type) else column.cast(pa.float64(), safe=False)
    found = pc.fill_null(numbers, math.nan) if numbers.null_count else numbers
    return np.asarray(found.to_numpy(), dtype=np.float64)


def _number(value: str | None) -> float:
    try:
        return math.nan if value is None else float(value)
    except ValueError:
        return math.nan
