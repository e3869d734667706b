"""Keys: which columns rows are told apart by, spilled to runs in one pass; and the values behind a few of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.components.example_validator.measure import Cell, workers_for
from benison.components.example_validator.runs import Run, write
from benison.core.forks import map_forked
from benison.core.hashes import Hashes
from benison.measures.row_keys import of_column, of_rows

Bools = npt.NDArray[np.bool_]

# As many values are shown in a reason.
SHOWN = 5


@dataclass(frozen=True)
class Question:
    """What rows are told apart by.

    Attributes:
        columns: At least one.
        texts: Those whose numbers count as text, since what they are compared with is text.
        whole: Whether a missing value is a value like others; else a row that lacks one has no key.
    """

    columns: tuple[str, ...]
    texts: frozenset[str] = frozenset()
    whole: bool = False


@dataclass(frozen=True)
class Example:
    """Some values, how many rows have them, and how many of those belong to each group."""

    values: tuple[str, ...]
    rows: int
    by_group: Mapping[str, int]

    def __str__(self) -> str:
        return ", ".join(self.values)


def spill(cells: Sequence[Cell], questions: Mapping[str, Question], scratch: Path) -> dict[str, tuple[Run, ...]]:
    """The keys of all rows, for each question, in one pass by forked processes.

    Args:
        cells: The rows; each one's keys are held in memory together.
        questions: By name.
        scratch: A folder of its own, which the runs are written to.

    Returns:
        A run for each cell, by question.
    """
    numbers = {name: number for number, name in enumerate(questions)}

    def of_cell(at: int) -> dict[str, Run]:
        found = _keys_of(cells[at], questions)
        return {
            name: write(keys, scratch / f"{numbers[name]}-{at}.keys", left_out, cells[at].groups)
            for name, (keys, left_out) in found.items()
        }

    runs = list(map_forked(of_cell, range(len(cells)), workers_for(cells))) if questions else []
    return {name: tuple(one[name] for one in runs) for name in questions}


def _keys_of(cell: Cell, questions: Mapping[str, Question]) -> dict[str, tuple[Hashes, int]]:
    """Keys of the rows that have one, and how many have none, by question."""
    keys: dict[str, list[Hashes]] = {name: [np.zeros(0, np.uint64)] for name in questions}
    left_out = dict.fromkeys(questions, 0)
    for batch in cell.batches():
        hashes: dict[tuple[str, bool], Hashes] = {}
        for name, question in questions.items():
            found, there = _of_batch(batch, question, hashes)
            keys[name].append(found[there])
            left_out[name] += batch.num_rows - int(there.sum())
    return {name: (np.concatenate(some), left_out[name]) for name, some in keys.items()}


def _of_batch(
    batch: pa.RecordBatch, question: Question, hashes: dict[tuple[str, bool], Hashes]
) -> tuple[Hashes, Bools]:
    """A key for each row, and which rows have one; hashes of columns are worked out once."""
    there = np.ones(batch.num_rows, np.bool_)
    for name in question.columns:
        place = (name, name in question.texts)
        if place not in hashes:
            hashes[place] = of_column(batch[name], as_text=name in question.texts)
        if not question.whole and batch[name].null_count:
            there &= np.asarray(pc.is_valid(batch[name]).to_numpy(zero_copy_only=False))
    return of_rows([hashes[name, name in question.texts] for name in question.columns]), there


def examples(cells: Sequence[Cell], question: Question, keys: Iterable[int]) -> dict[int, list[Example]]:
    """The values behind some keys, from a pass over the rows; most often there is one for each key.

    Args:
        cells: The rows.
        question: What the keys are of.
        keys: A few.

    Returns:
        By key, its values, those of most rows first. More than one for a key: two that have the same hash by chance.
    """
    wanted = np.array(sorted(set(keys)), np.uint64)
    if not len(wanted):
        return {}
    found: dict[int, dict[tuple[str, ...], Counter[str]]] = {key: {} for key in wanted.tolist()}
    counted = map_forked(lambda cell: _values_of(cell, question, wanted), cells, workers_for(cells))
    for cell, some in zip(cells, counted, strict=True):
        for (key, values), rows in some.items():
            counts = found[key].setdefault(values, Counter())
            counts[""] += rows
            counts.update(dict.fromkeys(cell.groups, rows))
    return {key: _examples(by_values) for key, by_values in found.items()}


def _examples(by_values: Mapping[tuple[str, ...], Counter[str]]) -> list[Example]:
    made = [
        Example(values, counts[""], {group: counts[group] for group in sorted(counts) if group})
        for values, counts in by_values.items()
    ]
    return sorted(made, key=lambda one: (-one.rows, one.values))


def _values_of(cell: Cell, question: Question, wanted: Hashes) -> Counter[tuple[int, tuple[str, ...]]]:
    """Rows by key and values, of the keys that are wanted."""
    counts: Counter[tuple[int, tuple[str, ...]]] = Counter()
    names = [str(place) for place in range(len(question.columns))]
    for batch in cell.batches():
        keys, there = _of_batch(batch, question, {})
        wanted_rows = there & np.isin(keys, wanted)
        if wanted_rows.any():
            columns = [batch[name] for name in question.columns]
            some = pa.table([*columns, pa.array(keys)], names=[*names, "key"]).filter(pa.array(wanted_rows))
            for row in some.group_by([*names, "key"]).aggregate([("key", "count")]).to_pylist():
                counts[row["key"], tuple(said(row[name]) for name in names)] += row["key_count"]
    return counts


def said(value: object) -> str:
    """A value as a reason shows it."""
    if value is None:
        return "nothing"
    return f"{value + 0.0:g}" if isinstance(value, float) else str(value)
