"""Verdicts and states as words with a sign, so that they do not hang on colour."""

from __future__ import annotations

from benison.core.verdicts import Tier, Verdict
from benison.pages.markup import Markup, tag

SIGNS = {
    "pass": "M3 8.5 6.5 12 13 4.5",
    "fail": "M4 4 12 12M12 4 4 12",
    "open": "M5.2 6a2.8 2.8 0 1 1 4.2 2.4C8.4 9 8 9.4 8 10.3M8 12.9v.1",
    "error": "M8 3v6.4M8 12.4v.2",
    "same": "M3 6h10M3 10h10",
    "again": "M12.5 8a4.5 4.5 0 1 1-1.4-3.3M12.6 2.6v2.8H9.8",
}
LOOKS = {Verdict.PASS: "pass", Verdict.FAIL: "fail", Verdict.INCONCLUSIVE: "open", Verdict.ERROR: "error"}


def badge(verdict: Verdict) -> Markup:
    """A verdict as a word with its sign."""
    return sign(LOOKS[verdict], str(verdict))


def judged(verdict: Verdict, tier: str) -> Markup:
    """A verdict, and what it does where it is not a pass: hard checks block, soft ones warn."""
    if verdict is Verdict.PASS:
        return badge(verdict)
    effect = "blocks" if tier == Tier.HARD else "warns"
    return tag("span", badge(verdict), " ", tag("span", effect, class_="quiet"), class_="tiered")


def sign(look: str, word: str) -> Markup:
    """A word with one of the page's signs before it."""
    mark = tag("svg", tag("use", href=f"#sign-{look}"), viewBox="0 0 16 16", aria_hidden="true", focusable="false")
    return tag("span", mark, word, class_=f"badge {look}")


def definitions() -> Markup:
    """The signs themselves, of which a page has one set."""
    symbols = (
        tag("symbol", tag("path", d=drawn), id=f"sign-{look}", viewBox="0 0 16 16") for look, drawn in SIGNS.items()
    )
    return tag("svg", *symbols, width="0", height="0", aria_hidden="true", focusable="false", class_="signs")
