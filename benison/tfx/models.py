"""Models: what TFX's Trainer exported, as our evaluator and pusher take a model. What ours exported is so already."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benison.cards import card
from benison.cards.trained import trained
from benison.core import digests, documents, key_sets
from benison.core.errors import DataError
from benison.core.examples import read_split, split_files
from benison.sources.encode import FLOATS, INTEGERS, TEXTS, encode
from benison.sources.example_proto import Example
from benison.sources.pieces import Piece
from benison.sources.read_tfrecord import records
from benison.sources.trained_on import trained_on
from benison.tfx import exported
from benison.tfx.asked import PACKAGE, Artifact
from benison.tfx.described import describe, record
from benison.tfx.given import Given

# Where our Evaluator keeps, for our Pusher, what it found out of a model that it took in.
TAKEN_IN = "taken_in"
_ASKED = 10_000
_LAYERS = "Made and exported by TFX's Trainer, which alone knows its layers."


def is_ours(model: Path) -> bool:
    """Whether our trainer wrote a model, or why it has written none."""
    return any((model / name).exists() for name in ("training.json", "not_trained.json"))


@dataclass(frozen=True)
class TakenIn:
    """A model of TFX's Trainer, measured against the examples of its pipeline.

    Attributes:
        given: The project and the examples. What the model was trained on is taken to be their train and eval.
        artifact: Of TFX's type Model.
        folder: Where it comes to lie as one of ours.
    """

    given: Given
    artifact: Artifact
    folder: Path

    @cached_property
    def package(self) -> Path:
        """A copy of the SavedModel that says of itself which columns it takes.

        Raises:
            DataError: There is none, it cannot be loaded, or it does not answer with probabilities.
        """
        told = self.told
        shutil.copytree(self.artifact.path / PACKAGE, self.folder / PACKAGE)
        describe(self.folder / PACKAGE, self._served, told["features"], self.given.config.label)
        return self.folder / PACKAGE

    @cached_property
    def _served(self) -> dict[str, str]:
        """The columns that a row has when the model is asked."""
        return {name: kind for name, kind in kinds_of(self.given).items() if name != self.given.config.label.column}

    @cached_property
    def told(self) -> Mapping[str, Any]:
        """What `exported.check` says of it."""
        if not (self.artifact.path / PACKAGE / "saved_model.pb").is_file():
            raise DataError(self.artifact.place, expected=f"a SavedModel in {PACKAGE}/", got="none")
        rows = encode(read_split(self.given.snapshot.examples, "eval").slice(0, _ASKED), self._served)
        return exported.check(self.artifact.path / PACKAGE, rows, list(self._served), self.given.config.label.column)

    def write(self) -> Path:
        """Completes the artifact as our trainer would have written it."""
        given, snapshot = self.given, self.given.snapshot.document
        rows = {split: snapshot["splits"][split]["rows"] for split in ("train", "eval")}
        whole = {
            **record(self.told, rows, None, {}),
            "package": digests.of_tree(self.package),
            "bundle": given.digest,
            "trained_on": self._trained_on(),
            "snapshot": snapshot["digest"],
            "spans": snapshot["spans"],
            "base_model": None,
            "search": None,
        }
        features = documents.read(self.package / "assets.extra" / "features.json", "features")
        card.write(self.folder, trained(given.config, whole, snapshot, features, _LAYERS))
        documents.write(self.folder / "training.json", "training", whole)
        return self.folder

    def _trained_on(self) -> dict[str, Any]:
        folder = key_sets.beside(self.folder / PACKAGE)
        return trained_on(self.given.snapshot.examples, self.given.config.entity, folder).to_json()


def kinds_of(given: Given) -> dict[str, str]:
    """Which list of a tf.Example keeps each column, as ExampleGen kept it; of one without a value, as its type says."""
    columns = pq.read_schema(split_files(given.snapshot.examples, "train")[0])
    found: dict[str, str] = {}
    for path in given.snapshot.files["train"]:
        with Piece(0, path, path.name, "tfrecord").opened() as stream:
            for some in _parts(records(stream, path.name)):
                found |= _kinds(some)
                if len(found) == len(columns.names):
                    return {name: found[name] for name in columns.names}
    return {name: found.get(name, _natural(str(columns.field(name).type))) for name in columns.names}


def _parts(content: Any) -> Any:
    while part := list(islice(content, 1000)):
        yield part


def _kinds(some: Sequence[bytes]) -> dict[str, str]:
    features = [one for record_ in some for one in Example.FromString(record_).features.feature.items()]
    kinds = {name: feature.WhichOneof("kind") for name, feature in features}
    return {name: kind for name, kind in kinds.items() if kind}


def _natural(kind: str) -> str:
    return {"int64": INTEGERS, "double": FLOATS}.get(kind, TEXTS)


def model_of(given: Given, name: str) -> Path:
    """A channel's model as our evaluator takes it."""
    artifact = given.asked.one(name)
    return artifact.path if is_ours(artifact.path) else TakenIn(given, artifact, given.asked.scratch / name).write()


def keep(taken: Path, evaluation: Path) -> None:
    """Keeps beside the evaluation what was found out of a model that was taken in."""
    into = evaluation / TAKEN_IN
    shutil.copytree(key_sets.beside(taken / PACKAGE), key_sets.beside(into / PACKAGE))
    for name in ("training.json", card.FILE):
        shutil.copyfile(taken / name, into / name)
    shutil.copyfile(taken / PACKAGE / "assets.extra" / "features.json", into / "features.json")


def kept(model: Path, evaluation: Path, folder: Path) -> Path:
    """A model as `keep` kept it, its package put together again.

    Args:
        model: The artifact of TFX's Trainer.
        evaluation: Our Evaluator's.
        folder: Where it comes to lie.
    """
    shutil.copytree(evaluation / TAKEN_IN, folder)
    shutil.copytree(model / PACKAGE, folder / PACKAGE)
    (folder / PACKAGE / "assets.extra").mkdir(exist_ok=True)
    shutil.move(folder / "features.json", folder / PACKAGE / "assets.extra" / "features.json")
    return folder
