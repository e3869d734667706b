"""The report as one HTML file: the verdict first, then what it rests on. Works offline, without scripts, on paper."""

from __future__ import annotations

from benison.core.verdicts import Tier
from benison.pages.badges import sign
from benison.pages.figures import duration, metric_name, moment
from benison.pages.frame import document
from benison.pages.markup import Markup, escape, join, quiet, tag
from benison.report import card, checks, curves, data, gaps, infra, lineage, metrics, training
from benison.report.comparison import WHOLE, baselines, gain_over, main_metrics, measured, slices
from benison.report.conclusion import Conclusion, conclude, tally
from benison.report.gather import RunEvidence

FILE = "report.html"
_OUTCOMES = {
    "pushed": "pass",
    "held": "open",
    "unchanged": "same",
    "superseded": "again",
    "blocked": "fail",
    "failed": "error",
    "cancelled": "open",
    "running": "open",
    "unknown": "error",
}
_MOST_LINES, _MOST_WARNINGS = 20, 6
_PARTS = (
    ("checks", "Checks"),
    ("metrics", "Metrics"),
    ("fairness", "Fairness"),
    ("curves", curves.TITLE),
    ("serving", "Serving"),
    ("data", "Data and drift"),
    ("training", "Training"),
    ("lineage", "Lineage"),
)


def render(evidence: RunEvidence) -> str:
    """The report of a run, as the text of an HTML file that needs nothing else."""
    conclusion = conclude(evidence)
    sections = [part.render(evidence) for part in (checks, metrics, gaps, curves, infra, data, training, lineage)]
    return document(
        f"{evidence.name}: {conclusion.headline}",
        join([_masthead(evidence), _verdict(conclusion), _glance(evidence), _contents(evidence)]),
        join(sections),
        _colophon(evidence),
        skip_to="checks",
    )


def _masthead(evidence: RunEvidence) -> Markup:
    about = evidence.project.description if evidence.project else ""
    return tag(
        "div",
        tag("p", tag("b", evidence.name), f" {about}" if about else None),
        tag("p", "Run ", evidence.run["id"], tag("br"), moment(evidence.run["started"])),
        class_="masthead",
    )


def _verdict(conclusion: Conclusion) -> Markup:
    word, _, rest = conclusion.headline.partition(": ")
    look = _OUTCOMES[conclusion.outcome]
    return tag(
        "div",
        tag("h1", sign(look, word), tag("span", ": ", class_="unseen"), tag("span", _sentence(rest))),
        tag("p", f"{_sentence(conclusion.because).rstrip('.')}.", class_="because") if conclusion.because else None,
        _list("Why", conclusion.reasons, "reasons"),
        _list("Do not rely on this report", conclusion.doubts, "doubts"),
        _list("Warnings, which do not block", conclusion.warnings, "warnings", _MOST_WARNINGS),
        class_=f"answer {look}",
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _list(title: str, lines: tuple[str, ...], kind: str, most: int = _MOST_LINES) -> Markup | None:
    if not lines:
        return None
    left = len(lines) - most
    more = tag("li", tag("a", f"{left:,} more", href="#checks")) if left > 0 else None
    return tag("div", tag("h2", title), tag("ul", *(tag("li", line) for line in lines[:most]), more), class_=kind)


def _glance(evidence: RunEvidence) -> Markup:
    """The few figures that most readers come for."""
    tiles = [*_main_figures(evidence), *_counts(evidence)]
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", *shown)) for name, *shown in tiles), class_="glance")


def _main_figures(evidence: RunEvidence) -> list[tuple[object, ...]]:
    main, overall = main_metrics(evidence)[:1], measured(evidence)
    if not main or main[0] not in overall:
        return []
    name, found = metric_name(main[0]), overall[main[0]]
    tiles: list[tuple[object, ...]] = [(f"{name}, challenger", metrics.figure(found["challenger"]))]
    for baseline in baselines(evidence)[:1]:
        tiles.append((f"{name}, {baseline}", metrics.figure(found.get(baseline))))
        tiles.append((f"Gain over {baseline}", metrics.figure(gain_over(found, baseline), sign=True)))
    return tiles


def _counts(evidence: RunEvidence) -> list[tuple[object, ...]]:
    tiles: list[tuple[object, ...]] = [
        ("Hard checks", tally(evidence.all_checks, Tier.HARD)),
        ("Soft checks", tally(evidence.all_checks, Tier.SOFT)),
    ]
    parts = [one for one in slices(evidence) if one["slice"] != WHOLE]
    if parts:
        left = sum(not one["judged"] for one in parts)
        tiles.append(("Slices", f"{len(parts) - left} judged", quiet(f", {left} too small") if left else None))
    took = lineage.seconds_of(evidence.run)
    return [*tiles, ("Took", duration(took))] if took is not None else tiles


def _contents(evidence: RunEvidence) -> Markup:
    left_out = {"curves": not curves.render(evidence), "fairness": not gaps.gaps(evidence)}
    left_out["serving"] = not infra.asked(evidence)
    shown = [part for part in _PARTS if not left_out.get(part[0])]
    links = [tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title in shown]
    if evidence.card is not None:
        links.append(tag("li", tag("a", "Model card", href=card.FILE)))
    return tag("nav", tag("ul", *links), aria_label="Parts of this report")


def _colophon(evidence: RunEvidence) -> Markup:
    versions = evidence.run["versions"]
    return join([escape(f"Written by Benison {versions['benison']} from the documents of run {evidence.run['id']}.")])
