"""The page on model cards: its example is understood, and has every key."""

import re
from dataclasses import fields
from pathlib import Path

import yaml

from benison.config.model_card import ModelCard, model_card_of
from benison.core.sections import Section

PAGE = Path(__file__).resolve().parents[2] / "docs" / "model_card.md"


def test_the_example_is_understood_and_says_something_under_every_key() -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    said = yaml.safe_load(block)["model_card"]
    assert list(said) == [field.name for field in fields(ModelCard)]
    found = model_card_of(Section("benison.yaml", said))
    assert all(getattr(found, key) for key in said)
