"""One run as it goes: which task can start, what came of it, and what that means for the others."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from benison.core.errors import BenisonError
from benison.core.files import storage_errors
from benison.engines import binding, failures, task_logs
from benison.engines.binding import Places
from benison.engines.containers import Containers
from benison.engines.flights import Flight, Flights
from benison.engines.ir import Pipeline, Task
from benison.engines.plan import Plan
from benison.engines.pool import Ended, Event, Pool, Started
from benison.engines.record import Failure, Output, RunRecord, now
from benison.engines.reuse import Kept, ReuseIndex, key_of

_DONE = ("succeeded", "reused")
_UNDONE = {"failed": "failed", "cancelled": "was cancelled", "not_run": "did not run"}


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
    """

    pipeline: Pipeline
    values: Mapping[str, Any]
    reuse: bool
    task_timeout_s: float | None


class Execution:
    """The state of a run. Every change goes into `record` and to the observer.

    Args:
        order: What to run.
        plan: On which code and where.
        record: The run's record, all tasks waiting.
        pool: Where tasks run.
        observer: Is told of every change.
    """

    def __init__(
        self,
        order: Order,
        plan: Plan,
        record: RunRecord,
        pool: Pool | Containers,
        observer: Callable[[TaskEvent], None] | None,
    ) -> None:
        self.record = record
        self._order, self._plan, self._pool, self._observer = order, plan, pool, observer
        self._runs = record.folder.parent
        self._index = ReuseIndex(self._runs)
        self.flights = Flights(order.task_timeout_s, max(2, _cores()))
        # Tasks that were looked up in vain, and the keys that their results will be kept under.
        self._keys: dict[str, str | None] = {}
        self._memory_kills = failures.memory_kills()
        self._retried: Counter[str] = Counter()

    def advance(self) -> None:
        """Settles what can be settled and starts what can start."""
        while any(self._settled(task) for task in self._order.pipeline.tasks.values() if self._is_waiting(task)):
            pass

    def _is_waiting(self, task: Task) -> bool:
        return self.record.tasks[task.name].state == "waiting" and not self.flights.has(task)

    def _settled(self, task: Task) -> bool:
        """Whether a waiting task has come to its end without running; it is started where it can be."""
        states = {name: self.record.tasks[name].state for name in sorted(task.after)}
        lost = [f"{name}, which {_UNDONE[state]}" for name, state in states.items() if state in _UNDONE]
        if lost:
            self._change(task.name, f"needs {lost[0]}", state="not_run")
            return True
        if any(state not in _DONE for state in states.values()):
            return False
        if task.name not in self._keys and self._reused(task):
            return True
        if self.flights.has_room(self._plan.kinds[task.name]):
            self._launch(task)
        return False

    def _reused(self, task: Task) -> bool:
        """Whether an earlier result stands for a task."""
        key = self._key(task)
        kept = self._index.find(key) if key and self._order.reuse else None
        if kept is None:
            self._keys[task.name] = key
            return False
        moment = now()
        result = {"outputs": kept.outputs, "parameters": kept.parameters, "reused_from": kept.run, "log": kept.log}
        self._change(task.name, f"from {kept.run}", state="reused", started=moment, ended=moment, seconds=0.0, **result)
        return True

    def _key(self, task: Task) -> str | None:
        """What a task's result is kept under; None where it is not."""
        if not task.cached:
            return None
        place = self._pool.place_of(task.component)
        return key_of(task.component, self._plan.closures[task.name], *self._inputs(task), place)

    def _inputs(self, task: Task) -> tuple[dict[str, Any], dict[str, Output]]:
        done = self.record.tasks
        return binding.parameters_of(task, self._order.values, done), binding.artifacts_of(task, done)

    def _launch(self, task: Task) -> None:
        self._warm_up(task)
        folder = self.record.folder / "tasks" / task.name
        with storage_errors(folder):
            folder.mkdir(parents=True)
            places = Places(self._runs, folder, self._pool.new_scratch())
            task_logs.open_for(places.log)
        component, kind = task.component, self._plan.kinds[task.name]
        message = binding.executor_input(self._order.pipeline, task, *self._inputs(task), places)
        content = {
            "program": component.program,
            "function": component.function,
            "executor_input": message,
            "code": self._plan.closures[task.name].digest,
            "image": component.image,
        }
        file = places.scratch / "task.json"
        file.write_text(json.dumps(content))
        id = self._pool.submit(kind, file, places.log, component)
        self.flights.add(id, Flight(task, kind, message, places))

    def _warm_up(self, task: Task) -> None:
        """Starts the task's warm process, and those that may yet be needed: heavy ones take seconds."""
        waiting = [name for name, other in self.record.tasks.items() if other.state == "waiting"]
        for name in (task.name, *waiting):
            kind = self._plan.kinds[name]
            self._pool.start(kind, self._plan.preload(kind, waiting))

    def handle(self, event: Event) -> None:
        """Takes in what happened to a worker."""
        if isinstance(event, Started):
            flight = self.flights.start(event)
            self._change(flight.task.name, "", state="running", started=now(), log=self._log(flight))
            return
        flight = self.flights.land(event.id)
        task_logs.redact(flight.places.log)
        try:
            report = json.loads((flight.places.scratch / "report.json").read_bytes())
        except (OSError, ValueError):
            report = None
        if report is None:
            self._failed(flight, self._cause(flight, event))
        elif report["error"]:
            self._failed(flight, Failure(**report["error"]))
        else:
            self._returned(flight, report["outputs"])
        shutil.rmtree(flight.places.scratch, ignore_errors=True)

    def _log(self, flight: Flight) -> str:
        return flight.places.log.relative_to(self._runs).as_posix()

    def _cause(self, flight: Flight, event: Ended) -> Failure:
        name, log, limit = flight.task.name, flight.places.log, self._order.task_timeout_s
        if flight.overdue and limit is not None:
            return failures.out_of_time(name, limit, log)
        if event.not_started:
            return failures.not_started(name, flight.task.component.image, event.last_words, log)
        if event.out_of_memory:
            return failures.out_of_memory(name, flight.task.component.memory_mb, log)
        if event.status >= 0:
            return failures.silent(name, event.status, log, event.last_words)
        kills = failures.memory_kills()
        short_of_memory = kills is None or kills != self._memory_kills
        return failures.killed(name, event, log, short_of_memory=short_of_memory)

    def _returned(self, flight: Flight, found: Mapping[str, Mapping[str, Any]]) -> None:
        """A task's function came to its end; what it gave may still not do."""
        try:
            parameters, metadata = binding.given_back(flight.task, flight.message)
        except BenisonError as error:
            self._failed(flight, failures.of_error(error))
            return
        folder = flight.places.outputs.relative_to(self._runs)
        outputs = {
            name: Output((folder / name).as_posix(), output["digest"], metadata.get(name, {}))
            for name, output in found.items()
        }
        self._ended(flight, "", state="succeeded", outputs=outputs, parameters=parameters)
        if key := self._keys[flight.task.name]:
            stamps = {name: output["stamp"] for name, output in found.items()}
            self._index.keep(key, Kept(self.record.id, self._log(flight), parameters, outputs, stamps))

    def _failed(self, flight: Flight, error: Failure) -> None:
        task, error = flight.task, error.redacted()
        if self._retried[task.name] == task.retries:
            self._ended(flight, error.message, state="failed", error=error)
            return
        self._retried[task.name] += 1
        number, folder = self._retried[task.name], flight.places.outputs
        # No task's name has a dot, so that what this attempt left and logged can stay beside the next one's.
        folder.rename(folder.with_name(f"{task.name}.attempt-{number}"))
        message = f"attempt {number} failed and is followed by another: {error.message}"
        self._change(task.name, message, state="waiting", started=None, log=None)

    def _ended(self, flight: Flight, message: str, **changes: Any) -> None:
        self._change(flight.task.name, message, ended=now(), seconds=flight.seconds, **changes)

    def _change(self, name: str, message: str, **changes: Any) -> None:
        self.record = self.record.with_task(name, **changes)
        if self._observer is not None:
            task, observer = self.record.tasks[name], self._observer
            # One that raises ends the run, and is not told of that.
            self._observer = None
            observer(TaskEvent(name, task.state, task.seconds, message))
            self._observer = observer

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
        for flight in self.flights.running():
            task_logs.redact(flight.places.log)
            self._ended(flight, "", state="cancelled")
        for name, task in self.record.tasks.items():
            if task.state == "waiting":
                self._change(name, "the run was cancelled", state="not_run")
        self.record = replace(self.record, state="cancelled", ended=now())
        return self.record


def _cores() -> int:
    """The processor cores that this process may use; macOS knows only how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
