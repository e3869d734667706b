"""A trial of a search: hyperparameters and what came of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benison.components.trainer.fit import Training

COMPLETED, FAILED = "completed", "failed"


@dataclass(frozen=True)
class Trial:
    """A trial that is done.

    Attributes:
        number: From 1.
        hyperparameters: All that build_model received, searched or not.
        state: ``completed`` or ``failed``.
        seconds: How long it took, as far as the attempt at the task that ended it is concerned.
        eval_loss: Of its best epoch; None, here and below: it failed.
        eval_auc: Of the same; None as well where eval has one class.
        best_epoch: Which one that was.
        epochs: How many there were.
        reason: Why it failed.
        resumed: An earlier attempt at the task ended it.
    """

    number: int
    hyperparameters: Mapping[str, Any]
    state: str
    seconds: float
    eval_loss: float | None = None
    eval_auc: float | None = None
    best_epoch: int | None = None
    epochs: int | None = None
    reason: str | None = None
    resumed: bool = False

    def score(self, objective: str) -> float | None:
        """What the search goes by; None: it failed."""
        found: float | None = getattr(self, objective)
        return found

    def to_json(self) -> dict[str, Any]:
        """The trial as it stands in training.json."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}


def completed(number: int, hyperparameters: Mapping[str, Any], training: Training, seconds: float) -> Trial:
    """The trial that a training was."""
    best = next(epoch for epoch in training.curves if epoch.epoch == training.best_epoch).to_json()
    return Trial(
        number,
        hyperparameters,
        COMPLETED,
        seconds,
        eval_loss=best["eval_loss"],
        eval_auc=best["eval_auc"],
        best_epoch=training.best_epoch,
        epochs=len(training.curves),
    )


def told(hyperparameters: Mapping[str, Any]) -> str:
    """Hyperparameters in a line.

    >>> told({"units": 16, "rate": 0.01, "hidden": [64, 32]})
    'units 16, rate 0.01, hidden [64, 32]'
    """
    return ", ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in hyperparameters.items())
