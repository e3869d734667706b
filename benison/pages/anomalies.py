"""The part of a page on what is wrong with data: the gravest first, each with its reason and its way out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from benison.config.acceptances import JUDGED_BY, OF_SCHEMA
from benison.core.verdicts import Check, Tier, Verdict
from benison.pages.badges import LOOKS, judged
from benison.pages.figures import plural
from benison.pages.markup import Column, Markup, Row, join, quiet, table, tag

_COLUMNS = (Column("Check", "name"), Column("Verdict", "verdict"), Column("Observed"), Column("Allowed"))
_MOST_AGAINST, _MOST_PASSED = 200, 500
# A reason says in general what the line below it says in particular.
_SAID_BELOW = re.compile(r"; [^;]*benison data accept[^;]*")
_ORDER = {Verdict.ERROR: 0, Verdict.FAIL: 0, Verdict.INCONCLUSIVE: 2, Verdict.PASS: 4}


def ranked(checks: Sequence[Check]) -> list[Check]:
    """Hard failures, soft failures, what could not be checked, and what passed; otherwise in their order."""
    return sorted(checks, key=lambda check: _ORDER[check.verdict] + (check.tier is Tier.SOFT))


def passed(checks: Sequence[Check]) -> set[tuple[str, str]]:
    """Name and subject of the checks that pass, by themselves or because somebody accepted what they found."""
    return {(check.name, check.subject) for check in checks if check.verdict is Verdict.PASS}


def render(checks: Sequence[Check]) -> Markup:
    """Every check of the data; those that pass are folded away."""
    against = [check for check in ranked(checks) if check.verdict is not Verdict.PASS]
    rows = [_row(check) for check in against[:_MOST_AGAINST]]
    return join(
        [
            table("Checks that do not pass, the gravest first", _COLUMNS, rows, kind="checks")
            if rows
            else tag("p", "No check found anything."),
            left_out(len(against) - _MOST_AGAINST),
            folded("Checks that pass", [check for check in checks if check.verdict is Verdict.PASS]),
        ]
    )


def folded(caption: str, checks: Sequence[Check]) -> Markup | None:
    """Checks that pass, folded away; on paper they are open."""
    if not checks:
        return None
    names = ", ".join(dict.fromkeys(check.name for check in checks))
    rows = [_row(check) for check in checks[:_MOST_PASSED]]
    return tag(
        "details",
        tag("summary", f"{caption}: {len(checks):,} ", quiet(f"({names})")),
        table(caption, _COLUMNS, rows, kind="checks"),
        left_out(len(checks) - _MOST_PASSED),
    )


def left_out(how_many: int) -> Markup | None:
    """A page stays small enough to be opened: what it leaves out stands in the document."""
    return tag("p", f"{plural(how_many, 'more check')} in checks.json.", class_="absent") if how_many > 0 else None


def _row(check: Check) -> Row:
    verdict = judged(check.verdict, check.tier)
    name = join([check.name, " ", quiet(check.subject)])
    return Row((name, verdict, check.observed, check.allowed), LOOKS[check.verdict], explained(check))


def explained(check: Check) -> Markup | None:
    """Why a check does not pass, and how to accept what it found; None where it passes."""
    if check.verdict is Verdict.PASS:
        return None
    way = way_out(check)
    return join([tag("p", _SAID_BELOW.sub("", check.reason) if way else check.reason), way])


def way_out(check: Check) -> Markup | None:
    """The command that accepts what a check found; None where there is nothing that could be accepted.

    What could not be checked cannot be accepted, and neither can facts such as an empty split.
    """
    if check.verdict is not Verdict.FAIL or check.name not in (*JUDGED_BY, *OF_SCHEMA):
        return None
    command = f"benison data accept {shlex.quote(check.name)} {shlex.quote(check.subject)} --why '...'"
    return tag("p", "If this is as it should be: ", tag("code", command), class_="way-out")
