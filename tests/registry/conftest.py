from __future__ import annotations

from pathlib import Path

import pytest

from benison.registry.registry import Registry
from benison.registry.testing import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Registry.create(str(tmp_path / "registry"), "census"), tmp_path / "packages")
