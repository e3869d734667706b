"""One task in a process of its own: KFP's executor on the component's program, and a report on how it went.

Whatever it imports is imported in the worker, so it imports little, and only when it is needed.
"""

from __future__ import annotations

import atexit
import errno
import faulthandler
import gc
import importlib
import json
import logging
import os
import signal
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from benison.engines import processes

_MACHINERY = (f"kfp{os.sep}dsl{os.sep}", f"engines{os.sep}worker.py", f"importlib{os.sep}", "<frozen importlib")
_REPORT = "report.json"


def main(path: str) -> NoReturn:
    """Does what a task file says, writes ``report.json`` beside it and ends the process.

    Args:
        path: JSON with ``program``, ``function`` and ``executor_input``.
    """
    folder, task = Path(path).parent, json.loads(Path(path).read_bytes())
    _settle(folder)
    report: dict[str, Any] = {"error": None, "outputs": {}}
    try:
        _execute(task, folder)
        _finish()
        report["outputs"] = _digests(task["executor_input"])
    except BaseException as error:
        report["error"] = described(error)
        print(report["error"]["traceback"], file=sys.stderr)
    (folder / _REPORT).write_text(json.dumps(report))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _settle(folder: Path) -> None:
    """Undoes what a fork has in common with its siblings."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    faulthandler.enable()
    # The engine asks for it when the time is up.
    faulthandler.register(signal.SIGUSR1)
    own = folder / "tmp"
    own.mkdir()
    os.chdir(own)
    os.environ["TMPDIR"] = str(own)
    tempfile.tempdir = None
    # KFP's executor configures logging, which does nothing while there are handlers.
    logging.root.handlers.clear()
    # Folders may have changed since the warm process looked into them.
    importlib.invalidate_caches()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _execute(task: dict[str, Any], folder: Path) -> None:
    program = folder / "program" / "ephemeral_component.py"
    program.parent.mkdir()
    program.write_bytes(task["program"].encode())
    os.environ["_KFP_RUNTIME"] = "true"
    from kfp.dsl.executor_main import executor_main

    sys.argv = ["executor_main", "--component_module_path", str(program)]
    sys.argv += ["--function_to_execute", task["function"], "--executor_input", json.dumps(task["executor_input"])]
    executor_main()


def _finish() -> None:
    """Lets threads, exit functions and files end as in a process of its own, since they may still write."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    logging.shutdown()
    gc.collect()


def _digests(executor_input: dict[str, Any]) -> dict[str, Any]:
    """The stamp and the digest of each output artifact, in this order, so that a change in between shows."""
    from benison.engines.trees import digest_of, stamp_of

    outputs = executor_input["outputs"]["artifacts"]
    paths = {name: Path(listed["artifacts"][0]["uri"]) for name, listed in outputs.items()}
    return {name: {"stamp": stamp_of(path), "digest": digest_of(path)} for name, path in paths.items()}


def described(error: BaseException) -> dict[str, Any]:
    """An error as it stands in a run's record."""
    from benison.core.errors import BenisonError

    own = error.with_traceback(_own(error.__traceback__))
    text = "".join(traceback.format_exception(own))
    if isinstance(error, BenisonError):
        message = str(error).partition("\n\nhint: ")[0]
        return _error(type(error), message, error.hint, text, error.exit_code)
    message = f"the component called sys.exit({error.code})" if isinstance(error, SystemExit) else str(error)
    return _error(type(error), message, _hint(error), text, BenisonError.exit_code)


def _hint(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; make room or name another runs folder"
    return "the machine has too little memory for this task" if isinstance(error, MemoryError) else ""


def _error(kind: type, message: str, hint: str, text: str, exit_code: int) -> dict[str, Any]:
    return {"type": kind.__qualname__, "message": message, "hint": hint, "traceback": text, "exit_code": exit_code}


def _own(frames: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of engine and executor that stand before the component's; all where none is."""
    found = frames
    while found is not None and any(part in found.tb_frame.f_code.co_filename for part in _MACHINERY):
        found = found.tb_next
    return found or frames


if __name__ == "__main__":
    processes.die_with_parent(int(sys.argv[2]))
    main(sys.argv[1])
