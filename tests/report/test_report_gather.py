"""Collecting a run's documents: what is there, what is missing, and what is not believed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benison.core.errors import DataError
from benison.report.conclusion import conclude
from benison.report.gather import gather

Write = Callable[[dict[str, Any]], Path]


def test_every_document_of_a_whole_run_is_found(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    found = gather(write_run(documents))
    for name in (
        "snapshot",
        "champion",
        "profile",
        "comparisons",
        "bands",
        "checks",
        "training",
        "evaluation",
        "pushed",
    ):
        shown = getattr(found, name)
        assert {key: shown[key] for key in documents[name]} == documents[name]
    assert found.not_trained is None
    assert found.name == "census"
    assert found.unreadable == ()


def test_documents_agree_in_every_sound_run(folder: Path) -> None:
    assert conclude(gather(folder)).doubts == ()


def test_what_a_broken_run_did_not_write_is_missing_and_not_an_error(census: ModuleType, write_run: Write) -> None:
    found = gather(write_run(census.failed()))
    assert (found.training, found.not_trained, found.evaluation, found.blessing, found.pushed) == (None,) * 5
    assert found.snapshot is not None
    assert found.unreadable == ()


def test_why_nothing_was_trained_is_read_in_the_place_of_the_training(census: ModuleType, write_run: Write) -> None:
    found = gather(write_run(census.blocked_at_data()))
    assert found.training is None
    assert found.not_trained is not None
    assert found.not_trained["validation"] == "FAIL"


def test_an_artifact_outside_of_the_runs_folder_is_not_read(census: ModuleType, write_run: Write) -> None:
    folder = write_run(census.pushed())
    record = json.loads((folder / "run.json").read_text())
    record["tasks"]["evaluator"]["outputs"]["evaluation"]["path"] = f"{folder.name}/tasks/evaluator/elsewhere"
    (folder / "run.json").write_text(json.dumps(record))
    secret = folder.parent.parent / "secret"
    (folder / "tasks/evaluator/evaluation").rename(secret)
    (folder / "tasks/evaluator/elsewhere").symlink_to(secret)
    found = gather(folder)
    assert found.evaluation is None
    assert "evaluator: evaluation is recorded outside of the runs folder and was not read" in found.unreadable


def test_a_damaged_document_is_told_and_the_others_are_read(census: ModuleType, write_run: Write) -> None:
    folder = write_run(census.pushed())
    (folder / "tasks/trainer/model/training.json").write_text("{")
    found = gather(folder)
    assert found.training is None
    assert found.evaluation is not None
    [said] = found.unreadable
    assert said.startswith("trainer: training.json could not be read: ")


def test_a_document_of_another_shape_is_told(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    documents["training"]["seed"] = "one"
    [said] = gather(write_run(documents)).unreadable
    assert said.startswith("trainer: training.json could not be read: $.seed: 'one' is not of type 'integer'")


def test_a_configuration_that_cannot_be_read_leaves_the_pipelines_name(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    documents["project"] = "name: census\nname: again\n"
    found = gather(write_run(documents))
    assert found.name == "continuous-training"
    [said] = found.unreadable
    assert said.startswith("bundle: benison.yaml could not be read: benison.yaml:2 (name): expected each key once")


def test_a_folder_without_a_run_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=re.escape(f"{tmp_path / 'run.json'}: expected a JSON document of kind run")):
        gather(tmp_path)


def test_the_report_needs_none_of_the_heavy_libraries() -> None:
    asked = "import sys, benison.report, benison.report.scorecard; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "benison" in loaded
    assert loaded.isdisjoint({"tensorflow", "keras", "pyarrow", "pandas", "numpy", "scipy", "kfp", "rich"})
