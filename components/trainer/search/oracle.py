"""oracle: what keras-tuner's oracles propose. Its trainings, its files and its words are not used."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any

from benison.components.trainer.search.space import combinations, declare, values_of
from benison.config import Search
from benison.core.errors import ConfigError

_COLLISIONS_PER_COMBINATION = 20


def require_tuner() -> None:
    """Makes sure that there is keras-tuner.

    Raises:
        ConfigError: There is none.
    """
    _tuner()


def _tuner() -> Any:
    """keras-tuner, which takes half a second to import, and is needed by searches alone."""
    try:
        with _quietly():
            import keras_tuner
            import sklearn.gaussian_process  # noqa: F401
            import threadpoolctl  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "benison.yaml (model.search)",
            expected="keras-tuner and scikit-learn, which propose what is tried",
            got=str(error),
            hint='pip install "keras-tuner[bayesian]", or remove search:',
        ) from error
    return keras_tuner


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keeps what keras-tuner prints from stdout, and what it and scikit-learn warn of from the log."""
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def proposals(search: Search, seed: int) -> Iterator[Proposals]:
    """What to try, one after the other, the same for the same seed and results.

    Args:
        search: Space, algorithm and objective.
        seed: From 0.

    Raises:
        ConfigError: There is no keras-tuner.
    """
    tuner = _tuner()
    with tempfile.TemporaryDirectory(prefix="search-", ignore_cleanup_errors=True) as folder:
        with _quietly():
            oracle = _oracle(tuner, search, seed)
        # Without a place for its files it does not work.
        oracle._set_project_dir(folder, "oracle")
        oracle.verbose = 0
        if found := combinations(search.space):
            # It draws until it finds something new, or gives up; with 20 draws it gives up too early.
            oracle._max_collisions = _COLLISIONS_PER_COMBINATION * found
        yield Proposals(oracle, search)


def _oracle(tuner: Any, search: Search, seed: int) -> Any:
    hyperparameters = tuner.HyperParameters()
    declare(search.space, hyperparameters)
    kinds = {
        "random": tuner.oracles.RandomSearchOracle,
        "grid": tuner.oracles.GridSearchOracle,
        "bayesian": _without_repeats(tuner.oracles.BayesianOptimizationOracle),
    }
    return kinds[search.algorithm](
        objective=tuner.Objective(search.objective, "min" if search.objective == "eval_loss" else "max"),
        max_trials=search.trials,
        hyperparameters=hyperparameters,
        allow_new_entries=False,
        # 0 would be another one each time.
        seed=seed or 1,
        # Failures are counted where their reasons are known.
        max_consecutive_failed_trials=search.trials + 1,
    )


def _without_repeats(oracle: Any) -> Any:
    """The Bayesian oracle, which on its own proposes the best of a few values again and again."""

    class WithoutRepeats(oracle):  # type: ignore[misc]
        def populate_space(self, trial_id: str) -> Any:
            found = super().populate_space(trial_id)
            repeated = found["values"] is not None and self._duplicate(found["values"])
            return self._random_populate_space() if repeated else found

    return WithoutRepeats


class Proposals:
    """Proposals in turn with what came of them.

    Args:
        oracle: keras-tuner's.
        search: What it is asked for.
    """

    def __init__(self, oracle: Any, search: Search) -> None:
        self._oracle, self._search = oracle, search
        self._trial: Any = None

    def next(self) -> dict[str, Any] | None:
        """The hyperparameters to try; None: there is nothing new left."""
        import threadpoolctl

        # Its matrices are small: several threads take twice as long for them.
        with _quietly(), threadpoolctl.threadpool_limits(1):
            self._trial = self._oracle.create_trial("benison")
        if self._trial.status != "RUNNING":
            return None
        return values_of(self._search.space, self._trial.hyperparameters.values)

    def tell(self, score: float | None) -> None:
        """What came of the last ones; None: the trial failed."""
        with _quietly():
            if score is not None:
                self._oracle.update_trial(self._trial.trial_id, {self._search.objective: score})
            self._trial.status = "FAILED" if score is None else "COMPLETED"
            self._oracle.end_trial(self._trial)
