"""label: and features: in benison.yaml: the columns that a model predicts and sees."""

from __future__ import annotations

from dataclasses import dataclass

from benison.core.sections import Section


@dataclass(frozen=True)
class Label:
    """The column to predict and its two values, as they stand in the data."""

    column: str
    positive: str
    negative: str


@dataclass(frozen=True)
class Feature:
    """One column that the model sees.

    Attributes:
        name: The column.
        kind: ``numeric`` (normalised by mean and deviation) or ``categorical`` (looked up in a vocabulary).
        log: Numeric: log(1 + x) is taken first, for long tails of values that are not negative.
        min_count: Categorical: values seen less often in train share one place with unknown ones.
    """

    name: str
    kind: str
    log: bool = False
    min_count: int = 1


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


def features_of(section: Section) -> tuple[Feature, ...]:
    """Reads the section.

    Raises:
        ConfigError: Something in it is not understood.
    """
    if not section.content:
        raise section.error("", "at least one feature", "none", "write  age: numeric  or  city: categorical")
    for name in section.content:
        if not isinstance(name, str):
            hint = "put it in quotes: YAML reads words like on and no, and digits, as something else than text"
            raise section.error("", "names of columns, which are text", repr(name), hint)
    return tuple(_feature(section, name) for name in section.content)


def _feature(section: Section, name: str) -> Feature:
    if isinstance(section.content[name], str):
        return Feature(name, section.choice(name, ("numeric", "categorical")))
    own = section.section(name)
    kind = own.choice("kind", ("numeric", "categorical"))
    log = own.take("log", bool, False) if kind == "numeric" else False
    min_count = own.whole("min_count", 1, low=1) if kind == "categorical" else 1
    own.close()
    return Feature(name, kind, log, min_count)
