"""Examples: the splits that TFX's ExampleGen wrote, as the snapshot that our components read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benison.config import FILE, SPLITS, Config
from benison.core import documents
from benison.core.errors import ConfigError, DataError
from benison.core.examples import split_folder
from benison.sources.columns import Columns
from benison.sources.dataset import open_listed
from benison.sources.files import Found
from benison.sources.find import File
from benison.sources.sealed import check_columns, sealed
from benison.sources.walk import Rows, walk
from benison.tfx.asked import TF_EXAMPLE, TFRECORDS, Artifact

HOLDOUT = "holdout"
# What our ExampleGen puts beside the splits, where TFX does not look: tables that rows refer to, and rows of serving.
REFERENCES = "references"
_CUT = (
    "have ExampleGen cut three: output_config=proto.Output(split_config=proto.SplitConfig(splits=["
    "proto.SplitConfig.Split(name='train', hash_buckets=6), proto.SplitConfig.Split(name='eval', hash_buckets=2), "
    "proto.SplitConfig.Split(name='holdout', hash_buckets=2)]))"
)


@dataclass(frozen=True)
class Snapshot:
    """TFX's examples as our artifacts.

    Attributes:
        examples: The splits train and eval.
        holdout: The split holdout.
        references: What our ExampleGen read besides; of TFX's, nothing.
        document: snapshot.json.
        files: By split, the TFRecords that the rows were read from.
    """

    examples: Path
    holdout: Path
    references: Path
    document: Mapping[str, Any]
    files: Mapping[str, tuple[Path, ...]]


def snapshot_of(artifacts: Sequence[Artifact], config: Config, project: Path, holdout: str, scratch: Path) -> Snapshot:
    """Reads TFRecords of tf.Examples and seals their rows, in the splits that they come in.

    The same files always make the same snapshot, so that every component of a pipeline means the same data.

    Args:
        artifacts: Of TFX's type Examples, one for each span.
        config: The project's benison.yaml.
        project: Its folder.
        holdout: What TFX calls the split that models are judged by.
        scratch: Where the snapshot comes to lie.

    Raises:
        ConfigError: The holdout is a split that training looks at.
        DataError: A split is not there, or is not what can be read.
    """
    parts = list(_parts(artifacts, names_of(holdout)))
    split_of = {part.name: SPLITS.index(part.split) for part in parts}
    files = [File(part.span, part.name, Found(str(part.path), part.path.stat().st_size)) for part in parts]
    raw = scratch / "raw"
    raw.mkdir(parents=True)
    with open_listed(files, "tfrecord", Columns.of(config), raw) as dataset:
        check_columns(config, project, dataset.schema.names)

        def assign(some: Rows) -> npt.NDArray[np.int8]:
            return np.full(some.batch.num_rows, split_of[some.source], np.int8)

        document = sealed(walk(dataset, by_period=False), dataset, assign, config, {}, scratch / "splits")
    shutil.rmtree(raw)
    by_split = {split: tuple(part.path for part in parts if part.split == split) for split in SPLITS}
    return _handed_over(scratch, {**document, "split_by": _given(document)}, artifacts, by_split)


def _given(document: Mapping[str, Any]) -> dict[str, Any]:
    """That nobody cut the splits here, and how large they are."""
    rows = [document["splits"][split]["rows"] for split in SPLITS]
    return {"by": "given", "key": [], "time": "", "shares": [some / sum(rows) for some in rows]}


def names_of(holdout: str) -> dict[str, str]:
    """What TFX calls each of our splits.

    Raises:
        ConfigError: The holdout is a split that training looks at.
    """
    if holdout in ("train", "eval"):
        expected = "a split that training never looks at"
        raise ConfigError(
            "parameter 'holdout'", expected=expected, got=f"{holdout!r}, which the Trainer is given", hint=_CUT
        )
    return {"train": "train", "eval": "eval", HOLDOUT: holdout}


@dataclass(frozen=True)
class _Part:
    """A file with rows of one span and one split; its name is that of the file below the artifact."""

    span: int
    split: str
    path: Path
    name: str


def _parts(artifacts: Sequence[Artifact], names: Mapping[str, str]) -> Iterator[_Part]:
    if not artifacts:
        raise DataError("input 'examples'", expected="an artifact", got="none")
    spans = [one.span for one in artifacts]
    if len(set(spans)) < len(spans):
        got = f"span {max(spans, key=spans.count)} twice"
        raise DataError("input 'examples'", expected="one artifact for each span", got=got)
    for one in sorted(artifacts, key=lambda one: one.span):
        _require_examples(one)
        # TFX's word for no span is 0; ours count from 1.
        span = max(one.span, 1)
        for split, name in names.items():
            for path in _of_split(one, name):
                yield _Part(span, split, path, f"span-{span}/Split-{name}/{path.name}")


def _require_examples(one: Artifact) -> None:
    for name, wanted in (("payload_format", TF_EXAMPLE), ("file_format", TFRECORDS)):
        found = one.properties.get(name, wanted)
        if found != wanted:
            hint = "give it what ExampleGen writes, before Transform"
            raise DataError(f"{one.place} ({name})", expected=wanted, got=str(found), hint=hint)


def _of_split(one: Artifact, name: str) -> list[Path]:
    folder = split_folder(one.path, name)
    found = sorted(path for path in folder.glob("*") if path.is_file() and not path.name.startswith((".", "_")))
    if not found:
        hint = "ExampleGen cut it, but no row fell into it" if name in one.splits else _CUT
        got = f"splits {', '.join(one.splits) or 'none'}"
        raise DataError(one.place, expected=f"a split {name!r}", got=got, hint=hint)
    return found


def _handed_over(
    scratch: Path, document: Mapping[str, Any], artifacts: Sequence[Artifact], files: Mapping[str, tuple[Path, ...]]
) -> Snapshot:
    folders = {"examples": ("train", "eval"), "holdout": (HOLDOUT,)}
    for artifact, own in folders.items():
        for split in own:
            target = split_folder(scratch / artifact, split)
            target.parent.mkdir(exist_ok=True)
            shutil.move(split_folder(scratch / "splits", split), target)
        documents.write(scratch / artifact / "snapshot.json", "snapshot", document, durable=False)
    references = max(artifacts, key=lambda one: one.span).path / REFERENCES
    if not references.is_dir():
        references = scratch / REFERENCES
        nothing: dict[str, Any] = {"read_at": None, "tables": {}, "serving": None}
        documents.write(references / "context.json", "references", nothing, durable=False)
    return Snapshot(scratch / "examples", scratch / "holdout", references, document, files)


def require_references(config: Config, snapshot: Snapshot) -> None:
    """Makes sure that what benison.yaml holds rows against was read.

    Raises:
        ConfigError: TFX's ExampleGen has read the rows alone.
    """
    told = documents.read(snapshot.references / "context.json", "references")
    asked = {
        "data.serving": config.data.serving is not None and told["serving"] is None,
        "validation.foreign_keys": bool(config.validation.foreign_keys) and not told["tables"],
        "validation.freshness": config.validation.freshness is not None and told["read_at"] is None,
    }
    if missing := [name for name, lacking in asked.items() if lacking]:
        hint = "take benison.components.example_gen.tfx.ExampleGen, which reads it, or leave it out"
        got = "rows alone, as TFX's ExampleGen reads them"
        raise ConfigError(f"{FILE} ({missing[0]})", expected="examples with what it names", got=got, hint=hint)
