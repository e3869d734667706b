"""``benison registry``: versions and promotions, for people."""

from __future__ import annotations

import json
import re
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from benison.cli import project as projects
from benison.config import Serving
from benison.config.release import DIRECT
from benison.core import digests
from benison.core.errors import ConfigError
from benison.core.key_sets import TrainedOn
from benison.registry import attestation, retention
from benison.registry.lineage import lineage as lineage_of
from benison.registry.log import Alias, Approve, Bless, Govern, Logged, PackageEntry, Promote, Register, Rollback
from benison.registry.registry import Registry
from benison.registry.serving_folder import Served
from benison.registry.serving_folder import follow as follow_champion
from benison.registry.serving_folder import materialize as materialize_champion
from benison.registry.state import Shown
from benison.registry.verification import verify as verify_all

_F = TypeVar("_F", bound=Callable[..., Any])


_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def _size(_: click.Context, __: click.Parameter, said: str | None) -> int | None:
    """Bytes, as people write them."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *([KMGT]?B)?", said.strip().upper()) if said is not None else None
    if said is not None and found is None:
        raise click.BadParameter(f"{said!r} is no size such as 500MB or 20GB")
    return round(float(found[1]) * _UNITS[found[2] or ""]) if found else None


@click.group()
def command() -> None:
    """Look at versions and promotions, promote by hand, roll back.

    VERSION is champion, challenger, reference, the number of the log entry that made it champion, or the start of its
    digest.
    """


def _which(call: _F) -> _F:
    """The options that say which registry is meant."""
    return projects.project_option(projects.registry_option(call))


def _open(folder: Path, registry: str | None) -> Registry:
    return _opened(projects.find(folder, registry))


def _opened(project: projects.Project) -> Registry:
    return Registry.open(project.registry, project.config.name)


def _by() -> dict[str, Any]:
    return {"who": projects.who(), "when": datetime.now(UTC)}


@command.command()
@_which
@click.option("--json", "as_json", is_flag=True, help="One JSON document for each entry.")
def log(folder: Path, registry: str | None, as_json: bool) -> None:
    """List the promotion log, oldest first."""
    for logged in _open(folder, registry).log():
        click.echo(json.dumps(_document(logged), sort_keys=True) if as_json else _line(logged))


def _document(logged: Logged) -> dict[str, Any]:
    return {"number": logged.number, "action": logged.entry.action, "digest": logged.digest, **asdict(logged.entry)}


def _line(logged: Logged) -> str:
    entry = logged.entry
    package = digests.short(entry.package) if isinstance(entry, PackageEntry) else f"{'':12}"
    head = f"{logged.number:5}  {entry.when}  {entry.action:8}  {package}  {_tail(logged)}"
    return f"{head}  {entry.who}: {entry.why}"


def _tail(logged: Logged) -> str:
    match logged.entry:
        case Register(spans=spans):
            return f"spans {', '.join(map(str, spans))}"
        case Bless(verdict=verdict):
            return str(verdict)
        case Promote(forced=forced, replaces=before):
            return f"{'FORCED, ' if forced else ''}replaces {before or 'none'}"
        case Rollback(replaces=before):
            return f"replaces {before or 'none'}"
        case Alias(name=name, removed=removed):
            return f"{name} no longer" if removed else name
        case Approve(blessing=blessing):
            return f"the blessing of entry {blessing}"
        case Govern(release=release):
            return f"{release.delivery}, approval {release.approval}, {release.valid_days} days, force {release.force}"
        case _:
            return ""


@command.command("list")
@_which
def list_versions(folder: Path, registry: str | None) -> None:
    """List every version, oldest first: stage, names, data, the gate's last word."""
    state = _open(folder, registry).state()
    for package, version in state.versions.items():
        names = ", ".join(alias for alias, of in state.aliases.items() if of == package)
        said = str(version.blessing.verdict) if version.blessing else "not judged"
        gone = "  files deleted" if version.collected else "  retired" if version.retired else ""
        spans = ", ".join(map(str, version.entry.spans))
        head = f"{digests.short(package)}  {version.entry.when}  {state.stage(package):11}  {said:12}  spans {spans}"
        click.echo(f"{head}{f'  {names}' if names else ''}{gone}")


@command.command()
@click.argument("version", default="champion")
@_which
def show(version: str, folder: Path, registry: str | None) -> None:
    """Show where VERSION came from, what the gate said of it and when it was champion."""
    for line in _described(_open(folder, registry).show(version)):
        click.echo(line)


def _seen(trained_on: TrainedOn | None) -> str:
    if trained_on is None:
        return "not recorded"
    rows, entities = trained_on.rows, trained_on.entities
    by = f", {entities.keys:,} entities by {', '.join(entities.columns)}" if entities else ""
    return f"{rows.rows:,} rows, {rows.keys:,} different{by}"


@command.command()
@click.argument("version", default="champion")
@click.option("--verify", is_flag=True, help="Read package, evidence and log, and hold every byte to its digest.")
@click.option(
    "--format", "form", type=click.Choice(["text", "intoto"]), default="text", help="intoto: SLSA provenance."
)
@_which
def lineage(version: str, verify: bool, form: str, folder: Path, registry: str | None) -> None:
    """Print the chain of VERSION: commit, data, training, package, evaluation, gate, approval, times as champion.

    With --verify it exits with 1 where something does not hold. With --format intoto it prints an in-toto statement, on
    one line.
    """
    if form == "intoto":
        click.echo(json.dumps(attestation.kept(_open(folder, registry), version), sort_keys=True))
        return
    steps = lineage_of(_open(folder, registry), version, verify=verify)
    for step in steps:
        mark = "WRONG" if step.wrong else "holds" if step.looked else ""
        click.echo(f"{step.what:12}{step.digest or '':73}{mark:7}{step.said}".rstrip())
        if step.wrong:
            click.echo(f"{'':12}{step.wrong}")
    if any(step.wrong for step in steps):
        raise click.exceptions.Exit(1)


def _described(shown: Shown) -> list[str]:
    origin = shown.manifest.provenance
    facts = {
        "version": shown.manifest.package,
        "is": ", ".join(shown.aliases) or "no alias",
        "registered": f"{shown.manifest.when} by {shown.manifest.by}",
        "commit": origin.commit or "none",
        "bundle": origin.bundle,
        "snapshot": f"{origin.snapshot} (spans {', '.join(map(str, origin.spans))})",
        "trained on": _seen(origin.trained_on),
        "model digest": origin.model_digest,
        "hyperparameters": json.dumps(origin.hyperparameters, sort_keys=True),
        "files": f"{len(shown.manifest.files)}, {shown.manifest.size:,} bytes",
    }
    lines = [f"{name:16}{value}" for name, value in facts.items()]
    for number, bless in shown.version.blessings:
        lines.append(f"{'gate':16}{bless.verdict} at {bless.when} (entry {number})")
        lines += [f"{'':16}- {reason}" for reason in bless.reasons]
    lines += [f"{'champion':16}{_line(one).strip()}" for one in shown.promotions]
    return lines


@command.command()
@click.argument("version")
@click.option("--why", required=True, help="The reason; the log keeps it.")
@click.option("--force", is_flag=True, help="Overrule a refusal for lack of proof, which the log keeps as well.")
@_which
def promote(version: str, why: str, force: bool, folder: Path, registry: str | None) -> None:
    """Make VERSION the champion; refused unless it is blessed against the present one."""
    project = projects.find(folder, registry)
    opened = _opened(project)
    click.echo(_line(opened.promote(version, why=why, force=force, policy=project.config.gate.digest, **_by())))
    _serve(opened, project.config.serving)


@command.command()
@click.argument("version", default="challenger")
@click.option("--why", required=True, help="The reason; the log keeps it.")
@_which
def approve(version: str, why: str, folder: Path, registry: str | None) -> None:
    """Approve the blessed VERSION, the challenger by default; with direct delivery it then becomes the champion.

    Refused to whoever trained it or had it judged.
    """
    project = projects.find(folder, registry)
    opened, by = _opened(project), _by()
    package = opened.resolve(version)
    logged = opened.approve(package, why=why, **by)
    click.echo(_line(logged) if logged else f"version {digests.short(package)} is approved already")
    if opened.state().release.delivery == DIRECT:
        click.echo(_line(opened.promote(package, why=why, by_hand=False, policy=project.config.gate.digest, **by)))
        _serve(opened, project.config.serving)


@command.command()
@click.argument("version", default="")
@click.option("--why", required=True, help="The reason; the log keeps it.")
@_which
def rollback(version: str, why: str, folder: Path, registry: str | None) -> None:
    """Put the champion before, or a proven VERSION, back into the champion's place."""
    project = projects.find(folder, registry)
    opened = _opened(project)
    click.echo(_line(opened.rollback(version, why=why, **_by())))
    _serve(opened, project.config.serving)


def _serve(registry: Registry, serving: Serving) -> None:
    """Has the serving folder follow, where benison.yaml names one."""
    if serving.folder:
        _say(materialize_champion(registry, serving.folder, serving.keep))


def _say(served: Served) -> None:
    click.echo(f"{served.folder}: champion {served.champion}{'' if served.made else ', there already'}")
    for number in served.removed:
        click.echo(f"removed version {number}")


@command.command()
@click.option("--serving", type=click.Path(path_type=Path), help="The folder; that of benison.yaml by default.")
@click.option("--keep", type=click.IntRange(min=1), help="How many versions stay; as benison.yaml says, or 2.")
@click.option("--follow", type=click.FloatRange(min=0.1), metavar="SECONDS", help="Look again so often, until stopped.")
@_which
def materialize(
    serving: Path | None, keep: int | None, follow: float | None, folder: Path, registry: str | None
) -> None:
    """Lay the champion out for TensorFlow Serving: DIR/<model>/<number>/, whole or not at all."""
    project = projects.find(folder, registry)
    place = serving.resolve() if serving else project.config.serving.folder
    if place is None:
        hint = "name it with  --serving DIR , or under  serving:  in benison.yaml"
        raise ConfigError("--serving", expected="the folder that servers watch", got="none", hint=hint)
    opened, many = _opened(project), keep or project.config.serving.keep
    if follow is None:
        _say(materialize_champion(opened, place, many))
    else:
        follow_champion(opened, place, many, follow, _stopped_by_signal())


def _stopped_by_signal() -> threading.Event:
    """Set when the process is asked to end."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@command.command()
@_which
def verify(folder: Path, registry: str | None) -> None:
    """Read every link of the log and every byte of every package, and tell all that is wrong.

    Exits with 1 where something is.
    """
    found = verify_all(_open(folder, registry))
    read = f"{found.entries} entries, {found.versions} versions, {found.files} files, {found.size:,} bytes"
    click.echo(f"{read}: {'all as the log says' if found.sound else 'not all as the log says'}")
    for package in found.unfinished:
        click.echo(f"unfinished, seen by no reader: {package}")
    for package in found.leftover:
        click.echo(f"left over from a collection, and gone with the next: {package}")
    for problem in found.problems:
        click.echo(f"WRONG: {problem}")
    if not found.sound:
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("name")
@click.argument("version", default="")
@click.option("--remove", is_flag=True, help="NAME stands for nothing any more.")
@click.option("--why", required=True, help="The reason; the log keeps it.")
@_which
def alias(name: str, version: str, remove: bool, why: str, folder: Path, registry: str | None) -> None:
    """Have NAME, one of your own, stand for VERSION, which then stays."""
    if bool(version) is remove:
        raise click.UsageError("name either a VERSION or --remove")
    logged = _open(folder, registry).alias(name, version, why=why, **_by())
    click.echo(_line(logged) if logged else f"{name} stands for it already")


@command.command()
@click.argument("version")
@click.option("--why", required=True, help="The reason; the log keeps it.")
@_which
def retire(version: str, why: str, folder: Path, registry: str | None) -> None:
    """Take VERSION out of use; its files stay until gc collects them, and registering it again ends that."""
    opened = _open(folder, registry)
    logged = opened.retire(version, why=why, **_by())
    click.echo(_line(logged) if logged else f"version {version} is retired already")


@command.command()
@click.option("--older-than", "days", type=click.FloatRange(min=0), metavar="DAYS", help="Retire what is older.")
@click.option("--keep", "versions", type=click.IntRange(min=1), metavar="N", help="Retire all but the newest N.")
@click.option("--keep-size", "size", callback=_size, metavar="SIZE", help="Retire what is beyond so much: 500MB, 20GB.")
@click.option("--champions", type=click.IntRange(min=1), default=3, show_default=True, help="Last champions that stay.")
@click.option("--grace", type=click.FloatRange(min=0), default=7.0, show_default=True, metavar="DAYS", help="Between.")
@click.option("--yes", is_flag=True, help="Do it; without it, it is only told what would be done.")
@_which
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
    opened, by = _open(folder, registry), _by()
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
