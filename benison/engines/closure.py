"""The static import closure of a component's program: what its code is, what to preload, and whether it is heavy.

A closure sees what is written as an import. A module that is loaded by its path (the user's model.py) and data files
are not part of it: they reach a task as artifacts.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benison.core import digests
from benison.core.documents import SCHEMAS

HEAVY = frozenset({"tensorflow", "tensorflow_data_validation", "tensorflow_model_analysis", "keras"})
# Every program imports KFP, of which only the executor takes part in a task.
_NOT_ITS_OWN = frozenset({"kfp", *sys.stdlib_module_names})
# A document that an older schema allowed would otherwise be reused for ever and refused by its reader for ever.
_READS_SCHEMAS = "benison.core.documents"

Packages = Mapping[str, Path]
Reader = Callable[[bytes], "tuple[Import, ...]"]


@dataclass(frozen=True)
class Import:
    """One name that a source imports.

    Attributes:
        module: As it is written, without leading dots.
        name: What is taken from it; empty for ``import module``.
        level: The number of leading dots.
        deferred: Inside a function, so that it does not run when the source is imported.
    """

    module: str
    name: str
    level: int
    deferred: bool


@dataclass(frozen=True)
class Closure:
    """What a program consists of.

    Attributes:
        digest: Of the program and of every first-party module that it can import.
        heavy: It imports a heavy library as soon as it starts.
        preload: Third-party modules that it imports as soon as it starts, as ``module`` or ``module:name``.
        packages: The top-level third-party packages that it can import.
    """

    digest: str
    heavy: bool
    preload: tuple[str, ...]
    packages: frozenset[str]


def closure_of(program: str, packages: Packages, imports: Reader | None = None) -> Closure:
    """Follows a program's imports through first-party code.

    Args:
        program: Python source.
        packages: First-party top-level packages and their folders.
        imports: What reads a source's imports; None: `imports_of`.
    """
    modules, outside = _followed(program, packages, imports or imports_of)
    sources = {module: digests.of_bytes(path.read_bytes()) for module, path in modules.items()}
    if _READS_SCHEMAS in modules:
        sources |= {path.name: digests.of_bytes(path.read_bytes()) for path in SCHEMAS.glob("*.schema.json")}
    eager = sorted({f"{found.module}:{found.name}".rstrip(":") for found in outside if not found.deferred})
    return Closure(
        digest=digests.of_json({"program": program, "sources": sources}),
        heavy=any(_top(module) in HEAVY for module in eager),
        preload=tuple(eager),
        packages=frozenset(_top(found.module) for found in outside),
    )


def _top(module: str) -> str:
    return module.partition(":")[0].partition(".")[0]


def _followed(program: str, packages: Packages, imports: Reader) -> tuple[dict[str, Path], set[Import]]:
    """The first-party modules that a program reaches, and the third-party imports met on the way."""
    modules: dict[str, Path] = {}
    outside: set[Import] = set()
    # A component's own imports stand in its function, which is what runs; further down, functions may never be called.
    queue = [Import(found.module, found.name, 0, False) for found in imports(program.encode())]
    seen: set[tuple[str, bool]] = set()
    while queue:
        found = queue.pop()
        deferred = found.deferred
        if _top(found.module) not in packages:
            if _top(found.module) not in _NOT_ITS_OWN:
                outside.add(found)
            continue
        for module, path in _first_party(found, packages):
            if (module, deferred) not in seen:
                seen.add((module, deferred))
                modules[module] = path
                package = module if path.name == "__init__.py" else module.rpartition(".")[0]
                queue.extend(_absolute(found, package, deferred) for found in imports(path.read_bytes()))
    return modules, outside


def _first_party(found: Import, packages: Packages) -> Iterator[tuple[str, Path]]:
    """The files that an import runs: the module's, those of the packages around it, and a submodule's."""
    parts = [*found.module.split("."), found.name] if found.name else found.module.split(".")
    for length in range(1, len(parts) + 1):
        path = _located(".".join(parts[:length]), packages)
        if path is not None:
            yield ".".join(parts[:length]), path


def _located(module: str, packages: Packages) -> Path | None:
    base = packages[_top(module)].joinpath(*module.split(".")[1:])
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


def _absolute(found: Import, package: str, deferred: bool) -> Import:
    """An import of a module of a package, without dots; deferred where the module itself is."""
    if not found.level:
        return Import(found.module, found.name, 0, deferred or found.deferred)
    parts = package.split(".")
    above = ".".join(parts[: len(parts) - found.level + 1])
    return Import(f"{above}.{found.module}".rstrip("."), found.name, 0, deferred or found.deferred)


def imports_of(source: bytes) -> tuple[Import, ...]:
    """Every import of a source but those for type checkers alone; none of what is not Python.

    >>> imports_of(b"import numpy as np")
    (Import(module='numpy', name='', level=0, deferred=False),)
    """
    try:
        return tuple(_imports_in(ast.parse(source), deferred=False))
    except (SyntaxError, ValueError):
        # Whoever imports it will say what is wrong with it, in its own words.
        return ()


def _imports_in(node: ast.AST, *, deferred: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, "", 0, deferred) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (Import(node.module or "", alias.name, node.level, deferred) for alias in node.names)
    elif isinstance(node, ast.If) and _for_type_checkers(node.test):
        for statement in node.orelse:
            yield from _imports_in(statement, deferred=deferred)
    elif not isinstance(node, ast.expr):
        inner = deferred or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for child in ast.iter_child_nodes(node):
            yield from _imports_in(child, deferred=inner)


def _for_type_checkers(test: ast.expr) -> bool:
    return getattr(test, "id", getattr(test, "attr", "")) == "TYPE_CHECKING"
