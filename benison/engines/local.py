"""The embedded engine: runs compiled IR on this machine, task by task, in forks of warm processes.

It imports neither KFP nor TensorFlow nor Arrow, so that a run in which everything is reused takes a tenth of a second.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import benison
from benison.core.errors import StorageError
from benison.core.files import storage_errors, write_atomically
from benison.engines import binding, ir_reading
from benison.engines.closure import Packages
from benison.engines.containers import Containers, Mounts
from benison.engines.execution import Execution, Order, TaskEvent
from benison.engines.interrupts import Interrupts
from benison.engines.ir import Pipeline
from benison.engines.plan import Plan, plan_of
from benison.engines.pool import Pool
from benison.engines.record import RunRecord, TaskRecord, new_folder, now, versions
from benison.engines.reuse import FOLDER

__all__ = ["LocalEngine", "Mounts", "RunRecord", "RunRequest", "TaskEvent"]

# Less than this and not even records and logs would fit.
_LEAST_ROOM_BYTES = 1 << 20


@dataclass(frozen=True)
class RunRequest:
    """What to run.

    Attributes:
        ir: The compiled pipeline.
        parameters: Values of the pipeline's parameters.
        runs: The runs folder.
        cache: Whether results of earlier runs in this folder may be reused.
        task_timeout_s: How long a task may take; None: as long as it likes.
    """

    ir: Path
    parameters: Mapping[str, str | int]
    runs: Path
    cache: bool = True
    task_timeout_s: float | None = None


class LocalEngine:
    """Runs pipelines; use it as a context manager, which ends its warm processes.

    Args:
        observer: Is called with every change of a task's state.
        packages: Folders of first-party packages beside Benison itself, such as a project's own components.
        mounts: The folders that containers see, where each task is to run in its component's image; None: tasks run
            in processes of this machine.
    """

    def __init__(
        self,
        *,
        observer: Callable[[TaskEvent], None] | None = None,
        packages: Sequence[Path] = (),
        mounts: Mounts | None = None,
    ) -> None:
        self._observer = observer
        own = Path(benison.__file__).resolve().parent
        self._packages = {folder.name: folder.resolve() for folder in (own, *packages)}
        paths = (folder.parent for folder in self._packages.values())
        self._pool: Pool | Containers = Pool(paths) if mounts is None else Containers(mounts)

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the warm processes and everything they have started."""
        self._pool.close()

    def run(self, request: RunRequest) -> RunRecord:
        """Runs a pipeline to its end, whatever comes of its tasks.

        Args:
            request: What to run.

        Returns:
            The run's record, as it stands in its run.json.

        Raises:
            ConfigError: The pipeline is not one that can be run, or a parameter does not fit.
            StorageError: The runs folder is read-only or full.
            BrokenError: Tasks are to run in containers, and Docker does not answer or lacks an image.
            KeyboardInterrupt: Ctrl-C, or SIGTERM; the record says cancelled, and no process is left.
        """
        pipeline = ir_reading.read(request.ir)
        values = binding.pipeline_values(pipeline, request.parameters)
        self._pool.prepare(pipeline, request.runs.absolute())
        with Interrupts() as interrupts:
            record, plan = _opened(request, pipeline, values, self._packages)
            order = Order(pipeline, values, request.cache, request.task_timeout_s)
            return self._carried_out(Execution(order, plan, record, self._pool, self._observer), interrupts)

    def _carried_out(self, execution: Execution, interrupts: Interrupts) -> RunRecord:
        try:
            self._loop(execution, interrupts)
            execution.finish().save()
        except BaseException:
            self.close()
            with suppress(StorageError):
                execution.cancel().save()
            raise
        if interrupts.seen:
            raise KeyboardInterrupt
        return execution.record

    def _loop(self, execution: Execution, interrupts: Interrupts) -> None:
        saved = execution.record
        execution.advance()
        while execution.flights:
            if execution.record is not saved:
                saved = execution.record
                saved.save(passing=True)
            for event in self._pool.wait(execution.flights.patience(), interrupts.wakeup):
                execution.handle(event)
            if interrupts.seen:
                raise KeyboardInterrupt
            execution.flights.enforce()
            execution.advance()


def _opened(
    request: RunRequest, pipeline: Pipeline, values: Mapping[str, Any], packages: Packages
) -> tuple[RunRecord, Plan]:
    """The folder of a new run with its first record, or nothing at all."""
    runs = request.runs.absolute()
    folder = new_folder(runs)
    try:
        _with_room(folder)
        with storage_errors(folder):
            write_atomically(folder / "pipeline.yaml", request.ir.read_bytes(), durable=False)
        tasks = dict.fromkeys(pipeline.tasks, TaskRecord())
        record = RunRecord(folder, folder.name, pipeline.name, "running", None, now(), None, values, versions(), tasks)
        record.save()
        plan = plan_of(pipeline, packages, runs / FOLDER / "imports.json")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return record, plan


def _with_room(folder: Path) -> None:
    found = os.statvfs(folder)
    if found.f_bavail * found.f_frsize < _LEAST_ROOM_BYTES:
        raise StorageError(
            str(folder.parent),
            expected="a folder with room that can be written",
            got="a full disk",
            hint="make room or name another folder",
        )
