"""The report's part on curves: ROC, precision and recall, calibration, scores, confusion; of all rows and by slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benison.core.metrics import REGRESSION
from benison.pages.figures import count, estimate, number, percent, plural
from benison.pages.markup import Column, Markup, Row, join, quiet, section, table, tag
from benison.report import charts, classes, residuals, score_charts
from benison.report.comparison import Document, Evaluated, measured
from benison.report.panels import caption, challenger_first, heading, models_of, plot_of

TITLE = "Curves and confusion"
_BINS = (
    Column("Bin", "name"),
    Column("Predicted", "number"),
    Column("Positive", "number"),
    Column("Interval", "number"),
    Column("Rows", "number"),
)
_MATRICES = (
    Column("Positive above", "name"),
    Column("True positives", "number"),
    Column("False positives", "number"),
    Column("True negatives", "number"),
    Column("False negatives", "number"),
    Column("Precision", "number"),
    Column("Recall", "number"),
    Column("False positive rate", "number"),
)
_CELLS = (
    Column("", "name"),
    Column("Answered positive", "number"),
    Column("Answered negative", "number"),
)


def render(evidence: Evaluated) -> Markup | None:
    """Every plot on the holdout, a slice of which can be chosen; nothing where there was no model."""
    plots = evidence.evaluation["plots"] if evidence.evaluation else {}
    if not plots:
        return None
    shown = plots["slices"]
    panels = [_panel(evidence, one) for one in shown]
    left_out = _left_out(plots, "" if _has_classes(evidence) or _has_numbers(evidence) else " of a class")
    said = tag("p", residuals.WORDS) if _has_numbers(evidence) else None
    drawn = panels if len(shown) == 1 else [_picker(shown, panels)]
    return section("curves", title(evidence), said, *drawn, left_out)


def title(evidence: Evaluated) -> str:
    """What the part is called."""
    return residuals.TITLE if _has_numbers(evidence) else TITLE


def _has_classes(evidence: Evaluated) -> bool:
    """Whether models tell several classes apart."""
    return bool(evidence.evaluation and "classes" in evidence.evaluation["holdout"])


def _has_numbers(evidence: Evaluated) -> bool:
    """Whether models answer numbers."""
    return bool(evidence.evaluation and evidence.evaluation.get("task") == REGRESSION)


def _picker(shown: Sequence[Document], panels: Sequence[Markup]) -> Markup:
    """Radio buttons, of which the chosen one shows the panel behind it: style alone does it."""
    parts = []
    for place, (one, panel) in enumerate(zip(shown, panels, strict=True)):
        name = f"curves-of-{place}"
        checked = "checked" if place == 0 else None
        parts += [
            tag("input", type="radio", name="curves-of", id=name, checked=checked, class_="pick"),
            tag("label", heading(one), for_=name),
            tag("div", panel, class_="panel"),
        ]
    return tag("div", *parts, class_="picker", role="group", aria_label="Rows that the curves are of")


def _left_out(plots: Document, of_which: str) -> Markup | None:
    small, beyond = plots["left_out"]["small"], plots["left_out"]["beyond"]
    said = [f"{plural(small, 'slice')} with fewer than 20 rows{of_which}"] if small else []
    said += [f"{plural(beyond, 'slice')} beyond the 50 largest"] if beyond else []
    return tag("p", quiet(f"Not drawn: {' and '.join(said)}.")) if said else None


def _panel(evidence: Evaluated, one: Document) -> Markup:
    if _has_classes(evidence):
        return join([tag("h3", heading(one)), classes.matrices(evidence, one)])
    if _has_numbers(evidence):
        return join([tag("h3", heading(one)), residuals.panel(evidence, one)])
    models = models_of(one)
    figures = (_roc, _precision_recall, _calibration, _scores)
    drawn = [
        tag("h3", heading(one)),
        tag("div", *(draw(evidence, one, models) for draw in figures), class_="charts curves"),
    ]
    return join([*drawn, _confusion(evidence, models), _in_figures(evidence, models)])


def _areas(evidence: Evaluated, one: Document, metric: str, kinds: Sequence[str]) -> str:
    found = measured(evidence, one["slice"]).get(metric, {})
    return ", ".join(f"{evidence.called(kind)} {estimate(found.get(kind))}" for kind in kinds)


def _series(models: Mapping[str, Document], x: int, y: int) -> list[charts.Series]:
    points = {model: [(point[x], point[y]) for point in found["curve"]] for model, found in models.items()}
    known = {model: [(a, b) for a, b in of if a is not None and b is not None] for model, of in points.items()}
    return [charts.Series(model, of) for model, of in known.items() if of]


def _roc(evidence: Evaluated, one: Document, models: Mapping[str, Document]) -> Markup | None:
    series = _series(models, 0, 1)
    if not series:
        return None
    kinds = [of.kind for of in series]
    plot = plot_of(
        one, "ROC", f"AUC: {_areas(evidence, one, 'auc', kinds)}.", "false positive rate", "true positive rate"
    )
    drawn = score_charts.unit_square(plot, series, ((0.0, 0.0), (1.0, 1.0)))
    return tag("figure", caption(evidence, "ROC", kinds), drawn)


def _precision_recall(evidence: Evaluated, one: Document, models: Mapping[str, Document]) -> Markup | None:
    series = _series(models, 1, 2)
    if not series:
        return None
    kinds = [of.kind for of in series]
    _, true, false, others, missed = models[kinds[-1]]["matrices"][0]
    positive = (true + missed) / (true + false + others + missed)
    areas = _areas(evidence, one, "auc_precision_recall", kinds)
    summary = f"Area: {areas}. Who answers by chance is right on {positive:.1%}, the share of positives."
    plot = plot_of(one, "Precision and recall", summary, "recall", "precision")
    drawn = score_charts.unit_square(plot, series, ((0.0, positive), (1.0, positive)))
    return tag("figure", caption(evidence, "Precision and recall", kinds), drawn)


def _calibration(evidence: Evaluated, one: Document, models: Mapping[str, Document]) -> Markup | None:
    bins = {model: found["calibration"] for model, found in models.items() if found["calibration"]}
    if not bins:
        return None
    summary = "Share of positives over mean prediction, by bin, with intervals; the figures are in the table below."
    plot = plot_of(one, "Calibration", summary, "mean prediction", "share of positives")
    return tag("figure", caption(evidence, "Calibration", list(bins)), score_charts.calibration(plot, bins))


def _scores(evidence: Evaluated, one: Document, models: Mapping[str, Document]) -> Markup:
    summary = "How predictions are distributed: positives upwards, negatives downwards, each in shares of its class."
    plot = plot_of(one, "Predictions", summary, "prediction", "share of the class")
    histograms = {model: found["histogram"] for model, found in challenger_first(models)}
    drawn = score_charts.histogram(plot, histograms)
    return tag("figure", caption(evidence, "Predictions", list(models)), drawn)


def _confusion(evidence: Evaluated, models: Mapping[str, Document]) -> Markup:
    tables = [_matrix(evidence.title(model), found["matrices"][4]) for model, found in challenger_first(models)]
    return tag("div", *tables, class_="matrices")


def _matrix(name: str, matrix: Sequence[float]) -> Markup:
    """The confusion matrix of one model, each cell with its share of the rows of that class."""
    threshold, true, false, others, missed = matrix
    rows = [
        Row(("Positive", _cell(true, true + missed, "right"), _cell(missed, true + missed, "wrong"))),
        Row(("Negative", _cell(false, false + others, "wrong"), _cell(others, false + others, "right"))),
    ]
    return tag("div", table(f"{name}: confusion matrix, positive above {threshold:g}", _CELLS, rows, kind="matrix"))


def _cell(part: float, whole: float, kind: str) -> Markup:
    return tag("span", count(part), " ", quiet(percent(part, whole)), class_=kind)


def _in_figures(evidence: Evaluated, models: Mapping[str, Document]) -> Markup:
    name, found = evidence.title("challenger"), models["challenger"]
    tables = {
        f"{name}: confusion matrices by threshold": (_MATRICES, [_threshold(one) for one in found["matrices"]]),
        f"{name}: calibration in figures": (_BINS, [_bin(at, one) for at, one in enumerate(found["calibration"])]),
    }
    folded = [
        tag("details", tag("summary", caption), table(caption, columns, rows))
        for caption, (columns, rows) in tables.items()
        if rows
    ]
    return join(folded)


def _threshold(matrix: Sequence[float]) -> Row:
    threshold, true, false, others, missed = matrix
    shares = ((true, true + false), (true, true + missed), (false, false + others))
    rates = [number(part / whole if whole else None) for part, whole in shares]
    return Row((f"{threshold:g}", *(count(cell) for cell in (true, false, others, missed)), *rates))


def _bin(at: int, one: Sequence[float | None]) -> Row:
    predicted, seen, rows, lower, upper = one
    interval = f"{number(lower)} to {number(upper)}" if lower is not None else ""
    return Row((at + 1, number(predicted), number(seen), interval, count(rows or 0)))
