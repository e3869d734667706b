"""evaluator: predict -> slice -> measure -> bound -> judge -> record."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf

from benison import config, eval_config
from benison.cards import card
from benison.cards.evaluated import evaluated
from benison.cards.markdown import markdown
from benison.components.evaluator import judge, keep, record, tfma_files
from benison.components.evaluator.compare import CHALLENGER, Answers, compare, usable
from benison.components.evaluator.judge import Baselines
from benison.components.evaluator.measure import Bools, Floats
from benison.components.evaluator.plot import curves
from benison.components.evaluator.predict import Package
from benison.components.evaluator.record import Outcome
from benison.components.evaluator.slice import cut
from benison.config import BASELINES, Config
from benison.core import digests, documents
from benison.core.errors import ConfigError
from benison.core.examples import binary_labels, labelled, read_split, split_folder
from benison.core.files import storage_errors, write_atomically
from benison.core.verdicts import Check
from benison.eval_config import EvalConfig

_LOG = logging.getLogger(__name__)
Document = dict[str, Any]


@dataclass(frozen=True)
class _Model:
    """One of the models.

    Attributes:
        folder: Its package.
        package: The digest that the package must have.
        model_digest: Tells whether two packages hold the same weights.
        said: What the evaluation says of it.
    """

    folder: Path
    package: str
    model_digest: str
    said: Document


@dataclass(frozen=True)
class _Asked:
    """What is to be evaluated, and by what.

    Attributes:
        settings: The user's benison.yaml.
        slicing: The evaluation config, with the metrics that the gate asks for besides.
        rows: The holdout, as far as rows have a known label.
        labels: Whether each of its rows is positive.
        snapshot: The digest of the data.
    """

    settings: Config
    slicing: EvalConfig
    rows: pa.Table
    labels: Bools
    snapshot: str

    @property
    def holdout(self) -> Document:
        positives = int(np.count_nonzero(self.labels))
        return {"snapshot": self.snapshot, "rows": self.rows.num_rows, "positives": positives}


def run(*, bundle: Path, holdout: Path, model: Path, champion: Path, predictions: Path, evaluation: Path) -> None:
    """Measures challenger and champion on the same holdout, by slice, with intervals, and judges by the policy.

    Args:
        bundle: The user's project, with evaluation config and gate.
        holdout: The split holdout.
        model: The challenger.
        champion: The champion and the reference, if there are any.
        predictions: What each model answered, row by row.
        evaluation: TFMA's own layout, the model card with what was found, and evaluation.json.
    """
    asked = _asked(bundle / "project", holdout)
    slices = cut(asked.rows, asked.slicing, asked.settings.evaluation)
    for number, line in enumerate(asked.settings.gate.checks):
        judge.subjects_of(line, [one.name for one in slices], number)
    models = _models(model, champion)
    with storage_errors(evaluation):
        predictions.mkdir(parents=True, exist_ok=True)
        evaluation.mkdir(parents=True, exist_ok=True)
    if CHALLENGER not in models:
        reason = documents.read(model / "not_trained.json", "not_trained")["reason"]
        return _write(evaluation, asked, models, record.no_model(reason))
    told = card.read(model)
    packages = _opened(asked, models)
    answers = _answers(asked, models, packages)
    _write_predictions(predictions, asked, answers)
    sound = [judge.check_predictions(role, found) for role, found in answers.predictions.items()]
    answers, slices = usable(answers, slices)
    measured = compare(answers, slices, asked.slicing.metrics, asked.settings.gate.confidence)
    judgement = judge.judge(asked.settings.gate, measured, _baselines(answers), judge.broken(sound))
    sound += _kept(asked, packages)
    return _write(evaluation, asked, models, Outcome(judgement, measured, sound, curves(answers)), told)


def _asked(project: Path, holdout: Path) -> _Asked:
    settings = config.read(project)
    path = project / settings.evaluation
    slicing = eval_config.read(path)
    label = settings.label
    if slicing.label not in ("", label.column):
        where = f"{path.name} (model_specs.0.label_key)"
        hint = "leave it out: benison.yaml names the label"
        raise ConfigError(where, expected=repr(label.column), got=repr(slicing.label), hint=hint)
    rows = read_split(holdout, "holdout")
    eval_config.check_columns(slicing, path, rows.column_names)
    values = {"positive": label.positive, "negative": label.negative}
    known = labelled(rows, label.column, **values)
    if left_out := rows.num_rows - known.num_rows:
        _LOG.info("%d of %d rows of the holdout have no known label, and are left out", left_out, rows.num_rows)
    labels = binary_labels(known, label.column, **values) == 1
    metrics = dict.fromkeys([*slicing.metrics, *(check.metric for check in settings.gate.checks)])
    snapshot = documents.read(holdout / "snapshot.json", "snapshot")["digest"]
    return _Asked(settings, replace(slicing, metrics=tuple(metrics)), known, labels, snapshot)


def _models(model: Path, champion: Path) -> dict[str, _Model]:
    """Challenger, champion and reference, as far as there are any."""
    models = {}
    if not (model / "not_trained.json").exists():
        said = documents.read(model / "training.json", "training")
        said = {key: said[key] for key in ("package", "model_digest", "snapshot", "spans")}
        models[CHALLENGER] = _Model(model / "Format-Serving", said["package"], said["model_digest"], said)
    resolved = documents.read(champion / "champion.json", "champion")
    for role in [role for role in BASELINES if resolved[role]]:
        entry = resolved[role]
        said = {key: entry[key] for key in ("package", "number", "spans", "snapshot")}
        models[role] = _Model(champion / entry["folder"], entry["package"], entry["model_digest"], said)
    return models


def _opened(asked: _Asked, models: Mapping[str, _Model]) -> dict[str, Package]:
    """Every package, verified; one that plays two roles once."""
    found: dict[str, Package] = {}
    for role, one in models.items():
        twin = next((other for other in found if models[other].package == one.package), "")
        if not twin:
            digests.verify_tree(one.folder, one.package)
        found[role] = found[twin] if twin else Package.open(one.folder, asked.settings.label)
    return found


def _kept(asked: _Asked, packages: Mapping[str, Package]) -> list[Check]:
    """Whether features that champion and challenger share still mean the same, on rows of the holdout."""
    if "champion" not in packages:
        return []
    challenger, champion = packages[CHALLENGER], packages["champion"]
    pairs = keep.shared(champion.told["features"], challenger.told["features"])
    if not pairs:
        return []
    rows = asked.rows.slice(0, keep.ROWS)
    return list(keep.kept(pairs, champion.transform(rows), challenger.transform(rows)))


def _answers(asked: _Asked, models: Mapping[str, _Model], packages: Mapping[str, Package]) -> Answers:
    """Every model's predictions; a package that plays two roles answers once."""
    found: dict[str, Floats] = {}
    same_as: dict[str, str] = {}
    for role, one in models.items():
        twin = next((other for other in found if models[other].package == one.package), "")
        if not twin:
            _LOG.info("%s answers %d rows", role, asked.rows.num_rows)
        found[role] = found[twin] if twin else packages[role].predict(asked.rows)
        twin = twin or next((other for other in found if _alike(role, other, models, found)), "")
        if twin:
            same_as[role] = same_as.get(twin, twin)
    return Answers(asked.labels, found, same_as)


def _alike(role: str, other: str, models: Mapping[str, _Model], found: Mapping[str, Floats]) -> bool:
    """Whether two packages are one model: a SavedModel's bytes differ when the same training is done again."""
    same_weights = role != other and models[role].model_digest == models[other].model_digest
    return same_weights and np.array_equal(found[role], found[other], equal_nan=True)


def _baselines(answers: Answers) -> Baselines:
    present = tuple(role for role in BASELINES if role in answers.predictions)
    return Baselines(present, len({answers.same_as.get(role, role) for role in present}) < len(present))


def _write_predictions(predictions: Path, asked: _Asked, answers: Answers) -> None:
    columns = {"label": asked.labels.astype(np.int8), **answers.predictions}
    by_slice = {name: asked.rows[name] for name in asked.slicing.columns if name not in columns}
    folder = split_folder(predictions, "holdout")
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({**columns, **by_slice}), folder / "predictions.parquet")


def _write(
    evaluation: Path, asked: _Asked, models: Mapping[str, _Model], outcome: Outcome, told: card.Card | None = None
) -> None:
    """TFMA's files and the card first, then evaluation.json, which says that all of them are there."""
    types = {name: asked.rows.schema.field(name).type for name in asked.slicing.columns}
    packages = {role: one.package for role, one in models.items()}
    eval_run = tfma_files.eval_run(asked.slicing, asked.settings.label.column, packages, asked.snapshot)
    write_atomically(evaluation / tfma_files.CONFIG, eval_run.encode())
    _write_records(evaluation / tfma_files.METRICS_FILE, tfma_files.metrics(outcome.measured, types))
    validation = tfma_files.validation(outcome.checks, outcome.measured, types)
    _write_records(evaluation / tfma_files.VALIDATIONS_FILE, [validation])
    said = {role: models[role].said if role in models else None for role in (CHALLENGER, *BASELINES)}
    content = record.evaluation(said, asked.holdout, asked.settings.gate, outcome)
    if told is not None:
        card.write(evaluation, evaluated(told, content))
        write_atomically(evaluation / card.MARKDOWN, markdown(told, content).encode())
    documents.write(evaluation / "evaluation.json", "evaluation", content)
    _LOG.info("%s by %d checks on %d slices", content["verdict"], len(outcome.checks), len(outcome.measured))


def _write_records(path: Path, records: Sequence[bytes]) -> None:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for one in records:
            writer.write(one)
