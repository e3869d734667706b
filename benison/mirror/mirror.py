"""Brings a model of Vertex AI's Model Registry to what the promotion log says, and changes only what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benison.core.errors import RefusedError
from benison.mirror.artifacts import Artifacts
from benison.mirror.vertex import DEFAULT, Version, VertexModel
from benison.mirror.wanted import CHALLENGER, CHAMPION, Wanted, wanted
from benison.registry.registry import Registry

_ROLES = frozenset({CHAMPION, CHALLENGER})


@dataclass(frozen=True)
class Step:
    """Something that was done, or left.

    Attributes:
        package: The digest of the package.
        version: The number of its version there; empty: it has none.
        what: In words.
        done: Whether something was changed.
    """

    package: str
    version: str
    what: str
    done: bool = True


def mirror(registry: Registry, model: VertexModel, artifacts: Artifacts) -> Iterator[Step]:
    """Does so step by step, each of which may be the last one: the next mirror goes on from there.

    Args:
        registry: Of one model.
        model: What is to show it.
        artifacts: Where its packages are copied to.

    Yields:
        Each step when it is done, and what was left as it is.

    Raises:
        RefusedError: The champion lacks a signature that is required; nothing is changed.
        BenisonError: A package is damaged, the bucket cannot be written, or the API does not take something.
    """
    state = registry.state()
    if state.champion is not None:
        registry.require_signature(state.champion.package)
    asked = wanted(state, lambda package: _is_signed(registry, package))
    there = _there(asked, model)
    shown, more = _by_package(there)
    held = frozenset(alias for one in asked for alias in one.aliases)
    follows = _default_follows(there, {one.package for one in asked})
    for one in asked:
        yield from _brought(registry, model, artifacts, one, shown, is_first=not there and not shown)
        if (version := shown.get(one.package)) is not None:
            yield from _aliased(model, version, _aliases(one, follows), held)
    for version in more:
        yield from _aliased(model, version, frozenset(), held)
        yield Step(version.package, version.id, "stays, a second one of its package", done=False)


def _is_signed(registry: Registry, package: str) -> bool:
    """Whether the rules let a package be shown; asked of the challenger, since the champion's lack is an error."""
    try:
        registry.require_signature(package)
    except RefusedError:
        return False
    return True


def _there(asked: list[Wanted], model: VertexModel) -> list[Version]:
    """What is there, with what an earlier mirror that was stopped had begun to upload."""
    there = model.versions()
    known = {version.package for version in there}
    is_missing = any(one.package not in known and not one.retired for one in asked)
    return model.versions() if is_missing and model.wait_for_uploads() else there


def _by_package(there: list[Version]) -> tuple[dict[str, Version], list[Version]]:
    """A mirror's own versions by package, and further ones of the same, which uploads that were cut off made."""
    own = [one for one in there if one.package]
    shown: dict[str, Version] = {}
    for one in sorted(own, key=lambda one: (not one.aliases & _ROLES, int(one.id))):
        shown.setdefault(one.package, one)
    return shown, [one for one in own if shown[one.package] is not one]


def _brought(
    registry: Registry,
    model: VertexModel,
    artifacts: Artifacts,
    one: Wanted,
    shown: dict[str, Version],
    *,
    is_first: bool,
) -> Iterator[Step]:
    """Makes sure that a version is there with its labels; `shown` has it then."""
    version = shown.get(one.package)
    if version is not None:
        if not one.labels.items() <= version.labels.items():
            model.label(version, one.labels)
            yield Step(one.package, version.id, f"labels {_spelt(one.labels.values())}")
        if one.retired:
            yield Step(one.package, version.id, "stays, out of use here", done=False)
    elif not one.retired:
        try:
            copied = artifacts.bring(registry, one.package)
        except RefusedError as error:
            yield Step(one.package, "", f"not shown: expected {error.expected}, got {error.got}", done=False)
            return
        shown[one.package] = version = model.upload(one.package, copied, one.labels, is_first=is_first)
        yield Step(one.package, version.id, "uploaded")


def _default_follows(there: list[Version], own: set[str]) -> bool:
    """Whether ``default`` goes with the champion: unless somebody gave it to a version of theirs."""
    return all(one.package in own for one in there if DEFAULT in one.aliases)


def _aliases(one: Wanted, follows: bool) -> frozenset[str]:
    return one.aliases | {DEFAULT} if follows and CHAMPION in one.aliases else one.aliases


def _aliased(model: VertexModel, version: Version, aliases: frozenset[str], held: frozenset[str]) -> Iterator[Step]:
    """An alias that another version gets moves there by itself; one that nobody has any more is taken away."""
    dropped = (version.aliases & _ROLES) - held
    changes = [*sorted(aliases - version.aliases), *(f"-{alias}" for alias in sorted(dropped))]
    if changes:
        model.alias(version, changes)
        yield Step(version.package, version.id, f"aliases {_spelt(changes)}")


def _spelt(words: Iterable[str]) -> str:
    return ", ".join(words)
