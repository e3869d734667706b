"""What tasks in containers see of this machine: what the project names, and no more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from benison.cli.project import Project
from benison.engines.local import Mounts

# What begins a part of a path that is no name: a glob, a span, a date.
_PATTERN = set("*?[{")


def mounts_of(project: Project) -> Mounts:
    """The project and its data to read, registry and serving folder to write."""
    written = [] if "://" in project.registry else [Path(project.registry)]
    if project.config.serving.folder is not None:
        written.append(project.config.serving.folder)
    key = project.config.signing_key_from
    return Mounts((project.folder, *_data_folders(project)), written, {"pusher": (key,)} if key else {})


def _data_folders(project: Project) -> Iterator[Path]:
    """Folders outside of the project that its data lie in."""
    data = project.config.data
    tables = [*data.references, *([data.serving] if data.serving else [])]
    for path in filter(None, (data.path, *(table.path for table in tables))):
        if path.startswith(("/", "file:///")):
            yield _fixed(Path(path.removeprefix("file://")))
        elif path.startswith("../"):
            yield _fixed(Path(os.path.normpath(project.folder / path)))


def _fixed(path: Path) -> Path:
    """The folder that holds whatever a path with patterns leads to."""
    for number, part in enumerate(path.parts):
        if _PATTERN & set(part):
            return Path(*path.parts[:number])
    return path if path.is_dir() else path.parent
