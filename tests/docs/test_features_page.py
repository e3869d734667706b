"""What docs/features.md shows of a configuration is one."""

import re
from pathlib import Path

import yaml

from benison.config.features import columns_of, features_of
from benison.core.sections import Section

PAGE = Path(__file__).resolve().parents[2] / "docs" / "features.md"


def test_the_features_that_the_page_shows_are_understood() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    found = features_of(Section("benison.yaml", yaml.safe_load(block)["features"]))
    assert len(found) == 8
    assert columns_of(found) == ("age", "fare", "city", "user", "review", "opened")
