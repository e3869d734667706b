"""Figures from folders: the servers' request log, and outcomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.components.rollout.sources import RequestLog
from benison.components.rollout.tests.live import SCHEMA
from benison.core.errors import DataError, StorageError

START = datetime(2026, 11, 20, 13, tzinfo=UTC)
SECONDS = START.timestamp()


def write(folder: Path, *offsets: float) -> None:
    """Rows of a server, at moments after the start."""
    day = folder / f"{START:%Y-%m-%d}"
    day.mkdir(parents=True, exist_ok=True)
    times = [START + timedelta(seconds=offset) for offset in offsets]
    values = {"request_id": [f"{offset}" for offset in offsets], "time": times}
    columns = [pa.array(values.get(one.name, [None] * len(times)), one.type) for one in SCHEMA]
    pq.write_table(pa.table(columns, schema=SCHEMA), day / f"server-{len(list(day.iterdir()))}.parquet")


def asked(source: RequestLog, since: float, until: float) -> list[str]:
    return [one for batch in source.rows(SECONDS + since, SECONDS + until) for one in batch["request_id"].to_pylist()]


def test_each_row_is_in_one_stretch_of_time(tmp_path: Path) -> None:
    write(tmp_path, 0, 9.999999, 10)
    write(tmp_path, 5, 20)
    source = RequestLog(tmp_path)
    assert sorted(asked(source, 0, 10)) == ["0", "5", "9.999999"]
    assert sorted(asked(source, 10, 20)) == ["10"]


def test_a_folder_that_is_not_there_is_no_traffic_without_requests_but_no_figures(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="requests: expected the servers' request log, got no such folder"):
        asked(RequestLog(tmp_path / "requests"), 0, 1)
    assert asked(RequestLog(tmp_path), 0, 1) == []


def outcomes(folder: Path, **columns: Any) -> RequestLog:
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), folder / "part.parquet")
    return RequestLog(folder, folder)


def test_outcomes_count_when_they_become_known(tmp_path: Path) -> None:
    known = [START + timedelta(seconds=offset) for offset in (0, 10, 20)]
    source = outcomes(tmp_path, request_id=["a", "b", "c"], time=known, label=[0, 1, 1], more=[7, 7, 7])
    found = source.outcomes(SECONDS + 10, SECONDS + 20)
    assert found is not None
    assert found.select(["request_id", "label"]).to_pylist() == [{"request_id": "b", "label": 1}]
    assert "more" not in found.column_names


def test_where_nobody_keeps_outcomes_there_are_none(tmp_path: Path) -> None:
    assert RequestLog(tmp_path).outcomes(0, 1) is None
    assert RequestLog(tmp_path, tmp_path / "none").outcomes(0, 1) is None


@pytest.mark.parametrize("columns", [{"request_id": ["a"], "time": [START]}, {"request_id": ["a"], "label": [1]}])
def test_outcomes_without_a_column_that_it_takes_are_refused(tmp_path: Path, columns: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="expected columns request_id, time, and label or value, got request_id"):
        outcomes(tmp_path, **columns).outcomes(0, 1)
