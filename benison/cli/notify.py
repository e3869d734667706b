"""``benison notify``: people are told what became of challengers, champions, rollouts and runs."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import click

from benison.cli import project as projects
from benison.cli.registry_opening import opened_of, which
from benison.core.errors import ConfigError, ServerError, StorageError
from benison.notices.notice_log import NoticeLog
from benison.notices.notifier import Looked, Notifier
from benison.notices.state import NoticeState


@click.group()
def command() -> None:
    """Tell people what became of challengers, champions, rollouts and runs: notify: in benison.yaml says whom."""


@command.command()
@which
def once(folder: Path, registry: str | None) -> None:
    """Send what there is to tell since the last time.

    Exits with 1 while a message could not be sent.
    """
    looked = _notifier(folder, registry).look(datetime.now(UTC))
    _say(looked)
    if looked.state.outbox or looked.state.lost:
        raise click.exceptions.Exit(1)


@command.command()
@click.option("--every", type=click.FloatRange(1), default=60.0, metavar="SECONDS", help="How often; 60.")
@which
def run(every: float, folder: Path, registry: str | None) -> None:
    """Go on telling until it is stopped; a registry that is out of reach is waited for."""
    notifier, stopped = _notifier(folder, registry), threading.Event()
    while True:
        try:
            _say(notifier.look(datetime.now(UTC)))
        except (StorageError, ServerError) as error:
            click.echo(f"waiting: {str(error).splitlines()[0]}", err=True)
        stopped.wait(every)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@which
def status(as_json: bool, folder: Path, registry: str | None) -> None:
    """Say what is not sent yet, and what was given up."""
    opened = opened_of(projects.find(folder, registry))
    state = NoticeLog(opened.store, opened.model).state()
    if as_json:
        click.echo(json.dumps({"unsent": sorted(state.outbox), "lost": dict(state.lost)}, indent=2, sort_keys=True))
        return
    for line in _left(state) or ["all that there was to tell was sent"]:
        click.echo(line)


def _notifier(folder: Path, registry: str | None) -> Notifier:
    from benison.alerts.sending import senders

    project = projects.find(folder, registry)
    notify = project.config.notify
    if not notify.channels:
        hint = "write  notify: {channels: {team: {url_from: TEAM_URL}}}"
        raise ConfigError("benison.yaml (notify.channels)", expected="somebody to tell", got="nobody", hint=hint)
    told = senders(notify.channels, dict(os.environ), allow_private=notify.allow_private)
    return Notifier(opened_of(project), notify.channels, told)


def _say(looked: Looked) -> None:
    if looked.sent:
        click.echo(f"sent {looked.sent}")
    for line in _left(looked.state):
        click.echo(line, err=True)


def _left(state: NoticeState) -> list[str]:
    waiting = [
        f"not sent: {one.id}: {one.owed.title}{f', again at {one.again}' if one.again else ''}"
        for one in state.outbox.values()
    ]
    return [*waiting, *(f"given up: {name}: {why}" for name, why in state.lost.items())]
