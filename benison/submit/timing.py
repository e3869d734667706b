"""When a schedule starts runs: one spelling of cron, and what each server makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from benison.core.errors import InputError

FIELDS = "minute, hour, day of the month, month, day of the week"
_FIELD = re.compile(r"[0-9A-Za-z*,/-]+")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WHERE = "--cron"


@dataclass(frozen=True)
class Timing:
    """Times at which runs start.

    Attributes:
        cron: Five fields of numbers: minute, hour, day of the month, month, day of the week from 0, Sunday, to 6.
        timezone: A name of the IANA's, in which the fields are meant; empty: UTC.
    """

    cron: str
    timezone: str = ""

    def next(self, after: datetime, count: int) -> list[datetime]:
        """The next times after a moment, in the schedule's own time zone."""
        return list(islice(self.following(after), count))

    def following(self, moment: datetime) -> Iterator[datetime]:
        """The times after a moment, one after the other, in the schedule's own time zone."""
        return CronSim(self.cron, moment.astimezone(self._zone))

    def last(self, until: datetime) -> datetime:
        """The newest time that is not after a moment, in the schedule's own time zone."""
        # Backwards from just behind it, since the reader leaves out the moment that it starts from.
        behind = until.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        return next(CronSim(self.cron, behind.astimezone(self._zone), reverse=True))

    @property
    def _zone(self) -> tzinfo:
        return ZoneInfo(self.timezone) if self.timezone else UTC


def timing_of(cron: str, timezone: str = "") -> Timing:
    """Reads a cron expression that both servers understand as one and the same.

    Args:
        cron: Five fields: numbers, names of months and days, ``*``, lists, ranges, steps. 7 is Sunday as 0 is.
        timezone: A name of the IANA's; empty: UTC.

    Raises:
        InputError: It is none; or it names days of the month and of the week, which cron's readers join in different
            ways; or it never comes; or there is no such time zone.

    >>> timing_of("30 6 * jan-mar mon,7")
    Timing(cron='30 6 * 1-3 0,1', timezone='')
    """
    fields = cron.split()
    if len(fields) != 5 or not all(_FIELD.fullmatch(field) for field in fields):
        raise _error(f"five fields: {FIELDS}", repr(cron), "as in  0 6 * * 1  for Mondays at 6:00")
    minute, hour, day, month, weekday = (field.upper() for field in fields)
    if day != "*" and weekday != "*":
        hint = "make two schedules, or keep one of the two *"
        raise _error("days of the month or of the week", f"both: {day} and {weekday}", hint)
    found = Timing(f"{minute} {hour} {day} {_numbered(month)} *", _known(timezone))
    # The days of the week are held to their range with the rest, before they are spelt anew.
    _checked(cron, Timing(f"{minute} {hour} {day} {month} {weekday}", found.timezone))
    return Timing(found.cron[:-1] + _weekdays(weekday), found.timezone)


def _numbered(months: str) -> str:
    for number, name in enumerate(_MONTHS, start=1):
        months = months.replace(name, str(number))
    return months


def _weekdays(said: str) -> str:
    """Days of the week one by one: some readers know no 7, and no range that ends with it."""
    if said == "*":
        return said
    days = {day % 7 for day in CronSim(f"0 0 * * {said}", datetime.now(UTC)).weekdays if isinstance(day, int)}
    return ",".join(map(str, sorted(days)))


def _checked(said: str, timing: Timing) -> None:
    if re.search(r"[LW]", re.sub("|".join((*_DAYS, *_MONTHS)), "", timing.cron)):
        raise _error("fields that every server knows", repr(said), "L and W are known to some only")
    try:
        next(CronSim(timing.cron, datetime.now(UTC)))
    except CronSimError as error:
        raise _error(f"five fields: {FIELDS}", f"{said!r}: {str(error).lower()}", "as in  0 6 * * 1-5") from None
    except StopIteration:
        raise _error("a time that comes", f"{said!r}, which never does", "look at day and month") from None


def _known(timezone: str) -> str:
    try:
        return timezone and ZoneInfo(timezone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError("--timezone", expected="a name as in Europe/Berlin", got=repr(timezone)) from None


def _error(expected: str, got: str, hint: str) -> InputError:
    return InputError(_WHERE, expected=expected, got=got, hint=hint)


def for_kubeflow(timing: Timing) -> str:
    """As Kubeflow's controller reads it: with seconds before the rest. It has a time zone of its own."""
    return f"0 {timing.cron}"


def of_kubeflow(cron: str) -> str:
    """The five fields; another's schedule that starts within minutes keeps its six."""
    seconds, _, rest = cron.partition(" ")
    return rest if seconds == "0" else cron


def for_vertex(timing: Timing) -> str:
    """As Vertex reads it: the time zone before the fields."""
    return f"TZ={timing.timezone or 'Etc/UTC'} {timing.cron}"


def of_vertex(cron: str) -> Timing:
    """The time zone and the five fields."""
    zone, fields = cron.split(" ", 1) if cron.startswith(("TZ=", "CRON_TZ=")) else ("", cron)
    name = zone.partition("=")[2]
    return Timing(fields, "" if name in ("Etc/UTC", "UTC") else name)


def spell(times: Sequence[datetime]) -> str:
    """Times as a person reads them.

    >>> spell([datetime(2026, 7, 6, 6, tzinfo=UTC)])
    'Mon 2026-07-06 06:00 UTC'
    """
    return ", ".join(f"{time:%a %Y-%m-%d %H:%M %Z}" for time in times)
