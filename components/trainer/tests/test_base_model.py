from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benison.components.trainer import base_model
from benison.components.trainer.run import run
from benison.core import digests, documents
from benison.core.errors import ConfigError, IntegrityError

MakeTask = Callable[..., Any]


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory, make_task: MakeTask) -> Path:
    """A trained package as champion_resolver hands it out."""
    root = tmp_path_factory.mktemp("champion")
    made = make_task(root)
    run(**made.folders)
    base = root / "base_model"
    shutil.copytree(made.model / "Format-Serving", base / "Format-Serving")
    written(base, digests.of_tree(base / "Format-Serving"))
    return base


def written(base: Path, package: str | None) -> None:
    documents.write(base / "base_model.json", "base_model", {"package": package})


def trained(task: Any, base: Path) -> dict[str, Any]:
    run(**task.folders, base_model=base)
    return documents.read(task.model / "training.json", "training")


@pytest.mark.slow
def test_training_starts_where_the_champion_ended(champion: Path, make_task: MakeTask, tmp_path: Path) -> None:
    cold = make_task(tmp_path / "cold", epochs=1)
    run(**cold.folders)
    anew = documents.read(cold.model / "training.json", "training")
    warm = trained(make_task(tmp_path / "warm", epochs=1), champion)
    package = digests.of_tree(champion / "Format-Serving")
    features = ["age", "hours per week", "spent", "city"]
    assert warm["base_model"] == {"package": package, "features": features, "weights": 4, "new_weights": []}
    assert anew["base_model"] is None
    assert warm["curves"][0]["loss"] < anew["curves"][0]["loss"] - 0.01


@pytest.mark.slow
def test_what_is_declared_otherwise_is_fitted_anew_and_what_fits_nowhere_starts_anew(
    champion: Path, make_task: MakeTask, tmp_path: Path
) -> None:
    task = make_task(tmp_path)
    settings = task.bundle / "project" / "benison.yaml"
    text = settings.read_text().replace("min_count: 2", "min_count: 1, max_size: 2")
    settings.write_text(text)
    found = trained(task, champion)["base_model"]
    assert (found["features"], found["weights"]) == (["age", "hours per week", "spent"], 3)
    assert found["new_weights"] == ["dense/kernel"]


def test_kept_features_keep_the_parameters_of_the_champions_train_split(
    champion: Path, make_task: MakeTask, tmp_path: Path
) -> None:
    from benison.components.trainer.tests.conftest import visits

    task = make_task(tmp_path, train=visits(300, 9))
    trained(task, champion)
    before, now = (
        documents.read(folder / "assets.extra" / "features.json", "features")["features"]
        for folder in (champion / "Format-Serving", task.model / "Format-Serving")
    )
    assert now == before


def test_a_model_without_a_weight_of_the_champions_is_not_warm(
    champion: Path, make_task: MakeTask, tmp_path: Path
) -> None:
    task = make_task(tmp_path)
    model = task.bundle / "project" / "model.py"
    named = model.read_text().replace('activation="relu"', 'activation="relu", name="first"')
    model.write_text(named.replace('activation="sigmoid"', 'activation="sigmoid", name="last"'))
    with pytest.raises(ConfigError, match=r"\(model.warm_start\): expected weights of the champion .*, got none"):
        trained(task, champion)


def test_a_damaged_package_is_not_started_from(champion: Path, tmp_path: Path) -> None:
    base = shutil.copytree(champion, tmp_path / "base")
    (base / "Format-Serving" / "assets.extra" / "schema.pbtxt").write_text("")
    with pytest.raises(IntegrityError, match="changed or damaged after it was written"):
        base_model.read(base)


def test_a_variable_is_found_by_the_path_that_keras_gives_it(champion: Path) -> None:
    found = base_model.read(champion)
    assert found is not None
    assert {path: values.shape for path, values in found.weights.items() if "seed" not in path} == {
        "dense/kernel": (9, 8),
        "dense/bias": (8,),
        "dense_1/kernel": (8, 1),
        "dense_1/bias": (1,),
    }
    assert all(np.isfinite(values).all() for values in found.weights.values())


def test_nothing_to_start_from_is_no_base_model(tmp_path: Path) -> None:
    written(tmp_path, None)
    assert base_model.read(tmp_path) is None
