"""The oracle is a Counter of the rows themselves."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benison.components.example_validator import runs
from benison.components.example_validator.keys import Question, examples, spill
from benison.components.example_validator.measure import Cell
from benison.measures.row_keys import of_column, of_rows

ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 3) | st.none()), max_size=12)


def cells(parts: Sequence[tuple[str, Sequence[tuple[Any, Any]]]]) -> list[Cell]:
    """A cell for each part: its group and rows."""
    made = []
    for group, rows in parts:
        columns = {"letter": pa.array([row[0] for row in rows], pa.string())}
        columns["number"] = pa.array([row[1] for row in rows], pa.int64())
        batches = pa.table(columns).to_batches()
        made.append(Cell((group,), lambda batches=batches: iter(batches)))  # type: ignore[misc]
    return made


@pytest.mark.slow
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, ROWS, st.booleans())
def test_finds_what_a_naive_count_finds(tmp_path: Path, first: Any, second: Any, whole: bool) -> None:
    question = Question(("letter", "number"), whole=whole)
    found = spill(cells([("new", first), ("old", second)]), {"row": question}, tmp_path)["row"]
    new, old = runs.of_group(found, "new"), runs.of_group(found, "old")
    kept = [[row for row in rows if whole or None not in row] for rows in (first, second)]
    both, (ours, theirs) = Counter(kept[0] + kept[1]), [Counter(rows) for rows in kept]
    assert (runs.rows_of(found), runs.left_out_of(found)) == (
        len(first) + len(second),
        len(first) + len(second) - sum(both.values()),
    )
    twice = {row: times for row, times in both.items() if times > 1}
    assert told(runs.repeated(found)) == (sum(twice.values()), len(twice))
    inside = {row: times for row, times in ours.items() if row in theirs}
    assert told(runs.shared(new, old)) == (sum(inside.values()), len(inside))
    assert told(runs.absent(new, old)) == (len(kept[0]) - sum(inside.values()), len(ours) - len(inside))


def told(found: runs.Found) -> tuple[int, int]:
    assert len(found.some) == min(found.keys, runs.KEPT_KEYS)
    return found.rows, found.keys


@pytest.mark.parametrize("range_keys", [1, 100, 10_000])
def test_ranges_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, range_keys: int) -> None:
    rng = np.random.default_rng(5)
    drawn = [rng.integers(0, 2**64, 600, np.uint64, endpoint=False)[rng.integers(0, 600, 600)] for _ in range(2)]
    drawn[1][:100] = drawn[0][:100]
    both = [runs.write(keys, tmp_path / f"{number}.keys") for number, keys in enumerate(drawn)]
    monkeypatch.setattr(runs, "RANGE_KEYS", range_keys)
    times = Counter(drawn[0].tolist())
    twice = sorted(key for key, count in times.items() if count > 1)
    assert runs.repeated(both[:1]) == runs.Found(sum(times[key] for key in twice), len(twice), tuple(twice[:64]))
    inside = set(drawn[0].tolist()) & set(drawn[1].tolist())
    assert runs.shared(both[:1], both[1:]).rows == sum(times[key] for key in inside)
    assert runs.absent(both[:1], both[1:]).keys == len(set(times) - inside)


def test_keys_have_their_values_with_rows_and_groups() -> None:
    rows = cells([("span 1", [("a", 1), ("a", 1), ("b", None)]), ("span 2", [("a", 1), (None, 2), ("b", 2)])])
    question = Question(("letter", "number"), whole=True)
    found = examples(rows, question, _keys(rows[0], question))
    assert {str(one): (one.rows, one.by_group) for some in found.values() for one in some} == {
        "a, 1": (3, {"span 1": 2, "span 2": 1}),
        "b, nothing": (1, {"span 1": 1}),
    }
    assert examples(rows, question, []) == {}


def _keys(cell: Cell, question: Question) -> list[int]:
    [batch] = cell.batches()
    return list(dict.fromkeys(of_rows([of_column(batch[name]) for name in question.columns]).tolist()))


def test_nothing_is_read_where_nothing_is_asked(tmp_path: Path) -> None:
    def refuse() -> Any:
        raise AssertionError("read")

    assert spill([Cell(("span 1",), refuse)], {}, tmp_path) == {}
