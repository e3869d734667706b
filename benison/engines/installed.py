"""Which distributions stand behind imported packages, with all that they require: what a result depends on."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

_REQUIRED = re.compile(r"^Requires-Dist: ([A-Za-z0-9._-]+)(?!.*extra ==)", re.MULTILINE)
_TOP_LEVEL = re.compile(r"^([A-Za-z_]\w*)(?:/|\.py,|\.[\w.-]+\.so,|\.so,)", re.MULTILINE)

Places = tuple[tuple[Path, int], ...]


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The installed distributions that provide some top-level packages, and those these require, with versions.

    Args:
        packages: Names as they are imported: ``yaml``, ``google``.

    Returns:
        Versions by normalised name. A package that is not installed is not among them.
    """
    places = _places()
    folders, providers = _distributions(places), _providers(places)
    queue = [name for package in packages for name in providers.get(package, ())]
    found: dict[str, str] = {}
    while queue:
        name = queue.pop()
        if name in found or name not in folders:
            continue
        found[name] = folders[name].name.removesuffix(".dist-info").partition("-")[2]
        queue.extend(_required(folders[name]))
    return dict(sorted(found.items()))


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _places() -> Places:
    """Where packages are looked for, and when each place last changed."""
    folders = [Path(place) for place in sys.path if place and Path(place).is_dir()]
    return tuple((folder, folder.stat().st_mtime_ns) for folder in folders)


@functools.lru_cache(maxsize=1)
def _distributions(places: Places) -> Mapping[str, Path]:
    """The metadata folder of each distribution; the first on the path counts, as for imports."""
    folders: dict[str, Path] = {}
    for place, _ in places:
        for folder in sorted(place.glob("*.dist-info")):
            folders.setdefault(_normalised(folder.name.partition("-")[0]), folder)
    return folders


@functools.lru_cache(maxsize=1)
def _providers(places: Places) -> Mapping[str, list[str]]:
    """The distributions that put files into each top-level package."""
    found: dict[str, list[str]] = {}
    for name, folder in _distributions(places).items():
        for package in _packages(folder):
            found.setdefault(package, []).append(name)
    return found


def _packages(folder: Path) -> set[str]:
    try:
        return set((folder / "top_level.txt").read_text().split())
    except OSError:
        return set(_TOP_LEVEL.findall(_text(folder / "RECORD")))


def _required(folder: Path) -> list[str]:
    head = _text(folder / "METADATA").partition("\n\n")[0]
    return [_normalised(name) for name in _REQUIRED.findall(head)]


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
