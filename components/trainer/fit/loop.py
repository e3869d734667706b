"""loop: epochs of steps, each followed by an evaluation, until eval, a signal or the last epoch ends them."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from benison.components.trainer.accept import probabilities
from benison.components.trainer.fit import micro_batch
from benison.components.trainer.fit.checkpoints import Checkpoints, Saved
from benison.components.trainer.fit.diverged import diverged, not_finite
from benison.components.trainer.fit.events import Events
from benison.components.trainer.fit.interrupts import Termination
from benison.components.trainer.fit.plan import Plan
from benison.components.trainer.fit.progress import Epoch, Progress, Training
from benison.components.trainer.fit.rows import usable
from benison.components.trainer.fit.speed import Clock
from benison.components.trainer.steps.blocks import Blocks
from benison.components.trainer.steps.on_tensorflow import TensorFlowSteps
from benison.components.trainer.steps.order import order_of
from benison.components.trainer.steps.protocol import EVALUATED_AT_ONCE, Steps
from benison.config import Model as Settings
from benison.core.errors import InterruptedTraining, ModelCodeError
from benison.measures.levels import Levels
from benison.measures.ranking import roc_area

Order = npt.NDArray[np.int32]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Keeping:
    """What is kept of a training beside its model.

    Attributes:
        checkpoints: For a retry; None: it begins anew.
        folder: Where the batch of a loss that is no number is put; None: nowhere.
    """

    checkpoints: Checkpoints | None = None
    folder: Path | None = None


def fit(
    model: Any,
    train: Blocks,
    held: Blocks,
    settings: Settings,
    where: str,
    *,
    plan: Plan | None = None,
    callbacks: Sequence[Any] = (),
    keeping: Keeping | None = None,
) -> Training:
    """Trains a compiled model and leaves the weights of the best epoch in it.

    Args:
        model: A model that was accepted.
        train: The rows it is fitted to.
        held: The rows of eval: the lowest loss on them decides on the epoch that is kept.
        settings: Epochs, batch size, patience and the like.
        where: The file that the model comes from, for messages.
        plan: How it is computed; None: in float32 on one device.
        callbacks: The project's own.
        keeping: Where its state is kept.

    Raises:
        DataError: Train has one class only, or a split no rows.
        InterruptedTraining: The process was told to end.
        ModelCodeError: The model cannot be trained so, the loss is not a number, or an answer is no probability.
    """
    usable(train, held, settings.batch_size)
    _trainable(model, where)
    plan, keeping = plan or Plan(), keeping or Keeping()
    batch = settings.batch_size
    steps = TensorFlowSteps(
        model,
        train,
        batch_size=batch,
        micro_batch=batch,
        xla=plan.xla,
        resident=plan.holds(train),
        strategy=plan.strategy,
    )
    events = Events(callbacks, model, settings.epochs, max(1, len(train) // batch))
    return _Loop(steps, train, held, settings, where, events, keeping).run()


def _trainable(model: Any, where: str) -> None:
    """Refuses what this loop would pass over in silence."""
    own = next((kind for kind in type(model).__mro__ if "train_step" in vars(kind)), keras.Model)
    if not own.__module__.partition(".")[0] == "keras":
        raise ModelCodeError(
            f"{where} ({own.__name__}.train_step)",
            expected="a model without a train_step of its own, since the trainer makes the steps",
            got="one with it",
            hint="override compute_loss(x, y, y_pred, sample_weight, training) instead",
        )
    if model.optimizer is None:
        hint = 'call  model.compile("adam", loss="binary_crossentropy")'
        raise ModelCodeError(where, expected="a model compiled with an optimizer", got="one without", hint=hint)


class _Loop:
    """A training from its beginning, or from its last checkpoint, to its end."""

    def __init__(
        self,
        steps: Steps,
        train: Blocks,
        held: Blocks,
        settings: Settings,
        where: str,
        events: Events,
        keeping: Keeping,
    ) -> None:
        self.steps, self.train, self.settings, self.where = steps, train, settings, where
        self.held, self.labels, self.events, self.keeping = held, held.labels, events, keeping
        self.clock, self.termination = Clock(), Termination()
        self.progress = Progress(0)
        self.orders: dict[int, Future[Order]] = {}

    def run(self) -> Training:
        with self.termination, ThreadPoolExecutor(1, "rows") as self.loader:
            self._begin()
            while not self.finished:
                self.safe = self._saved()
                try:
                    self._epoch()
                except Exception as error:
                    if not self.steps.out_of_memory(error):
                        raise
                    self._halve()
            self.events.end()
        self.steps.model.set_weights(self.progress.weights)
        return self.progress.training()

    @property
    def finished(self) -> bool:
        return (self.progress.stopped and not self.progress.step) or self.progress.epoch >= self.settings.epochs

    def _begin(self) -> None:
        """Takes up the last checkpoint, or settles the micro-batch of a new training."""
        checkpoints = self.keeping.checkpoints
        saved = checkpoints.newest(self.steps.model) if checkpoints else None
        if saved:
            self._restore(saved)
            _log.info("going on after epoch %d, step %d", self.progress.epoch, self.progress.step)
        else:
            first = micro_batch.first(self.settings, self.steps, self._order(0))
            self.progress.micro_batch = self.steps.micro_batch = first
        self.events.begin(saved.callbacks if saved else ())

    def _saved(self) -> Saved:
        now = self.progress
        copied = replace(now, curves=list(now.curves), speed=list(now.speed))
        return Saved(copied, self.steps.state(), self.events.state())

    def _restore(self, saved: Saved) -> None:
        self.progress = saved.progress
        self.steps.restore(saved.state)
        self.steps.micro_batch = saved.progress.micro_batch
        self.steps.evaluated_at_once = max(1, EVALUATED_AT_ONCE >> saved.progress.halved)

    def _halve(self) -> None:
        """Goes back to where the epoch, or this process's part of it, began, since a call may end in the middle."""
        saved = self.safe
        saved.progress.micro_batch = micro_batch.halved(self.steps.micro_batch, self.where)
        saved.progress.halved += 1
        self._restore(saved)
        self.clock.compiles()

    def _epoch(self) -> None:
        now = self.progress
        self.clock.begin()
        with self.clock.waiting():
            order = self._order(now.epoch)
        if not now.step:
            self.events.epoch_begins(now.epoch)
        for loaded, count in self._pieces(order):
            self._call(order, loaded, count)
            self._pause()
        self._evaluate()
        self._pause()

    def _order(self, epoch: int) -> Order:
        """The order of an epoch; that of the next is made while this one runs."""
        for one in (epoch, epoch + 1):
            if one not in self.orders:
                asked = (self.settings.seed, one, len(self.train), self.settings.batch_size)
                self.orders[one] = self.loader.submit(order_of, *asked)
        self.orders.pop(epoch - 1, None)
        return self.orders[epoch].result()

    def _pieces(self, order: Order) -> Iterator[tuple[Any, int]]:
        """The steps that are left, in calls; what the next one needs is brought to the device while one runs."""
        start = self.progress.step
        loading = self._load(order, start)
        while loading and not self.progress.stopped:
            with self.clock.waiting():
                loaded, count = loading.result()
            start += count
            loading = self._load(order, start)
            yield loaded, count

    def _load(self, order: Order, start: int) -> Future[tuple[Any, int]] | None:
        piece = order[start : start + self.clock.steps_per_call]
        return self.loader.submit(lambda: (self.steps.load(piece), len(piece))) if len(piece) else None

    def _call(self, order: Order, loaded: Any, count: int) -> None:
        now, begun = self.progress, time.perf_counter()
        self.events.call_begins(now.step)
        losses = self.steps.run(loaded).tolist()
        self.clock.called(time.perf_counter() - begun, count, count * order.shape[1])
        if not math.isfinite(losses[-1]):
            step = now.step + len(losses)
            place = (self.where, now.epoch + 1, step, losses[-1], order[step - 1])
            raise diverged(*place, self.train, self.keeping.folder)
        now.took(losses)
        self.events.call_ends(now.step - 1, now.loss_sum / now.step)
        now.stopped = now.stopped or self.events.stop

    def _evaluate(self) -> None:
        now = self.progress
        loss = now.loss_sum / now.step
        eval_loss, answers = self.steps.evaluate(self.held)
        if not math.isfinite(eval_loss):
            raise not_finite(self.where, now.epoch + 1, loss, eval_loss)
        auc = roc_area(Levels.of(self.labels == 1, probabilities(self.where, answers))).area
        epoch = Epoch(now.epoch + 1, loss, eval_loss, auc)
        _log.info("epoch %d: loss %.4f, on eval %.4f, AUC %.4f", epoch.epoch, loss, eval_loss, auc)
        if eval_loss < now.best.eval_loss:
            now.best, now.weights = epoch, self.steps.model.get_weights()
        elif epoch.epoch - now.best.epoch >= self.settings.patience:
            now.stopped = True
        now.close(epoch, self.clock.end(self.steps.device_peak_mb()))
        self.events.epoch_ends(epoch)
        now.stopped = now.stopped or self.events.stop

    def _pause(self) -> None:
        """Between two calls: a checkpoint where it is time for one, and the end where one was asked for."""
        checkpoints, asked = self.keeping.checkpoints, self.termination.asked
        if checkpoints and (asked or checkpoints.due):
            checkpoints.save(self._saved(), self.steps.model)
        if asked:
            raise InterruptedTraining(
                f"training (epoch {self.progress.epoch + 1}, step {self.progress.step})",
                expected="time until it is done",
                got="SIGTERM",
                hint="a retry of the task goes on from here"
                if checkpoints
                else "name a checkpoint_root, from which a retry can go on; without one it begins anew",
            )
