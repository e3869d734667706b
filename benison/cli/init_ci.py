"""``benison init --ci``: a project's own continuous integration, for Cloud Build or GitHub Actions."""

from __future__ import annotations

import json
import re
import subprocess
import textwrap
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from benison import __version__
from benison import config as configuration
from benison.config.features import Categorical, Cross, Date, Feature, Text
from benison.core.errors import ConfigError
from benison.core.files import write_atomically

KINDS = ("cloudbuild", "github")
_TEST = "tests/test_project.py"


def add(folder: Path, kind: str) -> list[Path]:
    """Writes the files that a CI service reads, and a first test, into a project.

    Args:
        folder: The project, whose benison.yaml can be read.
        kind: One of `KINDS`.

    Returns:
        What was written; a test that is there already is left as it is.

    Raises:
        ConfigError: The project cannot be read, or a file of that name is there.
        StorageError: The folder cannot be written.
    """
    folder = folder.resolve()
    root = _root(folder)
    config = configuration.read(folder)
    said = {
        "FOLDER": folder.relative_to(root).as_posix(),
        "VERSION": __version__,
        "ROW": _row(config.features, 1),
        "OTHER": _row(config.features, 2),
    }
    files = {
        path: _filled(name, {**said, "CONFIG": path.relative_to(root).as_posix()})
        for path, name in _places(folder, root, kind)
    }
    for path in files:
        if path.exists():
            hint = "move it away first"
            raise ConfigError(str(path), expected="no file of this name", got="one", hint=hint)
    if not (folder / _TEST).exists():
        files[folder / _TEST] = _filled("test_project.txt", said)
    for path, text in files.items():
        write_atomically(path, text.encode())
    return sorted(files)


def _places(folder: Path, root: Path, kind: str) -> Sequence[tuple[Path, str]]:
    """GitHub reads workflows at the repository's top alone; Cloud Build is told where they lie."""
    if kind == "github":
        own = "" if folder == root else f"-{folder.name}"
        return [(root / ".github" / "workflows" / f"benison{own}.yml", "github.yml")]
    return [(folder / name, name) for name in ("cloudbuild.yaml", "cloudbuild-model.yaml")]


def _root(folder: Path) -> Path:
    """The top of the repository that the project lies in; the project itself where there is none."""
    words = ["git", "-C", str(folder), "rev-parse", "--show-toplevel"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return folder
    return Path(done.stdout.strip()).resolve()


def _filled(name: str, said: Mapping[str, str]) -> str:
    text = resources.files("benison.template").joinpath("ci", name).read_text()
    return re.sub(r"@([A-Z]+)@", lambda match: said[match[1]], text)


def _row(features: Sequence[Feature], number: int) -> str:
    """A made-up row, as Python: nobody's data belong into a test."""
    columns = {feature.column: _value(feature, number) for feature in features if not isinstance(feature, Cross)}
    cells = ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in columns.items())
    return "{\n" + textwrap.indent(textwrap.fill(f"{cells},", 100, break_on_hyphens=False), " " * 8) + "\n    }"


def _value(feature: Feature, number: int) -> object:
    if isinstance(feature, Date):
        return f"2026-07-{number:02}"
    if isinstance(feature, Text):
        return f"some words {number}"
    return f"value {number}" if isinstance(feature, Categorical) else number
