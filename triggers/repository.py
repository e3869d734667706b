"""A branch of a git repository: its newest commit, and the project as it is there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from benison.config import FILE
from benison.config.triggers import GitSource
from benison.core.errors import ConfigError, InputError, ServerError
from benison.core.secrets import redacted
from benison.triggers import entries
from benison.triggers.sources import Notice
from benison.triggers.state import Seen

_LIMIT_S, _FETCH_LIMIT_S = 60, 600
# Within a hook git has these, and they would send us to another repository.
_ELSEWHERE = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}
_TRAILER = "Hotfix"


class Branch:
    """A branch that is looked at; what it shows is asked of the repository itself, whatever a notice says.

    Args:
        source: Which.
        project: The folder that a relative repository is seen from.
        work: A folder for a copy of the repository and for commits that are checked out.
    """

    name = entries.GIT

    def __init__(self, source: GitSource, project: Path, work: Path) -> None:
        self._source, self._copy, self._commits = source, work / "repository.git", work / "commits"
        said, there = source.repository, project / source.repository
        self._address = str(there.resolve()) if "://" not in said and there.is_dir() else said

    def look(self, last: Seen | None, now: datetime) -> Notice | None:
        """The newest commit.

        Raises:
            ConfigError: There is no such branch.
            ServerError: The repository cannot be reached.
        """
        commit = self._newest()
        if last and last.key == commit:
            return None
        if last is None:
            return Notice(commit, f"{self._source.branch} is followed from {commit[:12]} on")
        self._fetch(commit)
        subject = self._told(commit, "%s")
        hotfix = self._told(commit, f"%(trailers:key={_TRAILER},valueonly,separator=%x20)")
        why = f"push to {self._source.branch}: {commit[:12]} {subject}"
        return Notice(commit, f"{why} (hot fix: {hotfix})" if hotfix else why, bool(hotfix))

    def project(self, commit: str) -> Path:
        """The project's folder as it is in a commit, checked out.

        Raises:
            ConfigError: There is no project in it.
        """
        place = self._commits / commit
        if not place.is_dir():
            self._fetch(commit)
            self._check_out(commit, place)
        folder = place / self._source.folder
        if not (folder / FILE).is_file():
            expected = f"{FILE} in {self._source.folder or 'its top folder'}"
            raise ConfigError(
                f"commit {commit[:12]}", expected=expected, got="none", hint="triggers.git.folder says where"
            )
        return folder

    def tree(self, commit: str) -> str:
        """What git calls the content of the project's folder in a commit."""
        self._fetch(commit)
        return self._git("rev-parse", f"{commit}:{self._source.folder}")

    def follows(self, commit: str, before: str) -> bool:
        """Whether a commit came after another on the way; not, where the branch was moved back or written anew."""
        try:
            self._git("merge-base", "--is-ancestor", before, commit)
        except ServerError:
            return False
        return True

    def tidy(self, keep: Collection[str]) -> None:
        """Removes what is checked out, but for some commits."""
        for place in self._commits.iterdir() if self._commits.is_dir() else ():
            if place.name not in keep:
                shutil.rmtree(place, ignore_errors=True)

    def _newest(self) -> str:
        ref = f"refs/heads/{self._source.branch}"
        said = self._run("ls-remote", "--exit-code", "--", self._address, ref, missing=2)
        if not said:
            hint = "triggers.git.branch says which"
            raise ConfigError(
                redacted(self._address), expected=f"a branch {self._source.branch}", got="none", hint=hint
            )
        return said.split()[0]

    def _fetch(self, commit: str) -> None:
        if not (self._copy / "HEAD").is_file():
            self._copy.parent.mkdir(parents=True, exist_ok=True)
            self._run("init", "--quiet", "--bare", str(self._copy))
        try:
            self._git("cat-file", "-e", f"{commit}^{{commit}}")
        except ServerError:
            ref = f"+refs/heads/{self._source.branch}:refs/heads/{self._source.branch}"
            self._git("fetch", "--quiet", "--no-tags", "--", self._address, ref, limit_s=_FETCH_LIMIT_S)

    def _check_out(self, commit: str, place: Path) -> None:
        """A copy of the commit with its own .git, since what changed is asked of git there."""
        partial = place.with_name(f".{commit}.{os.getpid()}")
        shutil.rmtree(partial, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        self._run("clone", "--quiet", "--shared", "--no-checkout", "--", str(self._copy), str(partial))
        self._run("-C", str(partial), "checkout", "--quiet", "--detach", commit)
        partial.rename(place)

    def _told(self, commit: str, form: str) -> str:
        return entries.line(self._git("log", "-1", f"--format={form}", commit)).removeprefix("-")

    def _git(self, *words: str, limit_s: float = _LIMIT_S) -> str:
        return self._run("-C", str(self._copy), *words, limit_s=limit_s)

    def _run(self, *words: str, missing: int = 0, limit_s: float = _LIMIT_S) -> str:
        """What git says; empty where it leaves with the code that means nothing is there."""
        clean = {key: value for key, value in os.environ.items() if key not in _ELSEWHERE}
        order = ["git", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", *words]
        env = {**clean, "GIT_TERMINAL_PROMPT": "0"}
        try:
            done = subprocess.run(order, capture_output=True, text=True, errors="replace", timeout=limit_s, env=env)
        except FileNotFoundError:
            raise InputError("git", expected="git, to see what changed", got="none", hint="install it") from None
        except subprocess.TimeoutExpired:
            raise self._silent(f"no answer within {limit_s:g} seconds") from None
        if done.returncode and done.returncode != missing:
            raise self._silent(entries.line(done.stderr))
        return done.stdout.strip() if not done.returncode else ""

    def _silent(self, got: str) -> ServerError:
        hint = "it is asked again at the next look"
        return ServerError(redacted(self._address), expected="a repository that answers", got=got, hint=hint)
