"""What ``benison evaluate`` was asked for, and what is told before TensorFlow is imported, which takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benison import config, eval_config
from benison.cli import results
from benison.cli.data.opening import opened
from benison.components.evaluator.columns import Columns, Said, columns_of
from benison.config import Gate, OwnMetrics
from benison.config.evaluation import BEAM
from benison.core.errors import ConfigError
from benison.core.metrics import BINARY, MULTICLASS, Vocabulary, speaking, spoken
from benison.eval_config import EvalConfig
from benison.report.evaluation import FILE
from benison.sources.dataset import Dataset


@dataclass(frozen=True)
class Wanted:
    """What was asked for: see the command's options."""

    source: str
    eval_config: Path | None
    said: Said
    task: str | None
    positive: str | None
    metrics: Path | None
    gate: Path | None
    engine: str | None
    beam_options: tuple[str, ...]
    leave_out: bool = False

    def own(self) -> OwnMetrics | None:
        """The user's own metrics, if there are some."""
        return config.declared(self.metrics) if self.metrics else None

    def policy(self) -> Gate | None:
        """What is to be judged by."""
        return config.read_gate(self.gate) if self.gate else None

    def speaking(self, own: OwnMetrics | None) -> AbstractContextManager[Vocabulary]:
        """Lets names stand for the metrics of the task, the user's own, and those that only TFMA knows."""
        task, mine = self._task(), own.kinds if own else []
        theirs = eval_config.declared(self.eval_config, task, mine) if self.eval_config else ()
        return speaking(task, (*mine, *theirs))

    def _task(self) -> str:
        """That of the command line, else that of the metrics in the config; never that of the values."""
        asked = eval_config.task_in(self.eval_config) if self.eval_config else ""
        return self.task or asked or BINARY


@contextmanager
def reading(wanted: Wanted, gate: Gate | None, own: OwnMetrics | None) -> Iterator[tuple[Dataset, Columns]]:
    """The rows, and which of their columns is what, where names of metrics are spoken already.

    Raises:
        BenisonError: There are no such rows, or they lack a column.
    """
    read = eval_config.read_with_models(wanted.eval_config) if wanted.eval_config else None
    with opened(wanted.source, _lists(wanted.said, read)) as dataset:
        said = wanted.said if wanted.said.unit or gate is None else replace(wanted.said, unit=gate.unit)
        yield dataset, columns_of(said, wanted.eval_config, read, dataset.schema.names, own)


def check(wanted: Wanted, output: Path | None) -> None:
    """Refuses what cannot be: places, files, columns.

    Raises:
        BenisonError: Something is not there, misspelt, or no config.
    """
    if wanted.beam_options and wanted.engine != BEAM:
        got = wanted.engine or "none"
        raise ConfigError("--beam-option", expected="--engine beam beside it", got=got)
    if output is not None:
        results.check(output, FILE)
    own = wanted.own()
    with wanted.speaking(own), reading(wanted, wanted.policy(), own):
        pass


def _lists(said: Said, read: EvalConfig | None) -> list[str]:
    """Columns of predictions, which may be lists where models tell several classes apart."""
    if spoken().task != MULTICLASS:
        return []
    return [said.prediction, *said.baselines, *(model.prediction for model in (read.models if read else ()))]
