"""From labels and answers to everything that is written of them: what the pipeline and ready predictions share.

slice -> measure -> bound -> judge -> record, whoever the models are and wherever they answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import tensorflow as tf

from benison.components.evaluator import judge, record, tfma_files
from benison.components.evaluator.compare import CHALLENGER, Answers, compare, usable
from benison.components.evaluator.judge import Baselines, Judgement
from benison.components.evaluator.measure import Rows
from benison.components.evaluator.own import Own
from benison.components.evaluator.plot import curves
from benison.components.evaluator.record import Outcome
from benison.components.evaluator.slice import Slice, cut
from benison.components.evaluator.tfma_files import Naming
from benison.config import BASELINES, CONFIDENCE, FILE, Gate
from benison.core.files import write_atomically
from benison.core.metrics import BINARY, spoken
from benison.core.verdicts import Check
from benison.eval_config import EvalConfig

Document = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is to be evaluated, and by what.

    Attributes:
        config: Slices, and the metrics that are shown or judged.
        config_file: Where the slices are named, for messages.
        gate: The policy; None: nothing is judged.
        label: The label's column.
        table: The holdout, as far as rows have a known label, with every column that slices are cut by.
        rows: The same rows: their labels, and what each counts.
        snapshot: The digest of the data.
        gate_file: Where the policy stands, for messages.
        names: By role what checks call a model, where that is not its role.
        own: The metrics that the user wrote; None: there are none.
    """

    config: EvalConfig
    config_file: str
    gate: Gate | None
    label: str
    table: pa.Table
    rows: Rows
    snapshot: str
    gate_file: str = FILE
    names: Mapping[str, str] = field(default_factory=dict)
    own: Own | None = None

    @property
    def confidence(self) -> float:
        """Of each bound alone."""
        return self.gate.confidence if self.gate else CONFIDENCE

    @property
    def holdout(self) -> Document:
        return {"snapshot": self.snapshot, "rows": self.rows.count, "positives": self.rows.positives}

    @property
    def types(self) -> dict[str, pa.DataType]:
        """Of the columns that slices are cut by."""
        return {name: self.table.schema.field(name).type for name in self.config.columns}


def with_metrics_of(gate: Gate | None, metrics: Sequence[str]) -> tuple[str, ...]:
    """The metrics, those that the user wrote, and those that the policy asks for besides."""
    own = [name for name, kind in spoken().kinds.items() if kind.own]
    return tuple(dict.fromkeys([*metrics, *own, *(check.metric for check in (gate.checks if gate else ()))]))


def slices(asked: Asked) -> list[Slice]:
    """Every slice; before any model answers, since a misspelt one is an error.

    Raises:
        ConfigError: Evaluation config or policy names a slice that there is not.
    """
    found = cut(asked.table, asked.config, asked.config_file)
    for number, line in enumerate(asked.gate.checks if asked.gate else ()):
        judge.subjects_of(line, [one.name for one in found], number, asked.gate_file)
    return found


def evaluate(asked: Asked, found: Sequence[Slice], answers: Answers, more: Sequence[Check] = ()) -> Outcome:
    """Measures every slice and holds it to the policy.

    Args:
        asked: What is to be evaluated.
        found: Its slices.
        answers: What the models answered to its rows.
        more: Further checks of the models, which stand beside those of the predictions.
    """
    named = {asked.names.get(role, role): predictions for role, predictions in answers.predictions.items()}
    check = judge.check_predictions if asked.rows.task == BINARY else judge.check_numbers
    sound = [check(name, predictions) for name, predictions in named.items()]
    answers, kept = usable(replace(answers, own=asked.own), found)
    measured = compare(answers, kept, asked.config.metrics, asked.confidence)
    if asked.gate is None:
        judgement: Judgement = judge.without_policy(measured)
    else:
        judgement = judge.judge(asked.gate, measured, _baselines(answers), judge.broken(sound), asked.gate_file)
    plots = curves(answers) if asked.rows.task == BINARY else {}
    return Outcome(judgement, measured, [*sound, *more], plots)


def _baselines(answers: Answers) -> Baselines:
    present = tuple(role for role in BASELINES if role in answers.predictions)
    return Baselines(present, len({answers.same_as.get(role, role) for role in present}) < len(present))


def document(asked: Asked, said: Mapping[str, Document], outcome: Outcome) -> Document:
    """evaluation.json, without kind and format.

    Args:
        asked: What was to be evaluated.
        said: By role what is known of each model there is.
        outcome: What it came to.
    """
    models = {role: said.get(role) for role in (CHALLENGER, *BASELINES)}
    task = {"task": asked.rows.task} if asked.rows.task != BINARY else {}
    return {**record.evaluation(models, asked.holdout, asked.gate, outcome), **task}


def write_tfma(
    folder: Path, asked: Asked, models: Mapping[str, str], outcome: Outcome, naming: Naming | None = None
) -> None:
    """TFMA's files.

    Args:
        folder: Where they are written; it is there.
        asked: What was to be evaluated.
        models: By role where each model lies: the digest of its package, or the column of its predictions.
        outcome: What it came to.
        naming: What TFMA calls the models; None: by their role.
    """
    naming = naming or Naming()
    eval_run = tfma_files.eval_run(asked.config, asked.label, models, asked.snapshot, naming)
    write_atomically(folder / tfma_files.CONFIG, eval_run.encode())
    _write_records(folder / tfma_files.METRICS_FILE, tfma_files.metrics(outcome.measured, asked.types, naming))
    policy = asked.gate is not None
    validation = tfma_files.validation(outcome.checks, outcome.measured, asked.types, policy=policy)
    _write_records(folder / tfma_files.VALIDATIONS_FILE, [validation])


def _write_records(path: Path, records: Sequence[bytes]) -> None:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for one in records:
            writer.write(one)
