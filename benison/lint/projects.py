"""What a project says that a target cannot keep: places that only one machine has."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from benison import lint
from benison.compile import compile_pipeline, names
from benison.config import Config, Data, Target
from benison.config.machines import LOCAL, VERTEX
from benison.eval_config.content import BINARY_SUFFIXES, TEXT_SUFFIXES
from benison.lint.finding import WARNING, Finding
from benison.lint.inputs import is_local
from benison.sources.find import is_remote

_NOT_IN_A_POD = "a pod has a disk of its own, which is gone when the task ends"


def findings(config: Config, target: Target, uncached: Collection[str] = ()) -> Iterator[Finding]:
    """Looks at a project, and at every pipeline as it is compiled for the target.

    Args:
        config: The project's benison.yaml.
        target: The target as the project has it.
        uncached: As for `compile_pipeline`.
    """
    if target.name != LOCAL:
        yield from _places(config, target)
    if target.name == VERTEX and not target.service_account:
        why = "runs act as Compute Engine's default account, which may do more than they need"
        where = "benison.yaml (targets.vertex.service_account)"
        yield Finding(where, "an account with the least rights", "none", why, WARNING)
    with tempfile.TemporaryDirectory() as folder:
        for name in names():
            compiled = Path(folder, f"{name}.{target.name}.yaml")
            compile_pipeline(name, compiled, target, uncached)
            yield from lint.file(compiled, target.name)


def _places(config: Config, target: Target) -> Iterator[Finding]:
    registry = str(target.parameters.get("registry_uri", config.registry))
    if not _seen(registry, target.name):
        hint = f"name a bucket, or give targets.{target.name}.parameters.registry_uri one"
        where = f"benison.yaml ({'registry' if registry == config.registry else f'targets.{target.name}.parameters'})"
        yield Finding(where, "a registry in a bucket", repr(registry), f"{_NOT_IN_A_POD}; {hint}")
    root = str(target.parameters.get("data_root", ""))
    for key, path in _paths(config.data):
        if not _seen(path if path.startswith("/") or is_remote(path) else f"{root}/{path}", target.name):
            yield Finding(f"benison.yaml ({key})", "data in a bucket: gs://, s3://, az://", repr(path), _NOT_IN_A_POD)
    if Path(config.evaluation.file).suffix in (*TEXT_SUFFIXES, *BINARY_SUFFIXES):
        why = "only the evaluator's image has TFMA, which reads protos; JSON is read without it"
        yield Finding("benison.yaml (evaluation)", "an evaluation config in JSON", repr(config.evaluation.file), why)
    if config.serving.folder:
        got = repr(str(config.serving.folder))
        yield Finding("benison.yaml (serving.folder)", "no folder: servers follow the registry", got, _NOT_IN_A_POD)


def _seen(place: str, target: str) -> bool:
    """Whether pods see a place: a bucket, or a mounted one, which on Vertex looks like a folder."""
    return is_remote(place) or (target == VERTEX and place.startswith("/") and not is_local(place, target))


def _paths(data: Data) -> Iterator[tuple[str, str]]:
    """Everything that is read, by key."""
    if data.path:
        yield "data.path", data.path
    for table in data.query.tables if data.query else ():
        yield f"data.query.tables.{table.name}", table.path
    for table in data.references:
        yield f"data.references.{table.name}", table.path
    if data.serving:
        yield "data.serving", data.serving.path
