"""journal: the files of the request log as one server writes them.

A journal is locked as long as its server lives; the system takes the lock back when the process ends, however it does.
One that nobody holds was left behind, and the next server to start rotates it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benison.delivery.request_log import JOURNAL, ROTATED, days, read_file

ROTATE_ROWS = 200_000
ROTATE_S = 900.0


class Journal:
    """One file that is being written.

    Args:
        folder: The log's.
        schema: Of its rows.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        now = datetime.now(UTC)
        day = folder / now.date().isoformat()
        day.mkdir(parents=True, exist_ok=True)
        self.path = day / f"{now:%H%M%S}-{os.getpid()}-{secrets.token_hex(4)}{JOURNAL}"
        self.schema, self.rows, self.begun, self._day = schema, 0, time.monotonic(), now.date()
        # Named when it is locked, so that nobody takes it for one that was left behind.
        unnamed = self.path.with_name(f".{self.path.name}")
        self._file = unnamed.open("xb")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unnamed.rename(self.path)
            self._stream = pa.ipc.new_stream(self._file, schema)
        except BaseException:
            self.close()
            unnamed.unlink(missing_ok=True)
            raise

    def write(self, batch: pa.RecordBatch) -> None:
        """Appends rows.

        Raises:
            OSError: They cannot be written; the journal is of no more use then.
        """
        self._stream.write_batch(batch)
        self._file.flush()
        self.rows += batch.num_rows

    def is_full(self, rows: int = ROTATE_ROWS, age_s: float = ROTATE_S) -> bool:
        """Whether it is to be rotated: by rows, by age, or since a new day began."""
        grown = self.rows >= rows or time.monotonic() - self.begun >= age_s
        return grown or datetime.now(UTC).date() != self._day

    def close(self) -> None:
        """Gives the file up as it is; one without a row goes."""
        with contextlib.suppress(OSError):
            self._file.close()
        if not self.rows:
            self.path.unlink(missing_ok=True)

    def rotate(self) -> None:
        """Turns it into Parquet.

        Raises:
            OSError: That cannot be written; the journal stays, and can be read.
        """
        try:
            rotate(self.path)
        finally:
            self.close()


def rotate(journal: Path) -> None:
    """Turns a journal into a Parquet file beside it, whole or not at all.

    Args:
        journal: Of this process, or of one that is gone.
    """
    batches = read_file(journal)
    first = next(batches, None)
    if first is not None:
        beside = journal.with_name(f".{journal.stem}.{secrets.token_hex(4)}")
        try:
            with pq.ParquetWriter(beside, first.schema, compression="zstd") as writer:
                for batch in _chained(first, batches):
                    writer.write_batch(batch)
            beside.rename(journal.with_suffix(ROTATED))
        finally:
            beside.unlink(missing_ok=True)
    journal.unlink(missing_ok=True)


def _chained(first: pa.RecordBatch, rest: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def adopt(folder: Path) -> int:
    """Rotates the journals of servers that are gone.

    Returns:
        How many there were.
    """
    adopted = 0
    for _, day in days(folder):
        for journal in sorted(day.glob(f"*{JOURNAL}")):
            with contextlib.suppress(OSError), journal.open("rb+") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                rotate(journal)
                adopted += 1
    return adopted


def prune(folder: Path, keep_days: int, max_bytes: float) -> int:
    """Removes days that are too old, then the oldest files, until the log is no larger than it may be.

    Args:
        folder: The log's.
        keep_days: So many days stay, today among them.
        max_bytes: Of all files; journals are never removed for their size.

    Returns:
        How many files went.
    """
    first, removed = datetime.now(UTC).date() - timedelta(days=keep_days - 1), 0
    for day, path in days(folder):
        if day < first:
            removed += sum(_removed(file) for file in list(path.iterdir()))
            with contextlib.suppress(OSError):
                path.rmdir()
    files = [(file, _size(file)) for _, path in days(folder) for file in sorted(path.iterdir())]
    left = sum(size for _, size in files)
    for file, size in files:
        if left > max_bytes and file.suffix == ROTATED and _removed(file):
            left, removed = left - size, removed + 1
    return removed


def _removed(file: Path) -> bool:
    with contextlib.suppress(OSError):
        file.unlink()
        return True
    return False


def _size(file: Path) -> int:
    with contextlib.suppress(OSError):
        return file.stat().st_size
    return 0
