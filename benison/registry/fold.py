"""The fold of the promotion log: what its entries come to, one after the other, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from benison.core.errors import IntegrityError
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
from benison.registry.state import Reign, State, Version, latest


def fold(logged: Iterable[Logged], state: State | None = None) -> State:
    """The state after some entries.

    Args:
        logged: Entries in the order of the log.
        state: The state before them; None: the empty one.

    Raises:
        IntegrityError: An entry cannot follow from those before it.
    """
    folding = _Folding(state or State())
    for one in logged:
        folding.add(one.number, one.entry)
    return folding.state()


class _Folding:
    """A state that is changed in place, in copies that nobody else has: a log may have many entries."""

    def __init__(self, state: State) -> None:
        self.number, self.entries = state.number, state.entries
        self.versions, self.names = dict(state.versions), dict(state.names)
        self.reigns, self.line = list(state.reigns), list(state.line)
        self.challenger, self.release, self.rolled_back = state.challenger, state.release, set(state.rolled_back)

    def state(self) -> State:
        return State(
            number=self.number,
            versions=MappingProxyType(self.versions),
            reigns=tuple(self.reigns),
            line=tuple(self.line),
            challenger=self.challenger,
            rolled_back=frozenset(self.rolled_back),
            release=self.release,
            names=self.names,
            entries=self.entries,
        )

    @property
    def champion(self) -> Champion | None:
        return self.line[-1].champion if self.line else None

    def add(self, number: int, entry: Entry) -> None:
        self.number, self.entries[number] = number, entry
        if isinstance(entry, Govern):
            self.release = entry.release
        elif not isinstance(entry, PackageEntry) or not self._follows(entry, self.versions.get(entry.package)):
            raise _does_not_follow(number, self.champion, entry)

    def _follows(self, entry: PackageEntry, known: Version | None) -> bool:
        """Takes an entry about a package in; False where it cannot follow."""
        number, package = self.number, entry.package
        match entry:
            case Register() if known is None:
                self.versions[package] = Version(number, entries=self.entries)
            case Register() if known is not None and known.retired is not None:
                self.versions[package] = replace(known, registered=number, retired=None, collected=False)
            case Alias() if known is not None and (not entry.removed or self.names.get(entry.name) == package):
                self._named(entry)
            case Retire() if known is not None and known.retired is None:
                self.versions[package] = replace(known, retired=number)
            case Collect() if known is not None and not known.collected and known.retired == entry.retired:
                self.versions[package] = replace(known, generation=number, collected=True)
            case Bless() if known is not None:
                self._judged(entry, known)
            case Approve() if known is not None and known.words[-1:] == (entry.blessing,):
                self.versions[package] = replace(known, approvals=(*known.approvals, number))
            case Promote() if known is not None and entry.replaces == self.champion:
                self._promoted(entry)
            case Rollback() if known is not None and entry.replaces == self.champion is not None:
                self._rolled_back_to(package)
            case _:
                return False
        return True

    def _named(self, entry: Alias) -> None:
        self.names.pop(entry.name, None)
        if not entry.removed:
            self.names[entry.name] = entry.package

    def _judged(self, entry: Bless, known: Version) -> None:
        self.versions[entry.package] = replace(known, words=(*known.words, self.number))
        if entry.blessed and (self.champion is None or entry.package != self.champion.package):
            self.challenger = entry.package
        elif self.challenger == entry.package:
            self.challenger = None

    def _promoted(self, entry: Promote) -> None:
        champion = Champion(self.number, entry.package)
        stays = self.line[-1].reference if self.line and not (entry.superior or entry.by_hand) else champion
        self._enthrone(Reign(champion, stays, self.entries))

    def _rolled_back_to(self, package: str) -> None:
        """The version comes back with the reference that was in force with it."""
        champion, before = Champion(self.number, package), latest(self.reigns, package)
        itself = before is None or before.reference.package == package
        reign = Reign(champion, champion if itself or before is None else before.reference, self.entries)
        left = self.line.pop()
        place = next((at for at in reversed(range(len(self.line))) if self.line[at].champion.package == package), None)
        if place is not None:
            del self.line[place:]
        self.rolled_back.add(left.champion.package)
        self._enthrone(reign)

    def _enthrone(self, reign: Reign) -> None:
        self.line.append(reign)
        self.reigns.append(reign)
        self.rolled_back.discard(reign.champion.package)
        if self.challenger == reign.champion.package:
            self.challenger = None


def _does_not_follow(number: int, champion: Champion | None, entry: Entry) -> IntegrityError:
    return IntegrityError(
        f"log entry {number}",
        expected=f"what can follow with champion {champion or 'none'}",
        got=_as_said(entry),
        hint="something else than Benison wrote into the log; restore it from a copy",
    )


def _as_said(entry: Entry) -> str:
    if not isinstance(entry, PackageEntry):
        return entry.action
    return f"{entry.action} of {entry.package}, replacing {entry.replaces or 'none'}"
