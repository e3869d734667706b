"""A pipeline as the YAML that every engine runs: KFP's intermediate representation, the same bytes each time."""

from __future__ import annotations

import importlib
import pkgutil
import tempfile
from pathlib import Path
from typing import Any

import yaml
from kfp import compiler

from benison import pipelines
from benison.core.errors import InputError
from benison.core.files import write_atomically
from benison.core.spelling import nearest


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, so that a component's source can be read and compared."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def names() -> list[str]:
    """The pipelines that there are; each is a module of that name with a function of that name."""
    return sorted(module.name for module in pkgutil.iter_modules(pipelines.__path__))


def compile_pipeline(name: str, output: Path) -> None:
    """Compiles a pipeline of the collection.

    Args:
        name: One of `names`.
        output: The YAML file to write, whole or not at all.

    Raises:
        InputError: No pipeline has this name.
        StorageError: The file cannot be written.
    """
    if name not in names():
        raise InputError("pipeline", expected="the name of a pipeline", got=repr(name), hint=nearest(name, names()))
    function = getattr(importlib.import_module(f"benison.pipelines.{name}"), name)
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "pipeline.yaml")
        compiler.Compiler().compile(function, str(raw))
        write_atomically(output, stable(raw.read_text()))


def stable(text: str) -> bytes:
    """KFP's YAML with sorted keys and without its opening comment, which does not keep one order."""
    documents: list[Any] = list(yaml.safe_load_all(text))
    dumped: str = yaml.dump_all(documents, Dumper=_Dumper, sort_keys=True, width=120, allow_unicode=True)
    return dumped.encode()
