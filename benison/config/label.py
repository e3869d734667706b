"""label: in benison.yaml: the column that a model predicts."""

from __future__ import annotations

from dataclasses import dataclass

from benison.core.sections import Section


@dataclass(frozen=True)
class Label:
    """The column to predict and its two values, as they stand in the data."""

    column: str
    positive: str
    negative: str


def label_of(section: Section) -> Label:
    """Reads the section.

    Raises:
        ConfigError: Something in it is not understood.
    """
    label = Label(section.take("column", str), _value(section, "positive"), _value(section, "negative"))
    if label.positive == label.negative:
        raise section.error("negative", "another value than label.positive", repr(label.negative))
    section.close()
    return label


def _value(section: Section, key: str) -> str:
    """A label's value as text, since 1, true and "1" all stand for themselves in a CSV."""
    section.asked.add(key)
    value = section.content.get(key)
    if not isinstance(value, (str, int, float)):
        raise section.error(key, "a value of the label column", "none" if value is None else repr(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
