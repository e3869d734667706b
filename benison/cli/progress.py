"""What a person sees while a run goes on: a live table on a terminal, plain lines elsewhere, all on stderr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from benison.report import scorecard

if TYPE_CHECKING:
    from benison.engines.local import TaskEvent
    from benison.report.gather import RunEvidence

_MARKS = {
    "waiting": ("·", "dim"),
    "running": ("▸", "cyan"),
    "succeeded": ("✓", "green"),
    "reused": ("=", "green"),
    "failed": ("✗", "bold red"),
    "cancelled": ("✗", "red"),
    "not_run": ("-", "dim"),
}


class Progress:
    """Draws the tasks' states as the engine tells them."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._events: dict[str, TaskEvent] = {}
        self._live: Live | None = None

    def title(self, text: str) -> None:
        """Begins a run."""
        self._events.clear()
        self._console.print(Text(text, style="bold"))
        if self._console.is_terminal:
            self._live = Live(console=self._console, refresh_per_second=8, get_renderable=self._table)
            self._live.start()

    def observe(self, event: TaskEvent) -> None:
        """Takes in one change of a task's state."""
        self._events[event.task] = event
        if self._live is None and event.state not in ("waiting", "running"):
            self._console.print(_line(event), soft_wrap=True, highlight=False)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for event in self._events.values():
            mark, style = _MARKS[event.state]
            table.add_row(Text(mark, style), event.task, Text(event.state, style), _seconds(event))
        return table

    def stop(self) -> None:
        """Draws no more."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def finish(self, evidence: RunEvidence, page: Path) -> None:
        """Ends a run: the scorecard on stdout, and where the report lies."""
        self.stop()
        out = Console(highlight=False)
        if out.is_terminal:
            out.print(scorecard.panel(evidence))
        else:
            for line in scorecard.lines(evidence):
                click.echo(line)
        # Once more at the end: what stands above may have left the screen.
        click.echo(f"verdict: {evidence.run['verdict'] or evidence.run['state']}")
        click.echo(f"report: {page}")


def _seconds(event: Any) -> str:
    return "" if event.seconds is None else f"{event.seconds:.1f} s"


def _line(event: TaskEvent) -> str:
    # The scorecard says it of all of them at once.
    tail = f": {event.message}" if event.message and event.state != "not_run" else ""
    return f"  {event.task:20} {event.state:10} {_seconds(event):>8}{tail}"
