"""The same typed content is the same snapshot, whether it came as CSV, Parquet or TFRecord."""

import csv
import gzip
import io
import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benison.components.example_gen.run import run
from benison.core import documents
from benison.sources.example_proto import Example
from benison.sources.read_tfrecord import masked_crc

TEXT = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=5)
ROW = st.fixed_dictionaries(
    {
        "whole": st.none() | st.integers(-(2**53), 2**53),
        "broken": st.none() | st.floats(width=32, allow_nan=False, allow_infinity=False),
        "text": TEXT,
        "label": st.sampled_from(["yes", "no"]),
    }
)


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    types = {"whole": pa.int64(), "broken": pa.float32(), "text": pa.string(), "label": pa.string()}
    pq.write_table(pa.table({name: pa.array([row[name] for row in rows], types[name]) for name in rows[0]}), sink)
    return sink.getvalue()


def as_tfrecord(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(map(record, rows))


def record(row: dict[str, Any]) -> bytes:
    message = Example()
    for name, value in row.items():
        feature = message.features.feature[name]
        if isinstance(value, str):
            feature.bytes_list.value.append(value.encode())
        elif value is not None:
            (feature.int64_list if isinstance(value, int) else feature.float_list).value.append(value)
    body: bytes = message.SerializeToString()
    length = struct.pack("<Q", len(body))
    return length + struct.pack("<I", masked_crc(length)) + body + struct.pack("<I", masked_crc(body))


def snapshot(folder: Path, kind: str, content: bytes, suffix: str = "") -> dict[str, Any]:
    config = {
        "name": "a",
        "data": {"path": f"a.{kind}{suffix}", "format": kind},
        "label": {"column": "label", "positive": "yes", "negative": "no"},
        "features": {"whole": "numeric", "broken": "numeric", "text": "categorical"},
        "model": {},
        "gate": {"checks": [{"metric": "auc", "at_least": 0.6}]},
    }
    (folder / "project").mkdir(parents=True, exist_ok=True)
    (folder / "project" / "benison.yaml").write_text(json.dumps(config))
    evaluated = {"metricsSpecs": [{"metrics": [{"className": "AUC"}]}]}
    (folder / "project" / "eval_config.json").write_text(json.dumps(evaluated))
    (folder / f"a.{kind}{suffix}").write_bytes(content)
    run(
        data_root=str(folder),
        span=0,
        bundle=folder,
        examples=folder / "examples",
        holdout=folder / "holdout",
        references=folder / "r",
    )
    found = documents.read(folder / "holdout" / "snapshot.json", "snapshot")
    return {key: value for key, value in found.items() if key != "sources"}


@pytest.mark.slow
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=15))
def test_three_formats_make_one_snapshot(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    first = snapshot(tmp_path, "csv", as_csv(rows))
    assert snapshot(tmp_path, "parquet", as_parquet(rows)) == first
    assert snapshot(tmp_path, "tfrecord", as_tfrecord(rows)) == first
    assert snapshot(tmp_path, "csv", gzip.compress(as_csv(rows)), ".gz") == first
    assert snapshot(tmp_path, "tfrecord", gzip.compress(as_tfrecord(rows)), ".gz") == first


def test_no_heavy_library_is_imported() -> None:
    code = "import sys, benison.components.example_gen.run, benison.components.bundle.run; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert not {"tensorflow", "apache_beam", "kfp", "pandas", "scipy"} & set(done.stdout.split())
