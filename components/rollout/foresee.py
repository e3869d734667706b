"""foresee: a plan, and the traffic that it will meet -> what each guardrail can see by when, and can prove. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from benison.components.rollout.decide import stage_of
from benison.components.rollout.judge import PASSED_FALSELY, alpha_of, compared, limits, ratio_of
from benison.config.rollout import KPI, SCORE, Guardrail, Phase, Rollout
from benison.core.verdicts import Tier
from benison.delivery.traffic import COPIED, LIVE
from benison.measures.feasibility import Plan, Step, detectable, seconds_until, seconds_until_shown

POWER = 0.8
# An extension that is longer is no advice.
MOST_EXTENSION = 28 * 86_400.0


@dataclass(frozen=True)
class Figures:
    """What is known of a metric before a rollout.

    Attributes:
        rate: Values a second in all, above 0: requests, or outcomes that become known.
        mean: The champion's.
        deviation: Standard deviation over requests; None where each counts 0 or 1.
    """

    rate: float
    mean: float
    deviation: float | None = None


@dataclass(frozen=True)
class Sight:
    """What is seen by the end of a phase.

    Attributes:
        phase: The phase.
        harm: The least by which a challenger that is worse is sent back by then with a probability of `POWER`, in the
            metric's unit; None: not even the greatest.
    """

    phase: Phase
    harm: float | None


@dataclass(frozen=True)
class Foresight:
    """What one guardrail in one stage can do.

    Attributes:
        line: The guardrail.
        stage: ``live`` or ``shadow``.
        figures: What that rests on; None: nothing is known, and nothing else is told.
        sights: By the end of each phase of the stage.
        found: For each harm in the metric's unit: after how many seconds of the rollout it is found with a probability
            of `POWER`; None: not before the stage is over.
        proven: After how many seconds one that is exactly as good is proven to be within the tolerance with that
            probability, with the last phase's extension; None: not at all.
        needed: By how many seconds the last phase would have to be extended for that, beside the extension that it has;
            0: by none; None: by more than `MOST_EXTENSION`.
        decides: Whether the rollout ends well only if this is proven.
    """

    line: Guardrail
    stage: str
    figures: Figures | None
    sights: tuple[Sight, ...] = ()
    found: tuple[tuple[float, float | None], ...] = ()
    proven: float | None = None
    needed: float | None = None
    decides: bool = False


def foresee(
    plan: Rollout, requests: float, figures: Mapping[str, Figures], harms: Mapping[str, Sequence[float]]
) -> tuple[Foresight, ...]:
    """What a plan can see of each guardrail, in each stage in which it is judged.

    Args:
        plan: How a challenger is delivered.
        requests: A second, of all units, above 0.
        figures: By guardrail's name; those that are left out are not told of.
        harms: By guardrail's name, by how much worse a challenger is, in the metric's unit, above 0.
    """
    return tuple(
        _foreseen(plan, line, stage, requests, figures[line.name], harms.get(line.name, ()))
        if line.name in figures
        else Foresight(line, stage, None, decides=decides(plan, line, stage))
        for line, stage in compared(plan)
    )


def decides(plan: Rollout, line: Guardrail, stage: str) -> bool:
    """Whether a guardrail has to be proven for a rollout to end well."""
    return line.tier is Tier.HARD and stage == stage_of(plan)


def seconds_of(plan: Rollout, phase: Phase, requests: float) -> float:
    """How long a phase lasts: as long as it says, and until enough blocks have requests to the challenger.

    Args:
        plan: Whose.
        phase: The phase.
        requests: A second.
    """
    share = max(_share(phase, LIVE), _copied(phase)[1])
    some = -math.expm1(-requests * plan.block_seconds * share)
    return max(60 * phase.minutes, plan.min_blocks * plan.block_seconds / some if some else 0.0)


def _share(phase: Phase, stage: str) -> float:
    """The challenger's part of the requests that both answer in a stage, 0 to 1."""
    if stage == LIVE:
        return phase.percent / 100
    rest, copies = _copied(phase)
    return copies / (rest + copies) if copies else 0.0


def _copied(phase: Phase) -> tuple[float, float]:
    """Of all requests, those that the champion answers and those that the challenger gets copies of."""
    rest = 1 - phase.percent / 100
    return rest, rest * phase.shadow / 100


def _foreseen(
    plan: Rollout, line: Guardrail, stage: str, requests: float, figures: Figures, harms: Sequence[float]
) -> Foresight:
    phases = [one for one in plan.phases if _share(one, stage) > 0]
    before = sum(seconds_of(plan, one, requests) for one in plan.phases[: plan.phases.index(phases[0])])
    asked = _asked(plan, line, stage, requests, figures, phases)
    sights = [
        Sight(phase, detectable(replace(asked, steps=asked.steps[: number + 1]), power=POWER))
        for number, phase in enumerate(phases)
    ]
    found = [(harm, _later(before, seconds_until(asked, harm, power=POWER))) for harm in harms]
    proven, needed = _proof(plan, line, asked)
    return Foresight(
        line, stage, figures, tuple(sights), tuple(found), _later(before, proven), needed, decides(plan, line, stage)
    )


def _later(before: float, seconds: float | None) -> float | None:
    return None if seconds is None else before + seconds


def _asked(
    plan: Rollout, line: Guardrail, stage: str, requests: float, figures: Figures, phases: Sequence[Phase]
) -> Plan:
    """A guardrail's question before the start. Copies are requests more: the champion answers all of them as well."""
    more = 1.0 if stage == LIVE else sum(_copied(phases[0]))
    low, high = limits(line)
    return Plan(
        steps=[Step(100 * _share(one, stage), seconds_of(plan, one, requests)) for one in phases],
        rate=figures.rate * more,
        mean=figures.mean,
        deviation=figures.deviation,
        worse="lower" if line.metric == KPI else "higher",
        limit=low if line.metric == KPI else high,
        ratio=ratio_of(line),
        alpha=alpha_of(plan, line.tier),
        block_seconds=plan.block_seconds,
        min_blocks=plan.min_blocks,
    )


def _proof(plan: Rollout, line: Guardrail, asked: Plan) -> tuple[float | None, float | None]:
    """After how long one that is as good passes, and how much more of the last phase that takes than there is.

    Of a score both ends have to hold, so that each may miss only half as often.
    """
    power = (1 + POWER) / 2 if line.metric == SCORE else POWER
    extended = replace(asked, alpha=PASSED_FALSELY, steps=_extended(asked.steps, 60 * plan.extend_minutes))
    found = seconds_until_shown(extended, power=power)
    if found is not None:
        return found, 0.0
    end = sum(step.seconds for step in extended.steps)
    far = replace(extended, steps=_extended(extended.steps, MOST_EXTENSION))
    later = seconds_until_shown(far, power=power)
    return None, None if later is None else later - end


def _extended(steps: Sequence[Step], seconds: float) -> list[Step]:
    return [*steps[:-1], replace(steps[-1], seconds=steps[-1].seconds + seconds)]


def stages_in_words(stage: str) -> str:
    """What the challenger does in a stage."""
    return "copies" if stage == COPIED else "live answers"
