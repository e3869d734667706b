"""The parts of a rollout's page on guardrails: what is known of each over time, and the requests that it stands on."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from benison.components.rollout.judge import PASSED_FALSELY, alpha_of, limits, of_trial, ratio_of
from benison.components.rollout.record import ended
from benison.config.rollout import KPI, Guardrail
from benison.core.verdicts import Verdict
from benison.delivery.traffic import COPIED, LIVE
from benison.measures.sequential import Arm, Block
from benison.pages.badges import judged
from benison.pages.figures import brief, count, plural, signed
from benison.pages.markup import Column, Markup, Row, join, section, table, tag
from benison.report.charts import Plot
from benison.report.rollout import charts
from benison.report.rollout.evidence import RolloutEvidence
from benison.report.rollout.tracks import Point, means, track

_WORDS = {LIVE: "live answers", COPIED: "copies"}
_COLUMNS = (
    Column("Guardrail", "name"),
    Column("Of"),
    Column("Champion's requests", "number"),
    Column("Challenger's requests", "number"),
    Column("Champion's mean", "number"),
    Column("Challenger's mean", "number"),
    Column("Blocks that count", "number"),
    Column("Skipped", "number"),
)


def minus(text: str) -> str:
    """Minus signs as they are printed; hyphens stay what they are."""
    return re.sub(r"(?<![\w-])-(?=\d)", "\u2212", text)


def served(evidence: RolloutEvidence) -> list[tuple[str, int]]:
    """How many requests the challenger had, in each stage."""
    found: dict[str, int] = {}
    for _, stage, blocks in evidence.series:
        found[stage] = max(found.get(stage, 0), _sum([block.challenger for block in blocks]).requests)
    return [(_WORDS[stage], many) for stage, many in found.items()]


def over_time(evidence: RolloutEvidence) -> Markup:
    """For each guardrail and stage the bounds of the difference over time, and beneath them both means."""
    title = "Guardrails over time"
    if not evidence.series:
        words = "Nothing is compared: the plan has no time in which champion and challenger answer side by side."
        return section("guardrails", title, tag("p", words, class_="absent"))
    plan = evidence.plan
    said = (
        f"A difference is the challenger's mean less the champion's in the same {plan.block_seconds:g} s, a block. The "
        f"wide band is what sends a challenger back once it lies beyond the tolerance as a whole ({alpha_of(plan):.2%} "
        "for each end of a hard guardrail, over all looks); the narrow one is what it passes by once it lies within as "
        f"a whole ({PASSED_FALSELY:.0%}). Both hold however often one looks, and begin after {plan.min_blocks} blocks."
    )
    keys = (
        ("challenger", "estimate"),
        ("reach", "passes by"),
        ("reach-wide", "is sent back by"),
        ("level", "tolerance"),
    )
    legend = tag("p", *(tag("span", words, class_=f"key {kind}") for kind, words in keys), class_="legend")
    cards = [_card(evidence, line, stage, blocks) for line, stage, blocks in evidence.series]
    return section("guardrails", title, tag("p", said), legend, tag("div", *cards, class_="cards"))


def _card(evidence: RolloutEvidence, line: Guardrail, stage: str, blocks: Sequence[Block]) -> Markup:
    points = track(evidence.plan, line, of_trial(evidence.plan, line, blocks, ended(evidence.document)))
    name = f"{line.name}, {_WORDS[stage]}"
    verdict = next((one.verdict for one in evidence.checks if (one.name, one.subject) == (line.name, stage)), None)
    found = judged(verdict, line.tier) if verdict else judged(Verdict.INCONCLUSIVE, line.tier)
    return tag(
        "figure",
        tag("figcaption", tag("b", name), " ", found),
        _difference(evidence, line, name, points),
        _means(evidence, line, name, blocks),
        tag("p", minus(_said(evidence, line, points, blocks)), class_="quiet"),
    )


def _difference(evidence: RolloutEvidence, line: Guardrail, name: str, points: Sequence[Point]) -> Markup | None:
    if not any(one.known for one in points):
        return None
    ends = [end for end in limits(line) if math.isfinite(end)]
    apart = f"Challenger \u2212 {ratio_of(line):g} x champion" if line.metric == KPI else "Challenger \u2212 champion"
    summary = minus(f"{_last(points)}; tolerance {_allowed(line)}.")
    plot = Plot(f"Difference of {name}, over time", summary, "UTC", apart)
    return charts.difference(plot, points, ends, evidence.span)


def _means(evidence: RolloutEvidence, line: Guardrail, name: str, blocks: Sequence[Block]) -> Markup | None:
    found = means(evidence.plan, blocks)
    if not any(value is not None for of in found.values() for _, value in of):
        return None
    both = _both(blocks)
    summary = minus(f"Over all time {brief(_mean(both[1]))}, the champion {brief(_mean(both[0]))}.")
    plot = Plot(f"{name}, of challenger and champion over time", summary, "UTC", "Mean of each", height=150.0)
    keys = [tag("span", kind, class_=f"key {kind}") for kind in ("challenger", "champion")]
    return join([charts.means(plot, found, evidence.span), tag("p", *keys, class_="legend")])


def _said(evidence: RolloutEvidence, line: Guardrail, points: Sequence[Point], blocks: Sequence[Block]) -> str:
    many = sum(block.served for block in blocks)
    skipped = len(blocks) - many
    if any(one.known for one in points):
        found = f"{_last(points)} after {plural(many, 'block')}; tolerance {_allowed(line)}."
    else:
        least = evidence.plan.min_blocks
        found = f"Nothing is known: {plural(many, 'block')} with requests to both, of {least} that it takes."
        found = found if many < least else f"Nothing is known after {plural(many, 'block')}."
    return (
        f"{found} {plural(skipped, 'block')} skipped, in which one of the two answered nothing." if skipped else found
    )


def _last(points: Sequence[Point]) -> str:
    proof = next(one.proof for one in reversed(points) if one.known)
    return f"{signed(proof.estimate)} [{signed(proof.low)}, {signed(proof.high)}]"


def _allowed(line: Guardrail) -> str:
    if line.metric == KPI:
        return f"{100 * line.tolerance:g}% of the champion's, which is 0 here"
    low, _ = limits(line)
    return f"{line.tolerance:g} either way" if math.isfinite(low) else f"{line.tolerance:+g}"


def requests(evidence: RolloutEvidence) -> Markup:
    """On how many requests each guardrail stands, and the means of all of them."""
    rows = [_row(line, stage, blocks) for line, stage, blocks in evidence.series]
    if not rows:
        return section("requests", "Requests", tag("p", "None that could be compared.", class_="absent"))
    said = (
        "Means are of all requests, whenever they came: while traffic grows they compare other hours, so that the "
        "difference above, of the same seconds, may differ from theirs."
    )
    return section("requests", "Requests", tag("p", said), table("Requests by guardrail", _COLUMNS, rows))


def _row(line: Guardrail, stage: str, blocks: Sequence[Block]) -> Row:
    champion, challenger = _both(blocks)
    many = sum(block.served for block in blocks)
    return Row(
        (
            line.name,
            _WORDS[stage],
            count(champion.requests),
            count(challenger.requests),
            minus(brief(_mean(champion))),
            minus(brief(_mean(challenger))),
            count(many),
            count(len(blocks) - many),
        )
    )


def _both(blocks: Sequence[Block]) -> tuple[Arm, Arm]:
    return _sum([block.champion for block in blocks]), _sum([block.challenger for block in blocks])


def _sum(arms: Sequence[Arm]) -> Arm:
    return Arm(sum(arm.requests for arm in arms), math.fsum(arm.total for arm in arms))


def _mean(arm: Arm) -> float | None:
    return arm.total / arm.requests if arm.requests else None
