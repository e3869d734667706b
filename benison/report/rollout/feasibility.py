"""What a plan can see before it starts, in lines for a terminal and as a document for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benison.components.rollout.foresee import MOST_EXTENSION, POWER, Foresight, Sight, seconds_of, stages_in_words
from benison.components.rollout.judge import PASSED_FALSELY, alpha_of, compared
from benison.config.rollout import KPI, SCORE, Guardrail, Rollout
from benison.core.verdicts import Tier
from benison.pages.figures import brief

_OPTIONS = {"score": "--score-deviation SD", "brier_score": "--brier-deviation SD", "kpi": "--kpi MEAN SD"}


@dataclass(frozen=True)
class Feasibility:
    """A plan, the traffic that it will meet, and what it can see then.

    Attributes:
        plan: The plan.
        requests: A second.
        source: Where the figures come from, in words.
        foresights: Of each guardrail in each stage.
    """

    plan: Rollout
    requests: float
    source: str
    foresights: Sequence[Foresight]


def lines(found: Feasibility) -> Iterator[str]:
    """For people."""
    plan = found.plan
    yield f"{plan.strategy}: {', '.join(_phases(plan))}"
    if not compared(plan):
        yield from _uncompared(plan)
        return
    yield f"{found.requests:g} requests/s ({found.source})"
    yield from _lengthened(found)
    yield _alpha(plan)
    for one in found.foresights:
        yield ""
        yield from _of_one(found, one)


def _phases(plan: Rollout) -> list[str]:
    last = [f"then 100%, watched for {span(60 * plan.watch_minutes)}"] if plan.promotes else ["and no more"]
    return [*(f"{phase} for {span(60 * phase.minutes)}" for phase in plan.phases), *last]


def _uncompared(plan: Rollout) -> Iterator[str]:
    yield "No guardrail compares anything: champion and challenger never answer side by side, so nothing is proven."
    watched = [f"{line.name} above {line.at_most:g}" for line in plan.guardrails if line.at_most is not None]
    if watched:
        yield f"Breakers alone send it back: {', '.join(watched)}."
    else:
        yield "No breaker is set either: nothing would send it back. Set  at_most  of a guardrail."


def _lengthened(found: Feasibility) -> Iterator[str]:
    for phase in found.plan.phases:
        seconds = seconds_of(found.plan, phase, found.requests)
        if seconds > 60 * phase.minutes + 1:
            blocks = found.plan.min_blocks
            yield f"{phase} will last some {span(seconds)}, until {blocks} blocks have requests to the challenger"


def _alpha(plan: Rollout) -> str:
    many = sum(line.tier is Tier.HARD for line, _ in compared(plan))
    parts = f" / {many} (each hard guardrail in each stage) = {alpha_of(plan):.3g}" if many > 1 else ""
    return (
        f"chance of a false rollback: {plan.false_rollbacks:.3g}{parts}; "
        f"of passing exactly at the tolerance: {PASSED_FALSELY:g}; found: with a probability of {POWER:g}"
    )


def _of_one(found: Feasibility, one: Foresight) -> Iterator[str]:
    line = one.line
    decides = "has to be proven" if one.decides else "warns" if line.tier == "soft" else "sends back, decides nothing"
    yield f"{line.name}, {stages_in_words(one.stage)}: {_allowed(line)}; {line.tier}, {decides}"
    if one.figures is None:
        yield f"  cannot be told: give  {_OPTIONS.get(line.metric, 'its rate')}"
        return
    for sight in one.sights:
        yield f"  {_sees(found, one, sight)}"
    for harm, seconds in one.found:
        after = f"is found after {span(seconds)}" if seconds is not None else "is not found by then"
        yield f"  {_change(one, harm)} {after}"
    yield f"  {_proof(found, one)}"


def _allowed(line: Guardrail) -> str:
    if line.metric == KPI:
        return f"may lose {100 * line.tolerance:g}% of the champion's"
    return f"may differ by {line.tolerance:g}" if line.metric == SCORE else f"may be worse by {line.tolerance:g}"


def _sees(found: Feasibility, one: Foresight, sight: Sight) -> str:
    seconds = seconds_of(found.plan, sight.phase, found.requests)
    head = f"by the end of {sight.phase} for {span(seconds)} at {found.requests:g} requests/s"
    if sight.harm is None:
        return f"{head}: sees nothing, however bad"
    if _is_all(one, sight.harm):
        return f"{head}: does not see even the loss of all of it"
    less = _twice(one)
    but = f", not {_end(one, less)}" if less < sight.harm * 0.95 else ""
    return f"{head}: sees {_change(one, sight.harm)}{but}"


def _is_all(one: Foresight, harm: float) -> bool:
    """Whether a harm is as much as there is to lose."""
    assert one.figures is not None
    return one.line.metric == KPI and 0 < one.figures.mean <= harm


def _twice(one: Foresight) -> float:
    """Twice what is tolerated, in the metric's unit."""
    assert one.figures is not None
    return 2 * one.line.tolerance * (abs(one.figures.mean) if one.line.metric == KPI else 1.0)


def _change(one: Foresight, harm: float) -> str:
    assert one.figures is not None
    if one.line.metric == SCORE:
        return f"a mean that moves by {brief(harm)}"
    if one.line.metric == KPI:
        return f"a drop {_end(one, harm)}"
    return f"a rise from {_figure(one.line, one.figures.mean)} {_end(one, harm)}"


def _end(one: Foresight, harm: float) -> str:
    assert one.figures is not None
    if one.line.metric == SCORE:
        return f"by {brief(harm)}"
    if one.line.metric == KPI:
        return f"of {100 * harm / abs(one.figures.mean):.3g}%" if one.figures.mean else f"of {brief(harm)}"
    return f"to {_figure(one.line, one.figures.mean + harm)}"


def _figure(line: Guardrail, value: float) -> str:
    return f"{100 * value:.3g}%" if line.counts else brief(value)


def _proof(found: Feasibility, one: Foresight) -> str:
    if one.proven is not None:
        return f"one that is exactly as good is proven so after {span(one.proven)}"
    last = "the last phase and its extension" if found.plan.extend_minutes else "the last phase"
    if one.needed is None:
        more = f"more than {span(MOST_EXTENSION)} longer would be needed"
    else:
        minutes = found.plan.extend_minutes + one.needed / 60
        more = f"extend_minutes: {minutes:.0f} would be enough"
    so = f", and would be answered by  undecided: {found.plan.undecided}" if one.decides else ""
    return f"one that is exactly as good CANNOT be proven so by the end of {last}{so}; {more}"


def span(seconds: float) -> str:
    """A time as people plan it.

    >>> span(90), span(1800), span(7200), span(9000), span(180_000)
    ('90 s', '30 min', '2 h', '2 h 30 min', '2 d 2 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    for size, unit, below, name in ((1440, "d", 60, "h"), (60, "h", 1, "min")):
        if minutes >= size * (2 if unit == "d" else 1):
            rest = minutes % size // below
            return f"{minutes // size} {unit}{f' {rest} {name}' if rest else ''}"
    return f"{minutes} min"


def as_json(found: Feasibility) -> dict[str, Any]:
    """For programs: seconds, and harms in the metric's unit; null is what cannot be seen, or is not known."""
    return {
        "plan": found.plan.to_json(),
        "requests_per_second": found.requests,
        "alpha": alpha_of(found.plan),
        "passed_falsely": PASSED_FALSELY,
        "power": POWER,
        "guardrails": [_told(one) for one in found.foresights],
    }


def _told(one: Foresight) -> dict[str, Any]:
    figures = one.figures
    return {
        "guardrail": one.line.name,
        "stage": one.stage,
        "decides": one.decides,
        "champion": figures and {"rate": figures.rate, "mean": figures.mean, "deviation": figures.deviation},
        "smallest_harm_by_phase": [{"phase": str(sight.phase), "harm": sight.harm} for sight in one.sights],
        "found": [{"harm": harm, "seconds": seconds} for harm, seconds in one.found],
        "proven_seconds": one.proven,
        "extension_needed_seconds": one.needed,
    }
