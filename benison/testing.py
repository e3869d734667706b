"""For a project's own tests: its features and its model, made of a few rows just as training makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pyarrow as pa

from benison import config as configuration
from benison.components.trainer.featurize.fit import fit
from benison.components.trainer.featurize.graph import FeatureGraph
from benison.components.trainer.featurize.transform import transform
from benison.components.trainer.inputs import model_features
from benison.components.trainer.load import DEFAULT, build
from benison.core.user_code import importable

Rows = Sequence[Mapping[str, Any]]


def features(project: Path, rows: Rows, fitted_on: Rows | None = None) -> dict[str, npt.NDArray[Any]]:
    """What the model would receive of rows.

    Args:
        project: The folder with benison.yaml.
        rows: Raw rows, as the data have them: every column that features are made of; None: missing.
        fitted_on: The rows that scales and vocabularies are learned from; None: the same.

    Returns:
        By feature an array [rows, width]: float32 numbers or int32 places.

    Raises:
        BenisonError: As in training: a column is missing, or holds something else than its feature says.
    """
    graph = _graph(project, rows if fitted_on is None else fitted_on)
    found = transform(_table(rows), graph)
    return {feature.declared.name: found[feature.input] for feature in graph.features}


def model(project: Path, rows: Rows) -> Any:
    """The project's untrained model, as `build_model` makes it.

    Args:
        project: The folder with benison.yaml.
        rows: Raw rows, for scales and vocabularies.

    Returns:
        A compiled keras.Model. It takes what `transform` gives: arrays by input name.

    Raises:
        BenisonError: As in training: build_model fails or gives something else.
    """
    settings = configuration.read(project).model
    graph = _graph(project, rows)
    with importable(project):
        return build(project, settings.module or DEFAULT, model_features(graph), settings.hyperparameters)


def answers(project: Path, rows: Rows) -> npt.NDArray[Any]:
    """What the untrained model says of rows: [rows], probabilities where it ends in a sigmoid.

    Raises:
        BenisonError: As `features` and `model`.
    """
    made = model(project, rows)
    return made.predict(transform(_table(rows), _graph(project, rows)), verbose=0).reshape(-1)  # type: ignore[no-any-return]


def _graph(project: Path, rows: Rows) -> FeatureGraph:
    return fit(_table(rows), configuration.read(project).features)


def _table(rows: Rows) -> pa.Table:
    names = sorted({name for row in rows for name in row})
    return pa.table({name: [row.get(name) for row in rows] for name in names})
