"""One run as it goes: which task can start, what came of it, and what that means for the others."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benison.core.errors import BenisonError
from benison.core.files import storage_errors
from benison.engines import binding, failures
from benison.engines.binding import Places
from benison.engines.closure import Packages, closure_of
from benison.engines.ir import Pipeline, Task
from benison.engines.memo import ImportMemo
from benison.engines.pool import Ended, Event, Pool, Started, kind_of
from benison.engines.processes import kill_group
from benison.engines.record import Failure, Output, RunRecord, now
from benison.engines.reuse import FOLDER, Kept, ReuseIndex, key_of

_DONE = ("succeeded", "reused")
_UNDONE = ("failed", "cancelled", "not_run")
# Time for a stack dump between the end of a task's time and its own end.
_LAST_WORDS_S = 0.5


@dataclass(frozen=True)
class TaskEvent:
    """A task has changed its state.

    Attributes:
        task: Its name.
        state: As in `TaskRecord.state`.
        seconds: From start to end; None where it did not end or start.
        message: What a person wants to know with it; empty where the state says all.
    """

    task: str
    state: str
    seconds: float | None
    message: str


@dataclass(frozen=True)
class Order:
    """What a run is asked to do.

    Attributes:
        pipeline: What to run.
        values: The pipeline's parameters.
        reuse: Whether earlier results may stand for tasks.
        task_timeout_s: How long a task may take; None: as long as it likes.
        packages: First-party packages and their folders.
    """

    pipeline: Pipeline
    values: Mapping[str, Any]
    reuse: bool
    task_timeout_s: float | None
    packages: Packages


@dataclass
class _Flight:
    """A task that was handed to a worker.

    Attributes:
        task: The task.
        key: What its result is kept under; None: it is not kept.
        message: Its executor input.
        places: Where it reads and writes.
        pid: Its process, once there is one; 0 before.
        began: When, on the monotonic clock.
        overdue: Its time is up, and it was asked where it stands.
    """

    task: Task
    key: str | None
    message: Mapping[str, Any]
    places: Places
    pid: int = 0
    began: float = 0.0
    overdue: bool = False


class Execution:
    """The state of a run. Every change goes into `record` and to the observer.

    Args:
        order: What to run.
        record: The run's record, all tasks waiting.
        pool: Where tasks run.
        observer: Is told of every change.
    """

    def __init__(
        self, order: Order, record: RunRecord, pool: Pool, observer: Callable[[TaskEvent], None] | None
    ) -> None:
        self.record = record
        self._order, self._pool, self._observer = order, pool, observer
        self._runs = record.folder.parent
        self._index = ReuseIndex(self._runs)
        self._flights: dict[int, _Flight] = {}
        # What was looked up in vain, and what its result will be kept under.
        self._to_run: dict[str, str | None] = {}
        self._memory_kills = failures.memory_kills()
        memo = ImportMemo(self._runs / FOLDER / "imports.json")
        tasks = order.pipeline.tasks.values()
        self._closures = {task.name: closure_of(task.component.program, order.packages, memo) for task in tasks}
        memo.save()
        self._kinds = {task.name: kind_of(task.component, self._closures[task.name]) for task in tasks}
        self._room = max(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2)

    @property
    def going(self) -> bool:
        """Whether any task is on its way."""
        return bool(self._flights)

    def advance(self) -> None:
        """Settles what can be settled and starts what can start."""
        while any(self._settled(task) for task in self._order.pipeline.tasks.values() if self._is_waiting(task)):
            pass

    def _is_waiting(self, task: Task) -> bool:
        in_flight = {flight.task.name for flight in self._flights.values()}
        return self.record.tasks[task.name].state == "waiting" and task.name not in in_flight

    def _settled(self, task: Task) -> bool:
        """Whether a waiting task has come to its end without running; it is started where it can be."""
        states = {name: self.record.tasks[name].state for name in sorted(task.after)}
        lost = [f"{name}, which {_SAID[state]}" for name, state in states.items() if state in _UNDONE]
        if lost:
            self._change(task.name, f"needs {lost[0]}", state="not_run")
            return True
        if any(state not in _DONE for state in states.values()):
            return False
        if task.name not in self._to_run and self._reused(task):
            return True
        if len(self._flights) < self._room:
            self._launch(task)
        return False

    def _reused(self, task: Task) -> bool:
        key = self._key(task)
        kept = self._index.find(key) if key and self._order.reuse else None
        if kept is None:
            self._to_run[task.name] = key
            return False
        moment = now()
        self._change(
            task.name,
            f"from {kept.run}",
            state="reused",
            started=moment,
            ended=moment,
            seconds=0.0,
            reused_from=kept.run,
            outputs=kept.outputs,
            parameters=kept.parameters,
            log=kept.log,
        )
        return True

    def _key(self, task: Task) -> str | None:
        if not task.cached:
            return None
        parameters = binding.parameters_of(task, self._order.values, self.record.tasks)
        inputs = binding.artifacts_of(task, self.record.tasks)
        return key_of(task.component, self._closures[task.name], parameters, inputs)

    def _launch(self, task: Task) -> None:
        self._warm_up(task)
        folder = self.record.folder / "tasks" / task.name
        with storage_errors(folder):
            folder.mkdir(parents=True)
            places = Places(self._runs, folder, self._pool.new_scratch())
        parameters = binding.parameters_of(task, self._order.values, self.record.tasks)
        inputs = binding.artifacts_of(task, self.record.tasks)
        message = binding.executor_input(self._order.pipeline, task, parameters, inputs, places)
        component = task.component
        content = {"program": component.program, "function": component.function, "executor_input": message}
        file = places.scratch / "task.json"
        file.write_text(json.dumps(content))
        id = self._pool.submit(self._kinds[task.name], file, self._log(task.name), component.environment)
        self._flights[id] = _Flight(task, self._to_run[task.name], message, places)

    def _warm_up(self, task: Task) -> None:
        """Starts the task's warm process, and the others that may yet be needed: heavy ones take seconds."""
        waiting = [name for name, other in self.record.tasks.items() if other.state == "waiting"]
        for name in (task.name, *waiting):
            kind = self._kinds[name]
            alike = [self._closures[other].preload for other in waiting if self._kinds[other] == kind]
            self._pool.start(kind, sorted({module for preload in alike for module in preload}))

    def _log(self, name: str) -> Path:
        return self.record.folder / "tasks" / name / "log.txt"

    def handle(self, event: Event) -> None:
        """Takes in what a worker came to."""
        if isinstance(event, Started):
            flight = self._flights[event.id]
            flight.pid, flight.began = event.pid, time.monotonic()
            self._change(flight.task.name, "", state="running", started=now(), log=self._named_log(flight))
            return
        flight = self._flights.pop(event.id)
        try:
            report = json.loads((flight.places.scratch / "report.json").read_bytes())
        except (OSError, ValueError):
            report = None
        if report is None:
            self._failed(flight, self._cause(flight, event))
        elif report["error"]:
            self._failed(flight, Failure(**report["error"]))
        else:
            self._took(flight, report["outputs"])
        shutil.rmtree(flight.places.scratch, ignore_errors=True)

    def _named_log(self, flight: _Flight) -> str:
        return self._log(flight.task.name).relative_to(self._runs).as_posix()

    def _cause(self, flight: _Flight, event: Ended) -> Failure:
        name, limit = flight.task.name, self._order.task_timeout_s
        log = self._log(name)
        if flight.overdue and limit is not None:
            return failures.out_of_time(name, limit, log)
        if event.status >= 0:
            return failures.silent(name, event.status, log, event.last_words)
        kills = failures.memory_kills()
        return failures.killed(
            name,
            abs(event.status),
            log,
            with_warm=event.with_warm,
            peak_mb=event.peak_mb,
            short_of_memory=kills is None or kills != self._memory_kills,
        )

    def _took(self, flight: _Flight, reported: Mapping[str, Mapping[str, str | None]]) -> None:
        """A task whose function returned."""
        try:
            parameters, metadata = binding.given_back(flight.task, flight.message)
        except BenisonError as error:
            self._failed(flight, failures.of_error(error))
            return
        folder = flight.places.outputs.relative_to(self._runs)
        outputs = {
            name: Output((folder / name).as_posix(), found["digest"], metadata.get(name, {}))
            for name, found in reported.items()
        }
        self._ended(flight, state="succeeded", outputs=outputs, parameters=parameters)
        if flight.key:
            stamps = {name: found["stamp"] or "" for name, found in reported.items()}
            self._index.keep(flight.key, Kept(self.record.id, self._named_log(flight), parameters, outputs, stamps))

    def _failed(self, flight: _Flight, error: Failure) -> None:
        self._ended(flight, error.message, state="failed", error=error)

    def _ended(self, flight: _Flight, message: str = "", **changes: Any) -> None:
        seconds = round(time.monotonic() - flight.began, 3) if flight.began else None
        self._change(flight.task.name, message, ended=now(), seconds=seconds, **changes)

    def _change(self, name: str, message: str, **changes: Any) -> None:
        self.record = self.record.with_task(name, **changes)
        if self._observer is not None:
            task, observer = self.record.tasks[name], self._observer
            # One that raises ends the run, and is not told of that.
            self._observer = None
            observer(TaskEvent(name, task.state, task.seconds, message))
            self._observer = observer

    def patience(self) -> float | None:
        """Seconds until a task's time is up; None: no task's ever is."""
        limit = self._order.task_timeout_s
        if limit is None:
            return None
        ends = [flight.began + limit + _LAST_WORDS_S * flight.overdue for flight in self._started()]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _started(self) -> list[_Flight]:
        return [flight for flight in self._flights.values() if flight.pid]

    def enforce(self) -> None:
        """Asks tasks whose time is up where they stand, and ends them a moment later."""
        limit = self._order.task_timeout_s
        for flight in self._started() if limit is not None else []:
            late = time.monotonic() - flight.began - (limit or 0.0)
            if late >= _LAST_WORDS_S:
                kill_group(flight.pid)
            elif late >= 0 and not flight.overdue:
                flight.overdue = True
                with suppress(ProcessLookupError):
                    os.kill(flight.pid, signal.SIGUSR1)

    def finish(self) -> RunRecord:
        """The record of the run that came to its end."""
        states = {task.state for task in self.record.tasks.values()}
        source = self._order.pipeline.outputs.get("verdict")
        verdict = self.record.tasks[source.task].parameters.get(source.name) if source else None
        state = "succeeded" if states <= set(_DONE) else "failed"
        self.record = replace(self.record, state=state, verdict=verdict, ended=now())
        return self.record

    def cancel(self) -> RunRecord:
        """The record of a run whose processes were ended."""
        for flight in self._started():
            self._ended(flight, state="cancelled")
        for name, task in self.record.tasks.items():
            if task.state == "waiting":
                self._change(name, "the run was cancelled", state="not_run")
        self.record = replace(self.record, state="cancelled", ended=now())
        return self.record


_SAID = {"failed": "failed", "cancelled": "was cancelled", "not_run": "did not run"}
