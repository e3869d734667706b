"""Questions to an evaluation, which page and scorecard both ask."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from benison.cards import evaluated
from benison.config import Gate
from benison.core.metrics import better, find
from benison.core.verdicts import Check, Tier, Verdict

Document = Mapping[str, Any]

WHOLE = evaluated.OVERALL
_BY_WEIGHT = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)


class Evaluated(Protocol):
    """Whatever has an evaluation: a run, or predictions that were ready."""

    @property
    def evaluation(self) -> Document | None:
        """evaluation.json; None: there is none."""

    @property
    def gate(self) -> Gate | None:
        """The policy; None: there is none, or it is not known."""

    @property
    def model_checks(self) -> tuple[Check, ...]:
        """The checks of the evaluation."""

    def title(self, role: str) -> str:
        """What a column with a model's figures is called."""

    def called(self, role: str) -> str:
        """What a sentence calls a model."""


def has_policy(evidence: Evaluated) -> bool:
    """Whether slices were judged at all."""
    return bool(evidence.evaluation and evidence.evaluation["policy"])


def slices(evidence: Evaluated) -> list[Document]:
    """Every slice that was measured, the whole first; none where there was no model."""
    found = list(evidence.evaluation["slices"]) if evidence.evaluation else []
    return sorted(found, key=lambda one: bool(one["slice"] != WHOLE))


def measured(evidence: Evaluated, name: str = WHOLE) -> Document:
    """The metrics of a slice; empty where it was not measured."""
    found: Document = next((one["metrics"] for one in slices(evidence) if one["slice"] == name), {})
    return found


def main_metrics(evidence: Evaluated) -> list[str]:
    """The metrics that the policy asks about, in its order; without a policy those that have a better and a worse."""
    known = measured(evidence)
    asked = [check.metric for check in evidence.gate.checks] if evidence.gate else []
    found = [metric for metric in dict.fromkeys(asked) if metric in known]
    found = found or [metric for metric, one in known.items() if one.get("gain")]
    return found or [metric for metric in known if direction(evidence, metric)]


def direction(evidence: Evaluated, metric: str) -> int:
    """1: more of a metric is better; -1: less is; 0: neither. Of metrics that the user wrote the evaluation says it."""
    said = evidence.evaluation or {}
    if metric in said.get("tfma_metrics", {}):
        return 0
    own = said.get("own_metrics", {})
    return int(own[metric]) if metric in own else better(metric)


def asked_by_slice(evidence: Evaluated) -> list[str]:
    """The first of the main metrics, and the others that the policy asks about on parts of the holdout too."""
    main, parts = main_metrics(evidence), [one["slice"] for one in slices(evidence) if one["slice"] != WHOLE]
    return main[:1] + [metric for metric in main[1:] if any(checks_on(evidence, metric, part) for part in parts)]


def baselines(evidence: Evaluated) -> list[str]:
    """What the challenger was compared with; a reference that is the champion itself is not told twice."""
    return evaluated.baselines(evidence.evaluation) if evidence.evaluation else []


def gain_over(metric: Mapping[str, Any], baseline: str) -> Document | None:
    """Challenger minus baseline, as an estimate; None where there is none."""
    found: Document | None = (metric.get("gain") or {}).get(baseline)
    return found


def checks_on(evidence: Evaluated, metric: str, name: str) -> list[Check]:
    """The checks of a metric on a slice, hard before soft, and the worst first."""
    known = measured(evidence)
    found = [one for one in evidence.model_checks if one.subject == name and metric_of(one.name, known) == metric]
    return sorted(found, key=lambda check: (check.tier is Tier.SOFT, _BY_WEIGHT.index(check.verdict)))


def metric_of(check: str, known: Collection[str] = ()) -> str | None:
    """The metric that a check's name begins with: the longest that fits, of all there are and of those known besides.

    >>> metric_of("auc_precision_recall_gain")
    'auc_precision_recall'
    """
    parts = check.split("_")
    names = ("_".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((name for name in names if name in known or find(name)), None)


def tolerated(evidence: Evaluated, metric: str, name: str) -> float | None:
    """How far below a baseline the policy lets a metric fall on a slice; None where it does not say."""
    gate = evidence.gate.checks if evidence.gate else ()
    found = [
        line.tolerance
        for line in gate
        if line.metric == metric and not math.isnan(line.tolerance) and {name, "all"} & set(line.slices)
    ]
    return min(found, default=None)
