"""What changed in a project since a commit: its files, and the sections of benison.yaml."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benison.config import FILE
from benison.core.errors import ConfigError, InputError

_LIMIT_S = 60
# Within a hook git has these, and they would send us to another repository.
_ELSEWHERE = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}
# What a CI names where there is no commit before: GitHub after a branch's first push.
NO_COMMIT = "0" * 40


@dataclass(frozen=True)
class Changes:
    """What differs between a commit and the folder as it is now.

    Attributes:
        files: Paths relative to the project, deleted ones too; without benison.yaml where it can be compared.
        sections: Top-level keys of benison.yaml.
        whole: Why everything counts as changed; empty: it does not.
    """

    files: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    whole: str = ""


def changes_since(project: Path, since: str) -> Changes:
    """Compares a project with a commit, files that git does not know yet included.

    Args:
        project: Its folder, in a work tree of git.
        since: Anything that git takes for a commit; a branch is compared from where it was left. Forty zeros: none.

    Raises:
        InputError: The folder is not git's, or there is no such commit.
    """
    if since == NO_COMMIT:
        return Changes(whole="there is no commit to compare with")
    base = _base(project, since)
    named = _git(project, "diff", "--name-only", "--no-renames", "-z", "--relative", base, "--", ".")
    unknown = _git(project, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    files = sorted({name for name in (named + unknown).split("\0") if name})
    if FILE not in files:
        return Changes(tuple(files))
    sections = _sections(project, base)
    return Changes(tuple(name for name in files if name != FILE), *sections)


def _sections(project: Path, base: str) -> tuple[tuple[str, ...], str]:
    before, now = _before(project, base), _now(project)
    if before is None:
        return (), f"{FILE} was none before, or could not be read"
    differ = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
    return tuple(sorted(map(str, differ))), ""


def _now(project: Path) -> Mapping[Any, Any]:
    try:
        content = yaml.safe_load((project / FILE).read_bytes())
    except (OSError, yaml.YAMLError) as error:
        hint = "benison lint says where"
        raise ConfigError(str(project / FILE), expected="YAML", got=type(error).__name__, hint=hint) from None
    return content if isinstance(content, Mapping) else {}


def _before(project: Path, base: str) -> Mapping[Any, Any] | None:
    try:
        content = yaml.safe_load(_git(project, "show", f"{base}:./{FILE}"))
    except (InputError, yaml.YAMLError):
        return None
    return content if isinstance(content, Mapping) else None


def _base(project: Path, since: str) -> str:
    """The commit from which the two went apart, so that another's later work is not taken for ours."""
    if since.startswith("-"):
        raise InputError("--since", expected="a commit", got=repr(since))
    commit = _git(project, "rev-parse", "--verify", "--quiet", f"{since}^{{commit}}").strip()
    try:
        return _git(project, "merge-base", commit, "HEAD").strip()
    except InputError:
        return commit


def _git(project: Path, *words: str) -> str:
    clean = {key: value for key, value in os.environ.items() if key not in _ELSEWHERE}
    try:
        done = subprocess.run(
            ["git", "-C", str(project), *words], capture_output=True, text=True, check=True, timeout=_LIMIT_S, env=clean
        )
    except FileNotFoundError:
        raise InputError("git", expected="git, to see what changed", got="none", hint="install it") from None
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split()) or "no such commit"
        hint = "a shallow clone lacks it: fetch it, in GitHub Actions with  fetch-depth: 0"
        raise InputError("--since", expected=f"a commit that git has in {project}", got=said, hint=hint) from None
    return done.stdout
