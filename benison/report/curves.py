"""The report's part on ROC and calibration."""

from __future__ import annotations

from collections.abc import Sequence

from benison.pages.figures import count, estimate, number
from benison.pages.markup import Column, Markup, Row, join, section, table, tag
from benison.report import charts
from benison.report.comparison import Document, Evaluated, measured

_MODELS = ("champion", "challenger")
_BINS = (
    Column("Bin", "name"),
    Column("Predicted", "number"),
    Column("Positive", "number"),
    Column("Rows", "number"),
)


def render(evidence: Evaluated) -> Markup | None:
    """ROC and calibration on the holdout; nothing where there was no model."""
    plots = evidence.evaluation["plots"] if evidence.evaluation else {}
    if not plots:
        return None
    content = tag("div", _roc(evidence, plots), _calibration(evidence, plots), _table(evidence, plots), class_="charts")
    return section("curves", "ROC and calibration", content)


def _roc(evidence: Evaluated, plots: Document) -> Markup | None:
    series = [charts.Series(model, plots["roc"][model]) for model in _MODELS if plots.get("roc", {}).get(model)]
    if not series:
        return None
    auc = measured(evidence).get("auc", {})
    said = ", ".join(f"{evidence.called(one.kind)} {estimate(auc.get(one.kind))}" for one in series)
    plot = charts.Plot("ROC", f"AUC: {said}.", "false positive rate", "true positive rate", 340, 340)
    return tag("figure", _caption(evidence, "ROC", [one.kind for one in series]), charts.roc(plot, series))


def _calibration(evidence: Evaluated, plots: Document) -> Markup | None:
    bins = {model: plots["calibration"][model] for model in _MODELS if plots.get("calibration", {}).get(model)}
    if not bins:
        return None
    summary = "Share of positives over mean prediction, by bin; the figures are in the table beside it."
    plot = charts.Plot("Calibration", summary, "mean prediction", "share of positives", 340, 340)
    return tag("figure", _caption(evidence, "Calibration", list(bins)), charts.calibration(plot, bins))


def _caption(evidence: Evaluated, title: str, kinds: Sequence[str]) -> Markup:
    keys = [tag("span", evidence.called(kind), class_=f"key {kind}") for kind in reversed(kinds)]
    return tag("figcaption", tag("b", title), " ", join(keys, " "))


def _table(evidence: Evaluated, plots: Document) -> Markup | None:
    bins = plots.get("calibration", {}).get("challenger") or []
    if not bins:
        return None
    rows = [
        Row((index + 1, number(predicted), number(seen), count(rows)))
        for index, (predicted, seen, rows) in enumerate(bins)
    ]
    return tag("div", table(f"{evidence.title('challenger')}: calibration in figures", _BINS, rows), class_="aside")
