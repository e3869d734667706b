"""What a change adds to the log, decided in the state of the moment, or the refusal of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benison.core import digests
from benison.core.errors import ConflictError, RegistryError
from benison.registry import log, rules
from benison.registry.copies import Copy
from benison.registry.log import Alias, Approve, Bless, Collect, Entry, Promote, Register, Retire, Rollback
from benison.registry.state import State


@dataclass(frozen=True)
class Promotion:
    """A promotion that is asked for; see `Registry.promote`."""

    package: str
    force: bool
    by_hand: bool
    policy: str
    when: datetime
    said: Mapping[str, Any]

    def entry(self, now: State) -> Promote:
        """The entry that promotes; raises the refusal where there is one that is not overruled."""
        if already := rules.champion_already(now, self.package):
            raise already
        refusal = rules.promotion(now, self.package, self.when, self.policy)
        if refusal and not self.force:
            raise refusal
        if refusal and (forbidden := rules.forcing(now, self.package)):
            raise forbidden
        blessing = now.versions[self.package].blessing
        return Promote(
            package=self.package,
            forced=refusal is not None,
            overruled=str(refusal).partition("\n")[0] if refusal else "",
            by_hand=self.by_hand,
            superior=now.champion is None or (refusal is None and blessing is not None and blessing.superior),
            evidence=blessing.evidence if blessing else {},
            replaces=now.champion,
            compared_with=blessing.compared_with if blessing else None,
            **self.said,
        )


def approval(now: State, package: str, said: Mapping[str, Any]) -> Approve | None:
    """The entry that approves; None where there is one; raises the refusal where it must not be."""
    if refusal := rules.approval(now, package, said["who"]):
        raise refusal
    version = now.versions[package]
    number, blessing = version.blessings[-1]
    return None if version.approved else Approve(package=package, blessing=number, evidence=blessing.evidence, **said)


def rollback(now: State, package: str, said: Mapping[str, Any]) -> Rollback:
    """The entry that rolls back; raises the refusal where it must not be."""
    if refusal := rules.rollback(now, package):
        raise refusal
    return Rollback(package=package, replaces=now.champion, **said)


def crowns(entry: Entry, package: str) -> bool:
    """Whether an entry made a package the champion."""
    return isinstance(entry, Promote | Rollback) and entry.package == package


def said(who: str, when: datetime, why: str) -> dict[str, Any]:
    """Who, when and why, as every entry says it.

    Raises:
        RegistryError: Who or why is missing: a log that does not tell is none.
    """
    said = {"who": log.one_line(who), "when": log.utc(when), "why": log.one_line(why)}
    for name, text in said.items():
        if not text:
            raise RegistryError(name, expected="some words", got="none", hint=f"say {name}: the log keeps it")
    return said


def blessing(now: State, entry: Bless) -> Bless | None:
    """The entry with the gate's word; None where it has said so, on the same evidence by the same policy."""
    return None if _same_word(now.versions[entry.package].blessing, entry) else entry


def _same_word(last: Bless | None, new: Bless) -> bool:
    if last is None or last.verdict is not new.verdict:
        return False
    return all(last.evidence.get(name) == new.evidence.get(name) for name in ("evaluation", "policy"))


def registration(now: State, entry: Register, copy: Copy) -> Register | None:
    """The entry that registers a copy; None where the version is in use.

    Raises:
        ConflictError: The copy was collected while it was made.
    """
    if now.copy(entry.package) != copy:
        where = f"version {digests.short(entry.package)}"
        got = "one whose files were collected at this moment"
        raise ConflictError(where, expected="a version that stays while it is registered", got=got, hint="try again")
    known = now.versions.get(entry.package)
    return entry if known is None or known.retired is not None else None


def retirement(now: State, package: str, said: Mapping[str, Any]) -> Retire | None:
    """The entry that retires; None where it is retired already; raises the refusal where it must not be."""
    if now.versions[package].retired is not None:
        return None
    if names := [alias for alias, of in now.aliases.items() if of == package]:
        raise rules.in_use(package, names)
    return Retire(package=package, **said)


def collection(now: State, package: str, retired: int, said: Mapping[str, Any]) -> Collect | None:
    """The entry that collects; None where the version was registered again, or collected, or got a name meanwhile."""
    known = now.versions.get(package)
    if known is None or known.collected or package in now.aliases.values():
        return None
    return Collect(package=package, retired=retired, **said) if known.retired == retired else None


def naming(now: State, package: str, name: str, removed: bool, said: Mapping[str, Any]) -> Alias | None:
    """The entry that gives a name; None where the version has it, or where nothing has the name to be removed."""
    has = now.names.get(name) == package
    refusal = None if removed else rules.retired(package, now.versions[package])
    if refusal:
        raise refusal
    return Alias(package=package, name=name, removed=removed, **said) if has is removed else None
