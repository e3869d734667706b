from __future__ import annotations

import dataclasses
import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benison.components.trainer.fit import Epoch, Training
from benison.components.trainer.search import Found, Record, record_at, require_classes, search
from benison.components.trainer.search.record import FILE, Progress
from benison.components.trainer.steps.blocks import pack
from benison.config import Model as Settings
from benison.config import Range, Search
from benison.core import digests
from benison.core.errors import DataError, InterruptedTraining, ModelCodeError

SETTINGS = Settings("model.py", epochs=4, batch_size=32, patience=9, seed=5, hyperparameters={"depth": 2})
ASKED = Search(6, None, "random", "eval_loss", {"units": Range(1, 20)})
KEY = digests.of_bytes(b"this search")


class Trainer:
    """Stands for trainings of which the loss is known: the distance of units from 7. Keeps what it was asked."""

    def __init__(self, *, fails: Any = (), interrupted_at: int = 0) -> None:
        self.asked: list[int] = []
        self.fails, self.interrupted_at = fails, interrupted_at

    def __call__(self, hyperparameters: Mapping[str, Any]) -> Training:
        assert list(hyperparameters) == ["depth", "units"]
        units = hyperparameters["units"]
        self.asked.append(units)
        if len(self.asked) == self.interrupted_at:
            raise InterruptedTraining("training", expected="time", got="SIGTERM")
        if units in self.fails:
            raise ModelCodeError("model.py:3", expected="a finite loss", got="nan", hint="not in the reason")
        loss = abs(units - 7.0)
        curves = (Epoch(1, 9.0, loss, 0.5 + units / 100), Epoch(2, 1.0, loss + 1, math.nan))
        return Training(curves, 1, 32)


def at(folder: Path | None, key: str = KEY) -> Record:
    return record_at(str(folder) if folder else "", key)


def found(trainer: Trainer, folder: Path | None = None, **asked: Any) -> Found:
    return search(SETTINGS, dataclasses.replace(ASKED, **asked), trainer, at(folder))


def test_the_lowest_loss_wins_and_every_trial_is_told() -> None:
    trainer = Trainer()
    told = found(trainer).to_json()
    assert (told["ended_by"], told["max_trials"], told["max_minutes"], told["seed"]) == ("trials", 6, None, 5)
    assert [trial["number"] for trial in told["trials"]] == [1, 2, 3, 4, 5, 6]
    assert [trial["hyperparameters"] for trial in told["trials"]] == [{"depth": 2, "units": n} for n in trainer.asked]
    assert [trial["eval_loss"] for trial in told["trials"]] == [abs(n - 7.0) for n in trainer.asked]
    assert told["best"] == 1 + min(range(6), key=lambda n: abs(trainer.asked[n] - 7))
    first = told["trials"][0]
    assert (first["state"], first["best_epoch"], first["epochs"], first["reason"]) == ("completed", 1, 2, None)
    assert (first["eval_auc"], first["resumed"]) == (0.5 + trainer.asked[0] / 100, False)


def test_of_auc_the_highest_wins() -> None:
    trainer = Trainer()
    assert found(trainer, objective="eval_auc").best.hyperparameters["units"] == max(trainer.asked)


def test_of_equals_the_first_wins() -> None:
    told = found(Trainer(), space={"units": Range(6, 8, 2)}, algorithm="grid")
    assert [trial.eval_loss for trial in told.trials] == [1, 1]
    assert told.best.number == 1


def test_a_space_that_is_tried_whole_ends_the_search() -> None:
    trainer = Trainer()
    told = found(trainer, space={"units": Range(1, 4)})
    assert (told.ended_by, sorted(trainer.asked)) == ("space", [1, 2, 3, 4])


def test_when_the_time_is_over_no_trial_begins_but_the_first() -> None:
    told = found(Trainer(), minutes=1e-9)
    assert (told.ended_by, len(told.trials)) == ("minutes", 1)


def test_a_trial_that_fails_is_told_with_its_reason_and_the_search_goes_on() -> None:
    every = [trial.hyperparameters["units"] for trial in found(Trainer()).trials]
    told = found(Trainer(fails=every[:2]))
    assert [trial.state for trial in told.trials] == ["failed"] * 2 + ["completed"] * 4
    assert told.trials[0].reason == "model.py:3: expected a finite loss, got nan"
    assert (told.trials[0].eval_loss, told.trials[0].epochs) == (None, None)


@pytest.mark.parametrize(
    ("asked", "made", "told"),
    [
        ({}, 3, "3 failures in a row; trial 3 with depth 2, units "),
        ({"trials": 2}, 2, "no trial that did not fail; trial 2 with depth 2, units "),
    ],
)
def test_a_search_without_success_names_hyperparameters_and_reason(
    tmp_path: Path, asked: Any, made: int, told: str
) -> None:
    trainer = Trainer(fails=range(99))
    with pytest.raises(ModelCodeError) as raised:
        found(trainer, tmp_path, **asked)
    assert len(trainer.asked) == made
    assert str(raised.value).startswith("benison.yaml (model.search): expected trials that succeed, got ")
    assert told in raised.value.got
    assert raised.value.got.endswith(f"units {trainer.asked[-1]}: model.py:3: expected a finite loss, got nan")
    assert raised.value.hint.startswith("narrow model.search.space")
    assert list(tmp_path.iterdir()) == [], "a retry begins anew"


def unlike(told: Found) -> list[dict[str, Any]]:
    """The trials but for what differs each time."""
    return [{**trial.to_json(), "seconds": 0, "resumed": False} for trial in told.trials]


@pytest.mark.parametrize("algorithm", ["random", "bayesian"])
def test_a_retry_takes_what_was_measured_and_comes_to_the_same(tmp_path: Path, algorithm: str) -> None:
    alone = found(Trainer(), algorithm=algorithm)
    with pytest.raises(InterruptedTraining):
        found(Trainer(interrupted_at=5), tmp_path, algorithm=algorithm)
    told = found(trainer := Trainer(), tmp_path, algorithm=algorithm)
    assert unlike(told) == unlike(alone)
    assert [trial.resumed for trial in told.trials] == [True] * 4 + [False] * 2
    assert trainer.asked == [trial.hyperparameters["units"] for trial in alone.trials[4:]]
    again = found(trainer := Trainer(), tmp_path, algorithm=algorithm)
    assert (unlike(again), trainer.asked, again.seconds) == (unlike(alone), [], told.seconds)


def test_failures_are_not_tried_again(tmp_path: Path) -> None:
    every = [trial.hyperparameters["units"] for trial in found(Trainer()).trials]
    with pytest.raises(InterruptedTraining):
        found(Trainer(fails=every[1:2], interrupted_at=3), tmp_path)
    told = found(trainer := Trainer(), tmp_path)
    assert (told.trials[1].state, told.trials[1].resumed) == ("failed", True)
    assert trainer.asked == every[2:]


def test_time_before_an_interruption_counts_and_the_trial_that_was_cut_off_ends(tmp_path: Path) -> None:
    with pytest.raises(InterruptedTraining):
        found(Trainer(interrupted_at=3), tmp_path, minutes=9.0)
    progress = at(tmp_path).read()
    assert progress.begun
    assert [trial.number for trial in progress.trials] == [1, 2]
    at(tmp_path).write(dataclasses.replace(progress, seconds=541.0))
    told = found(trainer := Trainer(), tmp_path, minutes=9.0)
    assert (told.ended_by, [trial.resumed for trial in told.trials]) == ("minutes", [True, True, False])
    assert trainer.asked == [progress.begun["units"]]
    assert told.seconds > 541


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text.replace('"number": 1', '"number": 4'), "its content is not what was written"),
        (lambda text: text[: len(text) // 2], ""),
        (lambda text: "", "Expecting value: line 1 column 1 (char 0)"),
        (lambda text: "[1]", "list indices must be integers or slices, not str"),
    ],
    ids=["changed", "half", "empty", "other"],
)
def test_a_damaged_record_is_named_and_not_used(
    tmp_path: Path, damage: Any, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    found(Trainer(), tmp_path)
    file = next(tmp_path.rglob(FILE))
    file.write_text(damage(file.read_text()))
    with caplog.at_level(logging.WARNING, "benison"):
        found(trainer := Trainer(), tmp_path)
    assert f"the record of trials {file} is not used: {said}" in caplog.text
    assert len(trainer.asked) == 6


def test_the_record_of_another_search_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found(Trainer(), tmp_path)
    file = next(tmp_path.rglob(FILE))
    other = digests.of_bytes(b"another search")
    file.parent.rename(tmp_path / digests.as_folder_name(other))
    with caplog.at_level(logging.WARNING, "benison"):
        assert at(tmp_path, other).read() == Progress()
    assert "is not used: it is of another search" in caplog.text


def test_a_record_is_json_and_removed_when_it_is_not_needed(tmp_path: Path) -> None:
    found(Trainer(), tmp_path)
    assert json.loads(next(tmp_path.rglob(FILE)).read_text())["told"]["ended_by"] == "trials"
    at(tmp_path).clear()
    assert list(tmp_path.iterdir()) == []


def test_rows_of_one_class_cannot_be_searched_by_auc() -> None:
    held = pack({"x": np.zeros((3, 1), np.float32)}, np.array([1, 1, 1], np.int8))
    require_classes(ASKED, held)
    with pytest.raises(DataError, match="split eval: expected rows of both classes, without which there is no AUC"):
        require_classes(dataclasses.replace(ASKED, objective="eval_auc"), held)
