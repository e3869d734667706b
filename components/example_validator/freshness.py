"""Freshness: how old the newest event was when the data were read."""

from __future__ import annotations

from datetime import datetime, timedelta

from benison.config.validation import Freshness
from benison.core.profiles import LATEST
from benison.core.verdicts import Check, Verdict

# Zones are at most so far apart; an event later than this is none of another zone.
_ZONES = timedelta(days=1)


def freshness(span: int, column: str, last: float | None, read_at: datetime | None, rule: Freshness) -> Check:
    """The newest event of the newest span is not too old, and has happened.

    Args:
        span: The newest one.
        column: The column that says when a row happened.
        last: The latest event, seconds since 1970 in UTC; None where no value of the column is a time.
        read_at: When the data were read, with a zone; None where nobody noted it.
        rule: The age that is allowed.
    """
    subject, allowed = f"span {span}", f"at most {_spelt(rule.max_age)} old"
    if last is None or read_at is None or abs(last) > LATEST:
        why = _unknown(column, last)
        reason = f"{subject}: {why}, so its age is not known; allowed {allowed}"
        return Check("freshness", subject, rule.tier, Verdict.INCONCLUSIVE, "no time", allowed, reason, {"known": 0})
    age = timedelta(seconds=read_at.timestamp() - last)
    numbers = {"age_hours": age.total_seconds() / 3600, "max_age_hours": rule.max_age.total_seconds() / 3600}
    event = f"the newest event by {column}"
    if age < -_ZONES:
        observed = f"{_spelt(-age)} after it was read"
        reason = f"{subject}: {event} lies {_spelt(-age)} after {_moment(read_at)}, when it was read; "
        reason += "a clock, a zone or a date is wrong"
        return Check("freshness", subject, rule.tier, Verdict.FAIL, observed, allowed, reason, numbers)
    verdict = Verdict.PASS if age <= rule.max_age else Verdict.FAIL
    observed = f"{_spelt(max(age, timedelta()))} old"
    reason = f"{subject}: {event} was {observed} at {_moment(read_at)}; allowed {allowed}"
    if verdict is Verdict.FAIL:
        reason += "; newer data are needed, or a longer validation.freshness.max_age"
    return Check("freshness", subject, rule.tier, verdict, observed, allowed, reason, numbers)


def _unknown(column: str, last: float | None) -> str:
    """Why the age is not known."""
    if last is None:
        return f"column {column} has no time that can be read"
    if abs(last) > LATEST:
        return f"column {column} is no time in seconds since 1970: {last:g}; is it in milliseconds or nanoseconds?"
    return "it is not known when it was read"


def _moment(when: datetime) -> str:
    return when.isoformat(timespec="seconds")


def _spelt(length: timedelta) -> str:
    """A length as a person says it: ``36 h``, ``3.5 d``, ``20 min``."""
    seconds = length.total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size or (unit == "min" and seconds):
            return f"{seconds / size:.3g} {unit}"
    return "0 min"
