"""Retention: which versions go, in two steps with a time of grace between them, and deleting their files.

A version that goes is first retired, which is an entry of the log. When it has been retired for the time of grace, and
nothing has changed that, it is collected: a second entry, and then its files go. Whoever is cut short leaves files
that no reader looks at, and the next one takes them. What the log says of a version stays for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from benison.core.errors import RefusedError
from benison.registry.copies import Copy
from benison.registry.registry import Registry
from benison.registry.state import State


@dataclass(frozen=True)
class Keep:
    """What stays.

    Attributes:
        days: Versions that were registered in the last so many days; None: age does not matter.
        versions: The newest so many; None: their number does not matter.
        size: The newest ones that together have so many bytes; None: size does not matter.
        champions: The last so many champions, whatever else is said; from 1.
        grace: How many days a version stays after it was retired.
    """

    days: float | None = None
    versions: int | None = None
    size: int | None = None
    champions: int = 3
    grace: float = 7.0


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    Attributes:
        retire: By package why it goes.
        collect: By package the entry that retired it.
        leftover: Copies that were collected, and of which something is still there.
        freed: Bytes of what is collected.
        snapshots: How many snapshots of the log nobody reads any more.
        protected: By package why it stays, though it is old enough to go.
    """

    retire: dict[str, str] = field(default_factory=dict)
    collect: dict[str, int] = field(default_factory=dict)
    leftover: tuple[Copy, ...] = ()
    freed: int = 0
    snapshots: int = 0
    protected: dict[str, str] = field(default_factory=dict)

    @property
    def anything(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.retire or self.collect or self.leftover or self.snapshots)


def plan(registry: Registry, keep: Keep, when: datetime) -> Plan:
    """What would be done at a moment; nothing is changed.

    Args:
        registry: Of one model.
        keep: What stays.
        when: The moment, with a time zone.
    """
    state = registry.state()
    needed = dict(_needed(state, keep.champions))
    going = dict(_going(registry, state, keep, when))
    retired = dict(_due(state, keep, when))
    collect = {package: number for package, number in retired.items() if package not in needed}
    there = {*registry.packages.sealed(), *registry.packages.begun(), *registry.key_files.begun()}
    there |= {*registry.signing.files.begun()}
    return Plan(
        retire={package: why for package, why in going.items() if package not in needed},
        collect=collect,
        leftover=tuple(sorted(copy for copy in there if state.left_over(copy))),
        freed=sum(_size(registry, state, package) for package in collect),
        snapshots=len(registry.snapshots.old()),
        protected={package: needed[package] for package in {**going, **retired} if package in needed},
    )


def carry_out(registry: Registry, todo: Plan, *, who: str, when: datetime) -> list[str]:
    """Does what a plan says, as far as it is still right at the moment of each step.

    Returns:
        The versions whose files are gone.

    Raises:
        StorageError: The registry is read-only or closed.
    """
    said: dict[str, Any] = {"who": who, "when": when}
    for copy in todo.leftover:
        registry.remove(copy)
    gone = [
        package
        for package, number in todo.collect.items()
        if registry.collect(package, number, why="the time of grace is over", **said)
    ]
    for package, why in todo.retire.items():
        try:
            registry.retire(package, why=why, **said)
        except RefusedError:
            continue  # An alias came to stand for it meanwhile.
    registry.snapshots.remove_old()
    return gone


def _needed(state: State, champions: int) -> Iterator[tuple[str, str]]:
    """What must stay, and why."""
    for package, version in state.versions.items():
        blessing = version.blessing
        if blessing and blessing.blessed and blessing.compared_with == state.champion:
            yield package, "it is blessed against the champion"
    last = list(dict.fromkeys(reign.champion.package for reign in reversed(state.reigns)))
    yield from ((package, f"it is one of the last {champions} champions") for package in last[:champions])
    yield from ((package, f"it is the {alias}") for alias, package in state.aliases.items() if package)


def _going(registry: Registry, state: State, keep: Keep, when: datetime) -> Iterator[tuple[str, str]]:
    """Versions in use that are too old or too many, and why."""
    used = [(package, version) for package, version in state.versions.items() if version.retired is None]
    total = 0
    for place, (package, version) in enumerate(sorted(used, key=lambda one: one[1].registered, reverse=True)):
        age = when - datetime.fromisoformat(version.entry.when)
        total += _size(registry, state, package) if keep.size is not None else 0
        if keep.days is not None and age > timedelta(days=keep.days):
            yield package, f"registered more than {keep.days:g} days ago"
        elif keep.versions is not None and place >= keep.versions:
            yield package, f"{keep.versions} versions are newer"
        elif keep.size is not None and total > keep.size:
            yield package, f"with those that are newer more than {keep.size:,} bytes"


def _due(state: State, keep: Keep, when: datetime) -> Iterator[tuple[str, int]]:
    """Versions that have been retired for the time of grace, and by which entry."""
    for package, version in state.versions.items():
        if version.retirement is not None and not version.collected:
            number, entry = version.retirement
            if when - datetime.fromisoformat(entry.when) >= timedelta(days=keep.grace):
                yield package, number


def _size(registry: Registry, state: State, package: str) -> int:
    manifest = registry.packages.manifest(state.copy(package))
    if manifest is None:
        return 0
    seen = manifest.provenance.trained_on
    return manifest.size + sum(one.size for one in (seen.key_sets if seen else ()))
