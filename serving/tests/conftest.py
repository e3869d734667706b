from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benison.registry.registry import Registry
from benison.registry.testing import SAID, provenance
from serving.tests import made, running
from serving.tests.running import MODEL, Shop

Scaling = Callable[..., Path]
Registered = Callable[..., str]


@pytest.fixture(scope="session")
def scaling(tmp_path_factory: pytest.TempPathFactory) -> Scaling:
    """Saves a package once for each level and fault."""
    folder, saved = tmp_path_factory.mktemp("packages"), dict[tuple[float, str], Path]()

    def save(level: float, fails: str = "") -> Path:
        if (level, fails) not in saved:
            saved[level, fails] = made.scaling(folder / f"{level}-{fails or 'sound'}", level, fails)
        return saved[level, fails]

    return save


@pytest.fixture(scope="session")
def by_examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.examples(tmp_path_factory.mktemp("packages") / "examples")


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry that has no champion."""
    folder = tmp_path_factory.mktemp("registry") / "registry"
    Registry.create(str(folder), MODEL)
    return folder


@pytest.fixture(scope="session")
def registered(registry: Path, scaling: Scaling) -> Registered:
    """Registers a package, by its folder or by level and fault; its digest."""
    opened = Registry.create(str(registry), MODEL)

    def register(level: float | Path, fails: str = "") -> str:
        folder = level if isinstance(level, Path) else scaling(level, fails)
        return opened.register(folder, provenance(folder.name), **SAID)

    return register


@pytest.fixture(scope="session")
def shops(
    tmp_path_factory: pytest.TempPathFactory, registry: Path, registered: Registered
) -> Iterator[Callable[[], Shop]]:
    """The server that runs, with narrow limits; another one where a test has ended it."""
    champion = registered(0.5)
    limits = {"unit": "customer", "queue_rows": 24, "timeout_ms": 1500, "max_rows": 16, "max_body_mb": 0.02}
    redact = {"city": "hash", "visits": "drop"}
    latest: list[Shop] = []
    with contextlib.ExitStack() as ended:

        def running_one() -> Shop:
            if not latest or latest[-1].server.process.poll() is not None:
                folder = tmp_path_factory.mktemp("shop")
                kept = {"folder": str(folder / "requests"), "redact": redact}
                latest.append(ended.enter_context(running.shop(folder, registry, {**limits, "requests": kept})))
                latest[-1].say(1000, champion)
            return latest[-1]

        yield running_one


@pytest.fixture
def shop(shops: Callable[[], Shop]) -> Shop:
    """A server with a champion, which other tests have asked, too."""
    return shops()
