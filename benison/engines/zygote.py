"""A warm process: imports heavy libraries once, then forks a worker for each task, or spawns it where told to.

It imports no first-party code but `processes`, so that a worker sees the code as it is when the task starts. It must
stay single-threaded and must run no TensorFlow operation: a fork of it would hang.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import selectors
import shutil
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NoReturn

from benison.engines import processes

_CRASHED = 70


class Zygote:
    """The loop of a warm process.

    Args:
        channel: Requests come in and reports go out, as lines of JSON.
        options: ``parent`` (process id), ``mark``, ``scratch`` (removed when the engine is gone), ``preload``.
    """

    def __init__(self, channel: socket.socket, options: dict[str, Any]) -> None:
        self._channel, self._options = channel, options
        self._workers: dict[int, int] = {}
        self._rest = b""
        # A handled signal writes a byte here, which wakes the selector.
        self._wake, wakeup = socket.socketpair()
        for end in (self._wake, wakeup):
            end.setblocking(False)
        self._wakeup = wakeup
        signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Starts and reaps workers until the engine hangs up, then leaves nothing behind."""
        self._say(event="ready", forkable=forkable())
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._wake:
                        self._reap()
                    elif not self._take():
                        return self._end()

    def _take(self) -> bool:
        """Takes what the engine asks for; False: it has hung up."""
        received = self._channel.recv(1 << 16)
        *lines, self._rest = (self._rest + received).split(b"\n")
        for line in lines:
            self._start(json.loads(line))
        return bool(received)

    def _start(self, request: dict[str, Any]) -> None:
        pid = _spawn(request) if request["spawn"] else self._fork(request)
        with suppress(OSError):
            os.setpgid(pid, pid)
        self._workers[pid] = request["id"]
        self._say(event="started", id=request["id"], pid=pid)

    def _fork(self, request: dict[str, Any]) -> int:
        parent = os.getpid()
        with warnings.catch_warnings():
            # Python counts the idle threads of OpenBLAS, which puts itself in order around a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            try:
                self._become_worker(request, parent)
            finally:
                os._exit(_CRASHED)
        return pid

    def _become_worker(self, request: dict[str, Any], parent: int) -> NoReturn:
        os.setpgid(0, 0)
        processes.die_with_parent(parent)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in (self._channel, self._wake, self._wakeup):
            end.close()
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        for stream in (1, 2):
            os.dup2(log, stream)
        from benison.engines import worker

        worker.main(request["task"])

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            self._wake.recv(1 << 12)
        for pid in list(self._workers):
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                # Whatever the worker has started and left.
                processes.kill_group(pid)
                self._say(event="ended", id=self._workers.pop(pid), status=_code(status), peak_mb=_megabytes(usage))

    def _say(self, **message: Any) -> None:
        with suppress(OSError):
            self._channel.sendall(json.dumps(message).encode() + b"\n")

    def _end(self) -> None:
        for pid in self._workers:
            processes.kill_group(pid)
        processes.kill_marked(self._options["mark"])
        shutil.rmtree(self._options["scratch"], ignore_errors=True)


def _spawn(request: dict[str, Any]) -> int:
    """Starts a worker in an interpreter of its own."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-P", "-m", "benison.engines.worker", request["task"], str(os.getpid())],
        {**os.environ, **request["environment"]},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, request["log"], flags, 0o666),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setpgroup=0,
        setsigdef=[signal.SIGCHLD],
    )


def _code(status: int) -> int:
    """An exit code, or a signal's number below zero."""
    return os.waitstatus_to_exitcode(status)


def _megabytes(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss // (1 << 20 if sys.platform == "darwin" else 1 << 10)


def preload(modules: Iterable[str]) -> None:
    """Imports modules, given as ``module`` or ``module:name``.

    One that cannot be imported is left to the task that needs it, which says so in its own words.
    """
    for entry in modules:
        module, _, name = entry.partition(":")
        with suppress(Exception):
            found = importlib.import_module(module)
            if name not in ("", "*") and not hasattr(found, name):
                importlib.import_module(f"{module}.{name}")


def forkable() -> bool:
    """Whether no library has started threads that a fork would miss: Python's own, or those of a TensorFlow context."""
    module = sys.modules.get("tensorflow.python.eager.context")
    context = module.context_safe() if module else None
    return threading.active_count() == 1 and (context is None or context._context_handle is None)


def main() -> None:
    """Runs as ``python -m benison.engines.zygote <file descriptor> <options>``."""
    channel, options = socket.socket(fileno=int(sys.argv[1])), json.loads(sys.argv[2])
    # The engine takes its end for the end of this process, so nobody else may hold it.
    channel.set_inheritable(False)
    processes.die_with_parent(options["parent"])
    preload(options["preload"])
    # From here on the engine's end is seen on the channel, with time to end what the workers have started.
    processes.outlive_parent()
    gc.freeze()
    Zygote(channel, options).serve()


if __name__ == "__main__":
    main()
