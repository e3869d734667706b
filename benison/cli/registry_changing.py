"""``benison registry``: what changes something."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import click

from benison.cli import project as projects
from benison.cli.registry_opening import asked_by, one_line, open_registry, opened_of, which
from benison.config import Serving
from benison.config.release import DIRECT
from benison.core import digests
from benison.core.errors import ConfigError
from benison.registry import retention
from benison.registry.registry import Registry
from benison.registry.serving_folder import Served
from benison.registry.serving_folder import follow as follow_champion
from benison.registry.serving_folder import materialize as materialize_champion

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@click.command()
@click.argument("version")
@click.option("--why", required=True, help="The reason; the log keeps it.")
@click.option("--force", is_flag=True, help="Overrule a refusal for lack of proof, which the log keeps as well.")
@which
def promote(version: str, why: str, force: bool, folder: Path, registry: str | None) -> None:
    """Make VERSION the champion; refused unless it is blessed against the present one."""
    project = projects.find(folder, registry)
    opened = opened_of(project)
    click.echo(one_line(opened.promote(version, why=why, force=force, policy=project.config.gate.digest, **asked_by())))
    _serve(opened, project.config.serving)


@click.command()
@click.argument("version", default="challenger")
@click.option("--why", required=True, help="The reason; the log keeps it.")
@which
def approve(version: str, why: str, folder: Path, registry: str | None) -> None:
    """Approve the blessed VERSION, the challenger by default; with direct delivery it then becomes the champion.

    Refused to whoever trained it or had it judged.
    """
    project = projects.find(folder, registry)
    opened, by = opened_of(project), asked_by()
    package = opened.resolve(version)
    logged = opened.approve(package, why=why, **by)
    click.echo(one_line(logged) if logged else f"version {digests.short(package)} is approved already")
    if opened.state().release.delivery == DIRECT:
        click.echo(one_line(opened.promote(package, why=why, by_hand=False, policy=project.config.gate.digest, **by)))
        _serve(opened, project.config.serving)


@click.command()
@click.argument("version", default="")
@click.option("--why", required=True, help="The reason; the log keeps it.")
@which
def rollback(version: str, why: str, folder: Path, registry: str | None) -> None:
    """Put the champion before, or a proven VERSION, back into the champion's place."""
    project = projects.find(folder, registry)
    opened = opened_of(project)
    click.echo(one_line(opened.rollback(version, why=why, **asked_by())))
    _serve(opened, project.config.serving)


def _serve(registry: Registry, serving: Serving) -> None:
    """Has the serving folder follow, where benison.yaml names one."""
    if serving.folder:
        _say(materialize_champion(registry, serving.folder, serving.keep))


def _say(served: Served) -> None:
    click.echo(f"{served.folder}: champion {served.champion}{'' if served.made else ', there already'}")
    for number in served.removed:
        click.echo(f"removed version {number}")


@click.command()
@click.option("--serving", type=click.Path(path_type=Path), help="The folder; that of benison.yaml by default.")
@click.option("--keep", type=click.IntRange(min=1), help="How many versions stay; as benison.yaml says, or 2.")
@click.option("--follow", type=click.FloatRange(min=0.1), metavar="SECONDS", help="Look again so often, until stopped.")
@which
def materialize(
    serving: Path | None, keep: int | None, follow: float | None, folder: Path, registry: str | None
) -> None:
    """Lay the champion out for TensorFlow Serving: DIR/<model>/<number>/, whole or not at all."""
    project = projects.find(folder, registry)
    place = serving.resolve() if serving else project.config.serving.folder
    if place is None:
        hint = "name it with  --serving DIR , or under  serving:  in benison.yaml"
        raise ConfigError("--serving", expected="the folder that servers watch", got="none", hint=hint)
    opened, many = opened_of(project), keep or project.config.serving.keep
    if follow is None:
        _say(materialize_champion(opened, place, many))
    else:
        follow_champion(opened, place, many, follow, stopped_by_signal())


def stopped_by_signal() -> threading.Event:
    """An event that is set when the process is asked to end."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@click.command()
@click.argument("name")
@click.argument("version", default="")
@click.option("--remove", is_flag=True, help="NAME stands for nothing any more.")
@click.option("--why", required=True, help="The reason; the log keeps it.")
@which
def alias(name: str, version: str, remove: bool, why: str, folder: Path, registry: str | None) -> None:
    """Have NAME, one of your own, stand for VERSION, which then stays."""
    if bool(version) is remove:
        raise click.UsageError("name either a VERSION or --remove")
    logged = open_registry(folder, registry).alias(name, version, why=why, **asked_by())
    click.echo(one_line(logged) if logged else f"{name} stands for it already")


@click.command()
@click.argument("version")
@click.option("--why", required=True, help="The reason; the log keeps it.")
@which
def retire(version: str, why: str, folder: Path, registry: str | None) -> None:
    """Take VERSION out of use; its files stay until gc collects them, and registering it again ends that."""
    opened = open_registry(folder, registry)
    logged = opened.retire(version, why=why, **asked_by())
    click.echo(one_line(logged) if logged else f"version {version} is retired already")


def _size(_: click.Context, __: click.Parameter, said: str | None) -> int | None:
    """Bytes, as people write them."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *([KMGT]?B)?", said.strip().upper()) if said is not None else None
    if said is not None and found is None:
        raise click.BadParameter(f"{said!r} is no size such as 500MB or 20GB")
    return round(float(found[1]) * _UNITS[found[2] or ""]) if found else None


@click.command()
@click.option("--older-than", "days", type=click.FloatRange(min=0), metavar="DAYS", help="Retire what is older.")
@click.option("--keep", "versions", type=click.IntRange(min=1), metavar="N", help="Retire all but the newest N.")
@click.option("--keep-size", "size", callback=_size, metavar="SIZE", help="Retire what is beyond so much: 500MB, 20GB.")
@click.option("--champions", type=click.IntRange(min=1), default=3, show_default=True, help="Last champions that stay.")
@click.option("--grace", type=click.FloatRange(min=0), default=7.0, show_default=True, metavar="DAYS", help="Between.")
@click.option("--yes", is_flag=True, help="Do it; without it, it is only told what would be done.")
@which
def gc(
    days: float | None,
    versions: int | None,
    size: int | None,
    champions: int,
    grace: float,
    yes: bool,
    folder: Path,
    registry: str | None,
) -> None:
    """Retire versions that are too old or too many, and delete the files of those retired long enough ago.

    What an alias stands for, what is blessed against the champion and the last champions always stay, and the log keeps
    what it says of every version.
    """
    opened, by = open_registry(folder, registry), asked_by()
    todo = retention.plan(opened, retention.Keep(days, versions, size, champions, grace), by["when"])
    for line in _told(todo):
        click.echo(line)
    if yes:
        gone = retention.carry_out(opened, todo, **by)
        click.echo(f"done: {len(gone)} deleted, {len(todo.retire)} retired")
    elif todo.anything:
        click.echo("nothing was done: --yes does it")
    else:
        click.echo("nothing is to be done")


def _told(todo: retention.Plan) -> Iterator[str]:
    for package, why in todo.retire.items():
        yield f"retire {digests.short(package)}: {why}"
    for package, number in todo.collect.items():
        yield f"delete {digests.short(package)}: retired by entry {number}"
    if todo.collect:
        yield f"{todo.freed:,} bytes are freed"
    for copy in todo.leftover:
        yield f"delete what is left of {copy}"
    if todo.snapshots:
        yield f"delete {todo.snapshots} old snapshots of the log"
    for package, why in todo.protected.items():
        yield f"stays  {digests.short(package)}: {why}"
