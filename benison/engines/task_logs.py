"""What tasks write to stdout and stderr: as it is while they run, without secrets as soon as they have ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from benison.core.files import scratch_beside, storage_errors
from benison.core.secrets import Redactor

_BLOCK, _LONGEST_LINE, _LONGEST_KEY = 1 << 20, 1 << 24, 1 << 16


def open_for(log: Path) -> None:
    """Makes the log of a task that is about to start: until it is redacted, its owner alone may read it."""
    log.touch(mode=0o600)


def redact(log: Path) -> None:
    """Puts the log of a task that has ended, and writes no more, in its own place without secrets.

    Raises:
        StorageError: The folder cannot be written.
    """
    redactor = Redactor()
    with scratch_beside(log) as scratch, storage_errors(log):
        with log.open("rb") as raw, (scratch / log.name).open("wb") as kept:
            for block in _blocks(raw):
                # Whatever bytes a library has written: those that are no UTF-8 come out as they went in.
                kept.write(redactor.text(block.decode(errors="surrogateescape")).encode(errors="surrogateescape"))
        (scratch / log.name).replace(log)


def _blocks(raw: BinaryIO) -> Iterator[bytes]:
    """Whole lines, of which most secrets take one, and whole keys in PEM, which take several."""
    while block := raw.read(_BLOCK):
        block += raw.readline(_LONGEST_LINE)
        beyond = _LONGEST_KEY
        while beyond > 0 and block.rfind(b"-----BEGIN ") > block.rfind(b"-----END ") and (line := raw.readline(beyond)):
            block, beyond = block + line, beyond - len(line)
        yield block
