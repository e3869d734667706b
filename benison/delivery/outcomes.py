"""What came of requests, as it becomes known: files beside the request log that somebody else writes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds

from benison.core.errors import DataError
from benison.delivery.request_log import TIME

OUTCOMES = ("label", "value")


def between(folder: Path, since: float, until: float) -> pa.Table | None:
    """What became known between two moments; None where there is no such folder, or no file in it.

    Args:
        folder: Parquet files with ``request_id``, ``time`` (when it became known), and ``label`` (0 or 1) or ``value``.
        since: In seconds since 1970.
        until: Likewise; what became known then does not count any more.

    Raises:
        DataError: A column is missing.
    """
    if not folder.is_dir():
        return None
    found = ds.dataset(folder, format="parquet")
    if not found.files:
        return None
    told = [name for name in OUTCOMES if name in found.schema.names]
    missing = [name for name in ("request_id", "time") if name not in found.schema.names]
    if missing or not told:
        expected = "columns request_id, time, and label or value"
        raise DataError(str(folder), expected=expected, got=", ".join(found.schema.names) or "none")
    time = ds.field("time").cast(TIME)
    within = (time >= _scalar(since)) & (time < _scalar(until))
    return found.to_table(columns=["request_id", "time", *told], filter=within)


def _scalar(seconds: float) -> pa.Scalar:
    return pa.scalar(datetime.fromtimestamp(seconds, UTC), TIME)
