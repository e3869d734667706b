"""The card's parts on what the model is worth: by slice, beside champion and reference, by sensitive column."""

from __future__ import annotations

from collections.abc import Sequence

from benison.cards import stated
from benison.pages.figures import count, estimate, listed, metric_name, number, percent, plural
from benison.pages.markup import Column, Markup, Row, join, quiet, section, table, tag
from benison.report import metrics
from benison.report.card.words import missing
from benison.report.comparison import WHOLE, asked_by_slice, baselines, main_metrics, measured, slices
from benison.report.conclusion import why_missing
from benison.report.gather import Document, RunEvidence

# What a group gets to feel: how often a yes or a no is wrong, and whether probabilities mean the same.
_RATES = ("false_positive_rate", "recall", "precision", "calibration", "auc", "false_negative_rate", "binary_accuracy")
_MOST_RATES = 5


def performance(evidence: RunEvidence) -> Markup:
    """Each metric of the policy on every slice, drawn beside the value of all rows."""
    if absent := _absent(evidence):
        return section("performance", "Performance by slice", absent)
    return section(
        "performance",
        "Performance by slice",
        _how(evidence),
        *(metrics.values(evidence, metric) for metric in main_metrics(evidence)),
        metrics.every(evidence),
    )


def _absent(evidence: RunEvidence) -> Markup | None:
    if evidence.evaluation is None:
        return tag("p", why_missing(evidence, "evaluator"), class_="absent")
    return None if slices(evidence) else tag("p", "There was no model to measure.", class_="absent")


def _how(evidence: RunEvidence) -> Markup:
    evaluation = evidence.evaluation or {}
    holdout, level = evaluation["holdout"], evaluation["interval_level"]
    small = sum(not one["judged"] for one in slices(evidence))
    gate = evidence.project.gate if evidence.project else None
    least = f" with fewer than {plural(gate.min_rows, 'row')}, or {gate.min_positives} of a class," if gate else ""
    return tag(
        "p",
        f"Measured on {plural(holdout['rows'], 'row')} that training never saw, {count(holdout['positives'])} of them "
        f"positive ({percent(holdout['positives'], holdout['rows'])}). In brackets and drawn are {level:.0%} "
        f"intervals; the upright line is the value of all rows. {plural(small, 'slice')}{least} "
        f"{'is' if small == 1 else 'are'} too small to be judged: figures that are there all the same are weak.",
    )


def comparison(evidence: RunEvidence) -> Markup:
    """The challenger beside champion and reference, on the same rows."""
    if absent := _absent(evidence):
        return section("comparison", "Comparison", absent)
    against = baselines(evidence)
    if not against:
        alone = "There was no champion to compare with when the model was measured."
        return section("comparison", "Comparison", tag("p", alone))
    evaluation = evidence.evaluation or {}
    told = [
        f"{role} number {evaluation[role]['number']} (trained on span {', '.join(map(str, evaluation[role]['spans']))})"
        for role in against
    ]
    return section(
        "comparison",
        f"Comparison with {listed(against)}",
        tag("p", f"On the same rows: {listed(told)}. A gain is the model's lead, so that more is better in every row."),
        metrics.all_metrics(evidence, WHOLE, "Every metric on the whole holdout"),
        *(metrics.forest(evidence, metric) for metric in asked_by_slice(evidence)[:1]),
    )


def groups(evidence: RunEvidence, card: Document) -> Markup:
    """The groups that sensitive columns make, side by side, and the columns together."""
    title = "Groups of sensitive columns"
    if absent := _absent(evidence):
        return section("groups", title, absent)
    sensitive = stated.sensitive(card)
    if not sensitive:
        return section("groups", title, missing("sensitive"))
    by_column = {name: _cut_by(evidence, [name]) for name in sensitive}
    unwatched = [name for name, found in by_column.items() if not found]
    return section(
        "groups",
        title,
        tag(
            "p",
            "How the model does for each group. Differences between groups come from the data, from the model and from "
            "chance; that none is seen here does not show that none is there, nor that the model does no harm.",
        ),
        *(_group(evidence, f"By {name}", found) for name, found in by_column.items() if found),
        *_together(evidence, sensitive),
        _unwatched(unwatched) if unwatched else None,
    )


def _cut_by(evidence: RunEvidence, columns: Sequence[str]) -> list[Document]:
    """The slices of exactly these columns."""
    return [one for one in slices(evidence) if sorted(one["keys"]) == sorted(columns)]


def _together(evidence: RunEvidence, sensitive: Sequence[str]) -> list[Markup]:
    found = [one for one in slices(evidence) if len(one["keys"]) > 1 and set(one["keys"]) <= set(sensitive)]
    return [_group(evidence, "By several together", found)] if found else []


def _unwatched(columns: Sequence[str]) -> Markup:
    verb, them = ("is", "it") if len(columns) == 1 else ("are", "them")
    told = f"{listed(columns)} {verb} called sensitive, and eval_config.json names no slices by {them}: how the model "
    return tag("p", f"{told}does by {them} is not known.", class_="absent")


def _group(evidence: RunEvidence, title: str, found: Sequence[Document]) -> Markup:
    rates = [metric for metric in _RATES if metric in measured(evidence)][:_MOST_RATES]
    columns = (
        Column("Group", "name"),
        Column("Rows", "number"),
        Column("Positive", "number"),
        *(Column(metric_name(metric), "number") for metric in rates),
    )
    caption = f"{title}: rows, share of positives, and metrics with their intervals"
    rows = [_group_row(one, rates) for one in found]
    return join([tag("h3", title), table(caption, columns, rows, kind="forest"), _apart(found, rates)])


def _group_row(one: Document, rates: Sequence[str]) -> Row:
    name = ", ".join(one["keys"].values())
    known = (metrics.figure(one["metrics"][metric]["challenger"]) for metric in rates)
    cells = (
        join([name, None if one["judged"] else quiet("too small to judge")], " "),
        count(one["rows"]),
        percent(one["positives"], one["rows"]),
        *known,
    )
    return Row(cells, "judged" if one["judged"] else "unjudged")


def _apart(found: Sequence[Document], rates: Sequence[str]) -> Markup | None:
    """How far the judged groups are apart, from the least to the most."""
    told = [line for metric in rates if (line := _widest(found, metric))]
    return tag("ul", *(tag("li", line) for line in told), class_="said") if told else None


def _widest(found: Sequence[Document], metric: str) -> str | None:
    known = [
        (one["metrics"][metric]["challenger"], ", ".join(one["keys"].values()))
        for one in found
        if one["judged"] and one["metrics"][metric]["challenger"]["value"] is not None
    ]
    if len(known) < 2:
        return None
    (low, least), (high, most) = (chosen(known, key=lambda one: one[0]["value"]) for chosen in (min, max))
    apart = f"{metric_name(metric)} differs by {number(high['value'] - low['value'])}"
    return f"{apart} between {most} ({estimate(high)}) and {least} ({estimate(low)})"
