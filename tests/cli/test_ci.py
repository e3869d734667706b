"""benison ci, smoke and init --ci: a project's own continuous integration, and what it finds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from benison import config as configuration
from benison import testing
from benison.cli import benison
from benison.core.errors import DataError, ModelCodeError
from tests.cli.commands import call
from tests.pipelines import small_project
from tests.plan.test_plan import commit, git

ROOT = Path(__file__).parents[2]
NO_COMMIT = "0" * 40


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project.make(tmp_path / "work" / "small")


def command(folder: Path, *words: str, code: int = 0, **more: str) -> str:
    """Runs benison as a shell would; returns what it wrote to stdout and stderr."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    done = subprocess.run(
        [sys.executable, "-m", "benison", *words],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout
    return done.stdout


@pytest.mark.slow
def test_a_smoke_run_tells_what_breaks_and_what_the_data_lack(project: Path) -> None:
    model = project / "model.py"
    whole = model.read_text()
    model.write_text(whole.replace('hyperparameters["units"]', 'hyperparameters["unit"]'))
    assert "model.py:8" in command(project, "smoke", "-p", str(project), code=2)
    model.write_text(whole)
    schema = project / "schema.pbtxt"
    schema.write_text(schema.read_text() + 'feature { name: "weight" type: FLOAT presence { min_fraction: 1 } }\n')
    said = command(project, "smoke", "-p", str(project), code=1)
    assert "weight" in said and said.rstrip().splitlines()[-1].startswith("smoke: trouble (")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--data", "none.csv"), "--data: expected a file of rows, got none at"),
        (
            ("--data", "benison.yaml"),
            "expected a name that ends in .csv, .parquet, .tfrecord or .jsonl, got benison.yaml",
        ),
    ],
)
def test_a_sample_that_is_none_is_told(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(project)
    done = call(capsys, "smoke", *words)
    assert done.code == 2 and message in done.err


def test_a_sample_has_both_labels_and_is_the_same_each_time(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    one, two = tmp_path / "made" / "one.parquet", tmp_path / "two.parquet"
    for out in (one, two):
        done = call(capsys, "data", "sample", "-p", project, "--rows", "100", "--out", out)
        assert done.code == 0 and "100 rows, 5 columns" in done.err
    table = pq.read_table(one)
    assert table.equals(pq.read_table(two)) and table["bought"].to_pylist().count("yes") == 50
    # Of the newest span alone.
    assert {name.split("-")[0] for name in table["order"].to_pylist()} == {"2"}


def test_without_a_label_there_is_no_sample(project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    config = project / "benison.yaml"
    config.write_text(config.read_text().replace("column: bought", "column: bougth"))
    done = call(capsys, "data", "sample", "-p", project, "--out", tmp_path / "a.parquet")
    assert done.code == 2 and "hint: did you mean bought?" in done.err


@pytest.mark.slow
def test_ci_runs_what_a_change_asks_for_and_sums_it_up(project: Path, tmp_path: Path) -> None:
    command(project, "init", str(project), "--ci", "github")
    command(project, "data", "sample", "-p", str(project), "--out", str(project / "data" / "sample.parquet"))
    git(project, "init", "-q", "-b", "main")
    first, summary = commit(project), tmp_path / "summary.md"
    said = command(project, "ci", "--summary", str(summary))
    assert git(project, "status", "--porcelain", "--ignored") == ""
    assert re.findall(r"^([a-z]+) +passed", said, re.MULTILINE) == ["lint", "test", "data", "smoke", "compile"]
    assert "== smoke: benison smoke -p" in said and "sample.parquet" in said
    assert re.search(r"^train +has to run", said, re.MULTILINE)
    (project / "tests" / "test_more.py").write_text("def test_more():\n    assert 1 + 1 == 3\n")
    commit(project)
    said = command(project, "ci", "--since", first, "--summary", str(summary), code=1)
    assert re.findall(r"^([a-z]+) +(skipped|failed|need not run)", said, re.MULTILINE) == [
        ("lint", "skipped"), ("test", "failed"), ("data", "skipped"), ("smoke", "skipped"), ("compile", "skipped"),
        ("train", "need not run"),
    ]  # fmt: skip
    lines = summary.read_text().splitlines()
    assert len(lines) == 16 and lines[0] == "| step | | took | why |"
    assert re.fullmatch(r"\| test \| failed \| [0-9.]+ s \| tests/test_more.py: a test \|", lines[11])


@pytest.mark.slow
def test_ci_tells_a_project_that_cannot_be_read(project: Path, tmp_path: Path) -> None:
    git(project, "init", "-q", "-b", "main")
    since = commit(project)
    config = project / "benison.yaml"
    config.write_text(config.read_text().replace("gate:", "gaet:"))
    said = command(project, "ci", "--since", since, code=2)
    assert "hint: is gaet meant for it?" in said and re.search(r"^lint +bad input", said, re.MULTILINE)


def test_rows_made_up_go_through_features_and_model(project: Path) -> None:
    rows: list[dict[str, Any]] = [{"age": 20, "city": "Ulm"}, {}, {"age": 40, "city": "Bonn"}]
    found = testing.features(project, rows)
    # Mean 30, deviation 10; what is missing becomes the mean.
    np.testing.assert_allclose(found["age"][:, 0], [-1, 0, 1])
    alone = testing.features(project, rows[:1], fitted_on=rows)
    np.testing.assert_array_equal(alone["city"][0], found["city"][0])
    assert ((testing.answers(project, rows) > 0) & (testing.answers(project, rows) < 1)).all()
    assert [one.name for one in testing.model(project, rows).inputs] == ["age", "city"]


def test_what_a_projects_own_test_finds_is_told_as_in_training(project: Path) -> None:
    with pytest.raises(DataError, match="age"):
        testing.features(project, [{"city": "Ulm"}])
    (project / "model.py").write_text("def build_model(features, hyperparameters):\n    return 1 / 0\n")
    with pytest.raises(ModelCodeError, match=r"model.py:2"):
        testing.model(project, [{"age": 1, "city": "Ulm"}])


@pytest.mark.parametrize("kind", ["github", "cloudbuild"])
def test_a_project_gets_ci_where_its_service_looks_for_it(
    project: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    git(project.parent, "init", "-q", "-b", "main")
    own = (project / "benison.yaml").read_text()
    done = call(capsys, "init", project, "--ci", kind)
    written = sorted(path.relative_to(project.parent).as_posix() for path in map(Path, done.out.splitlines()))
    files = {
        "github": [".github/workflows/benison-small.yml"],
        "cloudbuild": ["small/cloudbuild-model.yaml", "small/cloudbuild.yaml"],
    }[kind]
    assert done.code == 0 and written == [*files, "small/tests/test_project.py"]
    assert (project / "benison.yaml").read_text() == own
    assert not re.search("@[A-Z]+@", "".join((project.parent / name).read_text() for name in written))
    again = call(capsys, "init", project, "--ci", kind)
    assert again.code == 2 and "expected no file of this name, got one" in again.err


def test_a_test_that_is_there_stays_as_it_is(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "tests").mkdir()
    (project / "tests" / "test_project.py").write_text("# mine\n")
    done = call(capsys, "init", project, "--ci", "cloudbuild")
    assert len(done.out.splitlines()) == 2 and (project / "tests" / "test_project.py").read_text() == "# mine\n"


def test_every_benison_command_of_the_workflow_is_one_with_its_options(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also those that only a runner of GitHub's could carry out whole."""
    call(capsys, "init", project, "--ci", "github")
    call(capsys, "init", project, "--ci", "cloudbuild")
    github = (project / ".github" / "workflows" / "benison.yml").read_text()
    builds = [(project / name).read_text() for name in ("cloudbuild.yaml", "cloudbuild-model.yaml")]
    lines = [line for text in (github, *builds) for line in text.splitlines()]
    called = [match[1] for line in lines if (match := re.search(r"\bbenison ((?:plan|ci|run|report|submit) .*)", line))]
    assert len(called) == 8
    for line in called:
        verb, *words = re.sub(r" [>|].*", "", line).split()
        made = benison.get_command(None, verb)  # type: ignore[arg-type]
        assert made is not None
        known = {name for option in made.params for name in option.opts}
        assert {word for word in words if word.startswith("-")} <= known, line


@pytest.mark.slow
def test_the_workflows_steps_run_one_after_another(project: Path, tmp_path: Path) -> None:
    """Their shell lines, as GitHub's runner gives them to a shell, with the variables that it sets."""
    git(project, "init", "-q", "-b", "main")
    command(project, "init", str(project), "--ci", "github")
    commit(project)
    workflow = yaml.safe_load((project / ".github" / "workflows" / "benison.yml").read_text())
    path = tmp_path / "bin" / "benison"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -m benison "$@"\n')
    path.chmod(0o755)
    outputs = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    environment = {**os.environ, **outputs, "PYTHONPATH": str(ROOT), "SINCE": NO_COMMIT}
    environment["PATH"] = f"{path.parent}:{os.environ['PATH']}"
    steps = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    for run in steps:
        subprocess.run(["bash", "-e", "-c", run], cwd=project, env=environment, check=True, capture_output=True)
    assert "train=true" in (tmp_path / "output").read_text().splitlines()
    assert "| smoke | passed |" in (tmp_path / "summary.md").read_text()
    assert "pushed" in (project / "scorecard.md").read_text().lower() and len(steps) == 4
    assert shutil.which("benison", path=environment["PATH"]) == str(path)


def test_the_workflow_trains_when_the_plan_says_so_and_asks_for_no_more_rights_than_it_needs(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(capsys, "init", project, "--ci", "github")
    workflow = yaml.safe_load((project / ".github" / "workflows" / "benison.yml").read_text())
    code, model = workflow["jobs"]["code"], workflow["jobs"]["model"]
    assert workflow["permissions"] == {"contents": "read"}
    assert model["permissions"] == {"contents": "read", "pull-requests": "write"}
    plan = next(step for step in code["steps"] if step.get("id") == "plan")
    assert "--format github" in plan["run"] and code["outputs"] == {"train": "${{ steps.plan.outputs.train }}"}
    assert "needs.code.outputs.train == 'true'" in model["if"]
    # What a pull request from outside says is never part of a shell line.
    assert not any("${{" in step.get("run", "") for job in (code, model) for step in job["steps"])


def test_the_project_can_still_be_read(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "init", project, "--ci", "github").code == 0
    assert configuration.read(project).name == "small"
