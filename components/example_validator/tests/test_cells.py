"""The oracle: the whole table, sliced."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benison.components.example_validator import cells, measure
from benison.components.example_validator.cells import file_cells, split_cells
from benison.components.example_validator.measure import Cell, workers_for
from benison.core.errors import DataError


def written(folder: Path, sizes: list[int], group_rows: int) -> pa.Table:
    """Files of a split with so many rows each, numbered through."""
    split = folder / "Split-train"
    split.mkdir(parents=True, exist_ok=True)
    table = pa.table({"row": range(sum(sizes))})
    start = 0
    for number, size in enumerate(sizes):
        part = table.slice(start, size)
        pq.write_table(part, split / f"data-{number:05d}.parquet", row_group_size=group_rows)
        start += size
    return table


def rows_of(cell: Cell) -> list[int]:
    return [row for batch in cell.batches() for row in batch["row"].to_pylist()]


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=3),
    st.integers(1, 15),
    st.lists(st.integers(0, 30), max_size=4),
    st.integers(1, 50),
)
def test_each_row_is_in_one_cell_of_its_span(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], group_rows: int, wanted: list[int], cell_rows: int
) -> None:
    folder = tmp_path_factory.mktemp("examples")
    table, spans, left = written(folder, sizes, group_rows), [], sum(sizes)
    for number, rows in enumerate(wanted, start=1):
        spans.append((number, min(rows, left)))
        left -= spans[-1][1]
    spans.append((len(spans) + 1, left))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "CELL_ROWS", cell_rows)
        found = split_cells(folder, "train", spans)
    start = 0
    for number, rows in spans:
        of_span = [cell for span, cell in found if span == number]
        assert [row for cell in of_span for row in rows_of(cell)] == table["row"].to_pylist()[start : start + rows]
        assert of_span and all(cell.groups == ("split train", f"span {number}") for cell in of_span)
        start += rows


def test_cells_can_be_read_twice_and_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "CELL_ROWS", 30)
    written(tmp_path, [100], 10)
    found = [cell for _, cell in split_cells(tmp_path, "train", [(1, 100)])]
    assert [len(rows_of(cell)) for cell in found] == [len(rows_of(cell)) for cell in found] == [30, 30, 30, 10]


def test_a_file_without_rows_is_one_cell_without_rows(tmp_path: Path) -> None:
    written(tmp_path, [0], 10)
    [cell] = file_cells([tmp_path / "Split-train" / "data-00000.parquet"], "serving")
    assert (cell.groups, rows_of(cell)) == (("serving",), [])


def test_few_rows_are_read_by_this_process_and_many_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, [100], 10)
    found = [cell for _, cell in split_cells(tmp_path, "train", [(1, 60), (2, 40)])]
    assert [cell.rows for cell in found] == [60, 40]
    assert workers_for(found) == 1
    assert workers_for([*found, Cell(("unknown",), lambda: iter(()))]) is None
    monkeypatch.setattr(measure, "FORKED_ROWS", 100)
    assert workers_for(found) is None


@pytest.mark.parametrize("said", [99, 101])
def test_rows_that_are_not_those_of_the_spans_are_refused(tmp_path: Path, said: int) -> None:
    written(tmp_path, [100], 10)
    with pytest.raises(DataError, match=rf"Split-train: expected {said} rows, as in snapshot\.json, got 100"):
        split_cells(tmp_path, "train", [(1, said)])


def test_a_split_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Split-train: expected Parquet files, got none"):
        split_cells(tmp_path, "train", [(1, 0)])
