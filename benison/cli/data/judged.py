"""Showing what checks said: those that failed first, with their reasons and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from benison.cli import results
from benison.core import documents
from benison.core.files import write_atomically
from benison.core.verdicts import Check, Tier, Verdict

_MOST = 40
_WORDS = {
    (Verdict.ERROR, Tier.HARD): "BLOCKS",
    (Verdict.FAIL, Tier.HARD): "BLOCKS",
    (Verdict.INCONCLUSIVE, Tier.HARD): "BLOCKS",
    (Verdict.ERROR, Tier.SOFT): "warns",
    (Verdict.FAIL, Tier.SOFT): "warns",
    (Verdict.INCONCLUSIVE, Tier.SOFT): "unknown",
}
_SAID = {"BLOCKS": "block", "warns": "warn", "unknown": "could not be made"}


@dataclass(frozen=True)
class Judgement:
    """What a validation left.

    Attributes:
        folder: checks.json, statistics and the other files of a run, and report.html.
        held_to: What the data were held to, in words.
        way_out: What to do about a false alarm.
    """

    folder: Path
    held_to: str
    way_out: str


def show(found: Judgement, *, out: Path | None, html: Path | None, as_json: bool) -> None:
    """Prints it, keeps what is asked for, and leaves with 1 where a check blocks."""
    document = documents.read(found.folder / "checks.json", "checks")
    checks = [Check.from_json(one) for one in document["checks"]]
    if as_json:
        click.echo(documents.encode(document).decode(), nl=False)
    else:
        click.echo("\n".join(lines(checks, str(document["verdict"]), found)))
    if html is not None:
        write_atomically(html, (found.folder / "report.html").read_bytes())
    if out is not None:
        results.keep(found.folder, out, "checks.json")
    if document["verdict"] != Verdict.PASS:
        raise click.exceptions.Exit(1)


def lines(checks: Sequence[Check], verdict: str, found: Judgement) -> list[str]:
    """What does not pass, the gravest first, and how many do."""
    against = _ranked(checks)
    shown = [f"{word:7}  {check.name}: {check.reason}" for word, check in against[:_MOST]]
    if len(against) > _MOST:
        shown.append(f"... and {len(against) - _MOST} more: --json has all of them, --html shows them")
    counted = Counter(word for word, _ in against)
    passed = len(checks) - len(against)
    summary = f"{passed} of {len(checks)} checks pass" + "".join(
        f", {counted[word]} {said}" for word, said in _SAID.items() if counted[word]
    )
    ending = [found.held_to, f"verdict: {verdict} ({summary})"]
    if any(check.verdict is Verdict.FAIL for _, check in against):
        ending.append(f"if a change is right: {found.way_out}")
    return [*shown, *([""] if shown else []), *ending]


def _ranked(checks: Sequence[Check]) -> list[tuple[str, Check]]:
    against = [(_WORDS[check.verdict, check.tier], check) for check in checks if check.verdict is not Verdict.PASS]
    return sorted(against, key=lambda pair: list(_SAID).index(pair[0]))
