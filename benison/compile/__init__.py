"""A pipeline as the YAML that a target runs: KFP's intermediate representation, the same bytes each time."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from kfp import compiler

from benison import components as rooms
from benison import pipelines
from benison.compile import profile
from benison.config import Target, targets
from benison.config.machines import LOCAL
from benison.core.errors import InputError
from benison.core.files import write_atomically
from benison.core.spelling import nearest

# libyaml where it is there: it is ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, so that a component's source can be read and compared."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def names() -> list[str]:
    """The pipelines that there are; each is a module of that name with a function of that name."""
    return sorted(module.name for module in pkgutil.iter_modules(pipelines.__path__))


def compile_pipeline(name: str, output: Path, target: Target | None = None, uncached: Collection[str] = ()) -> None:
    """Compiles a pipeline of the collection.

    Args:
        name: One of `names`.
        output: The YAML file to write, whole or not at all.
        target: Where it is to run; None: on this machine, with nothing asked of it.
        uncached: Components whose results the target's cache must not answer for.

    Raises:
        InputError: No pipeline has this name.
        ConfigError: The target names a parameter that no pipeline has.
        StorageError: The file cannot be written.
    """
    documents = profile.applied(source_of(name), _meant(target or targets.usual(LOCAL), name), uncached)
    write_atomically(output, dumped(documents))


def _meant(target: Target, name: str) -> Target:
    """A target without the parameters that only other pipelines have: it is said once, for all of them."""
    own = _parameters(name)
    if target.parameters.keys() <= own:
        return target
    elsewhere = set[str]().union(*map(_parameters, names())) - own
    return replace(target, parameters={key: value for key, value in target.parameters.items() if key not in elsewhere})


def _parameters(name: str) -> set[str]:
    return set(source_of(name)["root"].get("inputDefinitions", {}).get("parameters", {}))


@functools.lru_cache
def source_of(name: str) -> dict[str, Any]:
    """A pipeline as KFP itself compiles it, without a target.

    Raises:
        InputError: No pipeline has this name.
    """
    if name not in names():
        raise InputError("pipeline", expected="the name of a pipeline", got=repr(name), hint=nearest(name, names()))
    return _compiled(f"benison.pipelines.{name}", name)


def components() -> list[str]:
    """The components that there are."""
    return sorted(module.name for module in pkgutil.iter_modules(rooms.__path__) if module.ispkg)


def component_of(name: str) -> dict[str, Any]:
    """A component alone, as ``kfp.components.load_component_from_file`` reads it.

    Args:
        name: One of `components`.
    """
    return _compiled(f"benison.components.{name}.component", name)


def _compiled(module: str, function: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "compiled.yaml")
        compiler.Compiler().compile(getattr(importlib.import_module(module), function), str(raw))
        spec: dict[str, Any] = yaml.load(raw.read_text(), Loader=_LOADER)  # noqa: S506 -- a safe one, in C
        return spec


def dumped(documents: Iterable[Any]) -> bytes:
    """YAML with sorted keys, and without KFP's opening comment, which does not keep one order."""
    text: str = yaml.dump_all(documents, Dumper=_Dumper, sort_keys=True, width=120, allow_unicode=True)
    return text.encode()
