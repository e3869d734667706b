"""The report of a rollout as one HTML file, that needs nothing else and runs nothing."""

from __future__ import annotations

from benison import __version__
from benison.core import digests
from benison.core.verdicts import Tier
from benison.delivery.entries import Shift
from benison.pages.badges import sign
from benison.pages.figures import count, duration, moment
from benison.pages.frame import document
from benison.pages.markup import Column, Markup, Row, escape, join, quiet, section, table, tag
from benison.report import checks
from benison.report.charts import Plot
from benison.report.conclusion import passes, ranked, tally
from benison.report.rollout import charts, guardrails, origin
from benison.report.rollout.answer import Answer, answer
from benison.report.rollout.evidence import RUNNING, RolloutEvidence

_PARTS = (
    ("traffic", "Traffic"),
    ("guardrails", "Guardrails over time"),
    ("checks", "Checks"),
    ("requests", "Requests"),
    ("plan", "Plan"),
    ("origin", "Origin"),
)
_DECISIONS = (Column("Decision"), Column("When"), Column("Traffic"), Column("Why"))


def render(evidence: RolloutEvidence) -> str:
    """The report, as the text of an HTML file.

    Args:
        evidence: The rollout, over or under way.
    """
    found = answer(evidence)
    links = [tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title in _PARTS]
    contents = tag("nav", tag("ul", *links), aria_label="Parts of this report")
    parts = [
        _traffic(evidence),
        guardrails.over_time(evidence),
        _checks(evidence),
        guardrails.requests(evidence),
        origin.plan(evidence),
        origin.origin(evidence),
    ]
    return document(
        f"{evidence.name}: rollout {evidence.id}, {found.word}",
        join([_masthead(evidence), _answer(found), _glance(evidence), contents]),
        join(parts),
        escape(f"Written by Benison {__version__} from the logs of {evidence.name} and what they name as evidence."),
        skip_to="traffic",
    )


def _masthead(evidence: RolloutEvidence) -> Markup:
    challenger, champion = digests.short(evidence.start.challenger), evidence.start.champion
    told = moment(str(evidence.document["told"]))
    return tag(
        "div",
        tag("p", tag("b", evidence.name), f" {challenger} beside champion {champion}"),
        tag("p", f"Rollout {evidence.id}, {evidence.plan.strategy}", tag("br"), f"as of {told}"),
        class_="masthead",
    )


def _answer(found: Answer) -> Markup:
    return tag(
        "div",
        tag(
            "h1", sign(found.look, found.word), tag("span", ": ", class_="unseen"), tag("span", _minus(found.sentence))
        ),
        tag("p", _minus(f"{found.because.rstrip('.')}."), class_="because"),
        _list("Do not take it for proof", found.doubts, "doubts"),
        _list("What was not proven, or was proven against it", found.reasons, "reasons"),
        _list("Warnings, which do not decide", found.warnings, "warnings"),
        class_=f"answer {found.look}",
    )


def _minus(text: str) -> str:
    first = text.split(" ", 1)[0]
    return guardrails.minus(text if "_" in first else text[:1].upper() + text[1:])


def _list(title: str, lines: tuple[str, ...], kind: str) -> Markup | None:
    if not lines:
        return None
    return tag("div", tag("h2", title), tag("ul", *(tag("li", guardrails.minus(line)) for line in lines)), class_=kind)


def _glance(evidence: RolloutEvidence) -> Markup:
    begin, end = evidence.span
    tiles: list[tuple[str, object]] = [
        ("Guardrails", str(evidence.verdict)),
        ("Hard checks", tally(evidence.checks, Tier.HARD)),
        ("Soft checks", tally(evidence.checks, Tier.SOFT)),
        ("So far" if evidence.outcome == RUNNING else "Took", duration(end - begin)),
        *((f"Requests to the challenger, {stage}", count(many)) for stage, many in guardrails.served(evidence)),
    ]
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", shown)) for name, shown in tiles), class_="glance")


def _traffic(evidence: RolloutEvidence) -> Markup:
    shifts = [
        Shift(who="", **{key: value for key, value in one.items() if key != "who"})
        for one in evidence.document["shifts"]
    ]
    if not shifts:
        return section("traffic", "Traffic", tag("p", "The challenger has had no traffic so far.", class_="absent"))
    steps = "; ".join(f"{moment(one.when)} {_split(one)}" for one in shifts)
    plot = Plot("Traffic of the challenger over time", f"{steps}.", "UTC", "Share of units", 460.0, 200.0)
    keys = [
        tag("span", words, class_=f"key {kind}")
        for kind, words, shown in (
            ("challenger", "answered by the challenger", any(one.percent for one in shifts)),
            ("copied", "copied to it", any(one.shadow for one in shifts)),
        )
        if shown
    ]
    rows = [
        Row((number, moment(one.when), _split(one), guardrails.minus(one.why))) for number, one in enumerate(shifts, 1)
    ]
    drawn = tag("figure", tag("figcaption", *keys), charts.traffic(plot, shifts, evidence.span))
    listed = tag("div", table("Every decision about traffic", _DECISIONS, rows), class_="aside")
    return section("traffic", "Traffic", tag("div", drawn, listed, class_="charts"))


def _split(one: Shift) -> str:
    if one.back:
        return "0%, sent back"
    return f"{one.percent:g}%{f', copies of {one.shadow:g}%' if one.shadow else ''}"


def _checks(evidence: RolloutEvidence) -> Markup:
    meaning = (
        "FAIL is proof of harm, PASS is proof that there is none; a single hard FAIL sends the challenger back at once."
    )
    absent = tag("p", "Nothing was checked.", class_="absent") if not evidence.checks else None
    tiers = [
        _tier(evidence, tier, title)
        for tier, title in ((Tier.HARD, "Hard checks"), (Tier.SOFT, "Soft checks, which warn and do not decide"))
    ]
    return section("checks", "Checks", tag("p", meaning), absent, *tiers)


def _tier(evidence: RolloutEvidence, tier: Tier, title: str) -> Markup | None:
    found = ranked(evidence.checks, tier)
    if not found:
        return None
    heading = tag("h3", title, " ", quiet(tally(evidence.checks, tier)))
    against, rest = ([checks.row(one) for one in found if passes(one) is good] for good in (False, True))
    return join([heading, checks.listing("Those that do not pass", against), checks.listing("Those that pass", rest)])
