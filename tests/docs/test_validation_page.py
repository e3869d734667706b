"""What docs/validation.md shows of a configuration is one."""

import re
from pathlib import Path

import pytest
import yaml

from benison.config.bounds import NEVER, Bounds
from benison.config.validation import Validation, validation_of
from benison.core.sections import Section

PAGE = Path(__file__).resolve().parents[2] / "docs" / "validation.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)


def read(block: str) -> Validation:
    return validation_of(Section("benison.yaml", yaml.safe_load(block)["validation"]))


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_is_understood(block: str) -> None:
    assert read(block).engine == "memory"


def test_the_defaults_are_those_that_the_page_shows() -> None:
    shown, usual = read(BLOCKS[0]), read("validation: {}")
    for name in ("previous", "label", "champion", "serving"):
        assert getattr(shown.drift, name) == getattr(usual.drift, name)
    assert (shown.history.window, shown.history.least) == (usual.history.window, usual.history.least)
    assert shown.history.bounds == usual.history.bounds
    assert shown.drift.bounds("previous", "temperature") == Bounds(3.0, 3.0)
    assert shown.history.columns["fare"].block == NEVER
