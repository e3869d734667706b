"""Bless: the policy applied to the evidence gives the gate's word on one package, with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benison.components.pusher import own_checks
from benison.components.pusher.evidence import Evidence, Standing
from benison.core.verdicts import Check, Tier, Verdict, combine
from benison.registry.log import Champion


@dataclass(frozen=True)
class Blessing:
    """The gate's word.

    Attributes:
        verdict: Of all hard checks together.
        package: What it is about; None: there is no model.
        model_digest: Its weights, fitted parameters and signatures; None: there is no model.
        compared_with: The champion in the evaluation; None: there was none.
        snapshot: The data that was validated.
        evaluation: The digest of evaluation.json.
        policy: The digest of the gate in force.
        checks: Of the data, of the models, of the process that serves, and the pusher's own.
        reasons: One sentence for each hard check that does not pass.
        infra: The digest of infra.json; None: a pipeline of TFX where there is none.
    """

    verdict: Verdict
    package: str | None
    model_digest: str | None
    compared_with: Champion | None
    snapshot: str
    evaluation: str
    policy: str
    checks: tuple[Check, ...]
    reasons: tuple[str, ...]
    infra: str | None = None

    @property
    def blessed(self) -> bool:
        """Only PASS, and only of a model."""
        return self.verdict is Verdict.PASS and self.package is not None

    def to_json(self) -> dict[str, Any]:
        """The content of blessing.json."""
        return {
            "blessed": self.blessed,
            "verdict": str(self.verdict),
            "package": self.package,
            "model_digest": self.model_digest,
            "champion": self.compared_with.package if self.compared_with else None,
            "champion_number": self.compared_with.number if self.compared_with else None,
            "snapshot": self.snapshot,
            "evaluation": self.evaluation,
            "infra": self.infra,
            "policy": self.policy,
            "checks": [check.to_json() for check in self.checks],
            "reasons": list(self.reasons),
        }


def bless(evidence: Evidence, standing: Standing) -> Blessing:
    """Applies the policy to the evidence.

    The checks of data and models were made where they were measured. Added here is what only the last in line can
    know: that all of them are about this very package, this data, this policy and the champion of this moment.

    Args:
        evidence: What the artifacts say.
        standing: What the registry says.
    """
    measured = (*evidence.data_checks, *evidence.model_checks, *evidence.infra_checks)
    checks = (*measured, *own_checks.every(evidence, standing))
    training = evidence.training or {}
    return Blessing(
        verdict=combine(checks),
        package=evidence.package,
        model_digest=training.get("model_digest"),
        compared_with=evidence.compared_with,
        snapshot=evidence.anomalies["snapshot"],
        evaluation=evidence.evaluation_digest,
        policy=evidence.policy,
        checks=checks,
        reasons=_reasons(evidence, checks),
        infra=evidence.infra.digest if evidence.infra else None,
    )


def _reasons(evidence: Evidence, checks: tuple[Check, ...]) -> tuple[str, ...]:
    """What stopped the training first, if anything, then the other hard checks that do not pass; each once."""
    failed = [check.reason for check in checks if check.tier is Tier.HARD and check.verdict is not Verdict.PASS]
    blocked = evidence.not_trained["blocked_by"] if evidence.not_trained else []
    return tuple(dict.fromkeys([*blocked, *failed]))


def superior(evaluation: Mapping[str, Any]) -> bool:
    """Whether the challenger is better than the champion beyond doubt: the gain in AUC on all rows, by its lower bound.

    >>> superior({"slices": []})
    False
    """
    metrics = [one["metrics"] for one in evaluation["slices"] if one["slice"] == "overall"]
    gains = [
        found["auc"]["gain"]["champion"] for found in metrics if "champion" in found.get("auc", {}).get("gain", {})
    ]
    return any(gain["lower"] is not None and gain["lower"] > 0 for gain in gains)
