"""The tables between `<!-- contract -->` marks in the components' READMEs say what their component.py says."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

COMPONENTS = Path("components")
OPEN, CLOSE = "<!-- contract -->", "<!-- /contract -->"


@dataclass(frozen=True)
class Port:
    """One input or output of a component.

    Attributes:
        name: As the signature has it.
        type: ``int``, or the artifact's type: ``Dataset``.
        is_artifact: A folder, rather than a parameter.
        is_output: Written, rather than read.
        text: The docstring's line about it.
    """

    name: str
    type: str
    is_artifact: bool
    is_output: bool
    text: str


@dataclass(frozen=True)
class Contract:
    """What component.py says of a component."""

    name: str
    summary: str
    ports: tuple[Port, ...]


def contract_of(path: Path) -> Contract:
    """Reads a component.py, whose component is the function of its folder's name.

    Raises:
        ValueError: An input or output has no line in the docstring.
    """
    name = path.parent.name
    functions = (node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef))
    function = next(node for node in functions if node.name == name)
    text = inspect.cleandoc(ast.get_docstring(function) or "")
    said = {**described(text, "Args"), **described(text, "Returns")}
    ports = tuple(port for port in _ports(function, said))
    if silent := [port.name for port in ports if not port.text]:
        raise ValueError(f"{path}: no line in the docstring for {', '.join(silent)}")
    return Contract(name, text.partition("\n")[0], ports)


def described(docstring: str, section: str) -> dict[str, str]:
    """The entries ``name: text`` of one section of a docstring.

    >>> described("Does it.\\n\\nArgs:\\n    span: The newest\\n        one.\\n", "Args")
    {'span': 'The newest one.'}
    """
    found = re.search(rf"^{section}:\n((?:    .*\n?|\n)*)", docstring, re.MULTILINE)
    entries = re.findall(r"^    (\w+): (.*(?:\n     .*)*)", found.group(1) if found else "", re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


def _ports(function: ast.FunctionDef, said: dict[str, str]) -> Iterator[Port]:
    for argument in function.args.args:
        kind = ast.unparse(argument.annotation) if argument.annotation else ""
        artifact = re.fullmatch(r"(Input|Output)\[(\w+)\]", kind)
        is_output = bool(artifact) and kind.startswith("Output")
        yield Port(
            argument.arg, artifact.group(2) if artifact else kind, bool(artifact), is_output, said.get(argument.arg, "")
        )
    returned = ast.unparse(function.returns) if function.returns else ""
    for name, kind in re.findall(r"\('(\w+)', (\w+)\)", returned):
        yield Port(name, kind, False, True, said.get(name, ""))


def table(contract: Contract) -> str:
    """Inputs, then outputs, one a line."""
    lines = ["| | name | type | what it is |", "|---|---|---|---|"]
    for port in sorted(contract.ports, key=lambda port: port.is_output):
        lines.append(f"| {'out' if port.is_output else 'in'} | `{port.name}` | {port.type} | {port.text} |")
    return "\n".join(lines)


def chain(contracts: list[Contract]) -> str:
    """Every component after those it reads from, with its artifacts."""
    writer = {port.name: one.name for one in contracts for port in one.ports if port.is_artifact and port.is_output}
    by_name = {one.name: one for one in contracts}
    read = {one.name: [port for port in one.ports if port.is_artifact and not port.is_output] for one in contracts}
    order = TopologicalSorter({name: sorted({writer[port.name] for port in read[name]}) for name in sorted(read)})
    lines = ["| component | what it does | reads | writes |", "|---|---|---|---|"]
    for name in order.static_order():
        sources = ", ".join(f"`{port.name}` of {writer[port.name]}" for port in read[name])
        written = ", ".join(f"`{port.name}`" for port in by_name[name].ports if port.is_output)
        lines.append(f"| [{name}]({name}/) | {by_name[name].summary} | {sources} | {written} |")
    return "\n".join(lines)


def renewed(page: Path, content: str) -> str:
    """A page with its table replaced.

    Raises:
        ValueError: The page has no place for it.
    """
    before, opened, rest = page.read_text().partition(OPEN) if page.exists() else ("", "", "")
    _, closed, after = rest.partition(CLOSE)
    if not opened or not closed:
        raise ValueError(f"{page}: expected a place for the table, {OPEN} and {CLOSE}, got none")
    return f"{before}{OPEN}\n{content}\n{CLOSE}{after}"


def pages(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every README with what its table has to say."""
    contracts = [contract_of(path) for path in sorted(folder.glob("*/component.py"))]
    for contract in contracts:
        yield folder / contract.name / "README.md", table(contract)
    yield folder / "README.md", chain(contracts)


def main() -> None:
    """Says which tables are stale, or with --write makes them fresh."""
    try:
        found = {page: text for page, table in pages(COMPONENTS) if (text := renewed(page, table)) != page.read_text()}
    except ValueError as error:
        sys.exit(str(error))
    if "--write" not in sys.argv:
        listed = ", ".join(str(page) for page in found)
        sys.exit(f"not what component.py says: {listed}; run make docs" if found else 0)
    for page, text in found.items():
        page.write_text(text)
        print(page)


if __name__ == "__main__":
    main()
