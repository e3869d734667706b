import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "benison": "benison",
    "components": "benison.components",
    "pipelines": "benison.pipelines",
    "triggers": "benison.triggers",
    "checks": "checks",
    "containers": "containers",
}


def modules_with_examples() -> list[str]:
    found = []
    for folder, package in PACKAGES.items():
        for path in sorted(Path(ROOT, folder).rglob("*.py")):  # links are not followed: each module comes once
            relative = path.relative_to(ROOT / folder).with_suffix("")
            if ">>> " in path.read_text() and "tests" not in path.parts:
                found.append(".".join((package, *relative.parts)))
    return found


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_in_docstrings_are_true(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert (failed, tried > 0) == (0, True)
