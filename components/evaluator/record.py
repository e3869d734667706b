"""What stands in evaluation.json."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benison.components.evaluator.compare import Measured, Metric
from benison.components.evaluator.gaps import METHOD, Farthest, Gap
from benison.components.evaluator.judge import Judgement
from benison.components.evaluator.plot import Plots
from benison.config import CONFIDENCE, PARITIES, Gate
from benison.core.metrics import metric
from benison.core.verdicts import Check, Tier, Verdict, combine
from benison.metrics.bound import Estimate
from benison.metrics.slice import OVERALL

Document = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What an evaluation came to.

    Attributes:
        judgement: The policy's answers.
        measured: Every slice.
        sound: The checks of the predictions themselves.
        plots: What was drawn.
        gaps: Between groups.
    """

    judgement: Judgement
    measured: Sequence[Measured] = ()
    sound: Sequence[Check] = ()
    plots: Plots = field(default_factory=Plots)
    gaps: Sequence[Gap] = ()

    @property
    def checks(self) -> list[Check]:
        """Of predictions and policy together."""
        return [*self.sound, *self.judgement.checks]


def evaluation(
    models: Mapping[str, Document | None], holdout: Document, gate: Gate | None, outcome: Outcome
) -> Document:
    """The document, without kind and format.

    Args:
        models: What is known of challenger, champion and reference; None where there is none.
        holdout: Snapshot, rows and positives.
        gate: The policy that was applied; None: nothing was to be judged, and there is no verdict.
        outcome: What it came to.
    """
    why_not = outcome.judgement.why_not
    confidence = gate.confidence if gate else CONFIDENCE
    left_out = [one for one in outcome.measured if gate and one.name in why_not]
    return {
        **models,
        "verdict": str(combine(outcome.checks)) if gate else None,
        "holdout": holdout,
        "policy": gate.digest if gate else None,
        **_further_metrics(outcome.measured),
        "confidence": confidence,
        "interval_level": round(2 * confidence - 1, 12),
        "slices": [_slice(one, why_not.get(one.name, "")) for one in outcome.measured],
        "checks": [check.to_json() for check in outcome.checks],
        "not_applicable": [asdict(one) for one in outcome.judgement.not_applicable],
        "not_judged": [_not_judged(one, why_not[one.name]) for one in left_out],
        "fairness": [_gap(gap) for gap in outcome.gaps],
        "plots": outcome.plots.to_json(),
    }


def _further_metrics(measured: Sequence[Measured]) -> Document:
    """Which way metrics are better that a reader of the document cannot know, and the classes of those of TFMA."""
    kinds = {name: metric(name).kind for name in (measured[0].metrics if measured else ())}
    own = {name: kind.better for name, kind in kinds.items() if kind.own}
    theirs = {name: kind.classes[0] for name, kind in kinds.items() if kind.tfma is not None}
    said = {"own_metrics": own, "tfma_metrics": theirs}
    return {key: found for key, found in said.items() if found}


def no_model(reason: str) -> Outcome:
    """What it comes to where the trainer trained nothing."""
    text = f"no model: {reason}"
    check = Check("model", OVERALL, Tier.HARD, Verdict.ERROR, "no model", "a trained model", text)
    return Outcome(Judgement((check,), (), {}))


def _slice(one: Measured, why_not: str) -> Document:
    return {
        "slice": one.name,
        "keys": dict(one.keys),
        "rows": one.rows,
        "positives": one.positives,
        "judged": not why_not,
        "why_not": why_not,
        "metrics": {name: _metric(found) for name, found in one.metrics.items()},
    }


def _metric(one: Metric) -> Document:
    models = {role: _estimate(found) for role, found in one.models.items()}
    gains = {role: _estimate(found) for role, found in one.gains.items()}
    return {**models, "gain": gains, "method": one.method, "note": one.note}


def _estimate(found: Estimate) -> Document:
    figures = {"value": found.value, "lower": found.interval.lower, "upper": found.interval.upper}
    return {name: figure if math.isfinite(figure) else None for name, figure in figures.items()}


def _gap(gap: Gap) -> Document:
    left_out = [{"slice": name, "reason": why} for name, why in {**gap.left_out, **gap.unknown}.items()]
    against = [
        {"slice": one.group, "difference": _estimate(one.difference), "ratio": _estimate(one.ratio)}
        for one in gap.against
    ]
    return {
        "metrics": list(gap.of.metrics),
        "parity": next((name for name, metrics in PARITIES.items() if metrics == gap.of.metrics), ""),
        "across": list(gap.of.across),
        "groups": [one.name for one in gap.groups],
        "left_out": left_out,
        "difference": {role: _farthest(found) for role, found in gap.difference.items()},
        "ratio": {role: _farthest(found) for role, found in gap.ratio.items()},
        "gain": {role: _estimate(found) for role, found in gap.gains.items()},
        "largest": gap.largest,
        "against_largest": against,
        "method": METHOD,
    }


def _farthest(found: Farthest) -> Document:
    where = {"metric": found.metric, "high": found.high, "low": found.low}
    return {**_estimate(found.estimate), **where, "note": found.estimate.note}


def _not_judged(one: Measured, reason: str) -> Document:
    return {"slice": one.name, "rows": one.rows, "positives": one.positives, "reason": reason}
