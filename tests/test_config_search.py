from pathlib import Path
from typing import Any

import pytest
import yaml

from benison.config import Choices, Range, Search, read
from benison.core.errors import ConfigError

CONTENT = {
    "name": "visits",
    "data": {"path": "visits.csv"},
    "label": {"column": "returns", "positive": "yes", "negative": "no"},
    "features": {"age": "numeric"},
    "gate": {"checks": [{"metric": "auc", "at_least": 0.5}]},
}
UNITS = {"units": {"from": 16, "to": 256}}


def model(folder: Path, search: Any, **more: Any) -> Any:
    content = {**CONTENT, "model": {**more, "search": search}}
    (folder / "benison.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return read(folder).model


def dimension(folder: Path, **said: Any) -> Range | Choices:
    found: Range | Choices = model(folder, {"trials": 3, "space": {"x": said}}).search.space["x"]
    return found


def test_a_search_says_how_long_how_and_where(tmp_path: Path) -> None:
    asked = {"trials": 20, "minutes": 60, "algorithm": "grid", "objective": "eval_auc", "space": UNITS}
    found = model(tmp_path, asked, hyperparameters={"learning_rate": 0.1})
    assert found.search == Search(20, 60.0, "grid", "eval_auc", {"units": Range(16, 256)})
    assert found.hyperparameters == {"learning_rate": 0.1}


def test_only_trials_and_space_have_to_be_said(tmp_path: Path) -> None:
    assert model(tmp_path, {"trials": 1, "space": UNITS}).search == Search(
        1, None, "bayesian", "eval_loss", {"units": Range(16, 256)}
    )


def test_without_search_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "benison.yaml").write_text(yaml.safe_dump(CONTENT | {"model": {}}))
    assert read(tmp_path).model.search is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"from": 16, "to": 256, "step": 16}, Range(16, 256, 16)),
        ({"from": 1, "to": 64, "step": 2, "scale": "log"}, Range(1, 64, 2, log=True)),
        ({"from": 0, "to": 0.5, "step": 0.1}, Range(0.0, 0.5, 0.1)),
        ({"from": 1e-4, "to": 1, "scale": "log"}, Range(1e-4, 1.0, None, log=True)),
        ({"choices": [[64], [128, 64], None, {"a": True}]}, Choices(([64], [128, 64], None, {"a": True}))),
        ({"choices": [1, True, 1.0]}, Choices((1, True, 1.0))),
    ],
)
def test_a_dimension_is_a_range_or_choices(tmp_path: Path, said: Any, meant: Range | Choices) -> None:
    found = dimension(tmp_path, **said)
    assert found == meant
    if isinstance(found, Range) and isinstance(meant, Range):
        assert found.whole is isinstance(meant.low, int)
        assert type(found.low) is type(found.high) is type(meant.low)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"from": 5, "to": 5}, "(model.search.space.x.to): expected a number greater than from, 5, got 5"),
        (
            {"from": 0, "to": 1.0, "scale": "log"},
            "(model.search.space.x.from): expected a number greater than 0, as scale: log needs it, got 0",
        ),
        ({"from": 1}, "(model.search.space.x.to): expected a key to: a number, got none"),
        ({"from": True, "to": 3}, "(model.search.space.x.from): expected a number, got True"),
        ({"from": 1, "to": float("inf")}, "(model.search.space.x.to): expected a finite number, got inf"),
        ({"from": 1, "to": 3, "scale": "lin"}, "expected one of linear, log, got 'lin'\n\nhint: did you mean linear?"),
        (
            {"from": 1, "to": 9, "stepp": 2},
            "expected a key that is known here, got 'stepp'\n\nhint: did you mean step?",
        ),
        ({"from": 1, "to": 9, "step": 0.5}, "(model.search.space.x.step): expected a whole number, since both ends"),
        ({"from": 1, "to": 9, "step": 9}, "expected a number above 0 and at most 8, which lie between the ends, got 9"),
        ({"from": 1, "to": 9, "step": 0}, "expected a number above 0 and at most 8, which lie between the ends, got 0"),
        (
            {"from": 1, "to": 8, "step": 1, "scale": "log"},
            "expected a factor above 1 and at most 8, as scale: log takes it, got 1",
        ),
        ({"choices": []}, "(model.search.space.x.choices): expected a list with at least one value, got an empty one"),
        ({"choices": [[8], [8]]}, "(model.search.space.x.choices): expected each value once, got [8] twice"),
        ({"choices": [float("nan")]}, "expected texts, finite numbers, true, false, lists and mappings of texts"),
        ({"choices": [1], "from": 1}, "(model.search.space.x.from): expected a key that is known here, got 'from'"),
    ],
)
def test_a_dimension_that_is_not_understood_is_named(tmp_path: Path, said: Any, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        dimension(tmp_path, **said)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("search", "more", "told"),
    [
        ({"trials": 0, "space": UNITS}, {}, "(model.search.trials): expected a whole number from 1, got 0"),
        ({"space": UNITS}, {}, "(model.search.trials): expected a key trials: a whole number, got none"),
        ({"trials": 2, "minutes": 0, "space": UNITS}, {}, "(model.search.minutes): expected a number greater than 0"),
        ({"trials": 2, "space": {}}, {}, "(model.search.space): expected at least one hyperparameter, got none"),
        ({"trials": 2}, {}, "(model.search.space): expected a key space: a mapping, got none"),
        ({"trials": 2, "space": {3: {"choices": [1]}}}, {}, "(model.search.space.3): expected the name of a hyper"),
        ({"trials": 2, "space": {"x": [1, 2]}}, {}, "(model.search.space.x): expected a mapping, got [1, 2]"),
        (
            {"trials": 2, "space": UNITS, "algorithm": "bayes"},
            {},
            "expected one of bayesian, random, grid, got 'bayes'\n\nhint: did you mean bayesian?",
        ),
        (
            {"trials": 2, "space": UNITS, "algorithm": "hyperband"},
            {},
            "expected one of bayesian, random, grid, got 'hyperband'",
        ),
        (
            {"trials": 2, "space": UNITS, "objective": "eval_los"},
            {},
            "expected one of eval_loss, eval_auc, got 'eval_los'\n\nhint: did you mean eval_loss?",
        ),
        (
            {"trials": 2, "space": UNITS, "budget": 3},
            {},
            "(model.search.budget): expected a key that is known here, got 'budget'",
        ),
        (
            {"trials": 2, "space": UNITS},
            {"hyperparameters": {"units": 8}},
            "(model.search.space.units): expected either a value under hyperparameters: or a place in the space, got "
            "both\n\nhint: remove it under hyperparameters:, or here",
        ),
        (
            {"trials": 2, "space": {"batch_size": {"choices": [32, 64]}}},
            {},
            "(model.search.space.batch_size): expected a hyperparameter, which build_model receives, got batch_size, a "
            "key of model:\n\nhint: model.batch_size is the same in all trials; call it otherwise if build_model has "
            "one of that name",
        ),
        (
            {"trials": 2, "space": UNITS},
            {"run_fn": "m.py", "train_steps": 1, "eval_steps": 1},
            "(model.search): expected beside run_fn: no other keys than",
        ),
    ],
)
def test_a_search_that_is_not_understood_is_named(tmp_path: Path, search: Any, more: Any, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        model(tmp_path, search, **more)
    assert told in str(raised.value)
    assert str(raised.value).startswith("benison.yaml:")
