"""The compiled pipelines in pipelines/compiled/ are what their source compiles to, whichever KFP is installed."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from benison.compile import compile_pipeline, names

COMPILED = Path("pipelines/compiled")


def normalised(text: str) -> str:
    """The same without KFP's version, the only thing that differs between its releases."""
    return re.sub(r"^sdkVersion: .*$", "sdkVersion: kfp", text, flags=re.MULTILINE)


def fresh(name: str) -> str:
    """What a pipeline compiles to now."""
    with tempfile.TemporaryDirectory() as folder:
        compile_pipeline(name, Path(folder, name))
        return normalised(Path(folder, name).read_text())


def stale(folder: Path) -> list[str]:
    """The pipelines whose file is missing or old, and the files without a pipeline."""
    files = {path.stem: path.read_text() for path in folder.glob("*.yaml")}
    return [name for name in sorted({*names(), *files}) if name not in names() or files.get(name) != fresh(name)]


def main() -> None:
    """Says what is stale, or with --write makes it fresh."""
    found = stale(COMPILED)
    if "--write" not in sys.argv:
        sys.exit(f"{COMPILED}: not what the source compiles to: {', '.join(found)}; run make compile" if found else 0)
    COMPILED.mkdir(exist_ok=True)
    for name in found:
        path = COMPILED / f"{name}.yaml"
        path.write_text(fresh(name)) if name in names() else path.unlink()
        print(path)


if __name__ == "__main__":
    main()
