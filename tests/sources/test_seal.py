from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benison.config import SPLITS, Label
from benison.core import digests, documents
from benison.sources import seal
from benison.sources.seal import ParquetFiles, describe, write
from benison.sources.walk import Rows

LABEL = Label("label", "yes", "no")
BY = {"by": "hash", "key": ["n"], "time": "", "shares": [0.6, 0.2, 0.2]}
ROW = st.tuples(st.integers(0, 2), st.sampled_from(["yes", "no", "perhaps", None]), st.integers(3, 5))


def source(span: int, rows: int) -> dict[str, Any]:
    content = {"span": span, "path": f"{span}.csv", "size": 1, "digest": digests.of_bytes(b"a"), "rows": rows}
    return {**content, "version": "", "query": None}


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=40))
def test_every_row_is_in_one_split_in_its_order(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str | None, int]]
) -> None:
    folder = tmp_path_factory.mktemp("sealed")
    rows = sorted(rows, key=lambda row: row[2])
    table = pa.table(
        {"n": pa.array(range(len(rows)), pa.int64()), "label": pa.array([row[1] for row in rows], pa.string())}
    )
    batches = [Rows(row[2], "a.csv", 1, table[n : n + 1].to_batches()[0]) for n, row in enumerate(rows)]
    where = iter(rows)
    counts = write(batches, table.schema, lambda _: np.array([next(where)[0]], np.int8), LABEL, folder)
    sources = [source(span, sum(row[2] == span for row in rows)) for span in (3, 4, 5)]
    snapshot = describe(folder, counts, table.schema, sources, BY, LABEL)
    assert documents.problems("snapshot", {"kind": "snapshot", "format": 1, **snapshot}) == []
    assert snapshot["digest"] == digests.of_tree(folder)
    for number, split in enumerate(SPLITS):
        mine = [n for n, row in enumerate(rows) if row[0] == number]
        assert pq.read_table(folder / f"Split-{split}" / "data-00000.parquet")["n"].to_pylist() == mine
        assert snapshot["splits"][split] == {
            "rows": len(mine),
            "positives": sum(rows[n][1] == "yes" for n in mine),
            "negatives": sum(rows[n][1] == "no" for n in mine),
            "spans": [{"span": span, "rows": sum(rows[n][2] == span for n in mine)} for span in (3, 4, 5)],
            "digest": digests.of_tree(folder / f"Split-{split}"),
        }


def written(folder: Path, table: pa.Table, cuts: list[int], whole: str = "") -> list[bytes]:
    """The files that a table makes when it comes in pieces."""
    with ParquetFiles(folder, table.schema, whole) as files:
        for start, end in zip([0, *cuts], [*cuts, len(table)], strict=True):
            for batch in table[start:end].to_batches():
                files.add(batch)
    return [path.read_bytes() for path in sorted(folder.iterdir())]


@pytest.fixture
def table() -> pa.Table:
    rows = np.arange(5000)
    texts = pa.array([f"t{n % 700}" for n in rows], pa.string(), mask=rows % 11 == 0)
    return pa.table({"n": pa.array(rows), "half": pa.array(rows / 2, mask=rows % 7 == 0), "text": texts})


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 5000), max_size=30).map(sorted))
def test_the_bytes_are_the_rows_alone_however_they_came(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("pieces")
    rows = np.arange(5000)
    texts = pa.array([f"t{n % 700}" for n in rows], pa.string(), mask=rows % 11 == 0)
    table = pa.table({"n": pa.array(rows), "half": pa.array(rows / 2, mask=rows % 7 == 0), "text": texts})
    with pytest.MonkeyPatch.context() as small:
        small.setattr(seal, "ROW_GROUP_ROWS", 512)
        small.setattr(seal, "FILE_ROWS", 2048)
        found = written(folder / "pieces", table, cuts)
        assert found == written(folder / "whole", table, [])
        assert len(found) == 3
        assert found != written(folder / "fewer", table[:-1], [])


def test_files_are_full_before_the_next_begins(
    tmp_path: Path, table: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal, "ROW_GROUP_ROWS", 512)
    monkeypatch.setattr(seal, "FILE_ROWS", 2048)
    written(tmp_path / "rows", table, [1, 2000, 2100])
    files = [pq.ParquetFile(path) for path in sorted((tmp_path / "rows").iterdir())]
    assert [path.name for path in sorted((tmp_path / "rows").iterdir())] == [f"data-0000{n}.parquet" for n in range(3)]
    assert [file.metadata.num_rows for file in files] == [2048, 2048, 904]
    groups = [file.metadata.row_group(n).num_rows for file in files for n in range(file.num_row_groups)]
    assert groups == [512] * 9 + [392]
    assert pq.read_table(tmp_path / "rows") == table


def test_one_file_of_a_name_holds_all_rows(tmp_path: Path, table: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "FILE_ROWS", 1 << 12)
    monkeypatch.setattr(seal, "ROW_GROUP_ROWS", 1 << 10)
    written(tmp_path / "rows", table, [], "data.parquet")
    assert [path.name for path in (tmp_path / "rows").iterdir()] == ["data.parquet"]
    assert pq.read_table(tmp_path / "rows" / "data.parquet") == table


def test_the_file_has_no_trace_of_the_writer_but_its_version(tmp_path: Path) -> None:
    written(tmp_path / "rows", pa.table({"n": [1]}), [])
    metadata = pq.read_metadata(tmp_path / "rows" / "data-00000.parquet")
    assert set(metadata.metadata or {}) <= {b"ARROW:schema"}
    assert metadata.created_by.startswith("parquet-cpp-arrow version ")


def test_many_rows_are_in_groups_of_a_fixed_size(tmp_path: Path) -> None:
    written(tmp_path / "rows", pa.table({"n": np.arange(300_000)}), [7, 150_000])
    metadata = pq.read_metadata(tmp_path / "rows" / "data-00000.parquet")
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [131_072, 131_072, 37_856]
