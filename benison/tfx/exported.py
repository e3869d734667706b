"""Exported: does what a TFX Trainer module exported serve? Run in a fresh process, without the module's code."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benison.core import answers, digests
from benison.core.errors import DataError, ModelCodeError
from benison.core.logs import quiet_imports
from benison.core.signatures import SERVE_EXAMPLES
from benison.core.spelling import nearest
from benison.core.user_code import said
from benison.tfx.parsed import parsed_features

with quiet_imports():
    import tensorflow as tf

_BATCH = 1000
_SIGMOID = 'end with  keras.layers.Dense(1, activation="sigmoid"), or serve  tf.sigmoid(model(...))'
_NOT_WEIGHTS = ("_CHECKPOINTABLE_OBJECT_GRAPH", "save_counter", "keras_api/metrics/")
Floats = npt.NDArray[np.float64]


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Checks a package.

    Args:
        request: ``package``, ``rows`` (a TFRecord), ``features``, ``label`` and ``module``.

    Raises:
        ModelCodeError: As `check`, at the module.
    """
    rows = list(tf.data.TFRecordDataset(request["rows"]).as_numpy_iterator())
    try:
        return check(Path(request["package"]), rows, request["features"], request["label"])
    except DataError as error:
        where = f"{request['module']} ({error.where})"
        raise ModelCodeError(where, expected=error.expected, got=error.got, hint=error.hint) from error


def check(package: Path, rows: Sequence[bytes], features: Sequence[str], label: str) -> dict[str, Any]:
    """Holds a package to what is asked of it.

    Args:
        package: The folder that should be a SavedModel.
        rows: tf.Examples of eval, without the label.
        features: The names of their features.
        label: That of the label.

    Returns:
        ``digest`` of the model, number of ``parameters``, the ``features`` that it reads, ``warnings`` and
        ``environment``.

    Raises:
        DataError: It cannot be loaded, has no fitting signature, or does not answer with probabilities.
    """
    model = loaded(package)
    serve = Serve.of(model, answers.place(package.name))
    found = serve.probabilities(rows)
    read = parsed_features(serve.signature)
    read = set(features) if read is None else read
    if not read & set(features):
        got, hint = f"it reads {', '.join(sorted(read)) or 'none'}", nearest(min(read, default=""), features)
        raise DataError(serve.where, expected="a model that reads columns of the data", got=got, hint=hint)
    return {
        "digest": model_digest(package, model.signatures),
        "parameters": sum(values.size for _, values in _weights(package)),
        "features": sorted(read & set(features)),
        "warnings": [*_warnings(serve, found), *_never_filled(read - set(features), label)],
        "environment": _environment(),
    }


def loaded(package: Path) -> Any:
    """A SavedModel.

    Raises:
        DataError: It cannot be loaded.
    """
    try:
        return tf.saved_model.load(str(package))
    except (OSError, ValueError, tf.errors.OpError, AttributeError, KeyError, TypeError) as error:
        hint = "run_fn has to write one to fn_args.serving_model_dir, with operations of TensorFlow's own alone"
        raise DataError(
            package.name, expected="a SavedModel that loads without the module", got=said(error), hint=hint
        ) from error


@dataclass(frozen=True)
class Serve:
    """The signature of a package that is asked; the model, which owns the variables, has to outlive it.

    Attributes:
        signature: The function.
        takes: Its input.
        gives: The output that holds the probability.
        where: Its place, for messages.
    """

    signature: Any
    takes: str
    gives: str
    where: str

    @classmethod
    def of(cls, model: Any, where: str) -> Serve:
        """That of a model.

        Raises:
            DataError: It has none, or one of another kind.
        """
        if SERVE_EXAMPLES not in model.signatures:
            got = ", ".join(model.signatures) or "none"
            hint = f"export it with  signatures={{{SERVE_EXAMPLES!r}: f}}, f taking serialized tf.Examples"
            raise DataError(where, expected=f"a signature {SERVE_EXAMPLES}", got=got, hint=hint)
        signature = model.signatures[SERVE_EXAMPLES]
        gives = answers.probability_output(signature.structured_outputs, where)
        return cls(signature, answers.examples_input(signature, where), gives, where)

    def ask(self, rows: Sequence[bytes]) -> Any:
        """What it answers."""
        return self.signature(**{self.takes: tf.constant(rows, tf.string)})[self.gives].numpy()

    def probabilities(self, rows: Sequence[bytes]) -> Floats:
        """Its answers, once they are what is asked for."""
        parts = [answers.one_a_row(self._ask(part), len(part), self.where) for part in _batches(rows)]
        found = np.concatenate(parts)
        if not np.isfinite(found).all():
            hint = "scale or clip what the model computes with; a value may be missing in some rows"
            raise DataError(self.where, expected="probabilities", got="not a number", hint=hint)
        outside = found[(found < 0) | (found > 1)]
        if len(outside):
            hint = f"these may be logits: {_SIGMOID}"
            raise DataError(self.where, expected="probabilities from 0 to 1", got=f"{outside[0]:g}", hint=hint)
        return found

    def _ask(self, rows: Sequence[bytes]) -> Any:
        try:
            return self.ask(rows)
        except tf.errors.OpError as error:
            hint = "a row that is served has no label, and a missing value is a feature without one: give it a default"
            expected = "answers to rows of eval"
            raise DataError(self.where, expected=expected, got=said(error), hint=hint) from error


def _batches(rows: Iterable[bytes]) -> Iterator[list[bytes]]:
    left = iter(rows)
    while part := list(islice(left, _BATCH)):
        yield part


def _warnings(serve: Serve, found: Floats) -> Iterator[str]:
    if len(found) > 1 and found.min() == found.max():
        yield f"the model answers {found[0]:.6g} to every row of eval"
    try:
        serve.ask([tf.train.Example().SerializeToString()])
    except tf.errors.OpError as error:
        yield f"the model answers no row in which every value is missing: {said(error)}"


def _never_filled(names: Iterable[str], label: str) -> Iterator[str]:
    for name in sorted(names):
        why = "is the label, which no row has when it is served" if name == label else "is no column of the data"
        yield f"the model reads a feature {name!r}, which {why}"


def model_digest(package: Path, signatures: Mapping[str, Any]) -> str:
    """SHA-256 over the sorted variables (name, shape, type, bytes), the assets and the signatures' inputs and outputs.

    The files of a SavedModel differ from one writing to the next even where the model is the same; this does not.
    """
    assets = sorted((package / "assets").rglob("*")) if (package / "assets").is_dir() else []
    return digests.of_json(
        {
            "variables": [_variable(name, values) for name, values in _weights(package)],
            "assets": [[path.name, digests.of_bytes(path.read_bytes())] for path in assets if path.is_file()],
            "signatures": sorted(_signature(name, function) for name, function in signatures.items()),
        }
    )


def _weights(package: Path) -> list[tuple[str, npt.NDArray[Any]]]:
    """The variables of a package by name, without what optimizer and metrics keep; none where there are none."""
    prefix = package / "variables" / "variables"
    if not prefix.with_suffix(".index").exists():
        return []
    reader = tf.train.load_checkpoint(str(prefix))
    names = sorted(reader.get_variable_to_shape_map())
    return [(name, np.asarray(reader.get_tensor(name))) for name in names if _is_weight(name)]


def _is_weight(name: str) -> bool:
    return not name.startswith(_NOT_WEIGHTS) and "optimizer" not in name.lower()


def _variable(name: str, values: npt.NDArray[Any]) -> list[Any]:
    content = repr(values.tolist()).encode() if values.dtype == object else np.ascontiguousarray(values).tobytes()
    return [name, list(values.shape), str(values.dtype), digests.of_bytes(content)]


def _signature(name: str, function: Any) -> list[Any]:
    inputs = sorted([spec.name, spec.dtype.name] for spec in tf.nest.flatten(function.structured_input_signature))
    outputs = sorted([key, spec.dtype.name] for key, spec in function.structured_outputs.items())
    return [name, inputs, outputs]


def _environment() -> dict[str, str]:
    found = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(device).get("device_name", device.name) for device in found]
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": f"{metadata.version('tf_keras')} (tf_keras)",
        "numpy": np.__version__,
        "device": ", ".join(names) or "CPU",
    }
