"""A branch of a real repository: what it shows, and what a push asks for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benison.config.triggers import GitSource
from benison.core.errors import ConfigError, ServerError
from benison.registry.testing import NOON
from benison.triggers.decide import Due
from benison.triggers.entries import CHECKS, TRAINING, Cause
from benison.triggers.repository import Branch
from benison.triggers.state import Seen, State
from benison.triggers.work import Commits
from tests.pipelines import small_project


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(folder), *who, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, message: str = "a change") -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    project = small_project.make(tmp_path / "repository" / "models" / "small")
    git(tmp_path / "repository", "init", "-q", "-b", "main")
    commit(project)
    return tmp_path / "repository"


@pytest.fixture
def branch(repository: Path, tmp_path: Path) -> Branch:
    return Branch(GitSource("repository", "main", "models/small"), tmp_path, tmp_path / "work")


def asked(branch: Branch, head: str, base: str, source: str = "git") -> tuple[tuple[str, ...], str]:
    said = {"who": "ci", "when": "2026-11-20T12:00:00Z", "why": "w"}
    found = Due({1: Cause(source=source, key=head, urgent=False, span=0, **said)})
    work = Commits(branch).work(State(seen={"git": Seen(head, NOON)}, base=base), found)
    return work.steps, work.why


def test_a_push_is_seen_once_and_told_by_its_subject(branch: Branch, repository: Path) -> None:
    first = branch.look(None, NOON)
    assert first is not None and first.key == git(repository, "rev-parse", "HEAD")
    assert branch.look(Seen(first.key, NOON), NOON) is None
    head = commit(repository, "wider layers")
    notice = branch.look(Seen(first.key, NOON), NOON)
    assert notice is not None and (notice.key, notice.urgent) == (head, False)
    assert notice.why == f"push to main: {head[:12]} wider layers"


def test_a_hot_fix_says_so_in_a_trailer(branch: Branch, repository: Path) -> None:
    head = commit(repository, "threshold\n\nHotfix: refunds are blocked")
    notice = branch.look(Seen("0" * 40, NOON), NOON)
    assert notice is not None and notice.urgent
    assert notice.why == f"push to main: {head[:12]} threshold (hot fix: refunds are blocked)"


@pytest.mark.parametrize(
    ("file", "steps", "why"),
    [
        ("model.py", (CHECKS, TRAINING), "checks and training, since model.py: code"),
        ("tests/test_it.py", (CHECKS,), "checks, since tests/test_it.py: a test"),
        ("README.md", (), "nothing that runs changed"),
    ],
)
def test_what_changed_tells_what_has_to_run(
    branch: Branch, repository: Path, file: str, steps: tuple[str, ...], why: str
) -> None:
    base = git(repository, "rev-parse", "HEAD")
    path = repository / "models" / "small" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{path.read_text() if path.exists() else ''}\n# more\n")
    head = commit(repository)
    assert asked(branch, head, base) == (steps, why)
    # New data train whatever a push asks for, and what was pushed meanwhile is checked first.
    assert asked(branch, head, base, "data")[0] == (*(step for step in steps if step == CHECKS), TRAINING)
    assert asked(branch, head, head, "data") == asked(branch, head, head, "alert:7") == ((TRAINING,), "training")


def test_another_project_in_the_repository_changes_nothing_here(branch: Branch, repository: Path) -> None:
    base = git(repository, "rev-parse", "HEAD")
    (repository / "models" / "other.py").write_text("1")
    head = commit(repository)
    assert asked(branch, head, base) == ((), "nothing that runs changed")
    assert branch.tree(head) == branch.tree(base)


def test_a_branch_that_was_moved_back_asks_for_everything(branch: Branch, repository: Path) -> None:
    old = git(repository, "rev-parse", "HEAD")
    (repository / "models" / "small" / "model.py").write_text(small_project.MODEL + "\n# more\n")
    new = commit(repository)
    branch.tree(new)
    git(repository, "reset", "-q", "--hard", old)
    steps, why = asked(branch, old, new)
    assert steps == (CHECKS, TRAINING) and why.endswith("since the branch was moved back or written anew")


def test_a_commit_is_checked_out_whole_and_tidied_away(branch: Branch, repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    folder = branch.project(head)
    assert (folder / "model.py").read_text() == small_project.MODEL
    branch.tidy({head})
    assert folder.is_dir()
    branch.tidy(())
    assert not folder.exists() and branch.project(head).is_dir()


def test_what_git_is_asked_to_run_is_never_run(branch: Branch, repository: Path, tmp_path: Path) -> None:
    hooks = tmp_path / "work" / "repository.git" / "hooks"
    branch.tree(git(repository, "rev-parse", "HEAD"))
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "reference-transaction", "post-merge"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    branch.project(commit(repository))
    assert not (tmp_path / "ran").exists()


def test_a_branch_or_repository_that_is_missing_is_told(tmp_path: Path, repository: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected a branch prod, got none\n\nhint: triggers.git.branch says which"):
        Branch(GitSource("repository", "prod"), tmp_path, tmp_path / "work").look(None, NOON)
    with pytest.raises(ServerError, match=r"expected a repository that answers, got fatal: .*nowhere"):
        Branch(GitSource(str(tmp_path / "nowhere"), "main"), tmp_path, tmp_path / "work").look(None, NOON)
    wrong = Branch(GitSource("repository", "main", "models"), tmp_path, tmp_path / "work")
    with pytest.raises(ConfigError, match=r"expected benison.yaml in models, got none\n\nhint: triggers.git.folder"):
        wrong.project(git(repository, "rev-parse", "HEAD"))
