"""What the promotion log comes to: which version is what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from benison.config.release import Release
from benison.core.errors import IntegrityError
from benison.registry.copies import Copy
from benison.registry.log import (
    Approve,
    Bless,
    Champion,
    Entry,
    Logged,
    Promote,
    Register,
    Retire,
    Rollback,
)
from benison.registry.manifest import Manifest
from benison.registry.signing import Found

_E = TypeVar("_E", bound=Entry)


class Entries(dict[int, Entry]):
    """What the entries of a log say, by their number; those that nobody has read so far are read when asked for.

    Args:
        read: Reads one; None: all are here.
    """

    def __init__(self, read: Callable[[int], Entry] | None = None) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, number: int) -> Entry:
        if self._read is None:
            raise KeyError(number)
        self[number] = entry = self._read(number)
        return entry


@dataclass(frozen=True)
class Version:
    """What the log says of one package.

    Attributes:
        registered: The number of the entry that registered it.
        words: The numbers of every word of the gate on it, oldest first.
        approvals: Likewise of every approval.
        retired: The number of the entry that retired it; None: it is in use. Registering it again ends it.
        generation: The number of the entry by which its last copy was collected; 0: none was. See `Copy`.
        collected: Whether there is no copy of it now.
        entries: What these entries say.
    """

    registered: int
    words: tuple[int, ...] = ()
    approvals: tuple[int, ...] = ()
    retired: int | None = None
    generation: int = 0
    collected: bool = False
    entries: Entries = field(default_factory=Entries, compare=False, repr=False)

    @property
    def entry(self) -> Register:
        """The entry that registered it."""
        return _as(Register, self.entries[self.registered])

    @property
    def blessings(self) -> tuple[tuple[int, Bless], ...]:
        """Every word of the gate on it, as (number, entry), oldest first."""
        return tuple((number, _as(Bless, self.entries[number])) for number in self.words)

    @property
    def blessing(self) -> Bless | None:
        """The gate's last word; None where it has not spoken."""
        return _as(Bless, self.entries[self.words[-1]]) if self.words else None

    @property
    def retirement(self) -> tuple[int, Retire] | None:
        """The number and the entry that retired it; None: it is in use."""
        return None if self.retired is None else (self.retired, _as(Retire, self.entries[self.retired]))

    @property
    def approved(self) -> bool:
        """Whether a person approved the blessing that is the gate's last word."""
        if not (self.words and self.approvals):
            return False
        return _as(Approve, self.entries[self.approvals[-1]]).blessing == self.words[-1]


@dataclass(frozen=True)
class Reign:
    """A time as champion.

    Attributes:
        champion: Who, by which entry.
        reference: The model that challengers must be no worse than, besides the champion: the last one that was
            promoted on superiority, as the first, or by hand.
        entries: What the log's entries say.
    """

    champion: Champion
    reference: Champion
    entries: Entries = field(default_factory=Entries, compare=False, repr=False)

    @property
    def entry(self) -> Promote | Rollback:
        """The promotion or rollback that began it."""
        entry = self.entries[self.champion.number]
        return entry if isinstance(entry, Rollback) else _as(Promote, entry)


def _as(kind: type[_E], entry: Entry) -> _E:
    """An entry that is of this kind, unless what says so does not fit the log."""
    if not isinstance(entry, kind):
        hint = "a snapshot of the log is none: remove the folder log_snapshots, and look again"
        raise IntegrityError("the log", expected=f"an entry {kind.action!r}", got=repr(entry.action), hint=hint)
    return entry


@dataclass(frozen=True)
class State:
    """Which version is what.

    Attributes:
        number: The last entry's number; 0 for an empty log.
        versions: By package digest, in the order of registration.
        reigns: Every time as champion, oldest first.
        line: The present reign, last, and those before it that a rollback goes back through; what was rolled back
            from is not among them.
        challenger: The package that was blessed last and is not champion, unless the gate took its word back.
        rolled_back: Packages that a rollback took out of the champion's place and that have not been back since.
        release: The rules of promotion.
        names: The user's own, and the package that each stands for.
        entries: What the log's entries say; shared by all states of one log, since an entry never changes.
    """

    number: int = 0
    versions: Mapping[str, Version] = field(default_factory=dict)
    reigns: Sequence[Reign] = ()
    line: Sequence[Reign] = ()
    challenger: str | None = None
    rolled_back: frozenset[str] = frozenset()
    release: Release = field(default_factory=Release)
    names: Mapping[str, str] = field(default_factory=dict)
    entries: Entries = field(default_factory=Entries, compare=False, repr=False)

    @property
    def reign(self) -> Reign | None:
        """The present one."""
        return self.line[-1] if self.line else None

    @property
    def champion(self) -> Champion | None:
        return self.reign.champion if self.reign else None

    @property
    def reference(self) -> Champion | None:
        return self.reign.reference if self.reign else None

    @property
    def aliases(self) -> dict[str, str | None]:
        """The names that move, and the package that each stands for at present."""
        champion, reference = self.champion, self.reference
        return {
            "champion": champion.package if champion else None,
            "challenger": self.challenger,
            "reference": reference.package if reference else None,
            **self.names,
        }

    def stage(self, package: str) -> str:
        """Where a version stands, in the field's words.

        ``production``: it is the champion. ``staging``: it is blessed against the champion, and waits. ``archived``: it
        was champion, or is retired. ``development``: it was never proven against this champion.
        """
        known = self.versions[package]
        if self.champion is not None and self.champion.package == package:
            return "production"
        if known.retired is not None or package in self.reigned:
            return "archived"
        blessing = known.blessing
        proven = blessing is not None and blessing.blessed and blessing.compared_with == self.champion
        return "staging" if proven else "development"

    @cached_property
    def reigned(self) -> frozenset[str]:
        """The packages that were champion at some time."""
        return frozenset(reign.champion.package for reign in self.reigns)

    def copy(self, package: str) -> Copy:
        """Where a package lies, or will lie when it is registered."""
        known = self.versions.get(package)
        return Copy(package, known.generation if known else 0)

    def left_over(self, copy: Copy) -> bool:
        """Whether a copy was collected, so that whatever is still there of it has to go."""
        known = self.versions.get(copy.package)
        return known is not None and copy.generation < known.generation

    def last_reign(self, package: str) -> Reign | None:
        """The latest time that a package was champion."""
        return latest(self.reigns, package)


@dataclass(frozen=True)
class Shown:
    """All that is known of one version.

    Attributes:
        manifest: Its files and where it came from.
        version: Its registration and what the gate said of it.
        aliases: The names that stand for it at present.
        promotions: The log entries that made it champion, promotions and rollbacks.
        signatures: Whose signatures it has, and whether they hold.
    """

    manifest: Manifest
    version: Version
    aliases: tuple[str, ...]
    promotions: tuple[Logged, ...]
    signatures: tuple[Found, ...] = ()


def latest(reigns: Sequence[Reign], package: str) -> Reign | None:
    """The last of some times as champion that was this package's."""
    return next((reign for reign in reversed(reigns) if reign.champion.package == package), None)
