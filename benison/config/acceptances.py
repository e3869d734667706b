"""accepted.yaml: what a person accepted although a check of the data said no, with who, why and when."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from benison.core.sections import Section, load
from benison.core.spelling import nearest

FILE = "accepted.yaml"
_HEADER = """\
# What was accepted although a check of the data said no. Written by  benison data accept; a line that is no longer
# wanted can be taken out by hand.
"""
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

_DISTANCES = ("psi", "jensen_shannon", "l_infinity")
# Checks whose figure may be accepted as it is, each with the figures that it is judged by; `history` is judged by the
# figure that left its band, whatever it is.
JUDGED_BY: Mapping[str, tuple[str, ...]] = {
    "drift_from_previous": _DISTANCES,
    "drift_from_champion": _DISTANCES,
    "skew": _DISTANCES,
    "history": (),
    "reach": ("widths_below", "widths_above"),
    "label_association": ("shift",),
    "volume": ("ratio",),
    "freshness": ("age_hours",),
    "label_missing": ("missing_share",),
    "label_unknown": ("unknown_share",),
    "unique": ("repeated_share",),
    "unique_between_spans": ("repeated_share",),
    "foreign_key": ("outside_share",),
    "combination": ("outside_share",),
    "duplicate_rows": ("share",),
    "redelivered_rows": ("share",),
    "leakage": ("share",),
    "feature_auc": ("auc",),
}
# Checks that schema.pbtxt answers: what is accepted of them stands there, and here only who did it and why.
OF_SCHEMA = ("schema", "schema_drift", "schema_skew")
# Facts that nobody can accept, with what to do instead.
REFUSED: Mapping[str, str] = {
    "rows": "nothing can be trained, stopped or measured on no rows: get the data, or change data.splits",
    "label_classes": "without both classes nothing can be learned or measured: get the rows, or correct label:",
    "columns": "the model cannot be fed without the column: put it back, or take it out of features:",
    "entity": "what is measured on entities that were trained on is not the quality on new ones: data.splits.key",
    "label_time": "such features are not there when the model is asked: compute them as of a moment before the label",
    "finite": "NaN and infinity end a training: leave such cells empty, or take the column out of features:",
}


@dataclass(frozen=True)
class Acceptance:
    """One thing that was accepted.

    Attributes:
        check: The check's name.
        subject: What it is of, as the check says it: ``column fare``.
        why: The reason, in the words of who gave it.
        who: ``user@machine``.
        when: The moment, ISO 8601 in UTC.
        measure: The figure that may go as far as the bounds say; empty where `observed` or `changed` says what it is.
        at_least: The smallest figure that passes.
        at_most: The largest one.
        observed: What passes where there is no figure: the check's own words for what it found.
        snapshot: The digest of the only snapshot that this is true of; empty: of every one.
        changed: What was changed in schema.pbtxt; the schema judges then, and nothing else is to be done.
        where: Place in the file, for messages.
    """

    check: str
    subject: str
    why: str
    who: str
    when: str
    measure: str = ""
    at_least: float = -math.inf
    at_most: float = math.inf
    observed: str = ""
    snapshot: str = ""
    changed: tuple[str, ...] = ()
    where: str = field(default=FILE, compare=False)

    @property
    def bound(self) -> str:
        """``up to 31.2``, ``down to 3``, ``from 3 to 31.2``; what was observed where there is no figure."""
        low, high = math.isfinite(self.at_least), math.isfinite(self.at_most)
        if low and high:
            return f"from {self.at_least:g} to {self.at_most:g}"
        if low or high:
            return f"up to {self.at_most:g}" if high else f"down to {self.at_least:g}"
        return f"as {self.observed!r}"

    def to_json(self) -> dict[str, object]:
        """As it stands in the file."""
        said = {name: value for name, value in vars(self).items() if name != "where"}
        said["changed"] = list(self.changed)
        return {name: value for name, value in said.items() if value not in ("", [], math.inf, -math.inf)}


def read(project: Path) -> tuple[Acceptance, ...]:
    """Reads a project's accepted.yaml; without one nothing was accepted.

    Args:
        project: The project's folder.

    Raises:
        ConfigError: Something in it is not understood; the message names line and key.
    """
    if not (project / FILE).exists():
        return ()
    top = load(project / FILE)
    found = tuple(_acceptance(section) for section in top.sections("accepted"))
    top.close()
    return found


def _acceptance(section: Section) -> Acceptance:
    found = Acceptance(
        check=_check(section),
        subject=_said(section, "subject"),
        why=_said(section, "why"),
        who=_said(section, "who"),
        when=_written(section, "when", _MOMENT, "a moment in quotes, '2026-11-21T09:30:00Z'"),
        measure=section.take("measure", str, ""),
        at_least=section.take("at_least", float, -math.inf),
        at_most=section.take("at_most", float, math.inf),
        observed=section.take("observed", str, ""),
        snapshot=_written(section, "snapshot", _DIGEST, "a snapshot's digest") if "snapshot" in section.content else "",
        changed=section.texts("changed", ()),
        where=section.where("subject"),
    )
    section.asked.add("snapshot")
    _says_one_thing(section, found)
    section.close()
    return found


def _check(section: Section) -> str:
    name = section.take("check", str)
    if name in REFUSED:
        raise section.error("check", "a check that can be accepted", repr(name), REFUSED[name])
    return section.choice("check", (*JUDGED_BY, *OF_SCHEMA))


def _said(section: Section, key: str) -> str:
    text = section.take(key, str)
    if not text.strip():
        raise section.error(key, "some words", repr(text))
    return text


def _written(section: Section, key: str, form: re.Pattern[str], expected: str) -> str:
    text = section.take(key, str)
    if not form.fullmatch(text):
        raise section.error(key, expected, repr(text))
    return text


def _says_one_thing(section: Section, one: Acceptance) -> None:
    """A bound of a figure of this check, words that were observed, or a change of the schema: one of the three."""
    if one.check in OF_SCHEMA:
        if not one.changed or one.measure or one.observed:
            raise section.error("changed", "what was changed in the schema, which judges it, and no bound", "otherwise")
        return
    bounded = math.isfinite(one.at_least) or math.isfinite(one.at_most)
    if bounded != bool(one.measure) or bounded == bool(one.observed) or one.changed:
        raise section.error("measure", "a measure with at_least or at_most, or else observed", "otherwise")
    known = JUDGED_BY[one.check]
    if one.measure and known and one.measure not in known:
        raise section.error("measure", f"a figure of {one.check}", repr(one.measure), nearest(one.measure, known))
    if not one.at_least <= one.at_most:
        raise section.error("at_least", f"at most at_most, {one.at_most:g}", f"{one.at_least:g}")


def with_one_more(text: str, added: Acceptance) -> str:
    """The text of accepted.yaml with one thing more; it takes the place of what was accepted of the same figure before.

    Args:
        text: The file so far; empty: there is none.
        added: What is accepted now.

    Returns:
        The new text. Only the lines of what is replaced go; comments and order stay.
    """
    before = (yaml.safe_load(text) or {}).get("accepted") or [] if text.strip() else []
    wanted = [one for one in before if not _same(one, added)] + [added.to_json()]
    edited = _edited(text, added) if before else ""
    if edited and _content(edited) == wanted:
        return edited
    return f"{_HEADER}accepted:\n{_items(wanted, 2)}"


def _content(text: str) -> object:
    try:
        return yaml.safe_load(text)["accepted"]
    except yaml.YAMLError:
        return None


def _edited(text: str, added: Acceptance) -> str:
    """By lines, so that what people wrote beside the items stays."""
    top: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    [items] = [value for key, value in top.value if key.value == "accepted"]
    lines = text.splitlines(keepends=True)
    for item in reversed(items.value):
        if _same({key.value: value.value for key, value in item.value}, added):
            # An item begins on the line of its dash; its end mark is where the next one, or the file's end, begins.
            del lines[item.start_mark.line : item.value[-1][1].end_mark.line + (item.value[-1][1].end_mark.column > 0)]
    return f"{''.join(lines).rstrip()}\n{_items([added.to_json()], items.start_mark.column)}"


def _items(items: list[dict[str, object]], indent: int) -> str:
    text = yaml.safe_dump(items, sort_keys=False, allow_unicode=True, width=100_000)
    return "".join(f"{' ' * indent}{line}\n" for line in text.splitlines())


def _same(said: Mapping[str, object], added: Acceptance) -> bool:
    """Whether an item speaks of the same figure; of the schema every item is history."""
    keys = ("check", "subject", "measure", "snapshot")
    return added.check not in OF_SCHEMA and all((said.get(key) or "") == getattr(added, key) for key in keys)
