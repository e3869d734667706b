"""The frame of a page: one HTML file that loads nothing and runs nothing."""

from __future__ import annotations

from functools import cache
from importlib import resources

from benison.core.secrets import redacted
from benison.pages.badges import definitions
from benison.pages.markup import Markup, tag

# Nothing is loaded and nothing runs, whatever a value in the data tries.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def document(title: str, header: Markup, main: Markup, footer: Markup, *, skip_to: str) -> str:
    """A whole page as the text of an HTML file, without secrets.

    Args:
        title: What the browser's tab says.
        header: The answer, before everything else.
        main: The sections it rests on.
        footer: Where the page comes from.
        skip_to: The anchor that keyboards reach first, past the header.
    """
    body = tag(
        "body",
        tag("a", "Skip to the details", href=f"#{skip_to}", class_="skip"),
        definitions(),
        tag("header", header),
        tag("main", main),
        tag("footer", footer),
    )
    return redacted(f"<!DOCTYPE html>\n{tag('html', _head(title), body, lang='en')}\n")


def _head(title: str) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", _style()),
    )


@cache
def _style() -> Markup:
    return Markup(resources.files("benison.pages").joinpath("style.css").read_text(encoding="utf-8"))
