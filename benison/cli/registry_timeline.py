"""``benison registry timeline``: what happened to a model, from all of its logs, as one page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benison.cli.registry_opening import open_registry, which
from benison.core.errors import DataError
from benison.core.files import write_atomically

if TYPE_CHECKING:
    from benison.report.timeline import Event, Spell, Timeline
    from benison.triggers.entries import Entry

_LOOKS = {"pushed": "pass", "held": "pass", "passed": "pass", "unchanged": "same", "superseded": "same"}


@click.command()
@which
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; timeline.html by default.")
@click.option("--days", default=30.0, show_default=True, type=click.FloatRange(0, min_open=True), help="Shown at most.")
def timeline(out: Path | None, days: float, folder: Path, registry: str | None) -> None:
    """Write what happened as one HTML page: traffic, alerts, runs, verdicts, rollouts, champions.

    The days count back from the newest event.
    """
    from benison.report.timeline import read, render
    from benison.triggers.ledger import Ledger

    opened = open_registry(folder, registry)
    ledger = Ledger(opened.store, opened.model).entries()
    told = read(opened).joined(_events(ledger), _runs(ledger))
    require(told)
    path = (out or Path("timeline.html")).resolve()
    write_atomically(path, render(told.since(days)).encode())
    click.echo(f"time line: {path}")


def require(told: Timeline) -> None:
    """Refuses a page of nothing.

    Raises:
        DataError: The logs have no entry.
    """
    if not told.events and not told.windows:
        hint = "train a first version with  benison run PROJECT"
        raise DataError(f"the logs of {told.model}", expected="an entry", got="none so far", hint=hint)


def _events(said: Iterable[tuple[int, Entry]]) -> Iterator[Event]:
    from benison.cli.trigger_view import tail
    from benison.report.timeline.events import RUNS, Event, moment
    from benison.triggers.entries import Finished

    for number, entry in said:
        look = _LOOKS.get(entry.outcome, "fail") if isinstance(entry, Finished) else "same"
        what = f"{entry.action}: {tail(entry)}".removesuffix(f": {entry.why}")
        page = f"; {entry.page}" if isinstance(entry, Finished) and entry.page else ""
        yield Event(moment(entry.when), RUNS, what, look, entry.who, entry.why, f"trigger ledger {number}{page}")


def _runs(said: Iterable[tuple[int, Entry]]) -> Iterator[Spell]:
    """From when a run was decided until its last step was over."""
    from benison.report.timeline.events import RUNS, Spell, moment
    from benison.triggers.entries import Finished, Run

    ends = {entry.run: entry for _, entry in said if isinstance(entry, Finished)}
    for number, entry in said:
        if isinstance(entry, Run):
            last = ends.get(number)
            outcome = last.outcome if last else "under way"
            look, end = (_LOOKS.get(outcome, "fail"), moment(last.when)) if last else ("again", None)
            yield Spell(RUNS, moment(entry.when), end, f"run {number}: {outcome}", look)
