"""The card's page: what the model is and what the gate said of it first, then all that an auditor asks."""

from __future__ import annotations

from benison.core.verdicts import Verdict
from benison.pages.badges import LOOKS, sign
from benison.pages.figures import metric_name, moment, plural
from benison.pages.frame import document
from benison.pages.markup import Markup, escape, join, quiet, tag
from benison.report import metrics
from benison.report.card import made_of, words, worth
from benison.report.comparison import WHOLE, baselines, gain_over, main_metrics, measured, slices
from benison.report.conclusion import conclude
from benison.report.gather import Document, RunEvidence

FILE = "model_card.html"
_PARTS = (
    ("overview", "Overview"),
    ("use", "Intended use"),
    ("out-of-scope", "Out of scope"),
    ("data", "Data"),
    ("features", "Features"),
    ("training", "Training"),
    ("performance", "Performance"),
    ("comparison", "Comparison"),
    ("groups", "Groups"),
    ("limitations", "Limitations"),
    ("provenance", "Provenance"),
)


def render(evidence: RunEvidence, card: Document, back: str) -> str:
    """The card as the text of an HTML file.

    Args:
        evidence: What the run left.
        card: The trainer's model_card.json.
        back: The file of the run's report, beside it.
    """
    sections = (
        words.overview(card),
        words.use(card),
        words.out_of_scope(card),
        made_of.data(evidence, card),
        made_of.features(evidence),
        made_of.training(evidence, card, back),
        worth.performance(evidence),
        worth.comparison(evidence),
        worth.groups(evidence, card),
        words.limits(evidence, card),
        made_of.provenance(evidence, card),
    )
    return document(
        f"{card['model_details']['name']}: model card",
        join([_masthead(evidence, card, back), _answer(evidence, card), _glance(evidence, card), _contents(back)]),
        join(sections),
        _colophon(evidence),
        skip_to="overview",
    )


def _masthead(evidence: RunEvidence, card: Document, back: str) -> Markup:
    return tag(
        "div",
        tag("p", tag("b", card["model_details"]["name"]), " Model card"),
        tag("p", tag("a", "Run ", evidence.run["id"], href=back), tag("br"), moment(evidence.run["started"])),
        class_="masthead",
    )


def _answer(evidence: RunEvidence, card: Document) -> Markup:
    """The gate's word on the model, what became of it, and what is wrong with the evidence itself."""
    conclusion, evaluation = conclude(evidence), evidence.evaluation
    look, word = ("open", "Not measured") if evaluation is None else _word(evaluation)
    doubts = [tag("li", doubt) for doubt in conclusion.doubts]
    return tag(
        "div",
        tag("h1", sign(look, word), tag("span", f"Model card of {card['model_details']['name']}")),
        tag("p", conclusion.headline, class_="because"),
        tag("div", tag("h2", "Do not rely on this card"), tag("ul", *doubts), class_="doubts") if doubts else None,
        class_=f"answer {look}",
    )


def _word(evaluation: Document) -> tuple[str, str]:
    verdict = Verdict(evaluation["verdict"])
    return LOOKS[verdict], f"Gate on the model: {verdict}"


def _glance(evidence: RunEvidence, card: Document) -> Markup:
    tiles = [*_figures(evidence), *_counts(evidence), ("Not stated", _unstated(card))]
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", shown)) for name, shown in tiles), class_="glance")


def _figures(evidence: RunEvidence) -> list[tuple[str, object]]:
    overall = measured(evidence)
    tiles: list[tuple[str, object]] = []
    for name in main_metrics(evidence)[:3] if overall else []:
        tiles.append((metric_name(name), metrics.figure(overall[name]["challenger"])))
    for baseline in baselines(evidence)[:1] if tiles else []:
        main = main_metrics(evidence)[0]
        gain = metrics.figure(gain_over(overall[main], baseline), sign=True)
        tiles.append((f"{metric_name(main)}, gain over {baseline}", gain))
    return tiles


def _counts(evidence: RunEvidence) -> list[tuple[str, object]]:
    if evidence.evaluation is None:
        return []
    parts = [one for one in slices(evidence) if one["slice"] != WHOLE]
    small = sum(not one["judged"] for one in parts)
    judged = join([f"{len(parts) - small} judged", quiet(f", {small} too small") if small else None])
    return [("Slices", judged)]


def _unstated(card: Document) -> object:
    missing = words.unstated(card)
    return plural(len(missing), "part") if missing else "nothing"


def _contents(back: str) -> Markup:
    links = [tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title in _PARTS]
    links.append(tag("li", tag("a", "Report of the run", href=back)))
    return tag("nav", tag("ul", *links), aria_label="Parts of this card")


def _colophon(evidence: RunEvidence) -> Markup:
    versions = evidence.run["versions"]
    return join([escape(f"Written by Benison {versions['benison']} from the documents of run {evidence.run['id']}.")])
