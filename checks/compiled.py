"""pipelines/compiled/ and each component.yaml are what their source compiles to, whichever KFP is installed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from benison import compile as compiling
from benison.compile import profile
from benison.config import targets
from benison.config.machines import TARGETS

COMPILED = Path("pipelines/compiled")
COMPONENTS = Path("components")


def normalised(text: str) -> str:
    """The same without KFP's version, the only thing that differs between its releases."""
    return re.sub(r"^sdkVersion: .*$", "sdkVersion: kfp", text, flags=re.MULTILINE)


def fresh(root: Path = Path()) -> Iterator[tuple[Path, str]]:
    """Every generated file with what belongs into it now."""
    for name in compiling.names():
        for target in TARGETS:
            documents = profile.applied(compiling.source_of(name), targets.usual(target))
            yield root / COMPILED / f"{name}.{target}.yaml", normalised(compiling.dumped(documents).decode())
    for name in compiling.components():
        dumped = compiling.dumped([compiling.component_of(name)])
        yield root / COMPONENTS / name / "component.yaml", normalised(dumped.decode())


def stale(root: Path = Path()) -> dict[Path, str | None]:
    """The files that are missing or old, each with what belongs into it; None: it has no source any more."""
    expected = dict(fresh(root))
    there = {*(root / COMPILED).glob("*.yaml"), *(root / COMPONENTS).glob("*/component.yaml")}
    old = {path: text for path, text in expected.items() if not path.is_file() or path.read_text() != text}
    return {**old, **dict.fromkeys(sorted(there - expected.keys()))}


def main() -> None:
    """Says what is stale, or with --write makes it fresh."""
    found = stale()
    if "--write" not in sys.argv:
        listed = ", ".join(map(str, found))
        sys.exit(f"not what the source compiles to: {listed}; run make compile" if found else 0)
    COMPILED.mkdir(exist_ok=True)
    for path, text in found.items():
        path.unlink() if text is None else path.write_text(text)
        print(path)


if __name__ == "__main__":
    main()
