"""checkouts: the folders that hold loaded packages, and what servers left that were killed.

Each folder has a file that its server holds a lock on. The kernel lets go of it however the server ends, so a lock that
can be taken is one of a server that is gone, whatever became of its process id.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import IO

_LOG = logging.getLogger(__name__)
_PREFIX = "benison-serving-"
_HELD = "held"


class Checkout:
    """A new folder for a package; it goes with this object, or when a server starts after the process was killed."""

    def __init__(self) -> None:
        self.folder, held = _made()
        self._finalizer = weakref.finalize(self, _removed, self.folder, held)

    def close(self) -> None:
        """Removes the folder; more than once is fine."""
        self._finalizer()


def sweep() -> None:
    """Removes what servers of this user left that were killed; what another one still holds stays."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / _HELD).open("rb") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
                _LOG.info("removed %s, which a server left that was killed", folder)


def _made() -> tuple[Path, IO[bytes]]:
    """A folder and its lock; another one, should a sweep have come between the two."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        with suppress(FileNotFoundError):
            held = (folder / _HELD).open("wb")
            fcntl.flock(held, fcntl.LOCK_EX)
            if (folder / _HELD).exists():
                return folder, held
            held.close()


def _removed(folder: Path, held: IO[bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    held.close()
