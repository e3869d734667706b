"""The part of a page on columns: what each one holds, in a row of a table."""

from __future__ import annotations

from collections.abc import Sequence

from benison.core.profiles import CATEGORICAL, DATETIME, QUANTILES, ColumnProfile, RowsProfile
from benison.pages.figures import brief, calendar, count, percent, plural
from benison.pages.histograms import even, outer_ends
from benison.pages.markup import Column, Markup, Row, join, quiet, table, tag
from benison.pages.scales import drawing, place

_COLUMNS = (
    Column("Column", "name"),
    Column("Distribution", "plot"),
    Column("Values", "values"),
    Column("Quantiles", "values"),
    Column("Distinct", "number"),
    Column("Missing", "number"),
)
_MOST_COLUMNS, _MOST_VALUES, _LONGEST = 300, 3, 24
_WIDTH, _HEIGHT = 120.0, 28.0
_SHOWN_QUANTILES = (0.05, 0.5, 0.95)


def render(rows: RowsProfile, caption: str, label: str = "") -> Markup:
    """A table of all columns.

    Args:
        rows: What is told.
        caption: Which rows they are, in words.
        label: The label's column, which stands first.
    """
    names = sorted(rows.columns, key=lambda name: (name != label, name))
    found = [_row(name, rows.columns[name], name == label) for name in names[:_MOST_COLUMNS]]
    left = len(names) - _MOST_COLUMNS
    return join(
        [
            table(caption, _COLUMNS, found, kind="columns"),
            tag("p", f"{plural(left, 'more column')} in profile.json.", class_="absent") if left > 0 else None,
        ]
    )


def _row(name: str, column: ColumnProfile, is_label: bool) -> Row:
    kind = f"{column.kind}, the label" if is_label else column.kind
    missing = quiet("none") if not column.missing else percent(column.missing, column.rows)
    return Row(
        (
            join([name, " ", quiet(kind)]),
            picture(column),
            _values(column),
            _quantiles(column),
            count(column.distinct),
            missing,
        )
    )


def _values(column: ColumnProfile) -> Markup | str:
    """The most frequent values, or mean and standard deviation."""
    if not column.present:
        return quiet("no value")
    if column.kind == CATEGORICAL:
        return _top(column)
    if column.kind == DATETIME:
        return f"{calendar(column.minimum, precise=True)} to {calendar(column.maximum, precise=True)}"
    zeros = f"; {percent(column.zeros, column.present)} zeros" if column.zeros else ""
    return f"mean {brief(column.mean)} ± {brief(column.std)}{zeros}"


def _top(column: ColumnProfile) -> Markup | str:
    if not column.values:
        return quiet("too many values to name one")
    shown = _ranked(column)[:_MOST_VALUES]
    return ", ".join(f"{_cut(value)} {percent(rows, column.present)}" for value, rows in shown)


def _ranked(column: ColumnProfile) -> list[tuple[str, int]]:
    return sorted(column.values.items(), key=lambda item: (-item[1], item[0]))


def _cut(value: str) -> str:
    shown = value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"
    return shown if shown.strip() else f"'{shown}'"


def _quantiles(column: ColumnProfile) -> Markup | str:
    """Smallest, 5%, median, 95% and largest."""
    if not column.quantiles:
        return quiet("\u2013")
    inner = [column.quantiles[QUANTILES.index(part)] for part in _SHOWN_QUANTILES]
    if column.kind == DATETIME:
        return f"median {calendar(inner[1], precise=True)}"
    low, middle, high = map(brief, inner)
    ends = (
        quiet(f"{brief(column.minimum)} · {low} · "),
        tag("b", middle),
        quiet(f" · {high} · {brief(column.maximum)}"),
    )
    return join(ends)


def picture(column: ColumnProfile) -> Markup | None:
    """A small histogram, which repeats what stands beside it: numbers by density, categories by rank."""
    if column.kind == CATEGORICAL:
        counts = [rows for _, rows in _ranked(column)[:12]]
        return _bars(range(len(counts) + 1), counts) if counts else None
    if not sum(column.counts):
        return None
    if len(column.edges) > 2 and even(column.edges):
        ends = outer_ends(column.edges)
        heights = [rows / (b - a) for rows, a, b in zip(column.counts, ends, ends[1:], strict=False)]
        return _bars(ends, heights)
    return _bars(range(len(column.counts) + 1), column.counts)


def _bars(ends: Sequence[float], heights: Sequence[float]) -> Markup:
    """Bars between ends; those of equal categories are never wider than a twelfth of the drawing."""
    reach = max(ends[-1] - ends[0], 12 if isinstance(ends, range) else 0)
    per, tallest = _WIDTH / reach, max(heights) or 1
    shapes = []
    for start, end, height in zip(ends, ends[1:], heights, strict=False):
        width, tall = max((end - start) * per - 0.6, 0.6), height / tallest * (_HEIGHT - 4)
        box = {"x": place((start - ends[0]) * per), "y": place(_HEIGHT - 1 - tall)}
        shapes.append(tag("rect", **box, width=place(width), height=place(tall), class_="now"))
    return drawing(_WIDTH, _HEIGHT, *shapes)
