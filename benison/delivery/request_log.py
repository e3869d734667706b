"""The log of live requests: what a row of it says, and how it is read, also while servers write it.

Servers write ``<folder>/<YYYY-MM-DD>/<name>.arrows``, a journal of Arrow's IPC stream, which becomes ``<name>.parquet``
when it is rotated: first the Parquet file is there, then the journal is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

JOURNAL, ROTATED = ".arrows", ".parquet"
FEATURES = "features"
TIME = pa.timestamp("us", tz="UTC")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# A file is named by the day on which it was begun, and may go on for some time after midnight.
_LATE = timedelta(days=1)
# A file that was rotated earlier than a moment holds no later rows; its disk's clock may be another one.
_CLOCKS_APART = 60.0


def schema_of(features: pa.DataType) -> pa.Schema:
    """What a row says: one row of a request, as one package answered it.

    Args:
        features: A struct of the columns that are kept.
    """
    return pa.schema(
        [
            ("request_id", pa.string()),
            ("row", pa.int32()),
            ("unit_id", pa.string()),
            ("time", TIME),
            ("role", pa.string()),
            ("package", pa.string()),
            ("number", pa.int64()),
            ("score", pa.float64()),
            ("status", pa.int16()),
            ("error", pa.string()),
            ("latency_ms", pa.float64()),
            (FEATURES, features),
        ]
    )


def read_since(folder: Path, moment: datetime, columns: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
    """The rows of all servers, those in journals too, each once, whatever is rotated or removed meanwhile.

    What a server answered is there within two seconds. The order is that of the files, not that of time.

    Args:
        folder: The log's; one that is not there holds no rows.
        moment: Only rows of requests that began then or later; with a time zone.
        columns: Only these, ``time`` among them; all by default.

    Yields:
        Batches of at least one row, as `schema_of` has them; features differ between packages.
    """
    since = pa.scalar(moment.astimezone(UTC), TIME)
    for file in _files(folder, moment.astimezone(UTC)):
        for batch in read_file(file, columns):
            kept = batch.filter(pc.greater_equal(batch.column("time"), since))
            if kept.num_rows:
                yield kept


def read_file(file: Path, columns: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
    """The rows of one file; of a journal that is rotated at this moment those of what it becomes.

    Args:
        file: A journal, which may end in the middle of a batch, or a Parquet file; one that is removed has no rows.
        columns: Only these; all by default.
    """
    if file.suffix == JOURNAL:
        try:
            with file.open("rb") as opened:
                yield from (_only(batch, columns) for batch in _journalled(opened))
            return
        except FileNotFoundError:
            file = file.with_suffix(ROTATED)
    try:
        with pq.ParquetFile(file) as rotated:
            yield from rotated.iter_batches(columns=list(columns) or None)
    except FileNotFoundError:
        return


def _only(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.RecordBatch:
    # PyArrow 10 has no `select` of a batch.
    return pa.RecordBatch.from_arrays([batch[name] for name in columns], list(columns)) if columns else batch


def _journalled(opened: object) -> Iterator[pa.RecordBatch]:
    """The batches of a journal that are whole."""
    try:
        stream = pa.ipc.open_stream(opened)
    except (pa.ArrowInvalid, OSError):
        return
    while True:
        try:
            batch = stream.read_next_batch()
        except (StopIteration, pa.ArrowInvalid, OSError):
            return
        yield batch


def days(folder: Path) -> list[tuple[date, Path]]:
    """The days of a log and their folders, the oldest first."""
    try:
        found = [path for path in folder.iterdir() if _DAY.fullmatch(path.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted((date.fromisoformat(path.name), path) for path in found)


def _files(folder: Path, moment: datetime) -> list[Path]:
    """Each file once. Journals are looked for first: one that is gone by then is there as Parquet."""
    folders = [path for day, path in days(folder) if day >= moment.date() - _LATE]
    journals = [file for path in folders for file in sorted(path.glob(f"*{JOURNAL}"))]
    rotated = [file for path in folders for file in sorted(path.glob(f"*{ROTATED}"))]
    known = set(rotated)
    recent = [file for file in rotated if _written_at(file) >= moment.timestamp() - _CLOCKS_APART]
    return [*recent, *(file for file in journals if file.with_suffix(ROTATED) not in known)]


def _written_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0
