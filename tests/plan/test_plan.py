"""benison plan: what a change asks for, told by git and by the sections of benison.yaml."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config as configuration
from benison.core.errors import InputError
from benison.plan.changes import changes_since
from benison.plan.steps import STEPS, planned, why
from tests.cli.commands import call
from tests.pipelines import small_project

EVERYTHING = set(STEPS)
CODE = {"test", "smoke", "train"}
CONTRACT = {"data", "smoke", "train"}


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(folder), *who, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project one folder deep in a repository, as it was committed."""
    folder = small_project.make(tmp_path / "work" / "models" / "small")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_it.py").write_text("")
    (folder / "README.md").write_text("a project\n")
    (folder / ".gitignore").write_text("runs/\n")
    git(tmp_path / "work", "init", "-q", "-b", "main")
    commit(folder)
    return folder


def commit(folder: Path) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "a change")
    return git(folder, "rev-parse", "HEAD")


def asked(folder: Path, since: str = "HEAD") -> set[str]:
    steps = planned(changes_since(folder, since), configuration.read(folder))
    return {step.name for step in steps if step.runs}


def say(folder: Path, **said: Any) -> None:
    content = yaml.safe_load((folder / "benison.yaml").read_text())
    (folder / "benison.yaml").write_text(yaml.safe_dump({**content, **said}))


def test_nothing_changed_asks_for_nothing(project: Path) -> None:
    assert asked(project) == set()


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("model.py", CODE),
        ("lib/own.py", CODE),
        ("tests/test_it.py", {"test"}),
        ("tests/rows.csv", {"test"}),
        ("schema.pbtxt", CONTRACT),
        ("eval_config.json", {"lint", "smoke", "train"}),
        ("data/span-1.csv", CONTRACT),
        ("data/span-9.csv", CONTRACT),
        ("README.md", set()),
        (".gitignore", set()),
        (".github/workflows/benison.yml", EVERYTHING),
        ("cloudbuild-model.yaml", EVERYTHING),
        ("requirements.txt", EVERYTHING),
        ("Dockerfile", EVERYTHING),
        ("words.json", EVERYTHING),
    ],
)
def test_a_file_asks_for_the_steps_that_look_at_it(project: Path, name: str, steps: set[str]) -> None:
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write("\n")
    assert asked(project) == steps
    commit(project)
    assert asked(project) == set() and asked(project, "HEAD~1") == steps


@pytest.mark.parametrize(
    ("said", "steps"),
    [
        ({"description": "another"}, set()),
        ({"model_card": {"overview": "one"}}, set()),
        ({"targets": {"local": {"memory": "2G"}}}, {"lint", "compile"}),
        ({"gate": {"checks": [{"metric": "auc", "at_least": 0.7}]}}, {"smoke", "train"}),
        ({"features": {"age": "numeric"}}, {"test", *CONTRACT}),
        ({"model": {"epochs": 2}}, {"lint", *CODE}),
        ({"data": {"path": "data/span-{span}.csv", "window": 1}}, {"lint", *CONTRACT}),
        ({"name": "other"}, EVERYTHING),
    ],
)
def test_a_section_of_benison_yaml_asks_for_the_steps_that_read_it(
    project: Path, said: dict[str, Any], steps: set[str]
) -> None:
    say(project, **said)
    assert asked(project) == steps


def test_comments_and_order_in_benison_yaml_ask_for_nothing(project: Path) -> None:
    content = yaml.safe_load((project / "benison.yaml").read_text())
    text = yaml.safe_dump(dict(reversed(list(content.items()))), sort_keys=False)
    (project / "benison.yaml").write_text(f"# said otherwise\n{text}")
    assert asked(project) == set()


def test_what_lies_outside_of_the_project_asks_for_nothing(project: Path) -> None:
    (project.parent / "other.py").write_text("x = 1\n")
    assert asked(project) == set()


def test_a_file_that_was_deleted_counts(project: Path) -> None:
    (project / "tests" / "test_it.py").unlink()
    assert asked(project) == {"test"}


def test_a_branch_is_compared_from_where_it_was_left(project: Path) -> None:
    git(project, "checkout", "-q", "-b", "mine")
    (project / "README.md").write_text("mine\n")
    commit(project)
    git(project, "checkout", "-q", "main")
    (project / "model.py").write_text("# theirs\n" + (project / "model.py").read_text())
    commit(project)
    git(project, "checkout", "-q", "mine")
    assert asked(project, "main") == set()


def test_a_new_project_or_a_branchs_first_push_asks_for_everything(project: Path, tmp_path: Path) -> None:
    assert asked(project, "0" * 40) == EVERYTHING
    another = small_project.make(tmp_path / "work" / "another")
    assert asked(another) == EVERYTHING


@pytest.mark.parametrize("since", ["nowhere", "--output=/tmp/x", "HEAD~99"])
def test_a_commit_that_is_not_there_is_told(project: Path, since: str) -> None:
    with pytest.raises(InputError, match=r"--since: expected a commit"):
        changes_since(project, since)


def test_a_folder_outside_of_git_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    folder = small_project.make(tmp_path / "loose")
    with pytest.raises(InputError, match="not a git repository"):
        changes_since(folder, "HEAD")


def test_it_explains_itself(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    say(project, gate={"checks": [{"metric": "auc", "at_least": 0.7}]})
    (project / "tests" / "test_it.py").write_text("# more\n")
    done = call(capsys, "plan", "-p", project)
    assert done == (
        0,
        "skip lint     nothing it looks at changed\n"
        "run  test     tests/test_it.py: a test\n"
        "skip data     nothing it looks at changed\n"
        "run  smoke    benison.yaml: gate\n"
        "skip compile  nothing it looks at changed\n"
        "run  train    benison.yaml: gate\n",
        "",
    )
    lines = call(capsys, "plan", "-p", project, "--format", "github").out.splitlines()
    assert lines == ["lint=false", "test=true", "data=false", "smoke=true", "compile=false", "train=true"]
    found = json.loads(call(capsys, "plan", "-p", project, "--format", "json").out)
    assert found["steps"]["smoke"]["because"] == ["benison.yaml: gate"] and list(found["steps"]) == list(STEPS)


def test_many_reasons_are_counted(project: Path) -> None:
    for at in range(5):
        (project / f"part{at}.py").write_text("")
    steps = {step.name: step for step in planned(changes_since(project, "HEAD"), configuration.read(project))}
    assert why(steps["test"]) == "part0.py: code; part1.py: code; part2.py: code; and 2 more"


def test_a_project_that_cannot_be_read_asks_for_everything(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    say(project, gaet={})
    done = call(capsys, "plan", "-p", project)
    assert done.code == 0 and done.out.count("run ") == len(STEPS) and "benison.yaml cannot be read" in done.out
    assert "did you mean gate?" in done.err
