"""Work on several cores: processes forked from this one, which have all that it has in memory."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Any, TypeVar

from benison.core.errors import BenisonError, TaskError

Item = TypeVar("Item")
Result = TypeVar("Result")

_DONE, _FAILED = "done", "failed"


def cores() -> int:
    """As many as this process may use; 1 where processes cannot be forked safely."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def map_forked(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int | None = None
) -> Iterator[Result]:
    """The results of a function for some items, in their order, worked out by forked processes.

    What the function changes in memory is lost; what it returns is pickled on its way here. A worker gets its next item
    when it has handed in a result. At most two results for each worker wait for an earlier one, so the memory needed
    does not grow with the number of items. Nothing is forked for one worker or one item.

    Args:
        function: Must not use threads that were started before.
        items: What it is called with.
        workers: How many processes; None: one for each core.

    Raises:
        Exception: What the function raised, if it is one of ours; others as TaskError with their traceback.
        TaskError: A worker died.
    """
    work = list(items)
    count = min(cores() if workers is None else workers, len(work))
    if count <= 1:
        yield from map(function, work)
        return
    with _Crew(function, work, count) as crew:
        yield from crew.results()


class _Crew:
    """The workers of one call."""

    def __init__(self, function: Callable[[Any], Any], work: Sequence[Any], count: int) -> None:
        self._work = work
        self._lines: list[Connection] = []
        self._workers: list[ForkProcess] = []
        self._next = 0
        # A worker that collects garbage would write to, and so copy, every page that holds an object of this process.
        gc.freeze()
        for _ in range(count):
            self._start(function)
        gc.unfreeze()

    def _start(self, function: Callable[[Any], Any]) -> None:
        ours, theirs = multiprocessing.Pipe()
        arguments = (function, self._work, theirs, [*self._lines, ours])
        worker = multiprocessing.get_context("fork").Process(target=_serve, args=arguments, daemon=True)
        with warnings.catch_warnings():
            # Python warns of forks beside threads, whose locks could be held for ever. Ours are Arrow's, OpenBLAS's and
            # TensorFlow's: idle pools, of which the first two start anew after a fork and the last is not used.
            warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
            worker.start()
        theirs.close()
        self._lines.append(ours)
        self._workers.append(worker)

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for line in self._lines:
            line.close()
        for worker in self._workers:
            worker.terminate()
            worker.join()
            worker.close()

    def results(self) -> Iterator[Any]:
        """Results in the order of the items."""
        idle, finished = list(self._lines), dict[int, Any]()
        for wanted in range(len(self._work)):
            while wanted not in finished:
                self._hand_out(idle, wanted)
                for line in wait([line for line in self._lines if line not in idle]):
                    number, result = self._received(line)  # type: ignore[arg-type]
                    finished[number] = result
                    idle.append(line)  # type: ignore[arg-type]
            yield finished.pop(wanted)

    def _hand_out(self, idle: list[Connection], wanted: int) -> None:
        """Gives work to idle workers, but not so far ahead that results pile up."""
        ahead = wanted + 2 * len(self._lines)
        while idle and self._next < min(len(self._work), ahead):
            idle.pop(0).send(self._next)
            self._next += 1

    def _received(self, line: Connection) -> tuple[int, Any]:
        try:
            number, state, content = line.recv()
        except (EOFError, ConnectionError) as error:
            raise self._death(line) from error
        if state == _FAILED:
            raise content
        return number, content

    def _death(self, line: Connection) -> TaskError:
        worker = self._workers[self._lines.index(line)]
        worker.join()
        got = f"exit code {worker.exitcode}"
        hint = "signal 9 is most often the kernel that was short of memory" if worker.exitcode == -9 else ""
        return TaskError("a forked worker", expected="a result", got=got, hint=hint)


def _serve(function: Callable[[Any], Any], work: Sequence[Any], line: Connection, foreign: list[Connection]) -> None:
    """The life of a worker: it ends with the line to the process that forked it."""
    for other in foreign:
        other.close()
    while True:
        try:
            number = line.recv()
        except EOFError:
            return
        try:
            line.send((number, _DONE, function(work[number])))
        except BenisonError as error:
            line.send((number, _FAILED, error))
        except BrokenPipeError:
            return
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
            told = TaskError("a forked worker", expected="a result", got=got, hint=traceback.format_exc().strip())
            line.send((number, _FAILED, told))
