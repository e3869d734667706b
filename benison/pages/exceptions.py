"""The part of a page on exceptions: what somebody accepted although a check would not have, and why."""

from __future__ import annotations

from collections.abc import Sequence

from benison.config.acceptances import Acceptance
from benison.pages.figures import moment
from benison.pages.markup import Column, Markup, Row, join, quiet, table

_COLUMNS = (Column("Check", "name"), Column("Accepted"), Column("Why"), Column("Who"), Column("When"))
_CAPTION = "What holds in the place of the bounds in benison.yaml, or was changed in the schema"


def render(acceptances: Sequence[Acceptance]) -> Markup:
    """A row for each of them.

    Args:
        acceptances: What accepted.yaml says.
    """
    return table(_CAPTION, _COLUMNS, [_row(one) for one in acceptances], kind="exceptions")


def _row(one: Acceptance) -> Row:
    name = join([one.check, " ", quiet(one.subject)])
    return Row((name, _accepted(one), one.why, one.who, moment(one.when)))


def _accepted(one: Acceptance) -> str:
    """The bound, the words that were observed, or what was changed."""
    if one.changed:
        return "; ".join(one.changed)
    measure = f"{one.measure.replace('_', ' ')} " if one.measure else ""
    return f"{measure}{one.bound}{', of this snapshot alone' if one.snapshot else ''}"
