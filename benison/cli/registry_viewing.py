"""``benison registry``: what only looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from benison.cli.registry_opening import one_line, open_registry, which
from benison.core import digests
from benison.core.key_sets import TrainedOn
from benison.delivery.verification import problems as problems_of_rollouts
from benison.registry import attestation
from benison.registry.lineage import lineage as lineage_of
from benison.registry.log import Logged, to_json
from benison.registry.registry import Registry
from benison.registry.state import Shown
from benison.registry.verification import Findings
from benison.registry.verification import verify as verify_all


@click.command()
@which
@click.option("--json", "as_json", is_flag=True, help="One JSON document for each entry.")
def log(folder: Path, registry: str | None, as_json: bool) -> None:
    """List the promotion log, oldest first."""
    for logged in open_registry(folder, registry).log():
        click.echo(json.dumps(_document(logged), sort_keys=True) if as_json else one_line(logged))


def _document(logged: Logged) -> dict[str, Any]:
    return {"number": logged.number, "digest": logged.digest, **to_json(logged.entry)}


@click.command("list")
@which
def list_versions(folder: Path, registry: str | None) -> None:
    """List every version, oldest first: stage, names, data, the gate's last word."""
    state = open_registry(folder, registry).state()
    for package, version in state.versions.items():
        names = ", ".join(alias for alias, of in state.aliases.items() if of == package)
        said = str(version.blessing.verdict) if version.blessing else "not judged"
        gone = "  files deleted" if version.collected else "  retired" if version.retired else ""
        spans = ", ".join(map(str, version.entry.spans))
        head = f"{digests.short(package)}  {version.entry.when}  {state.stage(package):11}  {said:12}  spans {spans}"
        click.echo(f"{head}{f'  {names}' if names else ''}{gone}")


@click.command()
@click.argument("version", default="champion")
@which
def show(version: str, folder: Path, registry: str | None) -> None:
    """Show where VERSION came from, what the gate said of it and when it was champion."""
    for line in _described(open_registry(folder, registry).show(version)):
        click.echo(line)


def _seen(trained_on: TrainedOn | None) -> str:
    if trained_on is None:
        return "not recorded"
    rows, entities = trained_on.rows, trained_on.entities
    by = f", {entities.keys:,} entities by {', '.join(entities.columns)}" if entities else ""
    return f"{rows.rows:,} rows, {rows.keys:,} different{by}"


@click.command()
@click.argument("version", default="champion")
@click.option("--verify", is_flag=True, help="Read package, evidence and log, and hold every byte to its digest.")
@click.option(
    "--format", "form", type=click.Choice(["text", "intoto"]), default="text", help="intoto: SLSA provenance."
)
@which
def lineage(version: str, verify: bool, form: str, folder: Path, registry: str | None) -> None:
    """Print the chain of VERSION: commit, data, training, package, evaluation, gate, approval, times as champion.

    With --verify it exits with 1 where something does not hold. With --format intoto it prints an in-toto statement, on
    one line.
    """
    if form == "intoto":
        click.echo(json.dumps(attestation.kept(open_registry(folder, registry), version), sort_keys=True))
        return
    steps = lineage_of(open_registry(folder, registry), version, verify=verify)
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
    lines += [f"{'signature':16}{one}" for one in shown.signatures]
    lines += [f"{'champion':16}{one_line(one).strip()}" for one in shown.promotions]
    return lines


def _problems_of_traffic(opened: Registry) -> tuple[str, ...]:
    """What is wrong with what the monitor, the trigger manager and the notifier wrote down."""
    from benison.alerts.verification import problems as problems_of_alerts
    from benison.notices.notice_log import NoticeLog
    from benison.triggers.ledger import Ledger

    found = Findings()
    found.attempt(NoticeLog(opened.store, opened.model).verify, None)
    found.attempt(Ledger(opened.store, opened.model).verify, None)
    return (*problems_of_alerts(opened), *found.problems)


@click.command()
@which
def verify(folder: Path, registry: str | None) -> None:
    """Read every link of the logs and every byte of every package, and tell all that is wrong.

    Exits with 1 where something is.
    """
    opened = open_registry(folder, registry)
    found = verify_all(opened)
    problems = (*found.problems, *problems_of_rollouts(opened), *_problems_of_traffic(opened))
    read = f"{found.entries} entries, {found.versions} versions, {found.files} files, {found.size:,} bytes"
    click.echo(f"{read}: {'not all' if problems else 'all'} as the log says")
    if found.signatures:
        click.echo(f"signatures beside them: {found.signatures}")
    for package in found.unfinished:
        click.echo(f"unfinished, seen by no reader: {package}")
    for package in found.leftover:
        click.echo(f"left over from a collection, and gone with the next: {package}")
    for problem in problems:
        click.echo(f"WRONG: {problem}")
    if problems:
        raise click.exceptions.Exit(1)
