"""Edit text: a protobuf text changed where the message changed, so that comments, order and layout stay elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from google.protobuf import text_format

Message: TypeAlias = Any
_TEXT = r"""(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
_TOKEN = re.compile(rf"""\s+|\#[^\n]*|{_TEXT}|(?P<word>[^\s\#"'{{}}<>\[\]:;,]+)|(?P<sign>.)""")
_OPEN = {"{": "}", "<": ">"}
_INDENT = "  "


@dataclass(frozen=True)
class Edit:
    """Characters that are replaced."""

    start: int
    end: int
    text: str


@dataclass
class Field:
    """A field as it stands in the text: a value, or fields of its own.

    Attributes:
        name: The field's name.
        start: Where its name begins.
        value: Where its value begins; of a message, its bracket.
        end: Where it ends, separator and all.
        stop: Where the value ends; of a message, before its closing bracket.
        inner: Of a message: its fields.
    """

    name: str
    start: int
    value: int
    end: int
    stop: int
    inner: list[Field] | None = field(default=None)


class Unreadable(Exception):
    """The text uses what is not edited here, such as a list in brackets: it has to be written anew."""


def edited(text: str, before: Message, after: Message) -> str:
    """A text that says `after`, with as little changed as there need be.

    Args:
        text: What says `before`; no malformed one.
        before: The message as it is.
        after: The message as it should be.

    Returns:
        The new text. Where it cannot be had by changing some of it, all of it is written anew.
    """
    try:
        edits = list(_edits(_Place(text, _fields(text), len(text)), before, after))
    except Unreadable:
        edits = []
    changed = text
    for edit in sorted(edits, key=lambda one: one.start, reverse=True):
        changed = changed[: edit.start] + edit.text + changed[edit.end :]
    return changed if _says(changed, after) else str(text_format.MessageToString(after))


def _says(text: str, wanted: Message) -> bool:
    found = type(wanted)()
    try:
        text_format.Parse(text, found)
    except text_format.ParseError:
        return False
    return bool(found == wanted)


def _fields(text: str) -> list[Field]:
    """The fields of a text, with their places."""
    tokens = [(found.start(), found.end(), found) for found in _TOKEN.finditer(text) if found.lastgroup]
    fields, rest = _read(tokens, 0, "")
    if rest != len(tokens):
        raise Unreadable
    return fields


_Tokens: TypeAlias = Sequence[tuple[int, int, re.Match[str]]]


def _read(tokens: _Tokens, at: int, closing: str) -> tuple[list[Field], int]:
    """The fields from a token on, up to a closing bracket, and the place of that."""
    fields: list[Field] = []
    while at < len(tokens) and tokens[at][2][0] != closing:
        if tokens[at][2].lastgroup != "word":
            raise Unreadable
        one, at = _field(tokens, at)
        if at < len(tokens) and tokens[at][2][0] in (";", ","):
            one.end = tokens[at][1]
            at += 1
        fields.append(one)
    return fields, at


def _field(tokens: _Tokens, at: int) -> tuple[Field, int]:
    start, _, name = tokens[at]
    at += 1 + (tokens[at + 1][2][0] == ":")
    opening = tokens[at][2][0]
    if opening in _OPEN:
        inner, closing = _read(tokens, at + 1, _OPEN[opening])
        return Field(name[0], start, tokens[at][0], tokens[closing][1], tokens[closing][0], inner), closing + 1
    last = _last_of_value(tokens, at)
    return Field(name[0], start, tokens[at][0], tokens[last][1], tokens[last][1]), last + 1


def _last_of_value(tokens: _Tokens, at: int) -> int:
    """The last token of a value: of texts side by side, which are one; of a list, which counts as one value here."""
    opening = tokens[at][2][0]
    if opening == "[":
        return next(place for place in range(at, len(tokens)) if tokens[place][2][0] == "]")
    last = at + (opening == "-")
    while last + 1 < len(tokens) and tokens[at][2].lastgroup == tokens[last + 1][2].lastgroup == "text":
        last += 1
    return last


@dataclass(frozen=True)
class _Place:
    """A message in the text: its fields, where its closing bracket, or the text's end, is, and how deep it lies."""

    text: str
    fields: list[Field]
    close: int
    depth: int = 0

    @property
    def indent(self) -> str:
        return self.depth * _INDENT


def _edits(place: _Place, before: Message, after: Message) -> Iterator[Edit]:
    """What is to be changed in one message."""
    for kind in before.DESCRIPTOR.fields:
        old, new = _values(before, kind), _values(after, kind)
        written = [one for one in place.fields if one.name == kind.name]
        if old == new:
            continue
        if len(written) != len(old):
            raise Unreadable
        for one, was, now in zip(written, old, new, strict=False):
            if was != now and one.inner is None:
                value = _lines(type(before)(), kind, now)[0].partition(": ")[2]
                yield Edit(one.value, one.stop, value)
            elif was != now:
                yield from _nested(place, one, was, now)
        for one in written[len(new) :]:
            yield _removed(place.text, one)
        if added := new[len(old) :]:
            yield _added(place, [_lines(type(before)(), kind, value) for value in added], written)


def repeats(message: Message, name: str) -> bool:
    """Whether a field has several values; told by what it holds, since protobuf's own word for it has changed."""
    value = getattr(message, name)
    return not hasattr(value, "DESCRIPTOR") and (hasattr(value, "extend") or hasattr(value, "keys"))


def _values(message: Message, kind: Any) -> list[Any]:
    if repeats(message, kind.name):
        return list(getattr(message, kind.name))
    return [getattr(message, kind.name)] if message.HasField(kind.name) else []


def _nested(place: _Place, one: Field, was: Message, now: Message) -> Iterator[Edit]:
    """A message inside; one whose text cannot be changed is written anew, and nothing beside it."""
    try:
        yield from list(_edits(_Place(place.text, one.inner or [], one.stop, place.depth + 1), was, now))
    except Unreadable:
        lines = str(text_format.MessageToString(now, as_utf8=True)).splitlines()
        inner = "".join(f"{place.indent}{_INDENT}{line}\n" for line in lines)
        closing = place.text[one.stop : one.end]
        yield Edit(one.value + 1, one.end, f"\n{inner}{place.indent}{closing}")


def _lines(holder: Message, kind: Any, value: Any) -> list[str]:
    """A field on lines of its own."""
    if repeats(holder, kind.name):
        getattr(holder, kind.name).append(value)
    elif kind.message_type:
        getattr(holder, kind.name).CopyFrom(value)
    else:
        setattr(holder, kind.name, value)
    return str(text_format.MessageToString(holder, as_utf8=True)).splitlines()


def _removed(text: str, one: Field) -> Edit:
    """The field, and its line where nothing else stands on it."""
    begin = text.rfind("\n", 0, one.start) + 1
    newline = text.find("\n", one.end)
    rest = newline if newline >= 0 else len(text)
    if not text[begin : one.start].strip() and not text[one.end : rest].strip():
        return Edit(begin, rest + (newline >= 0), "")
    blank = len(text[one.end :]) - len(text[one.end :].lstrip(" "))
    return Edit(one.start, one.end + blank, "")


def _added(place: _Place, added: list[list[str]], written: list[Field]) -> Edit:
    """New fields after the last of their name, else at the end; on the same line where the message ends on it."""
    text, close = place.text, place.close
    last = written[-1:] or place.fields[-1:]
    after = last[0].end if last else close
    line_end = text.find("\n", after)
    if place.depth and (line_end < 0 or close < line_end):
        joined = " ".join(line.strip() for lines in added for line in lines)
        return Edit(after, after, f" {joined}" if last else f" {joined} ")
    block = "".join(f"{place.indent}{line}\n" for lines in added for line in lines)
    if line_end < 0:
        return Edit(len(text), len(text), block if text.endswith("\n") or not text else f"\n{block}")
    return Edit(line_end + 1, line_end + 1, block)
