"""Collecting the evidence of a run: the JSON documents that its tasks left, as far as they came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from benison import config
from benison.config import Gate, acceptances
from benison.config.acceptances import Acceptance
from benison.core import digests, documents
from benison.core.errors import BenisonError, DataError
from benison.core.verdicts import Check

Document = Mapping[str, Any]
_Content = TypeVar("_Content")
_DONE = ("succeeded", "reused")


class _Place(NamedTuple):
    """Where a document lies: which task's which output, and under which path there; its stem is its kind."""

    task: str
    output: str
    file: str


_SNAPSHOT = _Place("example-gen", "examples", "snapshot.json")
_CHAMPION = _Place("champion-resolver", "champion", "champion.json")
_PROFILE = _Place("example-validator", "statistics", "profile.json")
_COMPARISONS = _Place("example-validator", "anomalies", "comparisons.json")
_BANDS = _Place("example-validator", "anomalies", "bands.json")
_CHECKS = _Place("example-validator", "anomalies", "checks.json")
_TRAINING = _Place("trainer", "model", "training.json")
_NOT_TRAINED = _Place("trainer", "model", "not_trained.json")
_CARD = _Place("trainer", "model", "model_card.json")
_FEATURES = _Place("trainer", "model", "Format-Serving/assets.extra/features.json")
_EVALUATION = _Place("evaluator", "evaluation", "evaluation.json")
_INFRA = _Place("infra-validator", "infra_evaluation", "infra.json")
_BLESSING = _Place("pusher", "blessing", "blessing.json")
_PUSHED = _Place("pusher", "pushed_model", "pushed.json")


@dataclass(frozen=True)
class RunEvidence:
    """What a run left behind. A document is None where its task did not get so far.

    Attributes:
        folder: The run's folder.
        run: Its record: tasks, states, times, parameters.
        project: The user's configuration, out of the bundle.
        snapshot: What was read and how it was split.
        champion: Champion and reference at the start of the run.
        profile: What train and each span look like.
        comparisons: Columns beside their references.
        bands: Figures beside what accepted spans left.
        acceptances: What somebody accepted although a check would not have.
        checks: Every check of the data.
        training: How the challenger was trained.
        not_trained: Why there is none.
        card: What the trainer says of the challenger, and people of the model.
        features: What its package makes of raw columns.
        evaluation: Every metric and check of the models.
        evaluation_digest: The digest of evaluation.json as it lies there now.
        infra: What the challenger took and answered in a process of its own.
        blessing: The gate's word with its reasons.
        pushed: What came of it.
        unreadable: What should be there and could not be read, a sentence each.
    """

    folder: Path
    run: Document
    project: config.Config | None = None
    snapshot: Document | None = None
    champion: Document | None = None
    profile: Document | None = None
    comparisons: Document | None = None
    bands: Document | None = None
    acceptances: tuple[Acceptance, ...] = ()
    checks: Document | None = None
    training: Document | None = None
    not_trained: Document | None = None
    card: Document | None = None
    features: Document | None = None
    evaluation: Document | None = None
    evaluation_digest: str | None = None
    infra: Document | None = None
    blessing: Document | None = None
    pushed: Document | None = None
    unreadable: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The model's name; the pipeline's where the project is unknown."""
        return self.project.name if self.project else str(self.run["pipeline"])

    @property
    def gate(self) -> Gate | None:
        """The policy; None where the project is unknown."""
        return self.project.gate if self.project else None

    def title(self, role: str) -> str:
        """What a column with a model's figures is called."""
        return role.capitalize()

    def called(self, role: str) -> str:
        """What a sentence calls a model."""
        return role

    @property
    def data_checks(self) -> tuple[Check, ...]:
        return _checks_of(self.checks)

    @property
    def model_checks(self) -> tuple[Check, ...]:
        return _checks_of(self.evaluation)

    @property
    def serving_checks(self) -> tuple[Check, ...]:
        return _checks_of(self.infra)

    @property
    def release_checks(self) -> tuple[Check, ...]:
        """What was asked when the model was to be published, beyond data, model and serving."""
        asked_before = {*map(_key, (*self.data_checks, *self.model_checks, *self.serving_checks))}
        return tuple(check for check in _checks_of(self.blessing) if _key(check) not in asked_before)

    @property
    def all_checks(self) -> tuple[Check, ...]:
        return (*self.data_checks, *self.model_checks, *self.serving_checks, *self.release_checks)

    @property
    def all_tasks(self) -> dict[str, Document]:
        """Every task by name, in the order in which they began; those that did not come last."""
        return dict(
            sorted(self.run["tasks"].items(), key=lambda task: (task[1]["started"] is None, task[1]["started"]))
        )

    def tasks(self, *states: str) -> list[str]:
        """The names of the tasks that are in one of these states."""
        return [name for name, task in self.all_tasks.items() if task["state"] in states]


def _checks_of(document: Document | None) -> tuple[Check, ...]:
    return tuple(Check.from_json(check) for check in document["checks"]) if document else ()


def _key(check: Check) -> tuple[str, str, str]:
    return check.name, check.subject, str(check.tier)


class _Reader:
    """Reads what a run's record points at, and remembers what it could not read."""

    def __init__(self, folder: Path, run: Document) -> None:
        self.runs, self.run = folder.resolve().parent, run
        self.unreadable: list[str] = []

    def artifact(self, task: str, output: str) -> Path | None:
        """An artifact's folder; None where its task left none, and none is believed to lie outside the runs."""
        record = self.run["tasks"].get(task)
        if record is None or record["state"] not in _DONE or output not in record["outputs"]:
            return None
        path = (self.runs / str(record["outputs"][output]["path"])).resolve()
        if not path.is_relative_to(self.runs):
            self.unreadable.append(f"{task}: {output} is recorded outside of the runs folder and was not read")
            return None
        return path

    def document(self, place: _Place) -> Document | None:
        folder = self.artifact(place.task, place.output)
        if folder is None:
            return None
        try:
            return documents.read(folder / place.file, Path(place.file).stem)
        except DataError as error:
            self.unreadable.append(f"{place.task}: {Path(place.file).name} could not be read: {error.got}")
            return None

    def model(self) -> tuple[Document | None, Document | None]:
        """training.json or not_trained.json, of which there is one."""
        folder = self.artifact(_TRAINING.task, _TRAINING.output)
        if folder is not None and (folder / _NOT_TRAINED.file).exists():
            return None, self.document(_NOT_TRAINED)
        return self.document(_TRAINING), None

    def project(self) -> config.Config | None:
        return self._of_project("benison.yaml", config.read)

    def acceptances(self) -> tuple[Acceptance, ...]:
        return self._of_project(acceptances.FILE, acceptances.read) or ()

    def _of_project(self, name: str, read: Callable[[Path], _Content]) -> _Content | None:
        folder = self.artifact("bundle", "bundle")
        if folder is None:
            return None
        try:
            return read(folder / "project")
        except (BenisonError, OSError) as error:
            self.unreadable.append(f"bundle: {name} could not be read: {str(error).partition(chr(10))[0]}")
            return None

    def evaluation_digest(self) -> str | None:
        folder = self.artifact(_EVALUATION.task, _EVALUATION.output)
        path = folder / _EVALUATION.file if folder else None
        return digests.of_file(path) if path is not None and path.is_file() else None


def gather(run_folder: Path) -> RunEvidence:
    """Reads a run's record and every document that it points at.

    Args:
        run_folder: A folder with run.json.

    Raises:
        DataError: There is no record of a run.
    """
    run = documents.read(run_folder / "run.json", "run")
    reader = _Reader(run_folder, run)
    training, not_trained = reader.model()
    trained = not_trained is None
    return RunEvidence(
        folder=run_folder,
        run=run,
        project=reader.project(),
        snapshot=reader.document(_SNAPSHOT),
        champion=reader.document(_CHAMPION),
        profile=reader.document(_PROFILE),
        comparisons=reader.document(_COMPARISONS),
        bands=reader.document(_BANDS),
        acceptances=reader.acceptances(),
        checks=reader.document(_CHECKS),
        training=training,
        not_trained=not_trained,
        card=reader.document(_CARD) if trained else None,
        features=reader.document(_FEATURES) if trained else None,
        evaluation=reader.document(_EVALUATION),
        evaluation_digest=reader.evaluation_digest(),
        infra=reader.document(_INFRA),
        blessing=reader.document(_BLESSING),
        pushed=reader.document(_PUSHED),
        unreadable=tuple(reader.unreadable),
    )
