"""request_logger: from the answer's path to the disk, without ever holding an answer up."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

import pyarrow as pa

from benison.config.serving import RequestLog
from benison.serving import journal as journals
from benison.serving.exchange import Exchange, Redaction, record
from benison.serving.journal import Journal

KEY = "BENISON_REDACTION_KEY"
_WAITING_ROWS = 100_000
_FLUSH_S = 0.5
_PRUNE_S = 60.0
_LOG = logging.getLogger(__name__)


class Sink(Protocol):
    """Where exchanges go."""

    def put(self, exchange: Exchange) -> None:
        """Takes one, at once."""

    def close(self) -> None:
        """Keeps what it has taken."""


class Nowhere:
    """A log of a server that keeps none."""

    def put(self, exchange: Exchange) -> None:
        pass

    def close(self) -> None:
        pass


class RequestLogger:
    """Writes exchanges by a thread of its own.

    What comes faster than it can be written, or cannot be written at all, is dropped and counted.

    Args:
        policy: What is kept, and where.
        dropped: Told of so many rows that are lost.
        rotate_rows: A journal of so many rows is rotated.
        rotate_s: A journal of that age is.
    """

    def __init__(
        self,
        policy: RequestLog,
        dropped: Callable[[int], object],
        *,
        rotate_rows: int = journals.ROTATE_ROWS,
        rotate_s: float = journals.ROTATE_S,
    ) -> None:
        self._policy, self._dropped = policy, dropped
        self._limits = (rotate_rows, rotate_s)
        key = os.environ.get(KEY, "").encode() or secrets.token_bytes(32)
        self._redaction = Redaction(policy.redact, key)
        self._taken: deque[Exchange] = deque()
        self._waiting, self._lock = 0, threading.Lock()
        self._journals: dict[pa.Schema, Journal] = {}
        self._failing, self._pruned, self._stop = False, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._work, name="request log", daemon=True)
        self._thread.start()

    def put(self, exchange: Exchange) -> None:
        """Takes an exchange, if the policy wants it."""
        if not exchange.is_kept(self._policy.sample):
            return
        rows = exchange.rows.num_rows
        with self._lock:
            fits = self._waiting + rows <= _WAITING_ROWS
            if fits:
                self._taken.append(exchange)
                self._waiting += rows
        if not fits:
            self._dropped(rows)

    def close(self) -> None:
        """Writes what was taken, and rotates."""
        self._stop.set()
        self._thread.join(timeout=30)

    def _work(self) -> None:
        self._attempt(lambda: journals.adopt(self._policy.folder))
        while not self._stop.is_set():
            self._stop.wait(_FLUSH_S)
            self._attempt(self._write)
            self._tidy()
        self._attempt(self._write)
        for journal in list(self._journals.values()):
            self._attempt(partial(self._rotate, journal))

    def _write(self) -> None:
        """Appends what was taken so far."""
        with self._lock:
            exchanges, self._taken, self._waiting = list(self._taken), deque(), 0
        for batch in record(exchanges, self._redaction):
            if not self._attempt(partial(self._append, batch)):
                self._dropped(batch.num_rows)
                self._give_up(batch.schema)

    def _append(self, batch: pa.RecordBatch) -> None:
        if batch.schema not in self._journals:
            self._journals[batch.schema] = Journal(self._policy.folder, batch.schema)
        self._journals[batch.schema].write(batch)
        if self._failing:
            _LOG.warning("request log %s: written again", self._policy.folder)
        self._failing = False

    def _give_up(self, schema: pa.Schema) -> None:
        """Leaves a journal that may end in half a batch; what is whole in it stays readable."""
        journal = self._journals.pop(schema, None)
        if journal is not None:
            journal.close()

    def _tidy(self) -> None:
        """Rotates journals that are full, and once in a while makes room."""
        for journal in [each for each in self._journals.values() if each.is_full(*self._limits)]:
            self._attempt(partial(self._rotate, journal))
        if time.monotonic() - self._pruned > _PRUNE_S:
            self._pruned = time.monotonic()
            policy = self._policy
            self._attempt(lambda: journals.prune(policy.folder, policy.keep_days, policy.max_gb * 1e9))

    def _rotate(self, journal: Journal) -> None:
        del self._journals[journal.schema]
        journal.rotate()

    def _attempt(self, act: Callable[[], object]) -> bool:
        """Whether something could be done with the folder; the first of several failures is told."""
        try:
            act()
        except Exception as error:
            if not self._failing:
                _LOG.warning("request log %s: %s; answers go on, rows are lost", self._policy.folder, error)
            self._failing = True
            return False
        return True
