"""benison.yaml: what a user says of data, label, features, model and gate. One file, read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from benison import eval_config
from benison.config.data import SPLITS as SPLITS
from benison.config.data import Data as Data
from benison.config.data import Splits as Splits
from benison.config.data import Table as Table
from benison.config.data import data_of
from benison.config.data import format_of as format_of
from benison.config.evaluation import Evaluation as Evaluation
from benison.config.evaluation import evaluation_of
from benison.config.fairness import PARITIES as PARITIES
from benison.config.fairness import can_have_gaps as can_have_gaps
from benison.config.features import Feature as Feature
from benison.config.features import columns_of as columns_of
from benison.config.features import date_columns as date_columns
from benison.config.features import features_of
from benison.config.features import number_columns as number_columns
from benison.config.features import text_columns as text_columns
from benison.config.gate import BASELINES as BASELINES
from benison.config.gate import CONFIDENCE as CONFIDENCE
from benison.config.gate import FairnessCheck as FairnessCheck
from benison.config.gate import Gate as Gate
from benison.config.gate import GateCheck as GateCheck
from benison.config.infra import Infra as Infra
from benison.config.infra import InfraCheck as InfraCheck
from benison.config.infra import infra_of
from benison.config.label import Label as Label
from benison.config.label import label_of
from benison.config.machines import LOCAL
from benison.config.mirror import VertexMirror as VertexMirror
from benison.config.mirror import mirror_of
from benison.config.model_card import ModelCard as ModelCard
from benison.config.model_card import model_card_of
from benison.config.monitor import Monitor as Monitor
from benison.config.monitor import monitor_of
from benison.config.notify import Notify as Notify
from benison.config.notify import notify_of
from benison.config.own_metrics import OwnMetrics as OwnMetrics
from benison.config.own_metrics import declared as declared
from benison.config.paths import inside
from benison.config.policy import gate_of
from benison.config.quality import Quality as Quality
from benison.config.quality import settled
from benison.config.release import Release as Release
from benison.config.release import release_of
from benison.config.rollout import Rollout as Rollout
from benison.config.rollout import rollout_of
from benison.config.search import Choices as Choices
from benison.config.search import Range as Range
from benison.config.search import Search as Search
from benison.config.serving import Serving as Serving
from benison.config.serving import serving_of
from benison.config.signatures import signing_key_from
from benison.config.skew_rows import check_kept
from benison.config.targets import Target as Target
from benison.config.targets import targets_of
from benison.config.training import Model as Model
from benison.config.training import model_of
from benison.config.triggers import Triggers as Triggers
from benison.config.triggers import triggers_of
from benison.config.validation import Validation as Validation
from benison.config.validation import validation_of
from benison.core.metrics import Kind, Vocabulary, speaking
from benison.core.sections import Section, load
from benison.core.spelling import nearest

FILE = "benison.yaml"
# What stands beside gate: in a project's benison.yaml; a policy may be read out of one.
_BESIDE_GATE = {"name", "description", "data", "label", "features", "model"}
_BESIDE_GATE |= {
    "evaluation",
    "infra",
    "metrics",
    "mirror",
    "monitor",
    "notify",
    "validation",
    "registry",
    "release",
    "rollout",
    "serving",
    "model_card",
    "targets",
    "triggers",
}
_MODEL_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True)
class Config:
    """All of benison.yaml."""

    name: str
    description: str
    data: Data
    label: Label
    features: tuple[Feature, ...]
    model: Model
    evaluation: Evaluation
    own_metrics: OwnMetrics | None
    tfma_metrics: tuple[Kind, ...]
    validation: Validation
    gate: Gate
    infra: Infra
    registry: str
    release: Release
    signing_key_from: str
    rollout: Rollout | None
    serving: Serving
    mirror: VertexMirror | None
    monitor: Monitor
    notify: Notify
    model_card: ModelCard
    targets: Mapping[str, Target]
    triggers: Triggers

    def speaking(self) -> AbstractContextManager[Vocabulary]:
        """Lets names stand for the project's own metrics too, and for those that TFMA measures."""
        return speaking(more=(*(self.own_metrics.kinds if self.own_metrics else ()), *self.tfma_metrics))

    @property
    def entity(self) -> tuple[str, ...]:
        """The columns that tell entities apart: ``validation.leakage.entity``, else what splits are keyed by."""
        return self.validation.leakage.entity or self.data.splits.key


def _behaves(config: Config) -> None:
    """What is asked of the model's behaviour is asked of columns that it reads."""
    if config.infra.behaviour is not None and config.features:
        numbers = (*number_columns(config.features), *date_columns(config.features))
        config.infra.behaviour.check_columns(columns_of(config.features), numbers)


def read(project: Path) -> Config:
    """Reads a project's benison.yaml.

    Args:
        project: The folder that holds it.

    Raises:
        ConfigError: The file is missing or says something that is not understood; the message names line and key.
    """
    top = load(project / FILE)
    name = top.take("name", str)
    if not _MODEL_NAME.fullmatch(name):
        raise top.error("name", "small letters, digits, - and _, a letter first, at most 63", repr(name))
    own = _own_metrics(top, project)
    evaluation = evaluation_of(top)
    mine = own.kinds if own else []
    theirs = eval_config.declared(project / evaluation.file, own=mine)
    with speaking(more=(*mine, *theirs)):
        gate = gate_of(top.section("gate"))
    config = Config(
        name=name,
        description=top.take("description", str, ""),
        data=data_of(top.section("data")),
        label=label_of(top.section("label")),
        features=features_of(top.section("features")),
        model=model_of(top.section("model")),
        evaluation=evaluation,
        validation=validation_of(top.section("validation", optional=True)),
        own_metrics=own,
        tfma_metrics=theirs,
        gate=gate,
        infra=infra_of(top.section("infra", optional=True), project),
        registry=top.take("registry", str, "registry"),
        release=release_of(top.section("release", optional=True), project, rollout="rollout" in top.content),
        signing_key_from=signing_key_from(top.section("release", optional=True)),
        rollout=rollout_of(top.section("rollout")) if "rollout" in top.content else None,
        serving=serving_of(top.section("serving", optional=True)),
        mirror=mirror_of(top.section("mirror")) if "mirror" in top.content else None,
        notify=notify_of(top.section("notify", optional=True)),
        monitor=monitor_of(top.section("monitor", optional=True)),
        model_card=model_card_of(top.section("model_card", optional=True)),
        targets=targets_of(top.section("targets", optional=True)),
        triggers=triggers_of(top.section("triggers", optional=True)),
    )
    top.close()
    return _checked(top, _watching(top, config))


def _checked(top: Section, config: Config) -> Config:
    """What sections say together."""
    _no_leak(top, config)
    _consistent(top, config)
    _triggerable(top, config)
    _behaves(config)
    return config


def _watching(top: Section, config: Config) -> Config:
    """With what monitor: quality: takes over from other sections."""
    if config.monitor.skew_rows is not None:
        check_kept(top.section("monitor").section("skew_rows"), config.monitor.skew_rows, config.serving.requests)
    if config.monitor.quality is None:
        return config
    section = top.section("monitor").section("quality")
    with config.speaking():
        quality = settled(section, config.monitor.quality, config.rollout, config.gate, config.serving.requests)
    return replace(config, monitor=replace(config.monitor, quality=quality))


def _own_metrics(top: Section, project: Path) -> OwnMetrics | None:
    module = inside(top, "metrics", "")
    return declared(project / module) if module else None


def read_gate(path: Path) -> Gate:
    """Reads the policy alone: a file with ``gate:``, which may be a project's whole benison.yaml.

    Raises:
        ConfigError: The file is missing or says something that is not understood; the message names line and key.
    """
    top = load(path)
    gate = gate_of(top.section("gate"))
    top.asked |= _BESIDE_GATE
    top.close()
    return gate


def _no_leak(top: Section, config: Config) -> None:
    section = top.section("features")
    for feature in config.features:
        if config.label.column in columns_of([feature]):
            raise section.error(feature.name, "features other than the label", "the label", "remove it here")


def _triggerable(top: Section, config: Config) -> None:
    """What triggers: asks of data: and targets:."""
    section, asked = top.section("triggers", optional=True), config.triggers
    if asked.data and config.data.query:
        hint = "what a query finds is not seen from outside: name times under schedules"
        raise section.error("data", "data.path, whose files can be looked at", "a query", hint)
    if asked.target != LOCAL and not config.targets[asked.target].destination.pipeline_root:
        raise section.error("target", f"targets.{asked.target}.pipeline_root, to submit to it", "none")


def _consistent(top: Section, config: Config) -> None:
    """What data: and validation: say together."""
    section, asked = top.section("validation", optional=True), config.validation
    if asked.freshness is not None and not config.data.time:
        raise section.error("freshness", "data.time, the column that says when a row happened", "none")
    if isinstance(asked.history.season, str) and asked.history.season and not config.data.time:
        raise section.error("history", "data.time, which tells the season", f"season: {asked.history.season}, no time")
    tables = [table.name for table in config.data.references]
    for number, key in enumerate(asked.foreign_keys):
        if key.table not in tables:
            where = section.sections("foreign_keys")[number]
            hint = nearest(key.table, tables) if tables else "name tables under data.references"
            raise where.error("table", "a table of data.references", repr(key.table), hint)
