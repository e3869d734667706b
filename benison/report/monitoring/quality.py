"""Quality over time: each metric of all requests with its interval, and what it was at the blessing; slices below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from benison.monitoring.periods import Figure, Period
from benison.monitoring.windows import Window, periods_of
from benison.pages.figures import count
from benison.pages.markup import Column, Markup, Row, section, table, tag
from benison.pages.scales import Scale, drawing, extent, label, line, place, tick_label, tick_moment, ticks, time_ticks

OVERALL = "overall"
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 890.0, 12.0, 132.0
_COLUMNS = (
    Column("Metric"),
    Column("Slice"),
    Column("Live", "number"),
    Column("Interval", "number"),
    Column("At the blessing", "number"),
    Column("Labels", "number"),
)


def quality(windows: Sequence[Window]) -> Markup | None:
    """The section; None where no period was measured.

    Args:
        windows: In order of time.
    """
    periods = periods_of(windows)
    if not periods:
        return None
    metrics = dict.fromkeys(one.metric for period in periods for one in period.figures if one.slice == OVERALL)
    charts = [_chart(metric, periods) for metric in metrics]
    return section("quality", "Quality", tag("p", _told(periods[-1])), *charts, *_slices(periods))


def _told(newest: Period) -> str:
    """What the last period rests on."""
    when = f"{datetime.fromtimestamp(newest.start, UTC):%Y-%m-%d %H:%M} UTC"
    if newest.trouble:
        return f"Nothing could be measured of the period from {when}: {newest.trouble}."
    return (
        f"Labels came of {newest.labelled:,} of {newest.requests:,} requests of the period from {when}, that is "
        f"{newest.missing:.1%} are missing. Bars are intervals; the dashed line is what the champion had when it was "
        "blessed."
    )


def _chart(metric: str, periods: Sequence[Period]) -> Markup:
    found = [
        (period, one) for period in periods for one in period.figures if (one.metric, one.slice) == (metric, OVERALL)
    ]
    values = [
        value for _, one in found for value in (one.value, one.lower, one.upper, one.blessed) if value is not None
    ]
    x = Scale(periods[0].start, periods[-1].end, _LEFT, _RIGHT)
    y = Scale(*extent(values), _BOTTOM, _TOP)
    shapes = [*_frame(x, y), *(shape for period, one in found for shape in _mark(period, one, x, y))]
    title = f"{metric} of live requests by period, with intervals"
    last = next((one.value for _, one in reversed(found) if one.value is not None), None)
    summary = "never measured" if last is None else f"last {last:.4f}, at the blessing {found[-1][1].blessed:.4f}"
    return tag("figure", tag("figcaption", metric), drawing(900, _BOTTOM + 24, *shapes, title=title, summary=summary))


def _frame(x: Scale, y: Scale) -> list[Markup]:
    heights, moments = ticks(y.low, y.high, 4), time_ticks(x.low, x.high, 6)
    shapes = [line(x.start, y(at), x.end, y(at), "grid") for at in heights]
    shapes += [label(x.start - 6, y(at) + 4, tick_label(at, heights), anchor="end") for at in heights]
    return shapes + [label(x(at), _BOTTOM + 18, tick_moment(at, moments)) for at in moments]


def _mark(period: Period, one: Figure, x: Scale, y: Scale) -> list[Markup]:
    """A period's value and interval, over what they are held against."""
    middle = x((period.start + period.end) / 2)
    shapes = [line(x(period.start), y(one.blessed), x(period.end), y(one.blessed), "line champion")]
    if one.lower is not None and one.upper is not None:
        shapes.append(line(middle, y(one.lower), middle, y(one.upper), "whisker"))
    if one.value is not None:
        shapes.append(tag("circle", cx=place(middle), cy=place(y(one.value)), r=3, class_="point"))
    return shapes


def _slices(periods: Sequence[Period]) -> list[Markup]:
    measured = next((one for one in reversed(periods) if one.figures), None)
    if measured is None:
        return []
    when = f"{datetime.fromtimestamp(measured.start, UTC):%Y-%m-%d %H:%M} UTC"
    return [table(f"The last period that was measured, from {when}", _COLUMNS, map(_row, measured.figures))]


def _row(one: Figure) -> Row:
    value = "undefined" if one.value is None else f"{one.value:.4f}"
    interval = "none" if one.lower is None or one.upper is None else f"{one.lower:.4f} to {one.upper:.4f}"
    cells = (one.metric, one.slice, value, interval, f"{one.blessed:.4f}", count(one.rows))
    return Row(cells, note=one.note or None)
