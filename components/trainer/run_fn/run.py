"""run_fn: splits as TFRecords -> the module in a process of its own -> what it exported, checked in another."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.components.trainer.run_fn import child, write
from benison.config import Config
from benison.config.run_fn import RunFn
from benison.core.errors import ConfigError, ModelCodeError
from benison.core.files import storage_errors, write_atomically
from benison.core.fresh import ask
from benison.sources.encode import stored_as
from benison.tfx import exported
from benison.tfx.described import describe, record

_EVAL_MODEL, _MODEL_RUN = "Format-TFMA", "model_run"
_CHECKED = 10_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Task:
    """What is trained on what.

    Attributes:
        project: The user's folder.
        config: Its benison.yaml.
        asked: Of it, the module and what it is told.
        examples: The splits train and eval.
        package: Where the SavedModel comes to lie.
        kinds: Which list of a tf.Example keeps each column.
    """

    project: Path
    config: Config
    asked: RunFn
    examples: Path
    package: Path
    kinds: dict[str, str]

    @property
    def served(self) -> dict[str, str]:
        """The columns that a row has when the model is asked."""
        return {name: kind for name, kind in self.kinds.items() if name != self.config.label.column}


def train(
    project: Path, config: Config, examples: Path, package: Path, base_model: Path | None = None
) -> dict[str, Any]:
    """Has a TFX Trainer module train and export a model, and checks what it exported.

    Args:
        project: The bundle's project folder.
        config: Its benison.yaml, which names the module.
        examples: The splits train and eval.
        package: Where the SavedModel comes to lie.
        base_model: A SavedModel to begin with, or None.

    Returns:
        What training.json says of it, without what it says of any training.

    Raises:
        ModelCodeError: The module, or what it exported, is not what was asked for.
        DataError: The splits cannot be learned from, or kept in tf.Examples.
    """
    schema = _schema(project / config.data.schema)
    kinds = stored_as(write.columns_of(examples, "train"), schema)
    task = _Task(project, config, config.model.run_fn, examples, package, kinds)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory(prefix="run_fn-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        splits = {split: write.write(examples, split, config.label, kinds, scratch) for split in ("train", "eval")}
        write.require(splits["train"], splits["eval"])
        _call(task, splits, scratch, base_model)
        told = _checked(task, scratch)
    describe(package, task.served, told["features"], config.label)
    write_atomically(package / "assets.extra" / "schema.pbtxt", (project / config.data.schema).read_bytes())
    rows = {split: written.rows for split, written in splits.items()}
    return record(told, rows, config.model.seed, config.model.hyperparameters)


def _schema(path: Path) -> schema_pb2.Schema:
    try:
        return text_format.Parse(path.read_text(), schema_pb2.Schema())
    except text_format.ParseError as error:
        expected = "a tensorflow.metadata.v0.Schema in protobuf's text format"
        raise ConfigError(path.name, expected=expected, got=str(error)) from error


def _call(task: _Task, splits: dict[str, write.Written], scratch: Path, base_model: Path | None) -> None:
    """Runs the module."""
    with storage_errors(task.package):
        (task.package.parent / _MODEL_RUN).mkdir(parents=True, exist_ok=True)
    _log.info("%s: %d rows of train, %d of eval", task.asked.module, splits["train"].rows, splits["eval"].rows)
    ask(
        child.__name__,
        {
            "project": str(task.project.resolve()),
            "module": task.asked.module,
            "seed": task.config.model.seed,
            "fn_args": _fn_args(task, splits, scratch, base_model),
        },
        scratch / "module",
        where=task.asked.module,
        to="run_fn to return",
        TF_USE_LEGACY_KERAS="1",
        PYTHONHASHSEED=str(task.config.model.seed),
    )
    if not task.package.exists():
        raise ModelCodeError(
            task.asked.module,
            expected="run_fn to export a SavedModel to fn_args.serving_model_dir",
            got="nothing there",
            hint=_elsewhere(scratch / "module" / "work"),
        )


def _elsewhere(work: Path) -> str:
    """Where a SavedModel lies that was not written where it belongs."""
    found = next(iter(sorted(work.rglob("saved_model.pb"))), None)
    if found is None:
        return "end run_fn with  model.save(fn_args.serving_model_dir, save_format='tf', signatures=...)"
    return f"it exported to {found.parent.relative_to(work)}/ in the folder it ran in"


def _fn_args(task: _Task, splits: dict[str, write.Written], scratch: Path, base_model: Path | None) -> dict[str, Any]:
    """What TFX's executor fills in, but the data accessor."""
    artifact, schema = task.package.parent.resolve(), str((task.project / task.config.data.schema).resolve())
    (scratch / "working").mkdir()
    return {
        "working_dir": str(scratch / "working"),
        "train_files": [splits["train"].pattern],
        "eval_files": [splits["eval"].pattern],
        "train_steps": task.asked.train_steps,
        "eval_steps": task.asked.eval_steps,
        "schema_path": schema,
        "schema_file": schema,
        "transform_graph_path": None,
        "transform_output": None,
        "serving_model_dir": str(artifact / task.package.name),
        "eval_model_dir": str(artifact / _EVAL_MODEL),
        "model_run_dir": str(artifact / _MODEL_RUN),
        "base_model": str(base_model.resolve()) if base_model else None,
        "hyperparameters": task.config.model.hyperparameters or None,
        "custom_config": task.asked.custom_config,
        "num_examples": {split: written.rows for split, written in splits.items()},
    }


def _checked(task: _Task, scratch: Path) -> dict[str, Any]:
    """What a fresh process says of the package."""
    rows = scratch / "asked.tfrecord"
    write.sample(task.examples, "eval", task.served, rows, _CHECKED)
    told: dict[str, Any] = ask(
        exported.__name__,
        {
            "package": str(task.package.resolve()),
            "rows": str(rows),
            "features": list(task.served),
            "label": task.config.label.column,
            "module": task.asked.module,
        },
        scratch / "check",
        where=f"{task.asked.module} ({task.package.name})",
        to="a model that answers in a fresh process",
    )
    for warning in told["warnings"]:
        _log.warning("%s: %s", task.asked.module, warning)
    return told
