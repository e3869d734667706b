"""Which promotions and rollbacks the registry refuses, and in which words."""

from __future__ import annotations

from benison.core import digests
from benison.core.errors import BenisonError, ConflictError, RegistryError
from benison.registry.log import Champion
from benison.registry.state import State


def newest(spans: tuple[int, ...]) -> int:
    """The newest span of data that a model was trained on; 0 where none is known."""
    return max(spans, default=0)


def _called(package: str) -> str:
    return f"version {digests.short(package)}"


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


def moved(package: str, expected: Champion | None, found: Champion | None) -> ConflictError:
    """The refusal of a promotion whose proof is against another champion than the one there is."""
    return ConflictError(
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


def promotion(state: State, package: str) -> BenisonError | None:
    """Why a registered package must not become the champion; None where it may.

    It needs a blessing as the gate's last word, from a comparison with the present champion, and must not be
    trained on older data than the champion.
    """
    blessing = state.versions[package].blessing
    if blessing is None:
        return _unproven(package, "no blessing", "run the pipeline, so that it is evaluated")
    if not blessing.blessed:
        reasons = "; ".join(blessing.reasons) or f"verdict {blessing.verdict}"
        return _unproven(package, f"not blessed: {reasons}", "force it with a reason, which is recorded")
    if blessing.compared_with != state.champion:
        return moved(package, blessing.compared_with, state.champion)
    return _older(state, package)


def _unproven(package: str, got: str, hint: str) -> RegistryError:
    return RegistryError(_called(package), expected="a blessing", got=got, hint=hint)


def _older(state: State, package: str) -> RegistryError | None:
    if state.champion is None:
        return None
    own = newest(state.versions[package].entry.spans)
    there = newest(state.versions[state.champion.package].entry.spans)
    if own >= there:
        return None
    return RegistryError(
        _called(package),
        expected=f"training on spans up to {there} or newer, as the champion {state.champion}",
        got=f"spans up to {own}",
        hint="roll back to go back to an older model, or force it with a reason, which is recorded",
    )


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


def rollback(state: State, package: str) -> RegistryError | None:
    """Why a package must not take the champion's place back; None where it may: it was champion, or is blessed."""
    if state.champion is None:
        return RegistryError("rollback", expected="a champion to roll back from", got="none", hint="promote a version")
    if already := champion_already(state, package):
        return already
    blessing = state.versions[package].blessing
    if state.last_reign(package) is not None or (blessing is not None and blessing.blessed):
        return None
    return RegistryError(
        _called(package),
        expected="a version that was champion or is blessed",
        got="neither",
        hint="name another version",
    )
