"""A folder that TensorFlow Serving watches: ``<model>/<number>/``, where a higher number is a newer champion.

Servers load the highest number there is. The number is that of the log entry which made the version champion, so that a
rollback raises it too. A version is there whole or not at all: it is copied beside its place, under a name that is no
number, kept by the disk, and renamed. Whoever works under such a name holds a lock on it, which the system takes back
when the process ends, however it does: what nobody holds was left behind, and the next one sweeps it.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benison.core import digests
from benison.core.errors import BenisonError, IntegrityError, RegistryError, StorageError
from benison.core.files import at_once, scratch_beside, storage_errors
from benison.registry.log import Champion
from benison.registry.registry import Registry

_LOG = logging.getLogger(__name__)
_SCRATCH = re.compile(r"\.[0-9]+\.[a-z0-9_]{8}")
_TRIES = 100
_NO_LOCKS = {errno.EWOULDBLOCK, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EINVAL}


@dataclass(frozen=True)
class Served:
    """What a folder was brought to.

    Attributes:
        folder: The version's, ``<serving>/<model>/<number>``.
        champion: Who lies there.
        made: Whether it was not there before.
        removed: The numbers of versions that went.
    """

    folder: Path
    champion: Champion
    made: bool
    removed: tuple[int, ...]


def materialize(registry: Registry, serving: Path, keep: int = 2) -> Served:
    """Puts the champion into a folder, and removes versions that are too old.

    Whoever does it at the same time does the same, and neither harms the other. What has another name than a number is
    left alone.

    Args:
        registry: Of one model, whose name is that of the folder below `serving`.
        serving: The folder that servers watch; it is made.
        keep: How many versions stay, the champion among them; from 1.

    Raises:
        RegistryError: There is no champion.
        RefusedError: It lacks a signature that is required; the folder stays as it is.
        IntegrityError: A byte of the package, or of what lies in its place already, is not what its digest says.
        StorageError: The folder is read-only or full.
    """
    champion = registry.state().champion
    if champion is None:
        hint = "a run that is blessed, or  benison registry promote , makes one"
        raise RegistryError(registry.model, expected="a champion to serve", got="none", hint=hint)
    registry.require_signature(champion.package)
    folder = serving / registry.model / str(champion.number)
    _sweep(folder.parent)
    made = not folder.is_dir()
    if made:
        _bring(registry, champion, folder)
    else:
        _check(folder, champion)
    return Served(folder, champion, made, tuple(_remove_old(folder.parent, keep, champion.number)))


def follow(registry: Registry, serving: Path, keep: int, seconds: float, stop: threading.Event) -> None:
    """Does so whenever the champion moves, until it is told to stop; what goes wrong is logged, and tried again.

    Args:
        registry: As in `materialize`.
        serving: Likewise.
        keep: Likewise.
        seconds: Between two looks at the log.
        stop: Set: it returns.
    """
    last: Champion | None = None
    while not stop.is_set():
        try:
            if (now := registry.state().champion) is not None and now != last:
                served = materialize(registry, serving, keep)
                last = served.champion
                _LOG.info("%s: champion %s", served.folder, last)
        except (BenisonError, OSError) as error:
            _LOG.error("%s", error)
        stop.wait(seconds)


def _bring(registry: Registry, champion: Champion, folder: Path) -> None:
    with _scratch(folder) as scratch, storage_errors(folder):
        copy = scratch / "package"
        registry.checkout_to_serve(champion.package, copy)
        _sync(copy)
        try:
            copy.rename(folder)
        except OSError:
            # Somebody else was first, with the same bytes, unless what lies there is something else.
            if not folder.is_dir():
                raise
            _check(folder, champion)
        _sync_one(folder.parent)


def _check(folder: Path, champion: Champion) -> None:
    found = digests.of_tree(folder)
    if found != champion.package:
        hint = "it was changed after it was put there; remove the folder, and materialize again"
        raise IntegrityError(str(folder), expected=champion.package, got=found, hint=hint)


def _remove_old(model: Path, keep: int, newest: int) -> list[int]:
    """Versions below the newest ones; a server is told by a name that is no number before the first file goes."""
    numbers = sorted((int(path.name) for path in model.iterdir() if _is_version(path)), reverse=True)
    old = [number for number in numbers[keep:] if number < newest]
    with storage_errors(model):
        for number in old:
            with _scratch(model / str(number)) as scratch:
                (model / str(number)).rename(scratch / "old")
    return old


@contextmanager
def _scratch(version: Path) -> Iterator[Path]:
    """A folder beside a version's place that its process holds for as long as it works there."""
    for _ in range(_TRIES):
        with scratch_beside(version) as scratch, _held(scratch, wait=True) as held:
            if held:
                yield scratch
                return
    raise StorageError(str(version), expected="a folder of one's own beside it", got="others that sweep it away")


@contextmanager
def _held(folder: Path, *, wait: bool) -> Iterator[bool]:
    """Whether a folder could be locked, and still is there."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        yield False
        return
    try:
        yield _lock(handle, wait) and folder.exists()
    finally:
        os.close(handle)


def _lock(handle: int, wait: bool) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        # Without locks, as on some network mounts, work goes on, and nothing is swept.
        return wait
    return True


def _sweep(model: Path) -> None:
    """Removes what killed processes left behind."""
    for path in model.iterdir() if model.is_dir() else ():
        if _SCRATCH.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            with _held(path, wait=False) as abandoned:
                if abandoned:
                    shutil.rmtree(path, ignore_errors=True)


def _is_version(path: Path) -> bool:
    return path.name.isascii() and path.name.isdigit() and path.is_dir()


def _sync(folder: Path) -> None:
    """Has the disk keep a folder with all that is in it."""
    inside = [(Path(above), [Path(above) / name for name in names]) for above, _, names in os.walk(folder)]
    at_once(_sync_one, [path for _, paths in inside for path in paths])
    at_once(_sync_one, [above for above, _ in reversed(inside)])


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
