"""What the commands of ``benison registry`` share: which registry is meant, who asks, an entry on a line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from benison.cli import project as projects
from benison.core import digests
from benison.registry.log import Alias, Approve, Bless, Govern, Logged, PackageEntry, Promote, Register, Rollback
from benison.registry.registry import Registry

_F = TypeVar("_F", bound=Callable[..., Any])


def which(call: _F) -> _F:
    """The options that say which registry is meant."""
    return projects.project_option(projects.registry_option(call))


def open_registry(folder: Path, registry: str | None) -> Registry:
    """The registry of the project in a folder, or the one that is named."""
    return opened_of(projects.find(folder, registry))


def opened_of(project: projects.Project) -> Registry:
    """A project's registry."""
    return Registry.open(project.registry, project.config.name, project.config.release.signatures)


def asked_by() -> dict[str, Any]:
    """Who asks, and when, as the log wants to know it."""
    return {"who": projects.who(), "when": datetime.now(UTC)}


def one_line(logged: Logged) -> str:
    """An entry of the log, for people."""
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
            rules = f"{release.delivery}, approval {release.approval}, {release.valid_days} days, force {release.force}"
            return f"{rules}, {release.signatures}" if release.signatures.trusted else rules
        case _:
            return ""
