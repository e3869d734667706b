"""How far a training has come: all that a retry needs to go on as if nothing had happened."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from benison.components.trainer.fit.speed import Speed
from benison.components.trainer.steps.protocol import Arrays


@dataclass(frozen=True)
class Epoch:
    """One pass over train: the model's own loss on train and eval, AUC on eval (NaN where it has one class)."""

    epoch: int
    loss: float
    eval_loss: float
    eval_auc: float

    def to_json(self) -> dict[str, Any]:
        """The epoch as it stands in training.json; an AUC that is not defined is null."""
        return {**asdict(self), "eval_auc": None if math.isnan(self.eval_auc) else self.eval_auc}


@dataclass(frozen=True)
class Training:
    """What a training came to; two of the same are equal.

    Attributes:
        curves: One entry for each epoch.
        best_epoch: The epoch whose weights were kept.
        micro_batch: Rows that went through the model at once.
        speed: Of each epoch.
    """

    curves: tuple[Epoch, ...]
    best_epoch: int
    micro_batch: int
    speed: tuple[Speed, ...] = field(compare=False, default=())


@dataclass
class Progress:
    """The state of a training beside that of its model.

    Attributes:
        epoch: Epochs that are done.
        step: Steps that are done of the one after them.
        loss_sum: Of these steps.
        micro_batch: Rows that go through the model at once.
        curves: Of the epochs that are done.
        speed: Likewise.
        best: The best of them; epoch 0 where there is none yet.
        weights: Of the best epoch.
        stopped: No epoch is to follow.
        halved: How often the memory did not suffice.
    """

    micro_batch: int
    halved: int = 0
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    curves: list[Epoch] = field(default_factory=list)
    speed: list[Speed] = field(default_factory=list)
    best: Epoch = field(default_factory=lambda: Epoch(0, math.inf, math.inf, math.nan))
    weights: Arrays = field(default_factory=list)
    stopped: bool = False

    def took(self, losses: list[float]) -> None:
        """Notes steps; one after the other, so that the sum does not depend on how they were spread over calls."""
        for loss in losses:
            self.loss_sum += loss
        self.step += len(losses)

    def close(self, epoch: Epoch, speed: Speed) -> None:
        """Notes that an epoch is done."""
        self.curves.append(epoch)
        self.speed.append(speed)
        self.epoch, self.step, self.loss_sum = epoch.epoch, 0, 0.0

    def training(self) -> Training:
        """What it has come to."""
        return Training(tuple(self.curves), self.best.epoch, self.micro_batch, tuple(self.speed))
