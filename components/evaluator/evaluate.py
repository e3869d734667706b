"""From labels and answers to everything that is written of them: what the pipeline and ready predictions share.

slice -> measure -> bound -> judge -> record, whoever the models are and wherever they answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import tensorflow as tf

from benison.components.evaluator import by_tfma, cross, judge, judge_gaps, record, tfma_files, tfma_plots
from benison.components.evaluator.compare import (
    CHALLENGER,
    Answers,
    Measured,
    Metric,
    Parts,
    at_confidences,
    measured,
    parts_of,
    usable,
    with_others,
)
from benison.components.evaluator.cross import crossed
from benison.components.evaluator.decide import Baselines, too_small
from benison.components.evaluator.gaps import Again, Comparison, Gap, comparisons_of, gaps
from benison.components.evaluator.judge import Judgement
from benison.components.evaluator.own import Own
from benison.components.evaluator.plot import MOST_CLASSES, Plots, plot
from benison.components.evaluator.record import Outcome
from benison.components.evaluator.tfma_files import Naming
from benison.config import BASELINES, CONFIDENCE, FILE, Gate
from benison.core import plots
from benison.core.files import write_atomically
from benison.core.metrics import BINARY, MULTICLASS, RANKING, spoken
from benison.core.verdicts import Check
from benison.eval_config import EvalConfig
from benison.metrics.measure import Rows
from benison.metrics.slice import Keys, Slice, cut, name_of

Document = dict[str, Any]


@dataclass(frozen=True)
class Data:
    """What is known of the holdout, as far as rows have a known label.

    Attributes:
        snapshot: The digest of the data.
        rows: How many.
        positives: How many of them are positive; None: they have no two classes.
        types: Of the columns that slices are cut by.
        counted_by: The columns that say what a row counts, by ``weight``, ``unit`` and ``query``; those that there are.
        task: What models answer.
        classes: How many rows each class has, where models tell several apart.
    """

    snapshot: str
    rows: int
    positives: int | None
    types: Mapping[str, pa.DataType]
    counted_by: Mapping[str, str] = field(default_factory=dict)
    task: str = BINARY
    classes: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, snapshot: str, table: pa.Table, rows: Rows, config: EvalConfig, unit: str, query: str = "") -> Data:
        """Of rows in memory, which are cut by some of their columns.

        Args:
            snapshot: The digest of the data.
            table: With every column that the config names.
            rows: The same rows.
            config: Names slices and weight.
            unit: The column of what rows are of; empty: none.
            query: The column of what rows are ranked within; empty: none.
        """
        types = {name: table.schema.field(name).type for name in config.columns}
        named = {"weight": config.weight, "unit": unit, "query": query}
        counted_by = {what: name for what, name in named.items() if name}
        return cls(snapshot, rows.count, rows.positives, types, counted_by, rows.task, rows.by_class)


@dataclass(frozen=True)
class Asked:
    """What is to be evaluated, and by what.

    Attributes:
        config: Slices, and the metrics that are shown or judged.
        config_file: Where the slices are named, for messages.
        gate: The policy; None: nothing is judged.
        label: The label's column.
        data: The holdout.
        gate_file: Where the policy stands, for messages.
        names: By role what checks call a model, where that is not its role.
        own: The metrics that the user wrote; None: there are none.
    """

    config: EvalConfig
    config_file: str
    gate: Gate | None
    label: str
    data: Data
    gate_file: str = FILE
    names: Mapping[str, str] = field(default_factory=dict)
    own: Own | None = None

    @property
    def confidence(self) -> float:
        """Of each bound alone."""
        return self.gate.confidence if self.gate else CONFIDENCE

    @property
    def holdout(self) -> Document:
        counts = {"rows": self.data.rows, "positives": self.data.positives}
        named = [{"name": name, "rows": rows} for name, rows in self.data.classes.items()]
        classes = {"classes": named} if named else {}
        return {"snapshot": self.data.snapshot, **counts, **classes, **self.data.counted_by}


@dataclass(frozen=True, kw_only=True)
class Loaded(Asked):
    """With the holdout in memory.

    Attributes:
        table: Its rows with a known label, with every column that slices are cut by.
        rows: The same rows: their labels, and what each counts.
    """

    table: pa.Table
    rows: Rows


def with_metrics_of(gate: Gate | None, metrics: Sequence[str]) -> tuple[str, ...]:
    """The metrics, those that the user wrote, and those that the policy asks for besides."""
    own = [name for name, kind in spoken().kinds.items() if kind.own]
    return tuple(dict.fromkeys([*metrics, *own, *(gate.metrics if gate else ())]))


def slices(asked: Loaded) -> list[Slice]:
    """Every slice; before any model answers, since a misspelt one is an error.

    Raises:
        ConfigError: Evaluation config or policy names a slice that there is not.
    """
    found = cut(asked.table, asked.config, asked.config_file)
    check_named(asked, [one.keys for one in found])
    return found


def check_named(asked: Asked, found: Sequence[Keys]) -> None:
    """Makes sure that policy and cross-slicings speak of slices that there are.

    Args:
        asked: What is to be evaluated.
        found: What the rows of every slice share.

    Raises:
        ConfigError: Some other is named.
    """
    cross.check(asked.config, found, asked.config_file)
    names = [name_of(keys) for keys in found]
    for number, line in enumerate(asked.gate.checks if asked.gate else ()):
        judge.subjects_of(line, names, number, asked.gate_file)
    for number, across in enumerate(asked.gate.fairness if asked.gate else ()):
        judge_gaps.check_across(across, asked.config.slicings, number, asked.gate_file)


def evaluate(asked: Loaded, found: Sequence[Slice], answers: Answers, more: Sequence[Check] = ()) -> Outcome:
    """Measures every slice and holds it to the policy.

    Args:
        asked: What is to be evaluated.
        found: Its slices.
        answers: What the models answered to its rows.
        more: Further checks of the models, which stand beside those of the predictions.
    """
    sound = checks_of(asked, answers)
    answers, kept = usable(replace(answers, own=asked.own), found)
    theirs = by_tfma.measured(answers, kept, by_tfma.asked(asked.config.metrics), asked.config_file)
    return concluded(asked, parts_of(answers, kept), sound, more, theirs)


def checks_of(asked: Asked, answers: Answers) -> list[Check]:
    """Whether the predictions are what models of the task answer.

    Args:
        asked: What is to be evaluated.
        answers: What the models answered.
    """
    return [_sound(asked, answers, role) for role in answers.predictions]


def _sound(asked: Asked, answers: Answers, role: str) -> Check:
    name, predictions = asked.names.get(role, role), answers.predictions[role]
    if asked.data.task == MULTICLASS:
        return judge.check_classes(name, predictions, answers.rows.numbers, answers.lacking.get(role, ()))
    check = judge.check_predictions if asked.data.task == BINARY else judge.check_numbers
    return check(name, predictions)


def concluded(
    asked: Asked,
    parts: Parts,
    sound: Sequence[Check],
    more: Sequence[Check] = (),
    theirs: Mapping[str, Mapping[str, Metric]] | None = None,
) -> Outcome:
    """Measures slices, wherever they come from, and holds them to the policy.

    Args:
        asked: What is to be evaluated.
        parts: Its slices.
        sound: The checks of the predictions.
        more: As in `evaluate`.
        theirs: By slice the metrics that TFMA has measured.
    """
    metrics, of_tfma = asked.config.metrics, by_tfma.asked(asked.config.metrics)
    found = measured(parts, [name for name in metrics if name not in of_tfma], asked.confidence)
    apart = gaps_of(asked, comparisons_of(asked.config, asked.gate), found, partial(at_confidences, parts))
    found = [with_others(one, theirs[one.name], metrics) for one in found] if theirs else found
    drawable = asked.data.task != RANKING and len(asked.data.classes) <= MOST_CLASSES
    drawn = plot(parts, asked.config.plots, asked.confidence) if drawable else Plots()
    return judged(asked, found, _baselines(parts), sound, apart, more, drawn)


def judged(
    asked: Asked,
    found: Sequence[Measured],
    baselines: Baselines,
    sound: Sequence[Check],
    apart: Sequence[Gap],
    more: Sequence[Check] = (),
    drawn: Plots | None = None,
) -> Outcome:
    """Holds figures to the policy.

    Args:
        asked: What is to be evaluated.
        found: Every slice with its figures.
        baselines: What the challenger was compared with.
        sound: The checks of the predictions.
        apart: Gaps between groups, at least those that the policy asks about.
        more: As in `evaluate`.
        drawn: The plots; None: there are none.
    """
    if asked.gate is None:
        judgement: Judgement = judge.without_policy(found)
    else:
        judgement = judge.judge(asked.gate, found, baselines, judge.broken(sound), asked.gate_file, apart)
    return Outcome(judgement, found, [*sound, *more], drawn or Plots(), apart)


def gaps_of(asked: Asked, wanted: Sequence[Comparison], found: Sequence[Measured], again: Again) -> list[Gap]:
    """Between the groups of each column; those that the policy holds too small are left out.

    Args:
        asked: What is to be evaluated.
        wanted: Which.
        found: Every slice with its figures.
        again: Measures slices at other confidences.
    """
    short = {one.name: too_small(one, asked.gate) for one in found} if asked.gate else {}
    short = {name: reason for name, reason in short.items() if reason}
    return gaps(wanted, found, short, asked.confidence, again)


def _baselines(parts: Parts) -> Baselines:
    present = tuple(role for role in BASELINES if role in parts.roles)
    return Baselines(present, len({parts.same_as.get(role, role) for role in present}) < len(present))


def document(asked: Asked, said: Mapping[str, Document], outcome: Outcome) -> Document:
    """evaluation.json, without kind and format.

    Args:
        asked: What was to be evaluated.
        said: By role what is known of each model there is.
        outcome: What it came to.
    """
    models = {role: said.get(role) for role in (CHALLENGER, *BASELINES)}
    task = {"task": asked.data.task} if asked.data.task != BINARY else {}
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
    naming = replace(naming or Naming(), classes=tuple(asked.data.classes))
    eval_run = tfma_files.eval_run(asked.config, asked.label, models, asked.data.snapshot, naming)
    write_atomically(folder / tfma_files.CONFIG, eval_run.encode())
    pairs = crossed(asked.config, outcome.measured)
    records = tfma_files.metrics(outcome.measured, asked.data.types, naming)
    records += tfma_files.cross_metrics(pairs, asked.data.types, naming)
    _write_records(folder / tfma_files.METRICS_FILE, records)
    if asked.config.plots:
        written = tfma_plots.write(outcome.plots, asked.config.plots, asked.data.types, naming)
        _write_records(folder / plots.FILE, written)
    policy = asked.gate is not None
    types, classes = asked.data.types, naming.classes
    validation = tfma_files.validation(outcome.checks, outcome.measured, types, policy=policy, classes=classes)
    _write_records(folder / tfma_files.VALIDATIONS_FILE, [validation])


def _write_records(path: Path, records: Sequence[bytes]) -> None:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for one in records:
            writer.write(one)
