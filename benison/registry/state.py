"""What the promotion log comes to: a fold over its entries, and nothing else."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from benison.config.release import Release
from benison.core.errors import IntegrityError
from benison.registry.copies import Copy
from benison.registry.log import (
    Alias,
    Approve,
    Bless,
    Champion,
    Collect,
    Entry,
    Govern,
    Logged,
    PackageEntry,
    Promote,
    Register,
    Retire,
    Rollback,
)
from benison.registry.manifest import Manifest


@dataclass(frozen=True)
class Version:
    """What the log says of one package.

    Attributes:
        registered: The number of the entry that registered it.
        entry: That entry.
        blessings: Every word of the gate on it, as (number, entry), oldest first.
        approvals: Likewise every approval.
        retirement: Its number and entry; None: it is in use. Registering it again ends it.
        generation: The number of the entry by which its last copy was collected; 0: none was. See `Copy`.
        collected: Whether there is no copy of it now.
    """

    registered: int
    entry: Register
    blessings: tuple[tuple[int, Bless], ...] = ()
    approvals: tuple[tuple[int, Approve], ...] = ()
    retirement: tuple[int, Retire] | None = None
    generation: int = 0
    collected: bool = False

    @property
    def blessing(self) -> Bless | None:
        """The gate's last word; None where it has not spoken."""
        return self.blessings[-1][1] if self.blessings else None

    @property
    def approved(self) -> bool:
        """Whether a person approved the blessing that is the gate's last word."""
        return bool(self.blessings and self.approvals) and self.approvals[-1][1].blessing == self.blessings[-1][0]


@dataclass(frozen=True)
class Reign:
    """A time as champion.

    Attributes:
        champion: Who, by which entry.
        reference: The model that challengers must be no worse than, besides the champion: the last one that was
            promoted on superiority, as the first, or by hand.
        entry: The promotion or rollback that began it.
    """

    champion: Champion
    reference: Champion
    entry: Promote | Rollback


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
    """

    number: int = 0
    versions: Mapping[str, Version] = field(default_factory=dict)
    reigns: Sequence[Reign] = ()
    line: Sequence[Reign] = ()
    challenger: str | None = None
    rolled_back: frozenset[str] = frozenset()
    release: Release = field(default_factory=Release)
    names: Mapping[str, str] = field(default_factory=dict)

    def frozen(self) -> State:
        """The same, which does not change any more."""
        return replace(
            self, versions=MappingProxyType(dict(self.versions)), reigns=tuple(self.reigns), line=tuple(self.line)
        )

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
        if known.retirement is not None or package in self.reigned:
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
        return next((reign for reign in reversed(self.reigns) if reign.champion.package == package), None)


@dataclass(frozen=True)
class Shown:
    """All that is known of one version.

    Attributes:
        manifest: Its files and where it came from.
        version: Its registration and what the gate said of it.
        aliases: The names that stand for it at present.
        promotions: The log entries that made it champion, promotions and rollbacks.
    """

    manifest: Manifest
    version: Version
    aliases: tuple[str, ...]
    promotions: tuple[Logged, ...]


def fold(logged: Iterable[Logged], state: State | None = None) -> State:
    """The state after some entries.

    Args:
        logged: Entries in the order of the log.
        state: The state before them; None: the empty one.

    Raises:
        IntegrityError: An entry cannot follow from those before it.
    """
    state = state or State()
    # What grows with the log is changed in place, in copies that nobody else has: a log may have many entries.
    growing = replace(state, versions=dict(state.versions), reigns=list(state.reigns), line=list(state.line))
    return functools.reduce(_after, logged, growing).frozen()


def _after(state: State, logged: Logged) -> State:
    number, entry = logged.number, logged.entry
    known = state.versions.get(entry.package) if isinstance(entry, PackageEntry) else None
    state = replace(state, number=number)
    match entry:
        case Govern():
            return replace(state, release=entry.release)
        case Register() if known is None:
            return _with(state, entry.package, Version(number, entry))
        case Register() if known is not None and known.retirement is not None:
            back = replace(known, registered=number, entry=entry, retirement=None, collected=False)
            return _with(state, entry.package, back)
        case Alias() if known is not None and (not entry.removed or state.names.get(entry.name) == entry.package):
            others = {name: package for name, package in state.names.items() if name != entry.name}
            return replace(state, names=others if entry.removed else {**others, entry.name: entry.package})
        case Retire() if known is not None and known.retirement is None:
            return _with(state, entry.package, replace(known, retirement=(number, entry)))
        case Collect() if known is not None and _may_go(known, entry):
            return _with(state, entry.package, replace(known, generation=number, collected=True))
        case Bless() if known is not None:
            return _blessed(state, number, entry, known)
        case Approve() if known is not None and known.blessings and known.blessings[-1][0] == entry.blessing:
            return _with(state, entry.package, replace(known, approvals=(*known.approvals, (number, entry))))
        case Promote() if known is not None and entry.replaces == state.champion:
            return _promoted(state, number, entry)
        case Rollback() if known is not None and entry.replaces == state.champion is not None:
            return _rolled_back(state, number, entry)
        case _:
            raise _does_not_follow(state, entry)


def _blessed(state: State, number: int, entry: Bless, known: Version) -> State:
    version = replace(known, blessings=(*known.blessings, (number, entry)))
    challenger = state.challenger
    if entry.blessed and entry.package != state.aliases["champion"]:
        challenger = entry.package
    elif challenger == entry.package:
        challenger = None
    return replace(_with(state, entry.package, version), challenger=challenger)


def _may_go(known: Version, entry: Collect) -> bool:
    return not known.collected and known.retirement is not None and known.retirement[0] == entry.retired


def _with(state: State, package: str, version: Version) -> State:
    assert isinstance(state.versions, dict)
    state.versions[package] = version
    return state


def _promoted(state: State, number: int, entry: Promote) -> State:
    champion = Champion(number, entry.package)
    stays = state.reference if not (entry.superior or entry.by_hand) else None
    reign = Reign(champion, stays or champion, entry)
    assert isinstance(state.line, list)
    state.line.append(reign)
    return _enthrone(state, reign, state.line, state.rolled_back - {entry.package})


def _rolled_back(state: State, number: int, entry: Rollback) -> State:
    """The version comes back with the reference that was in force with it."""
    champion, before = Champion(number, entry.package), state.last_reign(entry.package)
    itself = before is None or before.reference.package == entry.package
    reign = Reign(champion, champion if itself or before is None else before.reference, entry)
    places = [place for place, one in enumerate(state.line[:-1]) if one.champion.package == entry.package]
    line = [*state.line[: places[-1] if places else -1], reign]
    rolled_back = (state.rolled_back | {state.line[-1].champion.package}) - {entry.package}
    return _enthrone(state, reign, line, rolled_back)


def _enthrone(state: State, reign: Reign, line: list[Reign], rolled_back: frozenset[str]) -> State:
    challenger = None if state.challenger == reign.champion.package else state.challenger
    assert isinstance(state.reigns, list)
    state.reigns.append(reign)
    return replace(state, line=line, rolled_back=rolled_back, challenger=challenger)


def _does_not_follow(state: State, entry: Entry) -> IntegrityError:
    return IntegrityError(
        f"log entry {state.number}",
        expected=f"what can follow with champion {state.champion or 'none'}",
        got=_as_said(entry),
        hint="something else than Benison wrote into the log; restore it from a copy",
    )


def _as_said(entry: Entry) -> str:
    if not isinstance(entry, PackageEntry):
        return entry.action
    return f"{entry.action} of {entry.package}, replacing {entry.replaces or 'none'}"
