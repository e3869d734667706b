"""What commands about targets share: the option, and the project whose benison.yaml says what is asked of one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

import click

from benison import config as configuration
from benison.cli import project as projects
from benison.config import Config, Target
from benison.config.machines import LOCAL, TARGETS
from benison.config.targets import usual

_F = TypeVar("_F", bound=Callable[..., Any])


def target_option(command: _F) -> _F:
    """``--target local|kubeflow|vertex``."""
    shown = "Where it is to run."
    return click.option("--target", type=click.Choice(TARGETS), default=LOCAL, show_default=True, help=shown)(command)


def optional_project_option(command: _F) -> _F:
    """``--project DIR``, which may be left out where there is no project."""
    shown = "The project whose benison.yaml has targets:; that of the current folder by default, else defaults."
    return click.option("-p", "--project", "folder", type=projects.FOLDER, help=shown)(command)


def asked_of(name: str, folder: Path | None) -> tuple[Target, Collection[str]]:
    """A target as a project has it, and the components that its cache must not answer for.

    Raises:
        ConfigError: The project that was named is none, or its benison.yaml cannot be read.
    """
    if folder is None and not Path(configuration.FILE).is_file():
        return usual(name), ()
    config = projects.find(folder or Path()).config
    return config.targets[name], uncached(config, name)


def uncached(config: Config, target: str) -> Collection[str]:
    """Components whose results must not be taken from a cluster's cache, which does not look at what artifacts hold.

    Under a warm start the trainer begins with the champion. The local engine compares contents and sees a new one.
    """
    return ("trainer",) if config.model.warm_start and target != LOCAL else ()
