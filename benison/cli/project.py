"""Finding what a command is about: the project's folder, its registry, its runs."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from benison import config as configuration
from benison.config import Config
from benison.core.errors import ConfigError, DataError
from benison.core.spelling import nearest

_F = TypeVar("_F", bound=Callable[..., Any])
FOLDER = click.Path(path_type=Path)


@dataclass(frozen=True)
class Project:
    """A user's project and the places that belong to it.

    Attributes:
        folder: Where benison.yaml lies.
        config: What it says.
        registry: Where the registry lies: an absolute path, or the URI of a bucket's folder.
        runs: The runs' folder.
    """

    folder: Path
    config: Config
    registry: str
    runs: Path


def find(folder: Path, registry: str | None = None, runs: Path | None = None) -> Project:
    """Reads a project.

    Raises:
        ConfigError: There is none in this folder, or its benison.yaml cannot be read.
    """
    folder = folder.resolve()
    if not (folder / configuration.FILE).is_file():
        raise ConfigError(
            str(folder),
            expected=f"a project: a folder with {configuration.FILE}",
            got="a folder without it" if folder.is_dir() else "a file" if folder.exists() else "no such folder",
            hint="name the project's folder, or start one with  benison init DIR",
        )
    config = configuration.read(folder)
    place = _place(registry, Path()) if registry else _place(config.registry, folder)
    return Project(folder, config, place, (runs or folder / "runs").resolve())


def _place(said: str, base: Path) -> str:
    return said if "://" in said else str((base / said).resolve())


def find_run(run: str | None, runs: Path) -> Path:
    """A run's folder.

    Args:
        run: Its id or its folder; None: the newest.
        runs: Where runs are kept.

    Raises:
        DataError: There is none, or none of this id.
    """
    if run and (Path(run) / "run.json").is_file():
        return Path(run).resolve()
    known = sorted(path.parent.name for path in runs.glob("*/run.json"))
    if not known or (run and run not in known):
        raise DataError(
            f"{runs}",
            expected=f"a run {run!r}" if run else "a run",
            got="no run at all" if not known else f"{len(known)} others",
            hint=nearest(run, known) if run and known else "make one with  benison run PROJECT",
        )
    return runs / (run or known[-1])


def project_option(command: _F) -> _F:
    """``--project DIR``, the folder we stand in by default."""
    shown = "The project's folder; the current one by default."
    return click.option("-p", "--project", "folder", type=FOLDER, default=Path(), help=shown)(command)


def registry_option(command: _F) -> _F:
    """``--registry DIR_OR_URI``."""
    shown = "The registry's folder, or a bucket's such as s3://models/registry, instead of the one in benison.yaml."
    return click.option("--registry", metavar="DIR_OR_URI", help=shown)(command)


def runs_option(command: _F) -> _F:
    """``--runs DIR``."""
    return click.option("--runs", type=FOLDER, help="Where runs are kept; runs/ in the project by default.")(command)


def who() -> str:
    """Who asks, as ``user@machine``; by number where the machine knows no name for them, as in many containers."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def commit_of(folder: Path) -> str:
    """The commit that a folder stands at, with ``-dirty`` where it differs from it; empty outside of git."""
    try:
        head = _git(folder, "rev-parse", "HEAD")
        return f"{head}-dirty" if _git(folder, "status", "--porcelain", "--", ".") else head
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.strip()
