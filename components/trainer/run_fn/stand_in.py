"""The few names of TFX that Trainer modules import, for where TFX itself is not installed: 12 GB with what it needs."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NamedTuple


class DataAccessor(NamedTuple):
    """How to read the examples; the fields are TFX's.

    Attributes:
        tf_dataset_factory: (file patterns, TensorFlowDatasetOptions, schema) to a tf.data.Dataset.
        record_batch_factory: (file patterns, RecordBatchesOptions, schema) to an iterator of Arrow's record batches.
        data_view_decode_fn: None: tf.Examples need none.
    """

    tf_dataset_factory: Callable[..., Any]
    record_batch_factory: Callable[..., Any]
    data_view_decode_fn: Callable[..., Any] | None


class TunerFnResult(NamedTuple):
    """What a tuner_fn returns; modules name it in annotations."""

    tuner: Any
    fit_kwargs: dict[str, Any]


@dataclass
class FnArgs:
    """What a run_fn is called with; the fields are TFX's."""

    working_dir: str | None = None
    train_files: list[str] | None = None
    eval_files: list[str] | None = None
    train_steps: int | None = None
    eval_steps: int | None = None
    schema_path: str | None = None
    schema_file: str | None = None
    transform_graph_path: str | None = None
    transform_output: str | None = None
    data_accessor: DataAccessor | None = None
    serving_model_dir: str | None = None
    eval_model_dir: str | None = None
    model_run_dir: str | None = None
    base_model: str | None = None
    hyperparameters: dict[str, Any] | None = None
    custom_config: dict[str, Any] | None = None


_ARGUMENTS = {"FnArgs": FnArgs, "DataAccessor": DataAccessor}
_COMPONENTS = {**_ARGUMENTS, "TunerFnResult": TunerFnResult}
HINT = (
    "TFX is not installed; without it there are tfx.v1.components (FnArgs, DataAccessor, TunerFnResult), "
    "tfx.v1.dsl.io.fileio, tfx.v1.utils.parse_pbtxt_file, tfx.components.trainer.fn_args_utils, "
    "tfx.components.trainer.executor.TrainerFnArgs, tfx.dsl.io.fileio and tfx.utils.io_utils; "
    "install tfx beside Benison for the rest, or copy what is needed into the project"
)


def install_where_missing() -> None:
    """Makes the names importable in this process, unless TFX is installed."""
    if importlib.util.find_spec("tfx") is not None:
        return
    fileio, io_utils = _fileio(), _io_utils()
    _module("tfx.components.trainer.fn_args_utils", _ARGUMENTS)
    _module("tfx.components.trainer.executor", {"TrainerFnArgs": FnArgs})
    _module("tfx.dsl.io.fileio", fileio)
    _module("tfx.utils.io_utils", io_utils)
    _module("tfx.v1.components", _COMPONENTS)
    _module("tfx.v1.dsl.io.fileio", fileio)
    _module("tfx.v1.utils", {"parse_pbtxt_file": io_utils["parse_pbtxt_file"]})
    sys.meta_path.insert(0, _NotHere())


def _module(name: str, content: dict[str, Any]) -> ModuleType:
    """A module of this name, with the packages around it."""
    module = sys.modules.get(name)
    if module is None:
        module = sys.modules[name] = ModuleType(name, "Benison's own, in the place of TFX's.")
        # A package without files: whatever else is imported from it goes to the finder.
        module.__spec__, module.__path__ = ModuleSpec(name, None, is_package=True), []
        package, _, last = name.rpartition(".")
        if package:
            setattr(_module(package, {}), last, module)
    vars(module).update(content)
    return module


class _NotHere(MetaPathFinder):
    """Says of every other name of TFX that it is not here."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Raises what is not lost on ``from package import name``, as a ModuleNotFoundError would be."""
        if fullname.startswith("tfx."):
            raise ImportError(f"no {fullname}: TFX is not installed", name=fullname)


def _fileio() -> dict[str, Any]:
    import tensorflow as tf

    gfile = tf.io.gfile
    reading = ("exists", "glob", "isdir", "listdir", "stat", "walk")
    writing = ("copy", "makedirs", "mkdir", "remove", "rename", "rmtree")
    others = {"open": gfile.GFile, "NotFoundError": tf.errors.NotFoundError, "PathType": str | bytes | os.PathLike}
    return {name: getattr(gfile, name) for name in reading + writing} | others


def _io_utils() -> dict[str, Any]:
    import tensorflow as tf
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    def read_string_file(file_name: str) -> str:
        with tf.io.gfile.GFile(file_name) as file:
            return str(file.read())

    def write_string_file(file_name: str, string_value: str) -> None:
        tf.io.gfile.makedirs(file_name.rpartition("/")[0] or ".")
        with tf.io.gfile.GFile(file_name, "w") as file:
            file.write(string_value)

    def parse_pbtxt_file(file_name: str, message: Any) -> Any:
        return text_format.Parse(read_string_file(file_name), message)

    class SchemaReader:
        """Reads a schema.pbtxt."""

        def read(self, schema_path: str) -> Any:
            return parse_pbtxt_file(schema_path, schema_pb2.Schema())

    functions = (read_string_file, write_string_file, parse_pbtxt_file, SchemaReader)
    return {found.__name__: found for found in functions}
