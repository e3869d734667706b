"""Which promotions and rollbacks the registry refuses, and in which words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from benison.config.release import FORBIDDEN, REQUIRED
from benison.core import digests
from benison.core.errors import ConflictError, RefusedError, RegistryError
from benison.registry.copies import Copy
from benison.registry.log import ALIAS, Bless, Champion
from benison.registry.state import State, Version

_DIGITS = re.compile(r"[0-9a-f]{6,64}")
_FORCE = "force it with a reason, which is recorded"
# A blessing may be dated so much later than the promotion by clocks that differ; more is no small difference.
_CLOCKS_APART = timedelta(days=1)


def newest(spans: tuple[int, ...]) -> int:
    """The newest span of data that a model was trained on; 0 where none is known."""
    return max(spans, default=0)


def _called(package: str) -> str:
    return f"version {digests.short(package)}"


def copy_of(state: State, package: str) -> Copy:
    """Where the files of a version lie.

    Raises:
        RegistryError: They were collected.
    """
    known = state.versions[package]
    if known.collected:
        got = f"one of which its files were deleted, by entry {known.generation}"
        hint = "the log still has what is known of it:  benison registry log --json"
        raise RegistryError(_called(package), expected="a version with files", got=got, hint=hint)
    return state.copy(package)


def champion_already(state: State, package: str) -> RegistryError | None:
    """The refusal to put the champion in its own place."""
    if state.champion is None or state.champion.package != package:
        return None
    return RegistryError(
        _called(package),
        expected="a version that is not the champion",
        got=f"the champion already, {state.champion}",
        hint="nothing is to be done",
    )


def moved(package: str, expected: Champion | None, found: Champion | None) -> RefusedError:
    """The refusal of a promotion whose proof is against another champion than the one there is."""
    return RefusedError(
        _called(package),
        expected=f"champion {expected or 'none'}, which it was compared with",
        got=f"champion {found or 'none'}",
        hint="run the pipeline again, so that it is compared with the present champion",
    )


def raced(package: str, expected: Champion | None, found: Champion | None) -> ConflictError:
    """The refusal of a change that another one overtook."""
    return ConflictError(
        _called(package),
        expected=f"champion {expected or 'none'}, as it was a moment ago",
        got=f"champion {found or 'none'}, who came meanwhile",
        hint="look at the log, and try again",
    )


def other_than(number: int, found: Champion | None) -> ConflictError:
    """The refusal of a rollback from a champion that is none any more."""
    return ConflictError(
        "rollback",
        expected=f"champion {number}, which is to go",
        got=f"champion {found or 'none'}",
        hint="look at the log: it may be done already",
    )


def promotion(state: State, package: str, when: datetime, policy: str = "") -> RefusedError | None:
    """Why a registered package must not become the champion; None where it may.

    Args:
        state: The registry's.
        package: One that is registered.
        when: The moment.
        policy: The digest of the policy in force; empty: not known here.
    """
    version = state.versions[package]
    blessing = version.blessing
    if gone := retired(package, version):
        return gone
    if blessing is None:
        return _unproven(package, "no blessing", "run the pipeline, so that it is evaluated")
    if not blessing.blessed:
        reasons = "; ".join(blessing.reasons) or f"verdict {blessing.verdict}"
        return _unproven(package, f"not blessed: {reasons}", _FORCE)
    if package in state.rolled_back:
        return _unproven(package, "one that was rolled back since", f"no run brings it back: {_FORCE}")
    if blessing.compared_with != state.champion:
        return moved(package, blessing.compared_with, state.champion)
    if policy and blessing.evidence.get("policy") != policy:
        hint = "run the pipeline again, so that the policy of benison.yaml decides"
        return _unproven(package, "one by another policy than the one in force", hint)
    return _too_old(state, package, blessing, when) or _unapproved(state, package, version) or _older(state, package)


def retired(package: str, version: Version) -> RefusedError | None:
    """Why a version must not be used: it is retired; None where it is not."""
    if version.retired is None:
        return None
    got, hint = f"one that was retired by entry {version.retired}", "register it again, by the run that made it"
    return RefusedError(_called(package), expected="a version in use", got=got, hint=hint)


def check_alias(name: str) -> None:
    """Makes sure that a name can be a user's own.

    Raises:
        RegistryError: It cannot, or could be taken for something else.
    """
    where = f"alias {name!r}"
    if name in State().aliases:
        hint = "promotions and rollbacks move it"
        raise RegistryError(where, expected="a name of your own", got="one that the log moves by itself", hint=hint)
    if _DIGITS.fullmatch(name):
        hint = "put a word beside it"
        raise RegistryError(where, expected="a name", got="what could be the start of a digest", hint=hint)
    if not ALIAS.fullmatch(name):
        expected = "small letters, digits, - and _, a letter first, at most 63"
        raise RegistryError(where, expected=expected, got=repr(name))


def in_use(package: str, names: Sequence[str]) -> RefusedError:
    """The refusal to retire what an alias stands for."""
    got, hint = f"the {' and '.join(names)}", "promote another one first"
    return RefusedError(_called(package), expected="a version that no alias stands for", got=got, hint=hint)


def _unproven(package: str, got: str, hint: str) -> RefusedError:
    return RefusedError(_called(package), expected="a blessing", got=got, hint=hint)


def _too_old(state: State, package: str, blessing: Bless, when: datetime) -> RefusedError | None:
    days, age = state.release.valid_days, when - datetime.fromisoformat(blessing.when)
    if -_CLOCKS_APART <= age <= timedelta(days=days):
        return None
    expected = f"a blessing of the last {days} days"
    if age > timedelta(0):
        hint = "run the pipeline again, so that it is evaluated on recent data"
        return RefusedError(_called(package), expected=expected, got=f"one of {blessing.when}", hint=hint)
    got = f"one of {blessing.when}, which is yet to come"
    return RefusedError(_called(package), expected=expected, got=got, hint="set the clocks of the machines that write")


def _unapproved(state: State, package: str, version: Version) -> RefusedError | None:
    if state.release.approval != REQUIRED or version.approved:
        return None
    hint = f"somebody else than who trained it:  benison registry approve {digests.short(package)} --why '...'"
    return RefusedError(_called(package), expected="an approval of its blessing", got="none", hint=hint)


def _older(state: State, package: str) -> RefusedError | None:
    if state.champion is None:
        return None
    own = newest(state.versions[package].entry.spans)
    there = newest(state.versions[state.champion.package].entry.spans)
    if own >= there:
        return None
    return RefusedError(
        _called(package),
        expected=f"training on spans up to {there} or newer, as the champion {state.champion}",
        got=f"spans up to {own}",
        hint=f"roll back to go back to an older model, or {_FORCE}",
    )


def forcing(state: State, package: str) -> RefusedError | None:
    """Why a refusal must not be overruled; None where it may."""
    if state.release.force != FORBIDDEN:
        return None
    hint = "the rules of release in benison.yaml forbid it:  release: {force: forbidden}"
    return RefusedError(_called(package), expected="proof", got="--force, which is forbidden here", hint=hint)


def approval(state: State, package: str, who: str) -> RefusedError | None:
    """Why a person must not approve a package; None where they may."""
    version = state.versions[package]
    if version.blessing is None or not version.blessing.blessed:
        got = "none" if version.blessing is None else f"verdict {version.blessing.verdict}"
        return RefusedError(_called(package), expected="a blessing to approve", got=got, hint="run the pipeline first")
    trained = sorted({_person(version.entry.who), _person(version.blessing.who)})
    if _person(who) in trained:
        hint = "ask somebody else to approve it"
        expected = "somebody else than who trained it or had it judged"
        return RefusedError(_called(package), expected=expected, got=" and ".join(trained), hint=hint)
    return None


def _person(who: str) -> str:
    """Whoever it is, on whichever machine."""
    return who.partition("@")[0].casefold()


def way_back(state: State) -> str:
    """The package that a rollback without a name goes to: the champion before.

    Raises:
        RegistryError: There is none.
    """
    if len(state.line) < 2:
        raise RegistryError(
            "rollback",
            expected="a champion before this one",
            got=f"champion {state.champion or 'none'} and none before",
            hint="name a blessed version to go to",
        )
    return state.line[-2].champion.package


def rollback(state: State, package: str) -> RegistryError | RefusedError | None:
    """Why a package must not take the champion's place back; None where it may: it was champion, or is blessed."""
    if state.champion is None:
        return RegistryError("rollback", expected="a champion to roll back from", got="none", hint="promote a version")
    if already := champion_already(state, package):
        return already
    version = state.versions[package]
    if gone := retired(package, version):
        return gone
    blessed = version.blessing is not None and version.blessing.blessed
    if state.last_reign(package) is not None or (blessed and not _unapproved(state, package, version)):
        return None
    return RefusedError(
        _called(package),
        expected=f"a version that was champion or is blessed{' and approved' * (state.release.approval == REQUIRED)}",
        got="neither",
        hint="name another version",
    )
