import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from benison.components.example_gen.seal import Source, parquet, seal
from benison.config import Label
from benison.core import digests

LABEL = Label("label", "yes", "no")
SOURCES = [Source(3, "a.csv", 10, digests.of_bytes(b"a"))]
BY = {"by": "hash", "key": ["n"], "time": "", "shares": [0.6, 0.2, 0.2]}


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1))
def test_every_row_is_in_one_split_in_its_order(rows: list[tuple[int, bool]]) -> None:
    assignment = np.array([split for split, _ in rows], np.int8)
    table = pa.table({"n": np.arange(len(rows)), "label": ["yes" if positive else "no" for _, positive in rows]})
    sealed = seal(table, assignment, SOURCES, BY, LABEL)
    for number, split in enumerate(("train", "eval", "holdout")):
        found = pq.read_table(io.BytesIO(sealed.files[split, f"Split-{split}/data-00000.parquet"]))
        mine = [n for n, (where, _) in enumerate(rows) if where == number]
        assert found["n"].to_pylist() == mine
        assert sealed.snapshot["splits"][split]["rows"] == len(mine)
        assert sealed.snapshot["splits"][split]["positives"] == sum(rows[n][1] for n in mine)


def test_the_bytes_are_the_rows_alone_however_they_came() -> None:
    whole = pa.table({"n": np.arange(1000), "text": [str(n % 7) for n in range(1000)]})
    pieces = pa.concat_tables([whole[:10], whole[10:500], whole[500:]])
    assert parquet(pieces) == parquet(whole)
    assert parquet(whole[:999]) != parquet(whole)


def test_the_file_has_no_trace_of_the_writer_but_its_version() -> None:
    metadata = pq.read_metadata(io.BytesIO(parquet(pa.table({"n": [1]}))))
    assert set(metadata.metadata or {}) <= {b"ARROW:schema"}
    assert metadata.created_by.startswith("parquet-cpp-arrow version ")


def test_many_rows_are_in_groups_of_a_fixed_size() -> None:
    metadata = pq.read_metadata(io.BytesIO(parquet(pa.table({"n": np.arange(300_000)}))))
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [131_072, 131_072, 37_856]
