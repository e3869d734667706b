"""Accept: checks that failed, held to the bounds that a person accepted for them."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from benison.components.example_validator.edit_schema import beyond
from benison.config.acceptances import JUDGED_BY, OF_SCHEMA, REFUSED, Acceptance
from benison.core.errors import ConfigError, DataError
from benison.core.spelling import nearest
from benison.core.verdicts import Check, Verdict

BEYOND = "_beyond"
_COLUMN = re.compile(r"columns? (.+?)(?: in (?:train|eval|holdout|serving|data|span \d+).*)?")
_SPAN = re.compile(r"span \d+")
_WAY_OUT = re.compile(r"; [^;]*benison data accept[^;]*")


@dataclass(frozen=True)
class Figure:
    """A figure that made a check fail.

    Attributes:
        measure: Its name among the check's numbers.
        value: What it is.
        sign: 1: it is too large; -1: it is too small.
    """

    measure: str
    value: float
    sign: int


def failing(check: Check) -> tuple[Figure, ...]:
    """The figures that made a check fail, which its numbers have; empty where it is no figure that did.

    Args:
        check: One that may be accepted, that is, of `JUDGED_BY`.
    """
    numbers = check.numbers
    if check.name == "history":
        beyond_band = {name.removesuffix(BEYOND): value for name, value in numbers.items() if name.endswith(BEYOND)}
        return tuple(Figure(name, numbers[name], 1 if value > 0 else -1) for name, value in beyond_band.items())
    if check.name == "reach":
        return tuple(Figure(name, numbers[name], 1) for name in JUDGED_BY["reach"] if name in numbers)
    measure = next((name for name in JUDGED_BY[check.name] if name in numbers), None)
    if measure is None:
        return ()
    # Too few rows, or an event of the future.
    too_small = numbers[measure] < {"ratio": 1, "age_hours": 0}.get(measure, -math.inf)
    return (Figure(measure, numbers[measure], -1 if too_small else 1),)


def apply(
    checks: Sequence[Check], acceptances: Iterable[Acceptance], columns: Collection[str], snapshot: str = ""
) -> tuple[Check, ...]:
    """The checks; one that failed passes where all that made it fail lies within what was accepted, and says so.

    What could not be checked stays as it is. An acceptance that this run did not need is fine.

    Args:
        checks: All of them.
        acceptances: What accepted.yaml says.
        columns: The columns of the data and of the schema.
        snapshot: The snapshot's digest.

    Raises:
        ConfigError: An acceptance is of a column, or of something else, that is not known; the message names the
            nearest one.
    """
    acceptances = list(acceptances)
    for one in acceptances:
        _known(one, checks, columns)
    bounds = [one for one in acceptances if one.check not in OF_SCHEMA and one.snapshot in ("", snapshot)]
    return tuple(_held(check, [one for one in bounds if _of(one, check)]) for check in checks)


def _of(one: Acceptance, check: Check) -> bool:
    return (one.check, one.subject) == (check.name, check.subject)


def _known(one: Acceptance, checks: Sequence[Check], columns: Collection[str]) -> None:
    # A span's number is of one run; what it was accepted of is known where a check speaks of another span.
    seen = {_SPAN.sub("span", check.subject) for check in checks}
    column = column_of(one.subject)
    if column in columns or _SPAN.sub("span", one.subject) in seen:
        return
    unknown = [name for name in column.split(", ") if name not in columns]
    if column and unknown:
        hint = nearest(unknown[0], columns)
        raise ConfigError(one.where, expected="a column of the data or of the schema", got=repr(unknown[0]), hint=hint)
    if not column:
        of_check = {check.subject for check in checks if check.name == one.check}
        expected = f"what a check {one.check} is of"
        raise ConfigError(one.where, expected=expected, got=repr(one.subject), hint=nearest(one.subject, of_check))


def column_of(subject: str) -> str:
    """The column that a subject speaks of, or the columns; empty where it is another thing.

    >>> column_of("column fare in train"), column_of("columns cab, trip in span 3"), column_of("split train")
    ('fare', 'cab, trip', '')
    """
    found = _COLUMN.fullmatch(subject)
    return found[1] if found else ""


def _held(check: Check, accepted: Sequence[Acceptance]) -> Check:
    if check.verdict is not Verdict.FAIL or not accepted:
        return check
    figures = failing(check)
    found = [next((one for one in accepted if _covers(one, figure)), None) for figure in figures]
    if not figures:
        found = [next((one for one in accepted if one.observed == check.observed), None)]
    used = [one for one in dict.fromkeys(found) if one is not None]
    if len([one for one in found if one is not None]) < len(found):
        return replace(check, reason=f"{check.reason}; {_not_enough(accepted)}")
    said = "; ".join(f"{_accepted(one)}: {one.why}" for one in used)
    allowed = f"{check.allowed}; {', '.join(_accepted(one) for one in used)}"
    reason = f"{_WAY_OUT.sub('', check.reason)}; {said}"
    return replace(check, verdict=Verdict.PASS, allowed=allowed, reason=reason)


def _covers(one: Acceptance, figure: Figure) -> bool:
    """Whether a figure is within what was accepted on its side: who accepts that it is large accepts nothing small."""
    if one.measure != figure.measure:
        return False
    return figure.value <= one.at_most < math.inf if figure.sign > 0 else -math.inf < one.at_least <= figure.value


def _accepted(one: Acceptance) -> str:
    measure = f"{one.measure} " if one.measure else ""
    return f"{measure}accepted {one.bound} by {one.who} on {one.when[:10]}"


def _not_enough(accepted: Sequence[Acceptance]) -> str:
    return f"not within what was accepted: {', '.join(_accepted(one) for one in accepted)}"


def proposed(check: Check, said: Acceptance, margin: float) -> list[Acceptance]:
    """What has to be accepted so that a check that failed passes.

    Args:
        check: It.
        said: Who accepts it, why and when, and for which snapshot alone.
        margin: How far beyond what was observed the bounds lie, as a share of it.

    Raises:
        DataError: It is nothing that could be accepted; the message says why, and what to do instead.
    """
    if why_not := refusal(check):
        where = f"{check.name} {check.subject}"
        raise DataError(where, expected="something that can be accepted", got=check.observed, hint=why_not)
    mine = replace(said, check=check.name, subject=check.subject)
    return [_bounded(mine, figure, margin) for figure in failing(check)] or [replace(mine, observed=check.observed)]


def _bounded(said: Acceptance, figure: Figure, margin: float) -> Acceptance:
    bound = float(beyond(figure.value, figure.sign, margin))
    if figure.sign < 0:
        return replace(said, measure=figure.measure, at_least=bound)
    share = figure.measure.endswith("_share") or figure.measure in ("share", "auc")
    if share:
        # Of a share near 1 the margin is one of what is left, or all would be accepted.
        left = figure.value + margin * (1 - figure.value)
        bound = min(bound, max(figure.value, float(f"{left:.6g}")))
    return replace(said, measure=figure.measure, at_most=bound)


def refusal(check: Check) -> str:
    """Why a check cannot be accepted; empty where it can."""
    if check.verdict is not Verdict.FAIL:
        return f"it is {check.verdict}: only what failed can be accepted"
    if check.name in OF_SCHEMA:
        return ""
    if check.name not in JUDGED_BY:
        return REFUSED.get(check.name, "no bound is known for it")
    if not all(math.isfinite(figure.value) for figure in failing(check)):
        return "its figure is not finite"
    if check.name == "freshness" and check.numbers["age_hours"] < 0:
        return "an event of the future is wrong: correct the clock, the zone or the date"
    return ""
