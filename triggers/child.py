"""``python -m benison.triggers.child FOLDER WORDS``: carries out one step of a run, once for its folder.

It lives on when the manager ends. Whoever comes second finds the first one's lock or its mark, and does nothing: a
manager that was killed before it could write down what it started simply starts it again.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benison.core.files import write_atomically

LOCK, BEGUN, EXIT, LOG = "lock", "begun", "exit.json", "log.txt"


def alive(folder: Path) -> bool:
    """Whether something of the step still runs."""
    try:
        lock = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _taken(folder: Path) -> int | None:
    """The step's lock, once it is ours and marked as begun; None: somebody has begun it."""
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    while not (folder / BEGUN).exists():
        try:
            # Whoever only looks whether it is held has it for a moment; who has it for good marks that at once.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(os.open(folder / BEGUN, os.O_CREAT | os.O_EXCL, 0o600))
            return lock
        except (BlockingIOError, FileExistsError):
            time.sleep(0.01)
    os.close(lock)
    return None


def carry_out(folder: Path, words: Sequence[str], tell: Callable[[], object]) -> None:
    """Runs a command and writes down how it ended, unless that was begun before.

    Args:
        folder: Of the step; what it prints lies there as well.
        words: The command.
        tell: Is called once it is clear that the step is somebody's.
    """
    lock = _taken(folder)
    tell()
    if lock is None:
        return
    began = time.monotonic()
    with (folder / LOG).open("wb") as log:
        # The lock goes with the command: should this process be killed, it is still seen that the command is not over.
        code = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(lock,)).returncode
    said = json.dumps({"code": code, "seconds": time.monotonic() - began}).encode()
    write_atomically(folder / EXIT, said)


def main(folder: str, *words: str) -> int:
    """Ends as soon as the step is somebody's; the step goes on without it."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    heard, tells = os.pipe()
    if os.fork():
        os.close(tells)
        return 0 if os.read(heard, 1) else 3
    os.close(heard)
    os.setsid()

    def tell() -> None:
        os.write(tells, b"!")
        os.close(tells)

    carry_out(Path(folder), words, tell)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
