"""The report's part on models that answer numbers: how far they are off, how often, and for which answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benison.pages.figures import brief, count, percent
from benison.pages.markup import Column, Markup, Row, join, table, tag
from benison.report import number_charts
from benison.report.comparison import Document, Evaluated
from benison.report.panels import caption, challenger_first, models_of, plot_of

TITLE = "Residuals"
WORDS = (
    "A residual is prediction minus label: above 0 the model said too much, below 0 too little. What lies far out, "
    "beyond the bins, is drawn apart, above a dotted axis, and the table counts it."
)
_MINUS = "\u2212"
_NUMBERS = ("5%", "Median", "95%")
_PARTS = (
    Column("Part", "name"),
    Column("Predicted", "number"),
    Column("Mean residual", "number"),
    Column("Interval", "number"),
    Column("5%", "number"),
    Column("95%", "number"),
    Column("Rows", "number"),
)


def panel(evidence: Evaluated, one: Document) -> Markup:
    """Histogram of residuals, residuals by prediction, predictions beside labels; then the same in figures.

    Args:
        evidence: Whose evaluation.
        one: The slice's plots.
    """
    found = models_of(one)
    drawn = [draw(evidence, one, found) for draw in (_residuals, _by_prediction, _predictions)]
    return join([tag("div", *drawn, class_="charts curves"), _quantiles(evidence, one), _in_figures(evidence, found)])


def _residuals(evidence: Evaluated, one: Document, found: Mapping[str, Document]) -> Markup | None:
    edges = found["challenger"]["residuals"]["edges"]
    if not edges:
        return None
    summary = "How often the model is off by how much; 0 is marked, and the figures are in the table below."
    plot = plot_of(one, "Residuals", summary, "prediction minus label", "share of the rows")
    columns = {role: of["residuals"]["columns"] for role, of in challenger_first(found)}
    drawn = number_charts.histogram(plot, edges, columns, zero=True)
    return tag("figure", caption(evidence, "Residuals", list(found)), drawn)


def _by_prediction(evidence: Evaluated, one: Document, found: Mapping[str, Document]) -> Markup | None:
    parts = {role: list(filter(None, map(number_charts.Part.of, of["by_prediction"]))) for role, of in found.items()}
    if not any(parts.values()):
        return None
    summary = (
        "Mean residual over median prediction, by equal parts of the rows, with intervals; nine tenths of the "
        "residuals lie between the outer lines. The figures are in the table below."
    )
    plot = plot_of(one, "Residuals by prediction", summary, "prediction", "prediction minus label")
    spread = tag("span", "90% of residuals", class_="key spread")
    return tag(
        "figure",
        caption(evidence, "Residuals by prediction", list(found), spread),
        number_charts.by_prediction(plot, parts),
    )


def _predictions(evidence: Evaluated, one: Document, found: Mapping[str, Document]) -> Markup | None:
    edges = found["challenger"]["predictions"]["edges"]
    if not edges:
        return None
    plot = plot_of(one, "Predictions", "How predictions and labels are distributed.", "prediction", "share of the rows")
    columns = {role: of["predictions"]["columns"] for role, of in challenger_first(found)}
    columns["label"] = found["challenger"]["predictions"]["labels"]
    labels = tag("span", "labels", class_="key label")
    drawn = number_charts.histogram(plot, edges, columns)
    return tag("figure", caption(evidence, "Predictions", list(found), labels), drawn)


def _quantiles(evidence: Evaluated, one: Document) -> Markup | None:
    """What stands beyond the edges, too; of every model, also of one that is not drawn."""
    edges = one["models"]["challenger"]["residuals"]["edges"]
    if not edges:
        return None
    heads = (*_NUMBERS, f"Below {_signed(edges[0])}", f"Above {_signed(edges[-1])}")
    columns = [Column("Model", "name"), *(Column(name, "number") for name in heads)]
    rows = [_of_model(evidence.title(role), of["residuals"]) for role, of in one["models"].items()]
    return table("Residuals: prediction minus label", columns, rows)


def _of_model(name: str, residuals: Document) -> Row:
    weights = residuals["columns"]
    beyond = (f"{brief(weights[at])} ({percent(weights[at], sum(weights))})" for at in (0, -1))
    return Row((name, *(_signed(one) for one in residuals["quantiles"]), *beyond))


def _in_figures(evidence: Evaluated, found: Mapping[str, Document]) -> Markup:
    tables = {
        f"{evidence.title(role)}: residuals by prediction": [
            _part(at, of) for at, of in enumerate(one["by_prediction"], 1)
        ]
        for role, one in challenger_first(found)
    }
    folded = [tag("details", tag("summary", name), table(name, _PARTS, rows)) for name, rows in tables.items() if rows]
    return join(folded)


def _part(at: int, one: Sequence[float | None]) -> Row:
    predicted, mean, rows, lower, upper, low, high = one
    interval = f"{_signed(lower)} to {_signed(upper)}" if lower is not None else ""
    residuals = (_signed(mean), interval, _signed(low), _signed(high))
    return Row((at, _signed(predicted, ""), *residuals, count(rows or 0)))


def _signed(figure: float | None, above: str = "+") -> str:
    """A figure of any size, its sign as it is printed.

    >>> _signed(12.5), _signed(-3.0), _signed(0.0), _signed(None)
    ('+12.5', '\u22123', '0', 'undefined')
    """
    if figure is None or figure == 0:
        return brief(figure)
    return f"{above if figure > 0 else _MINUS}{brief(abs(figure))}"
