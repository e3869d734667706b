"""Where causes come from: each source says what it shows now; what differs from what it showed last is a cause."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, takewhile
from pathlib import Path
from typing import Protocol

from benison.config import Data
from benison.config.triggers import Cron
from benison.core.errors import BenisonError, ConfigError, InputError
from benison.registry.log import utc
from benison.sources.find import File, find, is_remote, pattern_of, store_of
from benison.submit.timing import Timing, timing_of
from benison.triggers import entries
from benison.triggers.state import Seen

_MOST_MISSED = 1000
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


@dataclass(frozen=True)
class Notice:
    """What a source shows.

    Attributes:
        key: What there is.
        why: What happened, for a person.
        urgent: Whether it is a hot fix.
        open: Whether it asks for a run even where nothing was seen of it before.
    """

    key: str
    why: str
    urgent: bool = False
    open: bool = False


class Source(Protocol):
    """Something that changes."""

    @property
    def name(self) -> str:
        """As `entries.Cause.source` has it."""

    def look(self, last: Seen | None, now: datetime) -> Notice | None:
        """What it shows now; None: nothing new.

        Args:
            last: What it showed last; None: it is looked at for the first time.
            now: The moment.

        Raises:
            BenisonError: It cannot be looked at.
        """


def noticed(
    sources: Iterable[Source], seen: Mapping[str, Seen], now: datetime, troubles: list[BenisonError]
) -> Iterator[tuple[str, Notice]]:
    """What sources show that is new, by their names.

    Args:
        sources: What is looked at.
        seen: What they showed last.
        now: The moment.
        troubles: Takes what could not be looked at; the others are looked at all the same.
    """
    for source in sources:
        try:
            notice = source.look(seen.get(source.name), now)
        except BenisonError as error:
            troubles.append(error)
            continue
        if notice is not None:
            yield source.name, notice


class Schedule:
    """A time that recurs. Of times that were missed, while nobody looked, the newest counts for all.

    Args:
        name: What it is called.
        timing: When it comes.
    """

    def __init__(self, name: str, timing: Timing) -> None:
        self.name, self._timing = f"{entries.SCHEDULE}:{name}", timing

    def look(self, last: Seen | None, now: datetime) -> Notice | None:
        """The newest time that has come."""
        newest = self._timing.last(now)
        if last is None:
            return Notice(_key(newest), f"{self.name} is followed from now on")
        before = datetime.fromisoformat(last.key)
        if newest <= before:
            return None
        times = takewhile(lambda time: time < newest, islice(self._timing.following(before), _MOST_MISSED))
        missed = sum(1 for _ in times)
        more = f"; it stands for {missed} more that were missed" if missed else ""
        return Notice(_key(newest), f"{self.name}: {newest:%a %Y-%m-%d %H:%M %Z}{more}")


def schedules_of(asked: Mapping[str, Cron]) -> list[Schedule]:
    """The schedules of benison.yaml.

    Raises:
        ConfigError: One is no time.
    """
    return [Schedule(name, _timing(name, cron)) for name, cron in asked.items()]


def _timing(name: str, cron: Cron) -> Timing:
    try:
        return timing_of(cron.cron, cron.timezone)
    except InputError as error:
        where = f"benison.yaml (triggers.schedules.{name})"
        raise ConfigError(where, expected=error.expected, got=error.got, hint=error.hint) from None


def _key(time: datetime) -> str:
    return utc(time.astimezone(UTC))


class DataFiles:
    """The files of ``data.path``, of the spans that a run would use.

    Args:
        data: What benison.yaml says of them.
        root: Where relative paths start.
    """

    name = entries.DATA

    def __init__(self, data: Data, root: Path) -> None:
        self._data, self._root = data, root

    def look(self, last: Seen | None, now: datetime) -> Notice | None:
        """A digest of which files there are, how large and of which version; nothing is read of them.

        Raises:
            DataError: There are none, one of the window is missing, or the place cannot be read.
        """
        files = self._files()
        key = _digest(files)
        if last and last.key == key:
            return None
        spans, size = max(file.span for file in files), sum(file.found.size for file in files)
        upto = f" up to span {spans}" if self._data.spanned else ""
        return Notice(key, f"data{upto}: {len(files)} {'file' if len(files) == 1 else 'files'}, {_spelt(size)}")

    def key(self) -> str:
        """What `look` tells them by.

        Raises:
            DataError: As `look`.
        """
        return _digest(self._files())

    def newest(self) -> int | None:
        """The newest span; None where paths do not tell spans apart.

        Raises:
            DataError: As `look`.
        """
        numbered = pattern_of(self._data.path, str(self._root)).numbered
        return max(file.span for file in self._files()) if numbered else None

    def _files(self) -> list[File]:
        pattern = pattern_of(self._data.path, str(self._root))
        return find(pattern, self._data.format, 0, self._data.window, store_of(pattern))


def _digest(files: Iterable[File]) -> str:
    return hashlib.sha256(json.dumps([_told(file) for file in files]).encode()).hexdigest()


def _told(file: File) -> list[str | int]:
    found = file.found
    version = found.version or ("" if is_remote(found.path) else str(Path(found.path).stat().st_mtime_ns))
    return [file.span, found.path, found.size, version]


def _spelt(size: float) -> str:
    """A size as a person reads it.

    >>> _spelt(1_300_000)
    '1.3 MB'
    """
    unit = 0
    while size >= 1000 and unit + 1 < len(_UNITS):
        size, unit = size / 1000, unit + 1
    return f"{size:.3g} {_UNITS[unit]}"
