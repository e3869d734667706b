"""A project made ready to be sent: what can be said before anything runs, and the bundle that travels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benison import eval_config
from benison.cli.project import Project
from benison.core.errors import ConfigError
from benison.core.spelling import nearest

if TYPE_CHECKING:
    from benison.core.pack import Staged


def preflight(project: Project) -> None:
    """What can be said before anything runs: the other files that benison.yaml names are there, and can be used.

    Raises:
        ConfigError: One is not there, the schema is none, or says nothing of a feature.
        ModelCodeError: model.py is no Python, or lacks the function that is called.
    """
    from benison.lint import ahead

    if pattern := sorted(set("*?[") & set(str(project.runs))):
        hint = "TensorFlow reads them as a pattern: name a folder elsewhere with  --runs"
        got = f"{pattern[0]} in it"
        raise ConfigError(str(project.runs), expected="a runs folder without * ? [ in its path", got=got, hint=hint)
    names = [path.name for path in project.folder.iterdir() if path.is_file()]
    for key, name in _files(project).items():
        if not (project.folder / name).is_file():
            raise ConfigError(f"benison.yaml ({key})", expected=f"a file {name}", got="none", hint=nearest(name, names))
    with project.config.speaking():
        eval_config.read(project.folder / project.config.evaluation.file)
    for fault in ahead.of_files(project.folder, project.config):
        raise fault


def preflight_data(project: Project, data_root: Path, span: int) -> None:
    """Likewise of the data: columns that benison.yaml names, and the label's values.

    Args:
        project: The project.
        data_root: The folder that relative paths to data start at.
        span: The newest span to use; 0: the newest there is.

    Raises:
        ConfigError: There is no such column, or no row with such a label.
        DataError: There are no data, or their header cannot be read.
    """
    from benison.lint import ahead

    for fault in ahead.of_data(project.folder, project.config, data_root, span):
        raise fault


def packed(project: Project) -> Staged:
    """The project's bundle, under its runs folder.

    Raises:
        ConfigError: A file that benison.yaml names would stay behind.
        DataError: There is too much, or a link that leads out of the project.
        StorageError: The runs folder cannot be written.
    """
    from benison.core.pack import pack

    staged = pack(project.folder, project.runs / "bundles", exclude=_own_folders(project))
    _travels(project, Path(staged.uri))
    return staged


def _files(project: Project) -> dict[str, str]:
    """The other files that benison.yaml names, by key."""
    config = project.config
    key, module = config.model.source_in(project.folder)
    own = {f"model.{key}": module} if module else {}
    return {**own, "data.schema": config.data.schema, "evaluation": config.evaluation.file}


def _travels(project: Project, staged: Path) -> None:
    """Makes sure that the files that benison.yaml names are in the bundle as well."""
    for key, name in _files(project).items():
        if not (staged / "project" / name).is_file():
            where, expected = f"benison.yaml ({key})", "a file that the bundle takes along"
            hint = "move it out of data/, runs/, the registry and hidden folders, which stay behind"
            raise ConfigError(where, expected=expected, got=repr(name), hint=hint)


def _own_folders(project: Project) -> tuple[str, ...]:
    """Registry and runs, where they lie inside the project: they are no part of it."""
    default = project.folder / project.config.registry
    places = (default, Path(project.registry), project.runs)
    inside = (path for path in places if path.is_relative_to(project.folder))
    return tuple(path.relative_to(project.folder).as_posix() for path in inside)
