"""``benison monitor``: what live traffic looks like, window by window, and what is wrong with it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benison.alerts.alert_log import AlertLog
from benison.alerts.entries import Acknowledge
from benison.alerts.state import AlertState
from benison.cli import project as projects
from benison.cli.monitor_serving import Figures, served
from benison.cli.registry_opening import opened_of
from benison.core.errors import DataError, RefusedError, ServerError, StorageError
from benison.core.files import write_atomically
from benison.core.spelling import nearest
from benison.registry.log import utc

if TYPE_CHECKING:
    from benison.components.monitor.watch import Watched, Watcher
    from benison.monitoring.windows import Finding, Window

_F = TypeVar("_F", bound=Callable[..., Any])


@click.group()
def command() -> None:
    """Watch the champion's live traffic: drift, missing values, volume, errors, latency, quality."""


def _where(call: _F) -> _F:
    said = "The servers' request log; as benison.yaml says."
    return projects.project_option(
        projects.registry_option(click.option("--requests", type=projects.FOLDER, help=said)(call))
    )


@command.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_where
def once(as_json: bool, requests: Path | None, folder: Path, registry: str | None) -> None:
    """Judge the windows that ended since the last time, and tell whom it concerns.

    Exits with 1 while an alert is open or the request log cannot be read.
    """
    from benison.components.monitor.run import document

    watched = _watcher(folder, registry, requests).look(datetime.now(UTC))
    if as_json:
        click.echo(json.dumps(document(watched), indent=2, sort_keys=True))
    else:
        _say(watched)
    if watched.opened or watched.trouble:
        raise click.exceptions.Exit(1)


@command.command()
@click.option("--every", type=click.FloatRange(1), default=60.0, metavar="SECONDS", help="How often; 60.")
@click.option("--metrics-port", type=click.IntRange(0, 65535), help="Tell Prometheus /metrics here; 0: a free port.")
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Where --metrics-port listens.")
@_where
def run(
    every: float,
    metrics_port: int | None,
    metrics_host: str,
    requests: Path | None,
    folder: Path,
    registry: str | None,
) -> None:
    """Go on watching until it is stopped; a registry that is out of reach is waited for."""
    watcher, stopped, figures = _watcher(folder, registry, requests), threading.Event(), Figures()
    with nullcontext(None) if metrics_port is None else served(figures, metrics_host, metrics_port) as port:
        if port is not None:
            click.echo(f"metrics: http://{metrics_host}:{port}/metrics")
            # What is known is told at once: to catch up may take minutes.
            _attempt(lambda: figures.tell(_figures(watcher)))
        while True:
            _attempt(lambda: _look(watcher, figures if port is not None else None))
            stopped.wait(every)


def _look(watcher: Watcher, figures: Figures | None) -> None:
    _say(watcher.look(datetime.now(UTC)))
    if figures is not None:
        figures.tell(_figures(watcher))


def _attempt(action: Callable[[], None]) -> None:
    try:
        action()
    except (StorageError, ServerError) as error:
        click.echo(f"waiting: {str(error).splitlines()[0]}", err=True)


@command.command()
@_where
def metrics(requests: Path | None, folder: Path, registry: str | None) -> None:
    """Print the figures of the logs as Prometheus reads them, for node_exporter's textfile collector."""
    click.echo(_figures(_watcher(folder, registry, requests)), nl=False)


@command.command()
def dashboard() -> None:
    """Print a Grafana dashboard of these figures, as JSON to import."""
    from benison.report.monitoring.dashboard import dashboard as of_figures

    click.echo(of_figures(), nl=False)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@projects.project_option
@projects.registry_option
def status(as_json: bool, folder: Path, registry: str | None) -> None:
    """Say which alerts are open, what could not be told, and which rows came too late."""
    from benison.components.monitor.run import alert_of
    from benison.monitoring import words
    from benison.monitoring.window_log import windows_of

    opened = opened_of(projects.find(folder, registry))
    state = AlertLog(opened.store, opened.model).state()
    told = [one.late for one in windows_of(opened.store, opened.model) if one.late is not None]
    late = told[-1] if told else None
    if as_json:
        said = {"alerts": [alert_of(one) for one in state.open], "unsent": sorted(state.outbox)}
        click.echo(json.dumps({**said, "late": None if late is None else late.to_json()}, indent=2, sort_keys=True))
        return
    for line in [*_open_alerts(state), *([words.late(late)] if late is not None and late.rows else [])]:
        click.echo(line)


@command.command()
@click.argument("number", metavar="ID", type=click.IntRange(1))
@click.option("--why", required=True, help="The reason; the log keeps it.")
@click.option("--accept", is_flag=True, help="What is there now is how it is to be: it is learned anew.")
@projects.project_option
@projects.registry_option
def acknowledge(number: int, why: str, accept: bool, folder: Path, registry: str | None) -> None:
    """Take alert ID over, so that it does not escalate."""
    opened = opened_of(projects.find(folder, registry))
    said = {"who": projects.who(), "when": utc(datetime.now(UTC)), "why": " ".join(why.split())}

    def decide(state: AlertState) -> Acknowledge:
        _check_open(state, number)
        return Acknowledge(alert=number, accept=accept, **said)

    AlertLog(opened.store, opened.model).append(decide)
    click.echo(f"alert {number}: {'accepted' if accept else 'acknowledged'}")


@command.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; monitoring.html by default.")
@_where
def report(out: Path | None, requests: Path | None, folder: Path, registry: str | None) -> None:
    """Write the windows, the alerts and the figures as one HTML page."""
    from benison.report.monitoring import render

    watcher = _watcher(folder, registry, requests)
    if watcher.windows.read() is None:
        hint = "judge the first with  benison monitor once"
        raise DataError("the log of windows", expected="a window", got="none so far", hint=hint)
    path = (out or Path("monitoring.html")).resolve()
    page = render(watcher.name, list(watcher.windows.recent), watcher.alerts.state(), watcher.asked)
    write_atomically(path, page.encode())
    click.echo(f"report: {path}")


def _watcher(folder: Path, registry: str | None, requests: Path | None) -> Watcher:
    from benison.components.monitor.run import watcher_of

    project = projects.find(folder, registry)
    return watcher_of(project.config, opened_of(project), requests.resolve() if requests else None, project.folder)


def _figures(watcher: Watcher) -> str:
    from benison.report.monitoring.exposition import exposition

    watcher.windows.read()
    return exposition(watcher.name, list(watcher.windows.recent), watcher.alerts.state(), datetime.now(UTC))


def _say(watched: Watched) -> None:
    from benison.core.verdicts import Verdict
    from benison.monitoring import words

    for window in watched.windows:
        counts = {verdict: sum(one.verdict is verdict for one in window.findings) for verdict in Verdict}
        told = ", ".join(f"{many} {verdict}" for verdict, many in counts.items() if many)
        begin = datetime.fromtimestamp(window.start, UTC)
        click.echo(f"{begin:%Y-%m-%d %H:%M}  {window.counts['rows']:,} rows  {told}")
        for period in (one for one in (window.retried, window.quality) if one is not None):
            day = datetime.fromtimestamp(period.start, UTC)
            told = period.trouble or f"labels of {period.labelled:,} of {period.requests:,} requests"
            click.echo(f"  quality from {day:%Y-%m-%d %H:%M}: {told}")
        if window.late is not None and window.late.rows:
            click.echo(f"  {words.late(window.late)}")
        if window.joined is not None:
            click.echo(f"  {words.joined(window.joined)}")
        for one in window.findings:
            if one.verdict is Verdict.FAIL:
                click.echo(f"  {words.reason(one)}{_examples(window, one)}")
    if watched.trouble:
        click.echo(f"the request log cannot be read: {watched.trouble}")
    for alert in watched.opened:
        click.echo(f"alert {alert.id}: {alert.severity}: {alert.raised.cause} of {alert.raised.subject}")


def _examples(window: Window, one: Finding) -> str:
    """Ids of requests, never values."""
    columns = window.joined.columns if window.joined is not None and one.kind == "skew_rows" else ()
    ids = next((column.examples for column in columns if column.name == one.subject), ())
    return f"; such as {', '.join(ids)}" if ids else ""


def _open_alerts(state: AlertState) -> list[str]:
    lines = []
    for alert in state.open:
        raised, by = alert.raised, f"; {alert.acknowledged}" if alert.acknowledged else ""
        lines.append(f"alert {alert.id}: {alert.severity}, since {alert.since}{by}")
        lines.append(f"  {raised.why}")
        if alert.settled:
            accept = f"benison monitor acknowledge {alert.id} --accept --why ..."
            lines.append(f"  a new level, told {alert.settled}; where it is to be so:  {accept}")
    if state.outbox:
        lines.append(f"messages that are not sent yet: {', '.join(sorted(state.outbox))}")
    lines += [f"message {message} was given up: {why}" for message, why in state.lost.items()]
    return lines or ["no alert is open"]


def _check_open(state: AlertState, number: int) -> None:
    alert = state.alerts.get(number)
    if alert is None:
        known = sorted(map(str, state.alerts))
        hint = nearest(str(number), known[-9:]) if known else "there is none so far"
        raise DataError("the alert log", expected=f"alert {number}", got="none of that number", hint=hint)
    if not alert.open:
        raise RefusedError(f"alert {number}", expected="one that is open", got=f"one that recovered {alert.recovered}")
