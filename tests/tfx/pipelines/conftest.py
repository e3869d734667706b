from __future__ import annotations

from importlib.util import find_spec

import pytest

# TFX is in no lock but requirements/tfx.txt; `make test-tfx` installs that.
collect_ignore_glob = [] if find_spec("tfx") else ["*.py"]


@pytest.fixture(scope="session")
def taxi(tmp_path_factory: pytest.TempPathFactory) -> object:
    """One pipeline root for all tests, so that TFX's cache runs each of its own components once."""
    from tests.tfx.pipelines.taxi import prepared

    return prepared(tmp_path_factory.mktemp("tfx") / "taxi")
