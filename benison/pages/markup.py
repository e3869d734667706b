"""HTML by small pure functions: whatever is not markup already is escaped where it meets a tag."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benison.pages.text import printable

_VOID = frozenset({"br", "input", "link", "meta"})


class Markup(str):
    """Text that is HTML already. Joined with plain text it becomes plain text again, so mistakes escape twice."""

    __slots__ = ()


def escape(content: object) -> Markup:
    """The content as HTML text; markup stays as it is."""
    return content if isinstance(content, Markup) else Markup(html.escape(printable(content)))


def join(parts: Iterable[object], between: str = "") -> Markup:
    """The parts one after the other, each escaped; None is left out."""
    return Markup(escape(between).join(escape(part) for part in parts if part is not None))


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """An element.

    Args:
        name: The element's name.
        children: Its content; text is escaped, None left out.
        attributes: A trailing underscore is dropped and the others become hyphens: ``class_``, ``aria_label``.
            None leaves an attribute out.

    >>> tag("td", "<b>", class_="name")
    '<td class="name">&lt;b&gt;</td>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(printable(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{written} />")
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def section(anchor: str, title: str, *content: object) -> Markup:
    """A part of the page with its heading."""
    return tag("section", tag("h2", title), *content, id=anchor)


@dataclass(frozen=True)
class Column:
    """A column of a table: its title, and whether it holds ``text``, a ``number``, a ``plot`` or a ``digest``."""

    title: str
    kind: str = "text"


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        cells: One for each column; the first one names the row.
        kind: A class for its looks.
        note: A sentence below the cells, over the whole width.
    """

    cells: Sequence[object]
    kind: str | None = None
    note: object = None


def table(
    caption: object, columns: Sequence[Column], rows: Iterable[Row], *, kind: str | None = None, foot: Row | None = None
) -> Markup:
    """A table with caption and scopes.

    The roles are spelt out, since a narrow screen stacks the cells, and browsers take a stacked table for none.

    Args:
        caption: What the table is, in words.
        columns: One for each cell of a row.
        rows: The rows.
        kind: A class for its looks.
        foot: A row below the others.
    """
    heads = [tag("th", column.title, scope="col", role="columnheader", class_=column.kind) for column in columns]
    return tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *heads, role="row"), role="rowgroup"),
        tag("tbody", *(_row(columns, row) for row in rows), role="rowgroup"),
        tag("tfoot", _row(columns, foot), role="rowgroup") if foot else None,
        role="table",
        class_=kind,
    )


def _row(columns: Sequence[Column], row: Row) -> Markup:
    first, *others = row.cells
    cells = [tag("th", first, scope="row", role="rowheader", class_=columns[0].kind)]
    for column, cell in zip(columns[1:], others, strict=True):
        cells.append(tag("td", cell, role="cell", class_=column.kind, data_label=column.title))
    if row.note is None:
        return tag("tr", *cells, role="row", class_=row.kind)
    note = tag("td", row.note, role="cell", colspan=len(columns))
    kind = f"{row.kind or ''} explained".strip()
    return join([tag("tr", *cells, role="row", class_=kind), tag("tr", note, role="row", class_="note")])


def facts(pairs: Iterable[tuple[str, object]]) -> Markup:
    """Names and what they stand for, as a description list."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs), class_="facts")


def digest(value: object) -> Markup:
    """A digest in full, which may break anywhere."""
    return tag("code", value, class_="digest")


def quiet(content: object) -> Markup:
    """Content of the second rank."""
    return tag("span", content, class_="quiet")
