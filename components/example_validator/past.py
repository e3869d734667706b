"""Past: the spans that the newest one can be compared with, and the rows that the champion was trained on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from benison.config.validation import History
from benison.core.profiles import LATEST, Profile, RowsProfile

Document = Mapping[str, Any]
_DAY = 86400
# As many days around a day of the year count as the same season, and a year has as many.
_DAYS_AROUND, _YEAR = 15, 365.2425
_WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


@dataclass(frozen=True)
class Past:
    """A span that was there before.

    Attributes:
        span: Its number; 1 wherever data do not come in spans.
        accepted_at: When its snapshot was accepted, ISO 8601 in UTC; empty of an older span of the window that was not.
        rows: What it looks like.
    """

    span: int
    accepted_at: str
    rows: RowsProfile

    @property
    def middle(self) -> float | None:
        """See `middle`."""
        return middle(self.rows)


def middle(rows: RowsProfile) -> float | None:
    """The middle between the first and the last event, seconds since 1970 in UTC; None where no column says."""
    if rows.first is None or rows.last is None:
        return None
    found = (rows.first + rows.last) / 2
    return found if abs(found) <= LATEST else None


def of_snapshot(profile: Profile, entries: Iterable[Document], *, spanned: bool) -> tuple[Past, ...]:
    """What was there before the newest span of a snapshot, oldest first.

    Args:
        profile: The snapshot.
        entries: history_entry documents, in any order. Where several have a span, the one accepted last counts; the
            snapshot's own older spans count before all of them.
        spanned: Whether data come in spans. Then only spans before the newest count, however late they were accepted;
            else every accepted snapshot but this one, in the order of acceptance.
    """
    entries = sorted(entries, key=lambda entry: (entry["accepted_at"], entry["snapshot"]))
    if not spanned:
        others = [entry for entry in entries if entry["snapshot"] != profile.snapshot]
        return tuple(past for entry in others for past in _spans(entry))
    found = {past.span: past for entry in entries for past in _spans(entry)}
    for span, rows in profile.spans.items():
        found[span] = Past(span, found[span].accepted_at if span in found else "", rows)
    return tuple(found[span] for span in sorted(found) if span < profile.newest)


def _spans(entry: Document) -> list[Past]:
    profile = Profile.from_json(entry["profile"])
    return [Past(span, entry["accepted_at"], rows) for span, rows in sorted(profile.spans.items())]


def train_of(snapshot: str, entries: Iterable[Document]) -> RowsProfile | None:
    """The train split of an accepted snapshot; None where history does not have it."""
    found = (entry for entry in entries if entry["snapshot"] == snapshot)
    return next((Profile.from_json(entry["profile"]).train for entry in found), None)


def comparable(past: Sequence[Past], span: int, rows: RowsProfile, rules: History) -> tuple[tuple[Past, ...], str]:
    """The newest spans of the same season, oldest first, and what the season is, in words; empty where all count.

    Args:
        past: Oldest first.
        span: The number of the span that is judged.
        rows: What it looks like.
        rules: The season, and how many spans are looked at.
    """
    if isinstance(rules.season, int):
        same = [one for one in past if (span - one.span) % rules.season == 0]
        return tuple(same[-rules.window :]), f"every {rules.season} spans"
    at = middle(rows)
    if not rules.season:
        return tuple(past[-rules.window :]), ""
    if at is None:
        return (), f"{rules.season}, but the span's rows have no time"
    same = [one for one in past if one.middle is not None and _same_season(rules.season, at, one.middle)]
    return tuple(same[-rules.window :]), _in_words(rules.season, at)


def _same_season(season: str, one: float, other: float) -> bool:
    if season == "hour_of_day":
        return int(one % _DAY) // 3600 == int(other % _DAY) // 3600
    if season == "weekday":
        return _moment(one).weekday() == _moment(other).weekday()
    apart = abs(one - other) / _DAY % _YEAR
    return min(apart, _YEAR - apart) <= _DAYS_AROUND


def _in_words(season: str, at: float) -> str:
    moment = _moment(at)
    if season == "hour_of_day":
        return f"{moment:%H}:00 to {moment:%H}:59 UTC"
    if season == "weekday":
        return _WEEKDAYS[moment.weekday()]
    return f"{_DAYS_AROUND} days around {moment.day} {moment:%B}"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
