"""lanes: the bounded queue in front of one package, and the thread that answers it in batches."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import pyarrow as pa

from benison.config.serving import Batching
from benison.serving.package import Floats

Answer = Callable[[pa.Table], Floats]


class Full(Exception):
    """More rows wait than may."""


class Closed(Exception):
    """The package goes; somebody else answers."""


@dataclass(frozen=True)
class _Asked:
    rows: pa.Table
    answer: Future[Floats] = field(default_factory=Future)


class Lane:
    """What one package is asked, one batch after the other.

    Args:
        answer: Gives each row its number.
        batching: How large batches may be, and how long one waits to become so.
        queue_rows: So many rows may wait.
        name: Of its thread.
    """

    def __init__(self, answer: Answer, batching: Batching, queue_rows: int, name: str) -> None:
        self._answer, self._batching, self._queue_rows = answer, batching, queue_rows
        self._asked: deque[_Asked] = deque()
        self._rows, self._closed, self._changed = 0, False, threading.Condition()
        threading.Thread(target=self._work, name=name, daemon=True).start()

    @property
    def depth(self) -> int:
        """How many rows wait."""
        return self._rows

    def ask(self, rows: pa.Table) -> Future[Floats]:
        """Puts rows into the queue.

        Returns:
            Their answers. Cancelled before its turn, they are not answered.

        Raises:
            Full: There is no room.
            Closed: Nothing is taken any more.
        """
        asked = _Asked(rows)
        with self._changed:
            if self._closed:
                raise Closed
            if self._rows + rows.num_rows > self._queue_rows:
                raise Full
            self._asked.append(asked)
            self._rows += rows.num_rows
            self._changed.notify()
        return asked.answer

    def close(self) -> None:
        """Takes nothing more; what waits is answered."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _work(self) -> None:
        while batch := self._next():
            begun = [asked for asked in batch if asked.answer.set_running_or_notify_cancel()]
            if begun and not self._together(begun):
                for asked in begun:
                    self._alone(asked)

    def _next(self) -> list[_Asked]:
        """The next batch; empty: there will be none."""
        with self._changed:
            while not self._asked and not self._closed:
                self._changed.wait()
            latest = time.monotonic() + self._batching.wait_ms / 1e3
            while self._rows < self._batching.rows and not self._closed and (left := latest - time.monotonic()) > 0:
                self._changed.wait(left)
            return self._taken()

    def _taken(self) -> list[_Asked]:
        taken: list[_Asked] = []
        rows = 0
        while self._asked and (not taken or rows + self._asked[0].rows.num_rows <= self._batching.rows):
            taken.append(self._asked.popleft())
            rows += taken[-1].rows.num_rows
        self._rows -= rows
        return taken

    def _together(self, batch: Sequence[_Asked]) -> bool:
        """Answers a batch in one call; False where it fails, which may be the fault of one row."""
        if len(batch) == 1:
            self._alone(batch[0])
            return True
        try:
            found = self._answer(pa.concat_tables([asked.rows for asked in batch]))
        except Exception:
            return False
        place = 0
        for asked in batch:
            asked.answer.set_result(found[place : place + asked.rows.num_rows])
            place += asked.rows.num_rows
        return True

    def _alone(self, asked: _Asked) -> None:
        try:
            asked.answer.set_result(self._answer(asked.rows))
        except Exception as error:
            asked.answer.set_exception(error)
