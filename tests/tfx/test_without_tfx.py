"""What is said where TFX is not installed, which is the case in every environment but that of `make test-tfx`."""

from __future__ import annotations

import subprocess
import sys

import pytest

COMPONENTS = (
    "champion_resolver",
    "evaluator",
    "example_gen",
    "example_validator",
    "infra_validator",
    "pusher",
    "rollout",
    "trainer",
)
TRY = """
import sys
sys.modules["tfx"] = None
from benison.core.errors import ConfigError
for name in sys.argv[1:]:
    try:
        __import__(f"benison.components.{name}.tfx")
    except ConfigError as error:
        print(error)
"""


@pytest.fixture(scope="module")
def said() -> str:
    return subprocess.run([sys.executable, "-c", TRY, *COMPONENTS], capture_output=True, text=True, check=True).stdout


def test_every_component_says_what_it_needs(said: str) -> None:
    assert said.count("package tfx: expected TFX 1.21, of which this component is one, got No module named 'tfx") == 8
    assert said.count("hint: pip install 'tfx==1.21.*', on Python 3.12 or 3.13 with glibc 2.39 or newer") == 8
