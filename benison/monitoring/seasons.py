"""Which earlier windows a window may be compared with."""

from __future__ import annotations

from benison.config.monitor import DAY, NONE, SEASONS, WEEK

_DAY_S, _WEEK_S = 86_400, 7 * 86_400
# 1970 began on a Thursday; weeks begin on Mondays.
_MONDAY_S = 4 * 86_400
# So many windows a comparison rests on at most, by season: weeks, days, and windows in a row.
KEPT = {NONE: 24, DAY: 10, WEEK: 6}
FEWEST_WINDOWS = 3


def levels(season: str) -> tuple[str, ...]:
    """The seasons that windows are compared by, the finest first: until a finer one is known, a coarser one has to do.

    >>> levels("day")
    ('day', 'none')
    """
    return SEASONS[SEASONS.index(season) :: -1]


def slot(level: str, start: int) -> int:
    """The time of the season that a window is of.

    Args:
        level: One of `SEASONS`.
        start: When it begins, in seconds since 1970 in UTC.

    >>> slot("day", 3600 + 5 * 86_400), slot("week", 4 * 86_400), slot("none", 7)
    (3600, 0, 0)
    """
    if level == NONE:
        return 0
    return start % _DAY_S if level == DAY else (start - _MONDAY_S) % _WEEK_S


def cycle_s(season: str) -> int:
    """How long all of a season is; of none a day."""
    return _WEEK_S if season == WEEK else _DAY_S
