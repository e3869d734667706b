"""Reading the request log: which files are looked at."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benison.delivery.request_log import read_since, schema_of

NOW = datetime(2026, 11, 20, 13, tzinfo=UTC)


def rotate(folder: Path, name: str, *, minutes_ago: float) -> Path:
    """A file with one row, which was rotated as that row was written."""
    moment = NOW - timedelta(minutes=minutes_ago)
    schema = schema_of(pa.struct([("age", pa.float64())]))
    columns = [pa.array([{"request_id": name, "time": moment}.get(one.name)], one.type) for one in schema]
    file = folder / f"{moment:%Y-%m-%d}" / f"{name}.parquet"
    file.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns, schema=schema), file)
    os.utime(file, (moment.timestamp(), moment.timestamp()))
    return file


def asked(folder: Path, since: datetime) -> list[str]:
    return sorted(one for batch in read_since(folder, since) for one in batch["request_id"].to_pylist())


def test_a_file_that_was_rotated_before_the_moment_is_not_opened(tmp_path: Path) -> None:
    """A controller looks every few seconds at a log that may hold a month."""
    old = rotate(tmp_path, "old", minutes_ago=10)
    rotate(tmp_path, "new", minutes_ago=1)
    written = old.stat().st_mtime
    old.write_bytes(b"no Parquet")
    os.utime(old, (written, written))
    assert asked(tmp_path, NOW - timedelta(minutes=5)) == ["new"]


def test_clocks_may_be_some_seconds_apart(tmp_path: Path) -> None:
    file = rotate(tmp_path, "a", minutes_ago=1)
    os.utime(file, ((NOW - timedelta(seconds=90)).timestamp(),) * 2)
    assert asked(tmp_path, NOW - timedelta(seconds=61)) == ["a"]
