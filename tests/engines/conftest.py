import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kfp import compiler

from benison.engines.local import LocalEngine, RunRecord, RunRequest, TaskEvent
from tests.engines import pipelines

Run = Callable[..., RunRecord]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The IR of a toy pipeline."""
    folder = tmp_path_factory.mktemp("compiled")

    def compile_once(name: str) -> Path:
        path = folder / f"{name}.yaml"
        if not path.exists():
            compiler.Compiler().compile(getattr(pipelines, name), str(path))
        return path

    return compile_once


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy pipelines' first-party package, where it may be changed."""
    return Path(shutil.copytree(Path(__file__).parent / "toys", tmp_path_factory.mktemp("code") / "toys"))


@pytest.fixture(scope="module")
def events() -> list[TaskEvent]:
    """What the observer of `engine` was told."""
    return []


@pytest.fixture(scope="module")
def engine(toys: Path, events: list[TaskEvent]) -> Iterator[LocalEngine]:
    with LocalEngine(observer=events.append, packages=[toys]) as engine:
        yield engine


@pytest.fixture
def run(engine: LocalEngine, events: list[TaskEvent], compiled: Callable[[str], Path], tmp_path: Path) -> Run:
    """Runs a toy pipeline by name, in runs/ of the test's folder."""

    def run_named(name: str, parameters: dict[str, Any] | None = None, **options: Any) -> RunRecord:
        events.clear()
        return engine.run(RunRequest(compiled(name), parameters or {}, tmp_path / "runs", **options))

    return run_named


@pytest.fixture
def fifo(tmp_path: Path) -> Callable[[str], str]:
    """Makes a named pipe."""
    import os

    def make(name: str) -> str:
        os.mkfifo(tmp_path / name)
        return str(tmp_path / name)

    return make
