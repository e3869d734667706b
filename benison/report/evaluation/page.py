"""The report of an evaluation as one HTML file, that needs nothing else and runs nothing."""

from __future__ import annotations

import re

from benison import __version__
from benison.core.verdicts import Tier
from benison.pages.badges import sign
from benison.pages.figures import count, listed, metric_name, percent, plural
from benison.pages.frame import document
from benison.pages.markup import Markup, digest, escape, facts, join, quiet, section, tag
from benison.report import checks, curves, gaps, metrics
from benison.report.comparison import WHOLE, Document, baselines, gain_over, main_metrics, measured, slices
from benison.report.conclusion import passes, ranked, tally
from benison.report.evaluation.answer import Answer, answer
from benison.report.evaluation.evidence import Evaluation, by_harm

_MOST = 12
_ANSWERED = {
    "": " A row is answered positive where its prediction is above 0.5.",
    "multiclass": (
        " In [brackets] is the class that a figure is of, or how those of all classes are averaged. The answer is the "
        "class with the highest prediction at @top_1, and else each class whose prediction is above 0.5."
    ),
}
_ROLES = {"challenger": "the model that is asked about", "champion": "its baseline", "reference": "a second baseline"}


def render(evidence: Evaluation) -> str:
    """The report, as the text of an HTML file."""
    found = answer(evidence)
    parts = {
        "checks": ("Checks", _checks(evidence)),
        "metrics": ("Metrics", _overall(evidence)),
        "slices": ("Slices", _slices(evidence)),
        "fairness": ("Fairness", gaps.render(evidence)),
        "curves": (curves.title(evidence), curves.render(evidence)),
        "origin": ("What was evaluated", _origin(evidence)),
    }
    shown = {anchor: part for anchor, part in parts.items() if part[1] is not None}
    links = [tag("li", tag("a", title, href=f"#{anchor}")) for anchor, (title, _) in shown.items()]
    contents = tag("nav", tag("ul", *links), aria_label="Parts of this report")
    return document(
        f"{evidence.name}: {found.word}",
        join([_masthead(evidence), _answer(found), _glance(evidence), contents]),
        join(part for _, part in shown.values()),
        escape(f"Written by Benison {__version__} from the evaluation of {evidence.source}."),
        skip_to=next(iter(shown)),
    )


def _masthead(evidence: Evaluation) -> Markup:
    beside = f" beside {listed([evidence.title(role) for role in baselines(evidence)])}" if evidence.baseline else ""
    rows = evidence.evaluation["holdout"]["rows"]
    return tag(
        "div",
        tag("p", tag("b", evidence.name), beside),
        tag("p", evidence.source, tag("br"), plural(rows, "row")),
        class_="masthead",
    )


def _answer(found: Answer) -> Markup:
    return tag(
        "div",
        tag(
            "h1",
            sign(found.look, found.word),
            tag("span", ": ", class_="unseen"),
            tag("span", f"{_minus(found.sentence)}."),
        ),
        _list("Do not rely on these figures", found.doubts, "doubts", "#checks"),
        _list("Why", found.reasons, "reasons", "#checks"),
        _list("Slices that lose", found.harmed, "warnings", "#slices"),
        class_=f"answer {found.look}",
    )


def _list(title: str, lines: tuple[str, ...], kind: str, more: str) -> Markup | None:
    if not lines:
        return None
    left = len(lines) - _MOST
    rest = tag("li", tag("a", f"{left:,} more", href=more)) if left > 0 else None
    return tag(
        "div", tag("h2", title), tag("ul", *(tag("li", _minus(line)) for line in lines[:_MOST]), rest), class_=kind
    )


def _minus(text: str) -> str:
    """Minus signs as they are printed; hyphens stay what they are."""
    return re.sub(r"(?<![\w-])-(?=\d)", "\u2212", text)


def _glance(evidence: Evaluation) -> Markup:
    """The few figures that most readers come for."""
    holdout = evidence.evaluation["holdout"]
    tiles: list[tuple[object, ...]] = [*_main_figures(evidence), ("Rows", count(holdout["rows"]))]
    if holdout["positives"] is not None:
        tiles.append(("Positive", percent(holdout["positives"], holdout["rows"])))
    if parts := len(slices(evidence)) - 1:
        tiles.append(("Slices", f"{parts:,}"))
    if evidence.gate:
        tiles.append(("Hard checks", tally(evidence.model_checks, Tier.HARD)))
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", *shown)) for name, *shown in tiles), class_="glance")


def _main_figures(evidence: Evaluation) -> list[tuple[object, ...]]:
    overall = measured(evidence)
    tiles: list[tuple[object, ...]] = []
    for metric in main_metrics(evidence)[:1]:
        name, found = metric_name(metric), overall[metric]
        tiles.append((f"{name}, {evidence.name}", metrics.figure(found["challenger"])))
        for role in baselines(evidence)[:1]:
            tiles.append((f"{name}, {evidence.title(role)}", metrics.figure(found.get(role))))
            tiles.append((f"Gain over {evidence.title(role)}", metrics.figure(gain_over(found, role), sign=True)))
    return tiles


def _checks(evidence: Evaluation) -> Markup | None:
    """What was asked; without a policy the predictions alone, and those only where something is wrong with them."""
    if not evidence.gate and not evidence.unsound:
        return None
    tiers = {Tier.HARD: "Hard checks", Tier.SOFT: "Soft checks, which warn and do not decide"}
    names = [f"{role} is {evidence.title(role)}" for role in ("challenger", *baselines(evidence))]
    said = f"In a policy's words {listed(names)}. Each hard check has to pass." if evidence.gate else None
    shown = [_tier(evidence, tier, title) for tier, title in tiers.items()]
    return section("checks", "Checks", tag("p", said) if said else None, *shown, checks.not_judged(evidence))


def _tier(evidence: Evaluation, tier: Tier, title: str) -> Markup | None:
    found = ranked(evidence.model_checks, tier)
    if not found:
        return None
    against = [checks.row(check) for check in found if not passes(check)]
    return join(
        [
            tag("h3", title, " ", quiet(tally(evidence.model_checks, tier))),
            checks.listing("Those that do not pass", against),
            checks.folded("Those that pass", [check for check in found if passes(check)]),
        ]
    )


def _overall(evidence: Evaluation) -> Markup:
    evaluation = evidence.evaluation
    level, alone = evaluation["interval_level"], evaluation["confidence"]
    said = f"In brackets are {level:.0%} intervals, so that each end alone holds with {alone:.0%}." + _ANSWERED.get(
        evaluation.get("task", ""), ""
    )
    gain = (
        " A gain is the lead over the baseline on the same rows, its sign turned where lower is better: more is better "
        "in every row."
    )
    table = metrics.all_metrics(evidence, WHOLE, "Every metric on all rows")
    made = tag("p", " ".join(evidence.made)) if evidence.made else None
    return section("metrics", "Metrics", tag("p", said + (gain if evidence.baseline else "")), made, table)


def _slices(evidence: Evaluation) -> Markup | None:
    """A drawing for each metric that was asked about, the others folded, then every figure."""
    if len(slices(evidence)) < 2:
        return None
    shown, others = evidence.metrics
    folded = [
        tag("details", tag("summary", f"{metric_name(metric)} by slice"), _drawn(evidence, metric)) for metric in others
    ]
    more = join([tag("h3", "Other metrics by slice"), *folded]) if folded else None
    drawn = [_drawn(evidence, metric) for metric in shown]
    return section("slices", "Slices", tag("p", _order(evidence)), *drawn, more, metrics.every(evidence))


def _drawn(evidence: Evaluation, metric: str) -> Markup:
    found = by_harm(evidence, metric)
    return (metrics.forest if evidence.baseline else metrics.values)(evidence, metric, found)


def _order(evidence: Evaluation) -> str:
    if not evidence.baseline:
        return "All rows first, then the slices, the one that is worst off first; those without an interval last."
    sure = evidence.evaluation["confidence"]
    return (
        f"All rows first, then the slices by harm: those on which {evidence.name} is worse than {evidence.baseline}, "
        "those on which the two are not told apart, those on which it is better; in each the smallest gain first, and "
        f"those without an interval last. Worse and better are said of all slices of a metric at once: with {sure:.0%} "
        "none of them is wrongly called worse (Holm), so an interval that just misses 0 may not suffice."
    )


_COUNTED_BY = {
    "Weight of a row": "weight",
    "Unit, whose rows hang together": "unit",
    "Query, within which rows are ranked": "query",
}


def _origin(evidence: Evaluation) -> Markup:
    evaluation = evidence.evaluation
    said, roles = evaluation["predictions"], ("challenger", *baselines(evidence))
    label, holdout = said["label"], evaluation["holdout"]
    pairs: list[tuple[str, object]] = [
        *((evidence.title(role), f"column {evaluation[role]['column']}, {_ROLES[role]}") for role in roles),
        ("Label", f"column {label['column']}: {_classes(label, holdout)}"),
        *((title, f"column {holdout[key]}") for title, key in _COUNTED_BY.items() if key in holdout),
        ("Rows without a label, left out", count(said["without_label"])),
        *(
            (one["path"], join([plural(one["rows"], "row"), " ", digest(one["digest"])]))
            for one in said["files"][:_MOST]
        ),
    ]
    if evaluation["policy"]:
        pairs.append(("Policy", digest(evaluation["policy"])))
    return section("origin", "What was evaluated", facts(pairs))


def _classes(label: Document, holdout: Document) -> str:
    if "classes" in holdout:
        return ", ".join(f"{one['name']} {count(one['rows'])}" for one in holdout["classes"])
    if label["positive"] is None and label["negative"] is None:
        return "numbers"
    return f"{_value(label['positive'])} is positive, {_value(label['negative'])} is not"


def _value(value: str | None) -> str:
    return "no row" if value is None else repr(value)
