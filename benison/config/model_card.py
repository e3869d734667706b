"""model_card: in benison.yaml: what only people can say of a model. All of it is optional."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benison.core.sections import Section

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")


@dataclass(frozen=True)
class Owner:
    """Who answers for the model, and where to reach them; an empty contact: nowhere."""

    name: str
    contact: str


@dataclass(frozen=True)
class Risk:
    """An ethical consideration and what is done about it; an empty strategy: nothing was said."""

    name: str
    mitigation_strategy: str


@dataclass(frozen=True)
class ModelCard:
    """What people say of the model; what is empty was not said.

    Attributes:
        overview: What it is, in a sentence or two; empty: the project's description.
        owners: Who answers for it.
        licenses: SPDX identifiers, or the words of others.
        references: URIs of where more is said.
        citations: How to cite it.
        users: Who it is for.
        use_cases: What it is for.
        out_of_scope: What it is not for.
        limitations: Where it does badly.
        tradeoffs: What was given up for what.
        ethical_considerations: What could do harm.
        sensitive: Columns of the data that say something sensitive of a person, whether features or not.
    """

    overview: str = ""
    owners: tuple[Owner, ...] = ()
    licenses: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    use_cases: tuple[str, ...] = ()
    out_of_scope: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    tradeoffs: tuple[str, ...] = ()
    ethical_considerations: tuple[Risk, ...] = ()
    sensitive: tuple[str, ...] = ()


_LISTS = ("licenses", "citations", "users", "use_cases", "out_of_scope", "limitations", "tradeoffs")


def model_card_of(section: Section) -> ModelCard:
    """Reads the section; an empty one says nothing.

    Raises:
        ConfigError: Something in it is not understood.
    """
    card = ModelCard(
        overview=_one_line(section.take("overview", str, "")),
        owners=tuple(_owner(one) for one in section.sections("owners")),
        references=_references(section),
        ethical_considerations=tuple(_risk(one) for one in section.sections("ethical_considerations")),
        sensitive=_sensitive(section),
        **{key: _texts(section, key) for key in _LISTS},
    )
    section.close()
    return card


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _texts(section: Section, key: str, what: str = "a text, or a list of texts") -> tuple[str, ...]:
    """Texts, each with its line breaks made spaces; one alone is a list of one."""
    section.asked.add(key)
    value = section.content.get(key, [])
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
        hint = "put a text with a colon, or one that looks like a number, into quotes"
        raise section.error(key, what, repr(value), hint)
    return tuple(_one_line(item) for item in items)


def _references(section: Section) -> tuple[str, ...]:
    found = _texts(section, "references")
    for one in found:
        if not _URI.fullmatch(one):
            raise section.error("references", "URIs", repr(one), "write it in full: https://example.org/paper")
    return found


def _sensitive(section: Section) -> tuple[str, ...]:
    found = _texts(section, "sensitive", "names of columns")
    for one in found:
        if found.count(one) > 1:
            raise section.error("sensitive", "each column once", f"{one!r} {found.count(one)} times")
    return found


def _owner(section: Section) -> Owner:
    owner = Owner(_named(section), _one_line(section.take("contact", str, "")))
    section.close()
    return owner


def _risk(section: Section) -> Risk:
    risk = Risk(_named(section), _one_line(section.take("mitigation_strategy", str, "")))
    section.close()
    return risk


def _named(section: Section) -> str:
    name = _one_line(section.take("name", str))
    if not name:
        raise section.error("name", "a text", "an empty one")
    return name
