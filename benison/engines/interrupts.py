"""Ctrl-C, SIGTERM and a closed terminal, noted where the engine looks rather than raised wherever it happens to be."""

from __future__ import annotations

import signal
import socket
import threading
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """While it is entered, signals that end a program are noted in `seen`, and `wakeup` becomes readable.

    Outside of the main thread, which alone is told of signals, it does nothing.
    """

    def __init__(self) -> None:
        self.seen = False
        self.wakeup: socket.socket | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            self.wakeup, self._writer = socket.socketpair()
            for end in (self.wakeup, self._writer):
                end.setblocking(False)
            self._descriptor = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
            # One that is ignored stays so (nohup), and one that was not set from Python could not be set back.
            kept = [number for number in _SIGNALS if signal.getsignal(number) not in (signal.SIG_IGN, None)]
            self._before = {number: signal.signal(number, self._note) for number in kept}
        return self

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.seen = True

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self.wakeup is not None:
            for number, handler in self._before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(self._descriptor)
            self.wakeup.close()
            self._writer.close()
