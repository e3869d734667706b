from __future__ import annotations

import itertools
import sys
from typing import Any

import pytest

from benison.components.trainer.search import require_tuner
from benison.components.trainer.search.oracle import proposals
from benison.config import Choices, Range, Search
from benison.core.errors import ConfigError

SMALL: dict[str, Range | Choices] = {"units": Range(16, 64, 16), "kind": Choices(("a", [1, {"b": None}]))}
ALL = list(itertools.product((16, 32, 48, 64), ("a", [1, {"b": None}])))


def proposed(space: dict[str, Range | Choices], algorithm: str, trials: int, seed: int = 3) -> list[dict[str, Any]]:
    """What is tried where the first hyperparameter is the loss, until there is no more."""
    search, found = Search(trials, None, algorithm, "eval_loss", space), list[dict[str, Any]]()
    with proposals(search, seed) as source:
        while len(found) < trials and (one := source.next()) is not None:
            found.append(one)
            source.tell(float(one[next(iter(space))]))
    return found


@pytest.mark.parametrize("algorithm", ["random", "grid", "bayesian"])
def test_a_small_space_is_tried_whole_and_nothing_twice(algorithm: str) -> None:
    space = SMALL if algorithm != "bayesian" else {"units": SMALL["units"]}
    every = ALL if algorithm != "bayesian" else [(16,), (32,), (48,), (64,)]
    found = [tuple(one.values()) for one in proposed(space, algorithm, 20)]
    assert sorted(map(repr, found)) == sorted(map(repr, every))


@pytest.mark.parametrize("trials", [1, 7, 8])
def test_there_are_no_more_than_were_asked_for(trials: int) -> None:
    assert len(proposed(SMALL, "random", trials)) == trials


def test_grid_goes_through_the_places_in_order() -> None:
    assert [tuple(one.values()) for one in proposed(SMALL, "grid", 20)] == ALL


@pytest.mark.parametrize("seed", [0, 5])
def test_the_same_seed_proposes_the_same_and_another_something_else(seed: int) -> None:
    space: dict[str, Range | Choices] = {"rate": Range(1e-4, 1e-1, None, log=True), "units": Range(1, 1000)}
    first = proposed(space, "random", 6, seed)
    assert proposed(space, "random", 6, seed) == first
    assert proposed(space, "random", 6, seed + 2) != first


def test_bayesian_goes_where_the_loss_is_low_once_it_has_seen_enough() -> None:
    space: dict[str, Range | Choices] = {"x": Range(0.0, 1.0)}
    first = proposed(space, "bayesian", 5)
    assert proposed(space, "bayesian", 5) == first
    # Three at random, then by what the loss was, which is x.
    assert min(one["x"] for one in first[3:]) < min(one["x"] for one in first[:3])


@pytest.mark.parametrize(
    ("one", "every"),
    [
        (Range(0.0, 0.5, 0.1), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (Range(0.0, 0.55, 0.1), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (Range(0.001, 1.0, 10, log=True), [0.001, 0.01, 0.1, 1.0]),
        (Range(1, 64, 4, log=True), [1, 4, 16, 64]),
        (Range(3, 5), [3, 4, 5]),
        (Choices((1, True, None)), [1, True, None]),
    ],
)
def test_both_ends_and_what_lies_between_are_drawn_as_they_are_written(one: Range | Choices, every: list[Any]) -> None:
    found = [drawn["x"] for drawn in proposed({"x": one}, "grid", 20)] if not isinstance(one, Choices) else None
    drawn = found or [drawn["x"] for drawn in _of_choices(one)]
    assert sorted(map(repr, drawn)) == sorted(map(repr, every))


def _of_choices(one: Range | Choices) -> list[dict[str, Any]]:
    search = Search(20, None, "random", "eval_auc", {"x": one})
    with proposals(search, 1) as source:
        found = []
        while (drawn := source.next()) is not None:
            found.append(drawn)
            source.tell(None)
    return found


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("ends", [(2, 9), (0.5, 2.0)])
def test_a_range_without_a_step_stays_between_its_ends(log: bool, ends: tuple[Any, Any]) -> None:
    found = [one["x"] for one in proposed({"x": Range(*ends, None, log=log)}, "random", 30)]
    assert all(type(x) is type(ends[0]) and ends[0] <= x <= ends[1] for x in found)
    assert len(found) == (8 if ends == (2, 9) else 30)


def test_of_auc_more_is_better() -> None:
    search, found = Search(5, None, "bayesian", "eval_auc", {"x": Range(0.0, 1.0)}), []
    with proposals(search, 3) as source:
        for _ in range(5):
            one = source.next()
            assert one
            found.append(one["x"])
            source.tell(one["x"])
    assert max(found[3:]) > max(found[:3])


def test_keras_tuner_is_quiet_and_leaves_no_files(capfd: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path))
        patch.chdir(tmp_path)
        proposed(SMALL, "random", 3)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_without_keras_tuner_a_search_says_what_to_install() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "keras_tuner", None)
        with pytest.raises(ConfigError) as raised:
            require_tuner()
    assert str(raised.value).startswith(
        "benison.yaml (model.search): expected keras-tuner and scikit-learn, which propose what is tried, got "
    )
    assert raised.value.hint == 'pip install "keras-tuner[bayesian]", or remove search:'
