"""The time line of a model as one HTML file, that needs nothing else and runs nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from benison import __version__
from benison.pages.badges import sign
from benison.pages.figures import calendar, plural
from benison.pages.frame import document
from benison.pages.markup import Column, Markup, Row, escape, join, quiet, section, table, tag
from benison.report.timeline.chart import chart
from benison.report.timeline.events import ALERTS, CHAMPION, Event, Spell, Timeline

_EVENTS = (Column("When, UTC"), Column("Where"), Column("What"), Column("Why"))


def render(timeline: Timeline) -> str:
    """The page, as the text of an HTML file.

    Args:
        timeline: With at least one event or window.
    """
    look, word, sentence = _answer(timeline)
    answer = tag("div", tag("h1", sign(look, word), tag("span", sentence)), class_="answer")
    return document(
        f"{timeline.model}: time line",
        join([_masthead(timeline), answer]),
        join([_lanes(timeline), _events(timeline)]),
        escape(f"Written by Benison {__version__} from the registry's logs of {timeline.model}."),
        skip_to="events",
    )


def _masthead(timeline: Timeline) -> Markup:
    begin, end = (calendar(at, precise=True) for at in timeline.span)
    told = f"{plural(len(timeline.events), 'event')} from {begin} to {end}, UTC"
    return tag("div", tag("p", tag("b", timeline.model)), tag("p", told), class_="masthead")


def _answer(timeline: Timeline) -> tuple[str, str, str]:
    champion = _last(timeline, CHAMPION)
    serves = f"Champion {champion.label} serves" if champion else "No champion serves"
    alerts = [one for one in timeline.spells if one.lane == ALERTS and one.end is None]
    if alerts:
        are = plural(len(alerts), "alert is", "alerts are")
        return "fail", "ALERT", f"{serves}; {are} open."
    return "pass" if champion else "open", "NO ALERT", f"{serves}; no alert is open."


def _last(timeline: Timeline, lane: str) -> Spell | None:
    return next((one for one in reversed(timeline.spells) if one.lane == lane and one.end is None), None)


def _lanes(timeline: Timeline) -> Markup:
    keys = [
        ("challenger", "answered by the challenger"),
        ("copied", "copied to it"),
        ("level", "limit: of each window the effect is shown that is furthest beyond its own"),
    ]
    legend = tag("figcaption", *(tag("span", words, class_=f"key {kind}") for kind, words in keys))
    return section("lanes", "What happened", tag("figure", legend, chart(timeline)))


def _events(timeline: Timeline) -> Markup:
    rows = map(_row, timeline.events)
    return section("events", "Every event", table("In order of time, of all logs", _EVENTS, rows, kind="events"))


def _row(one: Event) -> Row:
    what = join([sign(one.look, one.what), tag("br"), quiet(f"{one.who}; {one.id}")])
    return Row((_second(one.when), one.lane, what, one.why))


def _second(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M:%S")
