"""Trainer: featurize -> fit -> export, and nothing of it unless the data's verdict is PASS."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import benison.config
from benison.cards import card, stated
from benison.cards.trained import trained as card_of
from benison.components.trainer import agree, export, fit, load, ready, search, warmup
from benison.components.trainer import base_model as start
from benison.components.trainer.accept import accept
from benison.components.trainer.architecture import architecture, of_module
from benison.components.trainer.featurize.fit import fit as fit_features
from benison.components.trainer.featurize.graph import FeatureGraph
from benison.components.trainer.featurize.raw import as_kept
from benison.components.trainer.featurize.transform import layout_of, transform_split
from benison.components.trainer.fit import scalars, speed
from benison.components.trainer.fit.building import built, exported
from benison.components.trainer.fit.checkpoints import Checkpoints, checkpoints_at
from benison.components.trainer.fit.plan import environment
from benison.components.trainer.inputs import model_features
from benison.components.trainer.run_fn import run as run_fn
from benison.components.trainer.serve import Served
from benison.components.trainer.steps.blocks import Blocks
from benison.config import Config
from benison.core import digests, documents, key_sets, memory, user_code
from benison.core.errors import ModelCodeError
from benison.core.examples import LabelledSplit
from benison.core.files import storage_errors, write_atomically
from benison.core.verdicts import Verdict
from benison.sources.trained_on import trained_on

_TRIED_OUT = 64
# Of the memory there is, rows may take a third: TensorFlow has a copy of them, and the model needs some as well.
_SHARE = 3
_log = logging.getLogger(__name__)


def run(
    *,
    bundle: Path,
    examples: Path,
    validation: Path,
    model: Path,
    base_model: Path | None = None,
    checkpoint_root: str = "",
    stored_as: Mapping[str, str] | None = None,
) -> None:
    """Fits the feature graph and the project's Keras model on train, and exports both as one SavedModel.

    Args:
        bundle: The project, with benison.yaml and model.py.
        examples: The splits train and eval, and snapshot.json.
        validation: The data's verdict; anything but PASS ends in not_trained.json before any training.
        model: The artifact that becomes Format-Serving/ and training.json, or not_trained.json.
        base_model: What a warm start begins with, as champion_resolver writes it; left out: training starts anew.
        checkpoint_root: A folder, or one of an object store, where a training that is interrupted leaves what a retry
            needs to go on; empty: a retry begins anew.
        stored_as: Which list of a tf.Example keeps each column in the examples that the model will be asked with; None:
            the one that goes with its type in the data, text for what is a category.
    """
    ready.unused(model)
    verdict = documents.read(validation / "validation.json", "validation")
    snapshot = documents.read(examples / "snapshot.json", "snapshot")
    ready.same_snapshot(verdict, snapshot)
    if verdict["verdict"] != Verdict.PASS:
        _refuse(verdict, model)
        return
    project = bundle / "project"
    config = benison.config.read(project)
    ready.complete(project, config)
    stated.require_sensitive(config.model_card, [column["name"] for column in snapshot["columns"]])
    origin = documents.read(bundle / "bundle.json", "bundle")["digest"]
    base = start.read(base_model) if base_model else None
    kept: list[Checkpoints | search.Record] = []
    if config.model.run_fn:
        record = run_fn.train(project, config, examples, model / ready.PACKAGE, base.folder if base else None)
        record |= {"base_model": base.handed_over if base else None, "search": None}
        layers = of_module(config)
    else:
        inputs = {"bundle": origin, "snapshot": snapshot["digest"], "base_model": base.package if base else None}
        given = _Given(examples, base, checkpoint_root, inputs, stored_as)
        record, layers, kept = _trained_here(project, config, given, model)
    seen = trained_on(examples, config.entity, key_sets.beside(model / ready.PACKAGE)).to_json()
    record |= {"package": digests.of_tree(model / ready.PACKAGE), "bundle": origin, "trained_on": seen}
    whole = {**record, "snapshot": snapshot["digest"], "spans": snapshot["spans"]}
    _write(model, config, whole, snapshot, layers)
    for one in kept:
        one.clear()


def _write(model: Path, config: Config, training: Mapping[str, Any], snapshot: Mapping[str, Any], layers: str) -> None:
    """What lies beside the package; training.json last: where it is, the rest is."""
    write_atomically(model / "environment.txt", _packages().encode())
    features = documents.read(model / ready.PACKAGE / "assets.extra" / "features.json", "features")
    card.write(model, card_of(config, training, snapshot, features, layers))
    documents.write(model / "training.json", "training", training)


def _trained_here(
    project: Path, config: Config, given: _Given, model: Path
) -> tuple[dict[str, Any], str, list[Checkpoints | search.Record]]:
    """Trains and exports what build_model returns; what training.json says of it, its layers, and what to clear."""
    ready.on_tensorflow()
    config = replace(config, model=replace(config.model, module=config.model.source_in(project)[1] or load.DEFAULT))
    plan = fit.planned(config.model)
    fit.seeded(config.model.seed, deterministic=config.model.deterministic)
    rows = tempfile.TemporaryDirectory(prefix="rows-", ignore_cleanup_errors=True)
    with user_code.importable(project), search.unremarked(), rows as scratch:
        data = _read(given, config, Path(scratch))
        config, found, kept = _searched(project, config, data, plan, given)
        keeping = _keeping(model, config, plan, given)
        trained = _train(project, config, data, plan, keeping)
        signatures = _export(project, config, data, trained, model / ready.PACKAGE)
    scalars.write(trained.training, model)
    record = {**_record(config, data, trained, signatures), "search": found.to_json() if found else None}
    kept += [keeping.checkpoints] if keeping.checkpoints else []
    return record, architecture(trained.keras_model), kept


@dataclass(frozen=True)
class _Given:
    """What a training begins with, besides the project.

    Attributes:
        examples: The artifact.
        base: The model to start from.
        checkpoint_root: Where its state is kept.
        digests: Of all that was given.
        stored_as: As in `run`.
    """

    examples: Path
    base: start.BaseModel | None
    checkpoint_root: str
    digests: Mapping[str, str | None]
    stored_as: Mapping[str, str] | None = None


@dataclass(frozen=True)
class _Data:
    """Train and eval as the model sees them, eval also raw, and the graph between."""

    graph: FeatureGraph
    train: Blocks
    held: Blocks
    held_raw: LabelledSplit
    base: start.BaseModel | None


@dataclass(frozen=True)
class _Trained:
    keras_model: Any
    training: fit.Training
    plan: fit.Plan


def _refuse(verdict: Mapping[str, Any], model: Path) -> None:
    _log.warning("not trained: validation of the data is %s", verdict["verdict"])
    content = {
        "reason": f"the validation of the data is {verdict['verdict']}, not PASS",
        "validation": verdict["verdict"],
        "blocked_by": verdict["blocked_by"],
        "snapshot": verdict["snapshot"],
    }
    documents.write(model / "not_trained.json", "not_trained", content)


def _read(given: _Given, config: Config, scratch: Path) -> _Data:
    """Reads train and eval and makes of them what the model sees; on disk where memory would not hold that twice."""
    base = given.base
    train, held = (_labelled(given.examples, split, config) for split in ("train", "eval"))
    graph = fit_features(train, config.features, base.features if base else None)
    if given.stored_as:
        graph = replace(graph, columns=as_kept(graph.columns, given.stored_as))
    needed, room = layout_of(graph).nbytes(train.num_rows + held.num_rows), memory.available() // _SHARE
    if needed > room:
        _log.info("train and eval take %d MB, more than the %d MB for them: they go to disk", needed >> 20, room >> 20)
    made = []
    for split, folder in ((train, scratch / "train"), (held, scratch / "eval")):
        with storage_errors(folder):
            folder.mkdir()
            made.append(transform_split(split, graph, folder if needed > room else None))
    return _Data(graph, made[0], made[1], held, base)


def _labelled(examples: Path, split: str, config: Config) -> LabelledSplit:
    """A split without the rows that nothing can be learned from."""
    label = config.label
    return LabelledSplit.open(examples, split, label.column, positive=label.positive, negative=label.negative)


def _searched(
    project: Path, config: Config, data: _Data, plan: fit.Plan, given: _Given
) -> tuple[Config, search.Found | None, list[Checkpoints | search.Record]]:
    """The settings with the hyperparameters that a search finds best, where one is asked for, and what to clear."""
    asked = config.model.search
    if asked is None:
        return config, None, []
    search.require_classes(asked, data.held)
    load.require_hyperparameters(config.model.module, asked.space, "model.search.space")

    def train(hyperparameters: Mapping[str, Any]) -> fit.Training:
        one = _with(config, hyperparameters)
        keeping = _keeping(None, one, plan, given)
        try:
            training = _train(project, one, data, plan, keeping).training
        except ModelCodeError:
            _clear(keeping)
            raise
        _clear(keeping)
        return training

    record = search.record_at(given.checkpoint_root, _key(config, plan, given))
    found = search.search(config.model, asked, train, record)
    return _with(config, found.best.hyperparameters), found, [record]


def _with(config: Config, hyperparameters: Mapping[str, Any]) -> Config:
    """The settings of a training with hyperparameters, as if they had been written in benison.yaml."""
    return replace(config, model=replace(config.model, hyperparameters=dict(hyperparameters), search=None))


def _clear(keeping: fit.Keeping) -> None:
    if keeping.checkpoints:
        keeping.checkpoints.clear()


def _keeping(folder: Path | None, config: Config, plan: fit.Plan, given: _Given) -> fit.Keeping:
    """Where the training's state is kept."""
    key = _key(config, plan, given)
    return fit.Keeping(checkpoints_at(given.checkpoint_root, key, config.model.checkpoint_minutes), folder)


def _key(config: Config, plan: fit.Plan, given: _Given) -> str:
    """The digest of all that a training, or a search, depends on."""
    depends_on = {
        **given.digests,
        "model": {**asdict(config.model), "checkpoint_minutes": None},
        "environment": {**environment(plan, 0), "driver": None, "threads": None},
        "benison": benison.__version__,
    }
    return digests.of_json(depends_on)


def _train(project: Path, config: Config, data: _Data, plan: fit.Plan, keeping: fit.Keeping) -> _Trained:
    settings, module = config.model, config.model.module
    # Again, so that neither the reading nor an earlier trial has a part in what is random here.
    fit.seeded(settings.seed, deterministic=settings.deterministic)
    sample = data.train.part(0, _TRIED_OUT).inputs

    def build() -> Any:
        made = load.build(project, module, model_features(data.graph), settings.hyperparameters)
        with user_code.blamed(project, module, expected="a model that can be called with the features"):
            accept(made, module, sample)
        if data.base:
            data.base.take(made)
        return made

    model, plan = built(build, sample, settings, module, plan)
    callbacks = load.callbacks(project, module, settings.hyperparameters)
    with user_code.blamed(project, module, expected="a model that can be trained"):
        training = fit.fit(
            model, data.train, data.held, settings, module, plan=plan, callbacks=callbacks, keeping=keeping
        )
    return _Trained(exported(build, model, plan), training, plan)


def _export(project: Path, config: Config, data: _Data, trained: _Trained, package: Path) -> Mapping[str, Any]:
    """Writes the package and returns its signatures, once what was written agrees with what was trained."""
    with user_code.blamed(project, config.model.module, expected="a model that can be exported"):
        served = Served(data.graph, trained.keras_model)
        signatures = served.signatures()
        export.save(served, signatures, package)
    label = config.label
    named = {"column": label.column, "positive": label.positive, "negative": label.negative}
    extra = package / "assets.extra"
    documents.write(extra / "features.json", "features", {**data.graph.to_json(), "label": named})
    write_atomically(extra / "schema.pbtxt", (project / config.data.schema).read_bytes())
    warmup.write(data.graph, config.name, extra)
    agree.require_package(package, trained.keras_model, config.model.module, data.graph, data.held_raw)
    return signatures


def _record(config: Config, data: _Data, trained: _Trained, signatures: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "model_digest": export.model_digest(trained.keras_model, data.graph, signatures),
        "seed": config.model.seed,
        "deterministic": config.model.deterministic,
        "hyperparameters": config.model.hyperparameters,
        "rows": {"train": len(data.train), "eval": len(data.held)},
        "curves": [epoch.to_json() for epoch in trained.training.curves],
        "best_epoch": trained.training.best_epoch,
        "parameters": trained.keras_model.count_params(),
        "speed": {
            "whole": speed.whole(trained.training.speed).to_json(),
            "epochs": [epoch.to_json() for epoch in trained.training.speed],
        },
        "base_model": data.base.record(trained.keras_model, data.graph) if data.base else None,
        "environment": environment(trained.plan, trained.training.micro_batch),
    }


@cache
def _packages() -> str:
    """The installed packages as ``name==version``, one a line, sorted."""
    found = {(told["Name"] or "", told["Version"]) for told in (each.metadata for each in metadata.distributions())}
    return "".join(f"{name}=={version}\n" for name, version in sorted(found, key=lambda pair: pair[0].lower()))
