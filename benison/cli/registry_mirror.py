"""``benison registry mirror``: Vertex AI's Model Registry shows what the promotion log says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benison.cli import project as projects
from benison.cli.registry_changing import stopped_by_signal
from benison.cli.registry_opening import opened_of, which
from benison.config import VertexMirror
from benison.core import digests
from benison.core.errors import ConfigError, InputError
from benison.registry.registry import Registry

if TYPE_CHECKING:
    from benison.mirror.mirror import Step

_WHERE = "benison.yaml (mirror.vertex)"


@click.command()
@click.option("--follow", type=click.FloatRange(min=1), metavar="SECONDS", help="Look again so often, until stopped.")
@which
def mirror(follow: float | None, folder: Path, registry: str | None) -> None:
    """Show champions and challengers as versions of a model of Vertex AI's, as mirror: in benison.yaml says.

    Nothing is read back from there, and nothing is deleted.
    """
    project = projects.find(folder, registry)
    place = project.config.mirror
    if place is None:
        hint = "say project, location, artifacts and image; docs/registry.md shows how"
        raise ConfigError(_WHERE, expected="where to mirror to", got="none", hint=hint)
    if follow is None:
        _say(_looking(opened_of(project), place, time.sleep)())
    else:
        _follow(opened_of(project), place, follow)


def _follow(opened: Registry, place: VertexMirror, seconds: float) -> None:
    from benison.mirror import following

    stop = stopped_by_signal()
    following.follow(_looking(opened, place, following.pausing(stop)), seconds, stop)


def _looking(opened: Registry, place: VertexMirror, pause: Callable[[float], None]) -> Callable[[], Iterator[Step]]:
    try:
        from benison.mirror.mirror import mirror
        from benison.mirror.vertex import VertexModel
    except ImportError as error:
        hint = "install it: pip install 'benison[vertex]'"
        raise InputError(_WHERE, expected="google-cloud-aiplatform", got="none", hint=hint) from error
    from benison.mirror.artifacts import Artifacts
    from benison.registry.stores import store_at

    model = VertexModel(place, opened.model, pause)
    artifacts = Artifacts(store_at(place.artifacts, "mirror.vertex.artifacts"), place.artifacts, opened.model)
    return lambda: mirror(opened, model, artifacts)


def _say(steps: Iterator[Step]) -> None:
    done = 0
    for step in steps:
        version = f"version {step.version}" if step.version else "no version"
        click.echo(f"{version} ({digests.short(step.package)}): {step.what}")
        done += step.done
    if not done:
        click.echo("nothing was to be done")
