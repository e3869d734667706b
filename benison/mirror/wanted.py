"""What another registry should show, by what the promotion log comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benison.core import digests
from benison.registry.state import State

CHAMPION, CHALLENGER = "champion", "challenger"
PACKAGE, NUMBER, VERDICT = "benison-package", "benison-champion", "benison-verdict"


@dataclass(frozen=True)
class Wanted:
    """A version as it should stand there.

    Attributes:
        package: Its digest.
        labels: The digest's beginning, the number of the last entry that made it champion, the gate's last word.
        aliases: Which of ``champion`` and ``challenger`` it is.
        retired: It is out of use: where it is not there already it is not brought.
    """

    package: str
    labels: Mapping[str, str]
    aliases: frozenset[str]
    retired: bool


def wanted(state: State, allowed: Callable[[str], bool] = lambda package: True) -> list[Wanted]:
    """Every version that was champion or challenger at some time: the champion first, the challenger, the others.

    Args:
        state: What the log comes to.
        allowed: Whether a challenger may be shown as such.

    Returns:
        The champion and the challenger first, so that a long past does not keep them waiting; the others as they were
        registered.
    """
    challenger = state.challenger if state.challenger and allowed(state.challenger) else None
    champion = state.champion.package if state.champion else None
    roles = {CHAMPION: champion, CHALLENGER: challenger}
    found = [_wanted(state, package, roles) for package in state.versions if _was_proven(state, package)]
    return sorted(found, key=lambda one: (CHAMPION not in one.aliases, CHALLENGER not in one.aliases))


def _was_proven(state: State, package: str) -> bool:
    """Whether it was champion or challenger; a word of the gate that was taken back does not undo that."""
    return package in state.reigned or any(word.blessed for _, word in state.versions[package].blessings)


def _wanted(state: State, package: str, roles: Mapping[str, str | None]) -> Wanted:
    aliases = frozenset(role for role, of in roles.items() if of == package)
    return Wanted(package, _labels(state, package), aliases, state.versions[package].retired is not None)


def _labels(state: State, package: str) -> dict[str, str]:
    word, reign = state.versions[package].blessing, state.last_reign(package)
    number = {NUMBER: str(reign.champion.number)} if reign else {}
    return {PACKAGE: digests.short(package), VERDICT: word.verdict.lower() if word else "none", **number}
