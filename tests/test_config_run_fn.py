import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from benison.config import read
from benison.config.run_fn import RunFn
from benison.core.errors import ConfigError

CONTENT = {
    "name": "visits",
    "data": {"path": "visits.csv"},
    "label": {"column": "returns", "positive": "yes", "negative": "no"},
    "features": {"age": "numeric"},
    "gate": {"checks": [{"metric": "auc", "at_least": 0.5}]},
}


def run_fn(folder: Path, **model: Any) -> Any:
    (folder / "benison.yaml").write_text(yaml.safe_dump({**CONTENT, "model": model}, sort_keys=False))
    return read(folder).model


def test_a_run_fn_module_takes_steps_and_what_is_handed_over_as_it_is(tmp_path: Path) -> None:
    given = {
        "train_steps": 100,
        "eval_steps": 5,
        "custom_config": {"a": [1]},
        "hyperparameters": {"lr": 0.1},
        "seed": 4,
    }
    model = run_fn(tmp_path, run_fn="sub/trainer_module.py", **given)
    assert model.run_fn == RunFn("sub/trainer_module.py", 100, 5, {"a": [1]})
    assert (model.hyperparameters, model.seed) == ({"lr": 0.1}, 4)
    assert model.source_in(tmp_path) == ("run_fn", "sub/trainer_module.py")


def test_steps_are_until_the_end_and_there_is_no_custom_config_unless_it_is_said(tmp_path: Path) -> None:
    assert run_fn(tmp_path, run_fn="m.py", train_steps=0, eval_steps=0).run_fn == RunFn("m.py", None, None, None)


def test_without_one_the_module_is_build_models(tmp_path: Path) -> None:
    model = run_fn(tmp_path, epochs=3)
    assert (model.run_fn, model.source_in(tmp_path)) == (None, ("module", ""))
    (tmp_path / "model.py").touch()
    assert model.source_in(tmp_path) == ("module", "model.py")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            {"run_fn": "m.py", "module": "model.py"},
            "(model.module): expected either run_fn: or module:, got both\n\nhint: remove module: for the TFX module, "
            "or run_fn: for build_model",
        ),
        (
            {"run_fn": "m.py", "train_steps": 1, "epochs": 3},
            "(model.epochs): expected beside run_fn: no other keys than train_steps, eval_steps, custom_config, "
            "hyperparameters, seed, warm_start, since the module settles the rest itself, got 'epochs'"
            "\n\nhint: remove it",
        ),
        ({"run_fn": "m.py", "batch_size": 3}, "got 'batch_size'\n\nhint: remove it"),
        ({"run_fn": "m.py", "train_step": 3}, "got 'train_step'\n\nhint: did you mean train_steps?"),
        (
            {"run_fn": "m.py"},
            "(model.train_steps): expected a key train_steps: a whole number of batches, got none\n\nhint: TFX's "
            "num_steps; 0 is until the data end, for modules whose datasets do not repeat",
        ),
        ({"run_fn": "m.py", "train_steps": 1}, "expected a key eval_steps: a whole number of batches, got none"),
        ({"run_fn": "m.py", "train_steps": -1}, "expected a whole number from 0, got -1"),
        (
            {"run_fn": "models.taxi.run_fn", "train_steps": 1},
            "(model.run_fn): expected the path of a Python file of the project, got 'models.taxi.run_fn'\n\n"
            "hint: name the file, such as trainer_module.py; its function is always called run_fn",
        ),
        ({"run_fn": "../m.py", "train_steps": 1}, "expected a path inside the project, got '../m.py'"),
        (
            {"run_fn": "m.py", "train_steps": 1, "eval_steps": 1, "custom_config": {"a": float("nan")}},
            "(model.custom_config): expected texts, finite numbers, true, false, lists and mappings of texts to such",
        ),
        ({"train_steps": 3}, "expected a key that is known here, got 'train_steps'"),
        ({"rum_fn": "m.py"}, "got 'rum_fn'\n\nhint: did you mean run_fn?"),
    ],
)
def test_what_is_not_understood_is_named(tmp_path: Path, model: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        run_fn(tmp_path, **model)
