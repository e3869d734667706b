"""Frames: messages over a pipe, each behind its length."""

from __future__ import annotations

import os
import select
import time

_LENGTH = 8
# Longer than any answer to rows of a request.
MOST_BYTES = 1 << 30


def write(pipe: int, content: bytes) -> None:
    """Sends a message; blocks where the pipe is full.

    Raises:
        BrokenPipeError: Nobody reads any more.
    """
    left = memoryview(len(content).to_bytes(_LENGTH, "big") + content)
    while left:
        left = left[os.write(pipe, left) :]


def read(pipe: int, until: float = float("inf")) -> bytes | None:
    """The next message; None where the other side is gone.

    Args:
        pipe: Its reading end.
        until: By `time.monotonic`, when to give up.

    Raises:
        TimeoutError: It did not come in time.
        ValueError: The length is none of a message.
    """
    head = _exactly(pipe, _LENGTH, until)
    length = int.from_bytes(head or b"", "big")
    if length > MOST_BYTES:
        raise ValueError(f"a message of {length:,} bytes")
    return None if head is None else _exactly(pipe, length, until)


def _exactly(pipe: int, length: int, until: float) -> bytes | None:
    found = bytearray()
    while len(found) < length:
        wait = None if until == float("inf") else max(0.0, until - time.monotonic())
        if not select.select([pipe], [], [], wait)[0]:
            raise TimeoutError
        chunk = os.read(pipe, min(length - len(found), 1 << 20))
        if not chunk:
            return None
        found += chunk
    return bytes(found)
