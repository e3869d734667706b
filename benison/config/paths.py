"""Paths of files that lie in the project."""

from __future__ import annotations

from pathlib import PurePosixPath

from benison.core.sections import Section


def inside(section: Section, key: str, default: str) -> str:
    """The relative path of a file of the project; one that climbs out is refused."""
    path = section.take(key, str, default)
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise section.error(key, "a path inside the project", repr(path), "copy the file into the project's folder")
    return path
