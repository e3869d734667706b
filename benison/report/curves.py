"""The report's part on ROC and calibration."""

from __future__ import annotations

from collections.abc import Sequence

from benison.pages.figures import count, estimate, number
from benison.pages.markup import Column, Markup, Row, join, section, table, tag
from benison.report import charts
from benison.report.comparison import measured
from benison.report.gather import Document, RunEvidence

_MODELS = ("champion", "challenger")
_BINS = (
    Column("Bin", "name"),
    Column("Predicted", "number"),
    Column("Positive", "number"),
    Column("Rows", "number"),
)


def render(evidence: RunEvidence) -> Markup | None:
    """ROC and calibration on the holdout; nothing where there was no model."""
    plots = evidence.evaluation["plots"] if evidence.evaluation else {}
    if not plots:
        return None
    content = tag("div", _roc(evidence, plots), _calibration(plots), _table(plots), class_="charts")
    return section("curves", "ROC and calibration", content)


def _roc(evidence: RunEvidence, plots: Document) -> Markup | None:
    series = [charts.Series(model, plots["roc"][model]) for model in _MODELS if plots.get("roc", {}).get(model)]
    if not series:
        return None
    auc = measured(evidence).get("auc", {})
    said = ", ".join(f"{one.kind} {estimate(auc.get(one.kind))}" for one in series)
    plot = charts.Plot("ROC", f"AUC: {said}.", "false positive rate", "true positive rate", 340, 340)
    return tag("figure", _caption("ROC", [one.kind for one in series]), charts.roc(plot, series))


def _calibration(plots: Document) -> Markup | None:
    bins = {model: plots["calibration"][model] for model in _MODELS if plots.get("calibration", {}).get(model)}
    if not bins:
        return None
    summary = "Share of positives over mean prediction, by bin; the figures are in the table beside it."
    plot = charts.Plot("Calibration", summary, "mean prediction", "share of positives", 340, 340)
    return tag("figure", _caption("Calibration", list(bins)), charts.calibration(plot, bins))


def _caption(title: str, kinds: Sequence[str]) -> Markup:
    keys = [tag("span", kind, class_=f"key {kind}") for kind in reversed(kinds)]
    return tag("figcaption", tag("b", title), " ", join(keys, " "))


def _table(plots: Document) -> Markup | None:
    bins = plots.get("calibration", {}).get("challenger") or []
    if not bins:
        return None
    rows = [
        Row((index + 1, number(predicted), number(seen), count(rows)))
        for index, (predicted, seen, rows) in enumerate(bins)
    ]
    return tag("div", table("The challenger's calibration in figures", _BINS, rows), class_="aside")
