"""command: ``benison serve``, from the words of a command line to a server that runs."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import click

from benison import config
from benison.config import Config
from benison.config.serving import Serving
from benison.config.signatures import NONE_ASKED, Signatures
from benison.core import logs
from benison.core.errors import ConfigError, InputError
from benison.core.signing_keys import read_public
from benison.delivery.traffic import Role
from benison.registry.registry import Registry
from benison.serving import checkouts
from benison.serving.follow import Logs

_FOLDER = click.Path(path_type=Path)


@click.command()
@click.option("-p", "--project", "folder", type=_FOLDER, help="The project's folder; the current one by default.")
@click.option("--registry", metavar="DIR_OR_URI", help="The registry, instead of the one in benison.yaml.")
@click.option("--model", metavar="NAME", help="The model, where there is no project; needs --registry.")
@click.option(
    "--trusted",
    type=_FOLDER,
    multiple=True,
    metavar="FILE",
    help="Load only what this public key signed, whatever the registry says; may be given again.",
)
@click.option("--port", type=click.IntRange(1, 65_535), help="Instead of serving.port in benison.yaml.")
@click.option(
    "--as",
    "side",
    type=click.Choice([str(Role.CHAMPION), str(Role.CHALLENGER)]),
    help="Whose requests come here, where a router in front splits them (docs/rollout.md).",
)
def command(
    folder: Path | None,
    registry: str | None,
    model: str | None,
    trusted: tuple[Path, ...],
    port: int | None,
    side: str | None,
) -> None:
    """Serve a project's champion over HTTP, and whatever becomes champion while it runs.

    It speaks KServe's V1 protocol and the Open Inference Protocol. At SIGTERM it answers what it has, and stops.
    """
    if find_spec("kserve") is None:
        hint = "make serve-setup  makes one: .serve/bin/python -m benison.serving; or install benison[serve]"
        raise InputError("benison serve", expected="an environment with kserve", got="none", hint=hint)
    name, uri, settings, signatures = _asked(folder, registry, model)
    settings = replace(settings, port=port) if port else settings
    pinned = Signatures(tuple(map(read_public, trusted)), required=True) if trusted else signatures
    opened = Registry.open(uri, name, pinned)
    checkouts.sweep()
    # KServe reads the command line for options of its own, and TensorFlow is loud.
    sys.argv = sys.argv[:1]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with logs.quiet_imports():
        from benison.serving import server
    server.serve(name, Logs(opened, Role(side) if side else None), opened, settings)


def _asked(folder: Path | None, registry: str | None, model: str | None) -> tuple[str, str, Serving, Signatures]:
    """Model, registry, settings and whose signatures are asked for: a project's, or as they were named."""
    if model:
        if not registry or folder:
            hint = "write  --registry DIR --model NAME, or  -p PROJECT"
            raise ConfigError("--model", expected="a registry and no project beside it", got="otherwise", hint=hint)
        return model, _place(registry, Path()), Serving(), NONE_ASKED
    home = (folder or Path()).resolve()
    said = config.read(home)
    uri = _place(registry, Path()) if registry else _place(said.registry, home)
    return said.name, uri, _measurable(said), said.release.signatures


def _measurable(said: Config) -> Serving:
    """What the server is told, with a bucket that ends wherever the plan of rollouts draws a line of latency."""
    lines = said.rollout.guardrails if said.rollout else ()
    edges = {*said.serving.buckets_ms, *(line.over_ms for line in lines if line.over_ms)}
    return replace(said.serving, buckets_ms=tuple(sorted(edges)))


def _place(said: str, base: Path) -> str:
    return said if "://" in said else str((base / said).resolve())
