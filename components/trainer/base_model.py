"""base_model: a warm start from the champion's fitted features and weights, as far as they are asked for again."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from benison.components.trainer.featurize.graph import Entry, FeatureGraph, is_kept
from benison.core import digests, documents
from benison.core.errors import ConfigError

_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
_KEPT = "kept/"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BaseModel:
    """A package to start from.

    Attributes:
        package: Its digest.
        folder: Where it lies.
        features: Its features as they stand in features.json, by name.
        weights: Its variables by path.
    """

    package: str
    folder: Path
    features: Mapping[str, Entry]
    weights: Mapping[str, npt.NDArray[Any]]

    def take(self, model: Any) -> None:
        """Gives a model every weight that has the same path and shape here.

        Raises:
            ConfigError: There is none.
        """
        taken = [weight for weight in model.weights if self._fits(weight)]
        if not taken:
            raise ConfigError(
                "benison.yaml (model.warm_start)",
                expected="weights of the champion that the model has too",
                got="none of the same name and shape",
                hint="set it to false for one training where the model is another one",
            )
        for weight in taken:
            weight.assign(self.weights[weight.path])

    def record(self, model: Any, graph: FeatureGraph) -> dict[str, Any]:
        """What was taken over, as it stands in training.json."""
        new = [weight.path for weight in model.weights if not self._fits(weight)]
        if new:
            _log.warning("%d of %d variables are not the champion's and start anew", len(new), len(model.weights))
        kept = [feature.declared.name for feature in graph.features if is_kept(feature.declared, self.features)]
        return {
            "package": self.package,
            "features": kept,
            "weights": len(model.weights) - len(new),
            "new_weights": new,
        }

    @property
    def handed_over(self) -> dict[str, Any]:
        """The same where a TFX module takes from it what it likes."""
        return {"package": self.package, "features": [], "weights": None, "new_weights": []}

    def _fits(self, weight: Any) -> bool:
        found = self.weights.get(weight.path)
        return found is not None and tuple(found.shape) == tuple(weight.shape)


def read(artifact: Path) -> BaseModel | None:
    """The model to start from; None: training starts anew.

    Raises:
        IntegrityError: The package is not the one that the artifact names.
        DataError: The artifact or the package cannot be read.
    """
    package = documents.read(artifact / "base_model.json", "base_model")["package"]
    if package is None:
        return None
    folder = artifact / "Format-Serving"
    digests.verify_tree(folder, package)
    told = documents.read(folder / "assets.extra" / "features.json", "features")
    return BaseModel(package, folder, {entry["name"]: entry for entry in told["features"]}, _weights(folder))


def _weights(folder: Path) -> dict[str, npt.NDArray[Any]]:
    """A package's variables; their paths are escaped as TensorFlow's checkpoints do it."""
    reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    keys = [key for key in reader.get_variable_to_shape_map() if key.startswith(_KEPT) and key.endswith(_SUFFIX)]
    return {_path(key): np.asarray(reader.get_tensor(key)) for key in keys}


def _path(key: str) -> str:
    """A variable's path, as Keras names it, of a checkpoint's key."""
    escaped = key.removeprefix(_KEPT).removesuffix(_SUFFIX)
    return re.sub(r"\.([S.])", lambda match: "/" if match[1] == "S" else ".", escaped)
