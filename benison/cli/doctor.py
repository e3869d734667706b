"""``benison doctor``: what is here, and what each missing thing would give."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata

import click

from benison.core import stacks

_PACKAGES = {
    "tensorflow-data-validation": "statistics and schema checks",
    "tensorflow-model-analysis": "evaluations that TFMA's own tools read",
    "kfp": "compiling and running pipelines",
    "pyarrow": "reading data",
}


@dataclass(frozen=True)
class Finding:
    """One line of the answer; `gives` says what a missing thing would add."""

    name: str
    found: str
    gives: str = ""
    needed: bool = False

    @property
    def missing(self) -> bool:
        return not self.found


def _package(name: str, gives: str) -> Finding:
    try:
        return Finding(name, metadata.version(name), gives, needed=True)
    except metadata.PackageNotFoundError:
        return Finding(name, "", gives, needed=True)


def _answer(*words: str) -> str:
    """The first line that a program prints, empty where there is none or it fails."""
    if shutil.which(words[0]) is None:
        return ""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip().partition("\n")[0] if done.returncode == 0 else ""


def findings() -> list[Finding]:
    """Everything that the doctor looks at."""
    gpu = _answer("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
    docker = _answer("docker", "info", "--format", "{{.ServerVersion}}")
    return [
        Finding("python", f"{platform.python_version()} ({sys.executable})"),
        Finding("glibc", stacks.glibc() or "none (not Linux)"),
        Finding("stack", stacks.installed(), "the versions that were tested together: run  make", needed=True),
        Finding("tensorflow", stacks.tensorflow(), "training and evaluation", needed=True),
        *(_package(name, gives) for name, gives in _PACKAGES.items()),
        Finding("GPU", gpu, "faster training; the CPU does otherwise"),
        Finding("Docker", docker, "make images, and the current stack in a container on an older system"),
        Finding("git", _answer("git", "--version"), "the commit in every run record and version"),
    ]


@click.command()
def command() -> None:
    """Say what is installed, which stack, GPU and Docker, and what each missing thing would give.

    Exits with 2 where something is missing that a run needs.
    """
    found = findings()
    for finding in found:
        state = finding.found or ("MISSING" if finding.needed else "not found")
        click.echo(f"{finding.name:28}{state}" + (f" - would give: {finding.gives}" if finding.missing else ""))
    if any(finding.needed and finding.missing for finding in found):
        raise click.exceptions.Exit(2)
