"""run: trials one after the other, until there are enough, the time is over, or nothing new is left."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from benison.components.trainer.fit import Training
from benison.components.trainer.search.oracle import Proposals, proposals
from benison.components.trainer.search.record import Progress, Record
from benison.components.trainer.search.trial import FAILED, Trial, completed, told
from benison.components.trainer.steps.blocks import Blocks
from benison.config import Model as Settings
from benison.config import Search
from benison.core import digests
from benison.core.errors import DataError, InterruptedTraining, ModelCodeError

FAILURES = 3
TRIALS, MINUTES, SPACE = "trials", "minutes", "space"
Train = Callable[[Mapping[str, Any]], Training]
_HINT = "narrow model.search.space, or mend build_model so that it takes all of it"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Attributes:
        asked: What it was.
        seed: That governed it.
        ended_by: ``trials``, ``minutes`` or ``space``.
        seconds: The time that it took, in all attempts at the task.
        trials: All that were made.
    """

    asked: Search
    seed: int
    ended_by: str
    seconds: float
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial:
        """The trial with the best score, and of several the first."""
        sign = 1 if self.asked.objective == "eval_loss" else -1
        scored = [(trial.score(self.asked.objective), trial) for trial in self.trials]
        return min(((sign * score, trial) for score, trial in scored if score is not None), key=lambda pair: pair[0])[1]

    def to_json(self) -> dict[str, Any]:
        """The search as it stands in training.json."""
        return {
            "algorithm": self.asked.algorithm,
            "objective": self.asked.objective,
            "seed": self.seed,
            "max_trials": self.asked.trials,
            "max_minutes": self.asked.minutes,
            "ended_by": self.ended_by,
            "seconds": round(self.seconds, 3),
            "best": self.best.number,
            "trials": [trial.to_json() for trial in self.trials],
        }


def require_classes(asked: Search, held: Blocks) -> None:
    """Makes sure that the rows of eval can be judged as it was asked for.

    Raises:
        DataError: They have no AUC.
    """
    if asked.objective == "eval_auc" and len(held) and held.labels.min() == held.labels.max():
        raise DataError(
            "split eval",
            expected="rows of both classes, without which there is no AUC to search by",
            got="rows of one class only",
            hint="write  objective: eval_loss  under model.search:, or give eval a larger share of the data",
        )


def search(settings: Settings, asked: Search, train: Train, record: Record) -> Found:
    """Searches for hyperparameters.

    Args:
        settings: What is not searched.
        asked: What is.
        train: Trains with hyperparameters, as without a search.
        record: Where trials are kept for a retry.

    Raises:
        InterruptedTraining: The process was told to end; what was done is kept.
        ModelCodeError: Three trials in a row failed, or all did.
        ConfigError: There is no keras-tuner.
    """
    return _Run(settings, asked, train, record).run()


class _Run:
    """A search from its beginning, or from what an earlier attempt recorded, to its end."""

    def __init__(self, settings: Settings, asked: Search, train: Train, record: Record) -> None:
        self.settings, self.asked, self.train, self.record = settings, asked, train, record
        self.progress = record.read()
        self.measured = {_key(trial.hyperparameters): trial for trial in self.progress.trials}
        self.cut_off = None if self.progress.begun is None else _key(self.progress.begun)
        self.before, self.start = self.progress.seconds, time.monotonic()
        self.trials: list[Trial] = []

    def run(self) -> Found:
        ended_by = self.progress.ended_by
        if ended_by:
            self.trials = [replace(trial, resumed=True) for trial in self.progress.trials]
        else:
            with proposals(self.asked, self.settings.seed) as source:
                ended_by = self._until_the_end(source)
            if all(trial.state == FAILED for trial in self.trials):
                raise self._hopeless("no trial that did not fail")
            self.progress = Progress(self.trials, self.seconds, None, ended_by)
            self.record.write(self.progress)
        found = Found(self.asked, self.settings.seed, ended_by, self.progress.seconds, tuple(self.trials))
        _log.info("search ended by %s: trial %d of %d is best", ended_by, found.best.number, len(self.trials))
        return found

    @property
    def seconds(self) -> float:
        """Time that all attempts took so far."""
        return self.before + time.monotonic() - self.start

    def _until_the_end(self, source: Proposals) -> str:
        while len(self.trials) < self.asked.trials:
            proposed = source.next()
            if proposed is None:
                return SPACE
            hyperparameters = {**self.settings.hyperparameters, **proposed}
            trial = self._known(hyperparameters)
            if trial is None:
                if self._late(hyperparameters):
                    return MINUTES
                trial = self._measure(hyperparameters)
            self.trials.append(trial)
            if all(last.state == FAILED for last in self.trials[-FAILURES:]) and len(self.trials) >= FAILURES:
                raise self._hopeless(f"{FAILURES} failures in a row")
            source.tell(trial.score(self.asked.objective))
        return TRIALS

    def _known(self, hyperparameters: Mapping[str, Any]) -> Trial | None:
        """What an earlier attempt measured."""
        found = self.measured.get(_key(hyperparameters))
        return replace(found, number=len(self.trials) + 1, resumed=True) if found else None

    def _late(self, hyperparameters: Mapping[str, Any]) -> bool:
        """Whether the time is over for a trial that has not begun; the first one always has its turn."""
        limit, begun = self.asked.minutes, _key(hyperparameters) == self.cut_off
        return limit is not None and self.seconds >= 60 * limit and bool(self.trials) and not begun

    def _measure(self, hyperparameters: Mapping[str, Any]) -> Trial:
        number, start = len(self.trials) + 1, time.monotonic()
        _log.info("trial %d of at most %d: %s", number, self.asked.trials, told(hyperparameters))
        self._keep(begun=hyperparameters)
        try:
            training = self.train(hyperparameters)
            trial = completed(number, hyperparameters, training, time.monotonic() - start)
            auc = "not defined" if trial.eval_auc is None else f"{trial.eval_auc:.4f}"
            _log.info("trial %d: loss on eval %.4f, AUC %s", number, trial.eval_loss, auc)
        except InterruptedTraining:
            self._keep(begun=hyperparameters)
            raise
        except ModelCodeError as error:
            reason = f"{error.where}: expected {error.expected}, got {error.got}"
            _log.warning("trial %d failed: %s", number, reason)
            trial = Trial(number, hyperparameters, FAILED, time.monotonic() - start, reason=reason)
        self.progress.trials.append(trial)
        self._keep(begun=None)
        return trial

    def _keep(self, begun: Mapping[str, Any] | None) -> None:
        self.progress.begun, self.progress.seconds = begun, self.seconds
        self.record.write(self.progress)

    def _hopeless(self, what: str) -> ModelCodeError:
        """The error that ends a search; a retry, which this may be mended for, begins anew."""
        self.record.clear()
        last = self.trials[-1]
        got = f"{what}; trial {last.number} with {told(last.hyperparameters)}: {last.reason}"
        return ModelCodeError("benison.yaml (model.search)", expected="trials that succeed", got=got, hint=_HINT)


def _key(hyperparameters: Mapping[str, Any]) -> str:
    """The digest that tells one from another."""
    return digests.of_json(hyperparameters)
