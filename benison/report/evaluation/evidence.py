"""What is known of predictions that were ready: their evaluation and, where there is one, the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benison.config import Gate
from benison.core.verdicts import Check, Tier, Verdict
from benison.report.comparison import (
    WHOLE,
    Document,
    asked_by_slice,
    baselines,
    direction,
    gain_over,
    main_metrics,
    slices,
)
from benison.report.harm import Told, told

# Of all pairs; an AUC is off by half as much at most.
SQUEEZED = 0.01


@dataclass(frozen=True)
class Evaluation:
    """An evaluation.json of predictions that were ready.

    Attributes:
        evaluation: The document.
        gate: The policy that was applied; None: there was none.
        source: What the user calls the predictions.
    """

    evaluation: Document
    gate: Gate | None
    source: str

    @property
    def model_checks(self) -> tuple[Check, ...]:
        return tuple(Check.from_json(check) for check in self.evaluation["checks"])

    def title(self, role: str) -> str:
        """The model's own name."""
        return str(self.evaluation[role]["name"])

    def called(self, role: str) -> str:
        """Likewise."""
        return self.title(role)

    @property
    def name(self) -> str:
        """The model that is asked about."""
        return self.title("challenger")

    @property
    def baseline(self) -> str:
        """The one that it is compared with first; empty where there is none."""
        return self.title("champion") if baselines(self) else ""

    @property
    def unsound(self) -> tuple[str, ...]:
        """Why the predictions themselves cannot be relied upon."""
        found = (check for check in self.model_checks if check.name == "predictions")
        return tuple(check.reason for check in found if check.verdict is not Verdict.PASS)

    @property
    def against(self) -> tuple[str, ...]:
        """Why each hard check of the policy that does not pass does not."""
        hard = (check for check in self.model_checks if check.tier is Tier.HARD and check.name != "predictions")
        return tuple(_told(check) for check in hard if check.verdict is not Verdict.PASS)

    @property
    def made(self) -> tuple[str, ...]:
        """How figures came about, where it was not row by row; one sentence each."""
        engine = self.evaluation["predictions"]["engine"]
        if engine["name"] == "beam":
            return ("TFMA measured every figure, on Apache Beam: none has an interval.",)
        if engine["name"] == "memory":
            return _of_tfma(self.evaluation)
        known = (
            f"Rows were counted as they were read, in {engine['buckets']:,} buckets of predictions: counts, rates and "
            "means are exact, areas but for the order of rows within a bucket, and the errors of gains are those of "
            f"{engine['bins']} bins."
        )
        shares = {role: share for role, share in engine["unseen"].items() if share is not None}
        return known, *(self._squeezed(role, share) for role, share in shares.items() if share > SQUEEZED)

    def _squeezed(self, role: str, share: float) -> str:
        return (
            f"{self.title(role)} squeezes {share:.1%} of the pairs of a positive and a negative row into one bucket, "
            f"and its AUC may be off by up to {share / 2:.2g}: evaluate in memory, --engine memory."
        )

    @property
    def metrics(self) -> tuple[list[str], list[str]]:
        """The metrics that are shown by slice, and those that are so on demand."""
        shown = asked_by_slice(self)
        return shown, [metric for metric in main_metrics(self) if metric not in shown]


def _of_tfma(evaluation: Document) -> tuple[str, ...]:
    theirs = list(evaluation.get("tfma_metrics", {}))
    figures = "figures have no intervals" if theirs[1:] else "figure has no interval"
    return (f"TFMA measured {', '.join(theirs)}, whose {figures}.",) if theirs else ()


def _told(check: Check) -> str:
    return check.reason if check.subject in (WHOLE, "all") else f"{check.subject}: {check.reason}"


def by_harm(evidence: Evaluation, metric: str) -> list[Document]:
    """The slices that have a metric: the whole, then the others, the one that is worst off first.

    Beside a baseline: those that are surely worse, those not told apart, those surely better, in each the smallest gain
    first. Alone: by the metric itself. What has no interval comes last.
    """
    found = [one for one in slices(evidence) if metric in one["metrics"]]
    said = told(evidence, metric) if evidence.baseline else {}
    return sorted(found, key=lambda one: (one["slice"] != WHOLE, *_harm(evidence, metric, one, said)))


def _harm(evidence: Evaluation, metric: str, one: Document, said: Mapping[str, Told]) -> tuple[float, float]:
    metrics = one["metrics"][metric]
    gain = gain_over(metrics, "champion") if evidence.baseline else None
    if gain is not None:
        return said[one["slice"]], gain["value"] if gain["value"] is not None else 0.0
    found = metrics["challenger"]
    if found["lower"] is None or not direction(evidence, metric):
        return float(found["lower"] is None), 0.0
    return 0.0, -found["value"] if direction(evidence, metric) < 0 else found["value"]


def worse(evidence: Evaluation, metric: str) -> list[Document]:
    """The parts on which the model is surely worse than its baseline, all said at once; the worst first."""
    said = told(evidence, metric)
    return [one for one in by_harm(evidence, metric) if one["slice"] != WHOLE and said[one["slice"]] is Told.WORSE]
