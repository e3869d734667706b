"""Runs of the census project on disk, and a browser to look at their reports."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benison import cli
from tests.cli import answered

HERE = Path(__file__).parent
NAMES = ("pushed", "blocked", "first", "blocked_at_data", "failed")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = "no Chromium here (apt-get install chromium); BENISON_BROWSER=required makes that a failure"


def has_browser() -> bool:
    return os.environ.get("BENISON_BROWSER") == "required" or any(map(shutil.which, BROWSERS))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A machine without Chromium still passes; `pytest_terminal_summary` says aloud what was left out."""
    for item in items:
        if item.get_closest_marker("browser") and not has_browser():
            item.add_marker(pytest.mark.skip(reason=NO_BROWSER))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [one for one in terminalreporter.stats.get("skipped", []) if NO_BROWSER in str(one.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} tests of the report in a browser were left out: {NO_BROWSER}")


@pytest.fixture(scope="session")
def beside() -> Iterator[Callable[[str], ModuleType]]:
    """Imports a module of this folder, which is no package."""
    sys.path.insert(0, str(HERE))
    yield importlib.import_module
    sys.path.remove(str(HERE))


@pytest.fixture(scope="session")
def census(beside: Callable[[str], ModuleType]) -> ModuleType:
    """Documents of census runs, and how to write them."""
    return beside("census_run")


@pytest.fixture
def write_run(census: ModuleType, tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Writes documents as a run; gives the run's folder."""

    def write(documents: dict[str, Any]) -> Path:
        folder: Path = census.write(tmp_path / "runs", documents)
        return folder

    return write


@pytest.fixture(scope="session", params=NAMES)
def folder(request: pytest.FixtureRequest, census: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of each of the runs in turn."""
    documents = getattr(census, request.param)()
    found: Path = census.write(tmp_path_factory.mktemp(request.param), documents)
    return found


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Writes what ``benison evaluate`` makes of two models' answers, once for the same words; gives the folder."""

    made: dict[tuple[tuple[str, ...], str], Path] = {}

    def write(*words: str, policy: str = "", content: list[dict[str, str]] | None = None) -> Path:
        if content is None and (words, policy) in made:
            return made[words, policy]
        folder = tmp_path_factory.mktemp("evaluated")
        asked = (words, policy)
        people = answered.write(folder / "people.csv", content or answered.rows())
        if policy:
            (folder / "policy.yaml").write_text(policy)
            words = (*words, "--gate", str(folder / "policy.yaml"))
        given = ["--predictions", str(people), "--label", "paid", "--positive", "yes", "--prediction", "boosted"]
        args = ["evaluate", *given, *words, "--output", str(folder / "out")]
        assert cli.guarded(lambda: cli.benison.main(args=args, standalone_mode=False)) in (0, 1)
        if content is None:
            made[asked] = folder / "out"
        return folder / "out"

    return write
