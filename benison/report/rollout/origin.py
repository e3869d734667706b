"""The parts of a rollout's page on its plan, and on where everything comes from."""

from __future__ import annotations

from benison.components.rollout.judge import alpha_of
from benison.components.rollout.record import KIND
from benison.config.rollout import KPI, Guardrail, Rollout
from benison.pages.figures import moment
from benison.pages.markup import Column, Markup, Row, digest, facts, section, table, tag
from benison.report.rollout.evidence import RolloutEvidence

_PHASES = (Column("Phase"), Column("Traffic"), Column("At least", "number"))
_GUARDRAILS = (
    Column("Guardrail", "name"),
    Column("Tier"),
    Column("May be worse by", "number"),
    Column("Breaker", "text"),
)


def plan(evidence: RolloutEvidence) -> Markup:
    """What was agreed before: phases, guardrails, rules."""
    found = evidence.plan
    last = len(found.phases) + 1
    phases = [Row((number, str(one), f"{one.minutes:g} min")) for number, one in enumerate(found.phases, 1)]
    if found.promotes:
        phases.append(Row((last, "100%, watched", f"{found.watch_minutes:g} min")))
    return section(
        "plan",
        "Plan",
        table("Phases", _PHASES, phases),
        table("Guardrails of the plan", _GUARDRAILS, map(_guardrail, found.guardrails)),
        facts(_rules(found)),
    )


def _guardrail(line: Guardrail) -> Row:
    share = f"{100 * line.tolerance:g}% of the champion's" if line.metric == KPI else f"{line.tolerance:g}"
    breaker = "none" if line.at_most is None else f"above {line.at_most:g} in {line.sustained} of {line.sustained + 1}"
    return Row((line.name, str(line.tier), share, breaker))


def _rules(found: Rollout) -> list[tuple[str, object]]:
    return [
        ("Block", f"{found.block_seconds:g} s"),
        ("Blocks before anything is concluded", f"{found.min_blocks}"),
        ("False rollbacks over the whole rollout", f"at most {found.false_rollbacks:.2%}"),
        ("Of each hard guardrail in each stage", f"at most {alpha_of(found):.2%}"),
        ("Not decided at the end", f"{found.undecided}, after {found.extend_minutes:g} min more"),
        ("Sent back without figures", f"after {found.silent_minutes:g} min"),
    ]


def origin(evidence: RolloutEvidence) -> Markup:
    """Who, when, why, and the digests by which everything can be found again."""
    start, finish = evidence.start, evidence.finish
    pairs: list[tuple[str, object]] = [
        ("Begun", f"{moment(start.when)} by {start.who}: {start.why}"),
        ("Challenger", digest(start.challenger)),
        (f"Champion {start.champion.number}", digest(start.champion.package)),
        ("Plan", digest(evidence.plan.digest)),
    ]
    if finish is not None:
        pairs[1:1] = [("Ended", f"{moment(finish.when)} by {finish.who}: {finish.why}")]
        pairs.append(("Record of these figures", digest(finish.evidence[KIND])))
    else:
        pairs.append(("Record of these figures", tag("span", "kept once it is over", class_="quiet")))
    return section("origin", "Origin", facts(pairs))
