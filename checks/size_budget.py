"""Sizes that keep the code readable: of functions, files, names, and of what is put under version control."""

from __future__ import annotations

import ast
import math
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

FUNCTION_LINES = 40
FUNCTION_LINES_P90 = 30
FILE_LINES = 400
FILE_BYTES = 1_000_000
SHAPELESS_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


@dataclass(frozen=True)
class Function:
    """A function and its lines, docstring left out."""

    place: str
    name: str
    lines: int


def is_test(path: Path) -> bool:
    """Whether a file is read by pytest alone; a test may be as long as its story."""
    return "tests" in path.parts or path.name == "conftest.py"


def functions_of(path: Path, source: str) -> Iterator[Function]:
    """Every function of a file, methods and inner ones too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0]
            docstring = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) is not None else 0
            yield Function(f"{path}:{node.lineno}", node.name, (node.end_lineno or 0) - node.lineno + 1 - docstring)


def code_lines(source: str) -> int:
    """Lines that are neither blank nor a comment."""
    return sum(1 for line in source.splitlines() if line.strip() and not line.strip().startswith("#"))


def percentile(values: Iterable[int], share: float) -> int:
    """The smallest value that this share of the values does not exceed.

    >>> percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 100], 0.9)
    9
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0


def too_long(functions: list[Function]) -> Iterator[str]:
    """Functions over the budget, one by one and together."""
    for function in functions:
        if function.lines > FUNCTION_LINES:
            yield f"{function.place} {function.name}: {function.lines} lines, allowed {FUNCTION_LINES}"
    nine_of_ten = percentile((function.lines for function in functions), 0.9)
    if nine_of_ten > FUNCTION_LINES_P90:
        yield f"nine functions of ten: up to {nine_of_ten} lines, allowed {FUNCTION_LINES_P90}"


def too_big(path: Path) -> Iterator[str]:
    """What is wrong with a file as such."""
    if path.stat().st_size > FILE_BYTES:
        yield f"{path}: {path.stat().st_size} bytes, allowed {FILE_BYTES}"
    if path.suffix == ".py" and (lines := len(path.read_text().splitlines())) >= FILE_LINES:
        yield f"{path}: {lines} lines, allowed {FILE_LINES - 1}"
    for part in {path.stem, *path.parts[:-1]} & SHAPELESS_NAMES:
        yield f"{path}: the name {part} says nothing of what is inside"


def versioned() -> list[Path]:
    """The files under version control; links and files deleted but not committed are left out."""
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True, check=True)
    paths = (Path(name) for name in listed.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def main() -> None:
    """Prints the sizes, and ends with 1 where one is over its budget."""
    paths = versioned()
    sources = {path: path.read_text() for path in paths if path.suffix == ".py"}
    code = {path: source for path, source in sources.items() if not is_test(path)}
    functions = [function for path, source in code.items() for function in functions_of(path, source)]
    lengths = [function.lines for function in functions]
    lines = sum(map(code_lines, code.values()))
    print(
        f"{lines} lines of code in {len(code)} files, {sum(map(code_lines, sources.values())) - lines} lines of tests; "
        f"{len(lengths)} functions, median {percentile(lengths, 0.5)}, nine of ten up to {percentile(lengths, 0.9)}, "
        f"longest {max(lengths, default=0)} lines"
    )
    wrong = [*too_long(functions), *(line for path in paths for line in too_big(path))]
    sys.exit("\n".join(wrong) if wrong else 0)


if __name__ == "__main__":
    main()
