"""Budget: what the month's runs have used, what the next would, and whether that is still there."""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import median

from benison.config.triggers import Budget
from benison.triggers.state import State, moment, month_of

WARNINGS = (50, 80, 100)


def used(state: State, now: datetime) -> float:
    """Device hours of this month: of runs that are over, and of those under way as long as they have lasted.

    Args:
        state: What the ledger says.
        now: The moment.
    """
    begun = (one for one in state.active.values() if one.started is not None)
    lasting = sum((now - moment(one.started.when)).total_seconds() / 3600 for one in begun if one.started)
    return state.hours.get(month_of(now), 0.0) + max(lasting, 0.0)


def expected(state: State) -> float:
    """Device hours that the next training will use: the median of the newest; 0 where there was none."""
    return median(state.lengths) if state.lengths else 0.0


def lacking(state: State, now: datetime, budget: Budget, *, urgent: bool) -> str:
    """Why the budget does not carry one more run; empty: it does.

    Args:
        state: What the ledger says.
        now: The moment.
        budget: What there is.
        urgent: Whether it is a hot fix, which may use the reserve.
    """
    limit = budget.device_hours_per_month - (0.0 if urgent else budget.reserve_hours)
    spent, next_one = used(state, now), expected(state)
    if spent < limit and spent + next_one <= limit:
        return ""
    kept = f", {budget.reserve_hours:g} more are kept for hot fixes" if budget.reserve_hours and not urgent else ""
    return f"{spent:.1f} of {limit:g} device hours of {month_of(now)} are used and a run takes {next_one:.1f}{kept}"


def overdue(state: State, now: datetime, budget: Budget) -> tuple[int, float] | None:
    """The warning that is due: the percentage, and the device hours that are used; None: none.

    Args:
        state: What the ledger says.
        now: The moment.
        budget: What there is.
    """
    spent, month = used(state, now), month_of(now)
    reached = [mark for mark in WARNINGS if spent >= budget.device_hours_per_month * mark / 100]
    return (reached[-1], spent) if reached and reached[-1] > state.warned.get(month, 0) else None


def next_month(now: datetime) -> datetime:
    """The moment at which a new month's budget begins.

    >>> next_month(datetime(2026, 12, 28, tzinfo=UTC)).isoformat()
    '2027-01-01T00:00:00+00:00'
    """
    here = now.astimezone(UTC)
    year, month = (here.year + 1, 1) if here.month == 12 else (here.year, here.month + 1)
    return datetime(year, month, 1, tzinfo=UTC)
