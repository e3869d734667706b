"""evaluator: predict -> slice -> measure -> bound -> judge -> record, of the models of a pipeline."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benison import config, eval_config
from benison.cards import card
from benison.cards.evaluated import evaluated
from benison.cards.markdown import markdown
from benison.components.evaluator import beam, keep, overlap, record
from benison.components.evaluator.compare import CHALLENGER, Answers
from benison.components.evaluator.evaluate import (
    Data,
    Document,
    Loaded,
    document,
    evaluate,
    slices,
    with_metrics_of,
    write_tfma,
)
from benison.components.evaluator.own import opened
from benison.components.evaluator.predict import Package
from benison.components.evaluator.record import Outcome
from benison.components.evaluator.weighing import rows_of
from benison.config import BASELINES, Config, Label
from benison.config.evaluation import BEAM
from benison.core import digests, documents, key_sets
from benison.core.beam_options import options
from benison.core.errors import ConfigError
from benison.core.examples import LabelledSplit, split_folder
from benison.core.files import storage_errors, write_atomically
from benison.core.key_sets import TrainedOn
from benison.core.verdicts import Check
from benison.metrics.measure import Floats

_LOG = logging.getLogger(__name__)
_BEAM_OPTIONS = f"{config.FILE} (evaluation.beam_options)"


@dataclass(frozen=True)
class _Model:
    """One of the models.

    Attributes:
        folder: Its package.
        package: The digest that the package must have.
        model_digest: Tells whether two packages hold the same weights.
        said: What the evaluation says of it.
        trained_on: Which rows; None: not recorded.
        started_from: The package that its training started from; empty: it started anew, or nobody asks.
    """

    folder: Path
    package: str
    model_digest: str
    said: Document
    trained_on: TrainedOn | None
    started_from: str = ""


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
    project = bundle / "project"
    settings = config.read(project)
    with settings.speaking():
        asked = _asked(project, settings, holdout)
        _measure(asked, settings, model=model, champion=champion, predictions=predictions, evaluation=evaluation)


def _measure(
    asked: Loaded, settings: Config, *, model: Path, champion: Path, predictions: Path, evaluation: Path
) -> None:
    if settings.evaluation.engine == BEAM:
        beam.without_plots(asked.config)
        options(settings.evaluation.beam_options, _BEAM_OPTIONS)
    found = slices(asked)
    models = _models(model, champion)
    with storage_errors(evaluation):
        predictions.mkdir(parents=True, exist_ok=True)
        evaluation.mkdir(parents=True, exist_ok=True)
    if CHALLENGER not in models:
        reason = documents.read(model / "not_trained.json", "not_trained")["reason"]
        return _write(evaluation, asked, models, record.no_model(reason))
    told = card.read(model)
    packages = _opened(models, settings.label)
    answers = _answers(asked, models, packages)
    _write_predictions(predictions, asked, answers)
    more = [*_disjoint(asked, settings, models), *_kept(asked, packages)]
    if settings.evaluation.engine != BEAM:
        return _write(evaluation, asked, models, evaluate(asked, found, answers, more), told)
    outcome = beam.evaluate(asked, found, answers, more, options(settings.evaluation.beam_options, _BEAM_OPTIONS))
    engine = {"name": BEAM, "options": list(settings.evaluation.beam_options)}
    return _write(evaluation, asked, models, outcome, told, engine)


def _asked(project: Path, settings: Config, holdout: Path) -> Loaded:
    """What the project asks of the holdout."""
    path = project / settings.evaluation.file
    slicing = eval_config.read(path)
    label = settings.label
    if slicing.label not in ("", label.column):
        where = f"{path.name} (model_specs.0.label_key)"
        hint = "leave it out: benison.yaml names the label"
        raise ConfigError(where, expected=repr(label.column), got=repr(slicing.label), hint=hint)
    split = LabelledSplit.open(holdout, "holdout", label.column, positive=label.positive, negative=label.negative)
    eval_config.check_columns(slicing, path, list(split.column_names))
    slicing = replace(slicing, metrics=with_metrics_of(settings.gate, slicing.metrics))
    snapshot = documents.read(holdout / "snapshot.json", "snapshot")["digest"]
    table = split.select(split.column_names)
    rows = rows_of(split.labels == 1, table, slicing.weight, settings.gate.unit, f"{path.name} (example_weight_key)")
    own = opened(settings.own_metrics, table) if settings.own_metrics else None
    data = Data.of(snapshot, table, rows, slicing, settings.gate.unit)
    told = (slicing, settings.evaluation.file, settings.gate, label.column, data)
    return Loaded(*told, own=own, table=table, rows=rows)


def _models(model: Path, champion: Path) -> dict[str, _Model]:
    """Challenger, champion and reference, as far as there are any."""
    models = {}
    if not (model / "not_trained.json").exists():
        training = documents.read(model / "training.json", "training")
        seen = TrainedOn.from_json(training["trained_on"])
        said = {key: training[key] for key in ("package", "model_digest", "snapshot", "spans")}
        base = training["base_model"]["package"] if training["base_model"] else ""
        models[CHALLENGER] = _Model(model / "Format-Serving", said["package"], said["model_digest"], said, seen, base)
    resolved = documents.read(champion / "champion.json", "champion")
    for role in [role for role in BASELINES if resolved[role]]:
        entry = resolved[role]
        said = {key: entry[key] for key in ("package", "number", "spans", "snapshot")}
        recorded = TrainedOn.from_json(entry["trained_on"]) if entry["trained_on"] else None
        models[role] = _Model(champion / entry["folder"], entry["package"], entry["model_digest"], said, recorded)
    return models


def _opened(models: Mapping[str, _Model], label: Label) -> dict[str, Package]:
    """Every package, verified; one that plays two roles once."""
    found: dict[str, Package] = {}
    for role, one in models.items():
        twin = next((other for other in found if models[other].package == one.package), "")
        if not twin:
            digests.verify_tree(one.folder, one.package)
        found[role] = found[twin] if twin else Package.open(one.folder, label)
    return found


def _disjoint(asked: Loaded, settings: Config, models: Mapping[str, _Model]) -> list[Check]:
    """Whether no model was trained on what it is judged by."""
    holdout = overlap.Holdout(asked.table, settings.entity, settings.validation.leakage.rows)
    base = models[CHALLENGER].started_from
    seen = {
        role: overlap.Seen(one.trained_on, key_sets.beside(one.folder), inherited=one.package == base)
        for role, one in models.items()
    }
    return list(overlap.disjoint(seen, holdout))


def _kept(asked: Loaded, packages: Mapping[str, Package]) -> list[Check]:
    """Whether features that champion and challenger share still mean the same, on rows of the holdout."""
    if "champion" not in packages:
        return []
    challenger, champion = packages[CHALLENGER], packages["champion"]
    pairs = keep.shared(champion.told["features"], challenger.told["features"])
    if not pairs:
        return []
    rows = asked.table.slice(0, keep.ROWS)
    return list(keep.kept(pairs, champion.transform(rows), challenger.transform(rows)))


def _answers(asked: Loaded, models: Mapping[str, _Model], packages: Mapping[str, Package]) -> Answers:
    """Every model's predictions; a package that plays two roles answers once."""
    found: dict[str, Floats] = {}
    same_as: dict[str, str] = {}
    for role, one in models.items():
        twin = next((other for other in found if models[other].package == one.package), "")
        if not twin:
            _LOG.info("%s answers %d rows", role, asked.table.num_rows)
        found[role] = found[twin] if twin else packages[role].predict(asked.table)
        twin = twin or next((other for other in found if _alike(role, other, models, found)), "")
        if twin:
            same_as[role] = same_as.get(twin, twin)
    return Answers(asked.rows, found, same_as)


def _alike(role: str, other: str, models: Mapping[str, _Model], found: Mapping[str, Floats]) -> bool:
    """Whether two packages are one model: a SavedModel's bytes differ when the same training is done again."""
    same_weights = role != other and models[role].model_digest == models[other].model_digest
    return same_weights and np.array_equal(found[role], found[other], equal_nan=True)


def _write_predictions(predictions: Path, asked: Loaded, answers: Answers) -> None:
    columns = {"label": asked.rows.labels.astype(np.int8), **answers.predictions}
    by_slice = {name: asked.table[name] for name in asked.config.columns if name not in columns}
    folder = split_folder(predictions, "holdout")
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({**columns, **by_slice}), folder / "predictions.parquet")


def _write(
    evaluation: Path,
    asked: Loaded,
    models: Mapping[str, _Model],
    outcome: Outcome,
    told: card.Card | None = None,
    engine: Document | None = None,
) -> None:
    """TFMA's files and the card first, then evaluation.json, which says that all of them are there."""
    write_tfma(evaluation, asked, {role: one.package for role, one in models.items()}, outcome)
    content = document(asked, {role: one.said for role, one in models.items()}, outcome)
    if engine is not None:
        content["engine"] = engine
    if told is not None:
        card.write(evaluation, evaluated(told, content))
        write_atomically(evaluation / card.MARKDOWN, markdown(told, content).encode())
    documents.write(evaluation / "evaluation.json", "evaluation", content)
    _LOG.info("%s by %d checks on %d slices", content["verdict"], len(outcome.checks), len(outcome.measured))
