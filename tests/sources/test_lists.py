"""Columns of lists in Parquet as one column for each place."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.config.data import Table
from benison.core.errors import DataError
from benison.sources.columns import Columns
from benison.sources.dataset import open_table


def read(folder: Path, table: pa.Table, lists: tuple[str, ...]) -> pa.Table:
    pq.write_table(table, folder / "rows.parquet", row_group_size=3)
    source = Table("data", str(folder / "rows.parquet"), "parquet")
    with open_table(source, str(folder), Columns(lists=lists), folder / "scratch") as dataset:
        batches = [batch for part in dataset.parts for batch in dataset.batches(part)]
        return pa.Table.from_batches(batches, dataset.schema)


ROWS = [[0.25, 0.75], [1.0, 0.0], None, [0.5], [0.5, None], [], [0.1, 0.9]]


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.large_list(pa.float32())])
def test_each_place_is_a_column_and_rows_of_another_length_have_none(tmp_path: Path, kind: pa.DataType) -> None:
    table = pa.table({"scores": pa.array(ROWS, kind), "kept": range(7)})
    found = read(tmp_path, table, ("scores", "kept", "nobody"))
    assert found.column_names == ["kept", "scores[0]", "scores[1]"]
    naive = [row if row and len(row) == 2 else (None, None) for row in ROWS]
    for place in (0, 1):
        expected = [math.nan if row[place] is None else row[place] for row in naive]
        values = [math.nan if one is None else one for one in found[f"scores[{place}]"].to_pylist()]
        assert values == pytest.approx(expected, rel=1e-6, nan_ok=True)


def test_lists_of_fixed_size_and_of_whole_numbers_are_spread(tmp_path: Path) -> None:
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(10)), 2)
    found = read(tmp_path, pa.table({"scores": fixed}), ("scores",))
    assert found["scores[1]"].to_pylist() == [1, 3, 5, 7, 9]


@pytest.mark.parametrize(
    ("values", "lists", "message"),
    [
        ([["a"]], ("scores",), "column 'scores': expected lists of numbers, got list<"),
        ([[], None], ("scores",), "column 'scores': expected lists of numbers, got none in the first rows"),
        ([[0.5, 0.5]], (), "column 'scores': expected one value to a row, got list<"),
    ],
)
def test_lists_that_cannot_be_used_are_told(tmp_path: Path, values: Any, lists: tuple[str, ...], message: str) -> None:
    kind = pa.list_(pa.string()) if values == [["a"]] else pa.list_(pa.float64())
    with pytest.raises(DataError, match=re.escape(message)):
        read(tmp_path, pa.table({"scores": pa.array(values, kind)}), lists)
