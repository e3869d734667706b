"""Every pipeline for every target with images named by digest: compile_release.py build/images build/compiled

But for the images, what comes out has to be what pipelines/compiled holds.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path

from benison.core.images import IMAGES, SERVE

_DIGEST = re.compile(r"\S+/\S+@sha256:[0-9a-f]{64}")


def pushed(folder: Path) -> dict[str, str]:
    """What the files of a folder name, by group of components.

    Raises:
        SystemExit: A file names no digest, or a group that there is none of.
    """
    found = {path.name: path.read_text().strip() for path in sorted(folder.iterdir())}
    for group, reference in found.items():
        if group not in (*IMAGES, SERVE) or not _DIGEST.fullmatch(reference):
            sys.exit(f"{folder / group}: expected a group's REPOSITORY/NAME@sha256:..., got {reference!r}")
    return {group: reference for group, reference in found.items() if group in IMAGES}


def compiled(images: dict[str, str]) -> dict[str, str]:
    """The YAML of each pipeline and target, by file name.

    Raises:
        SystemExit: But for the images it is not what the repository holds.
    """
    # KFP takes a second and a half to come, which a mistake need not wait for.
    from benison import compile as compiling
    from benison.compile import profile
    from benison.config import targets
    from benison.config.machines import TARGETS

    made = {}
    for name in compiling.names():
        for target in TARGETS:
            asked = targets.usual(target)
            asked = dataclasses.replace(asked, images={**asked.images, **images})
            text = compiling.dumped(profile.applied(compiling.source_of(name), asked)).decode()
            _held(text, images, f"{name}.{target}.yaml")
            made[f"{name}.{target}.yaml"] = text
    return made


def _held(text: str, images: dict[str, str], file: str) -> None:
    from checks.compiled import COMPILED, normalised

    for group, reference in images.items():
        text = text.replace(reference, IMAGES[group])
    if normalised(text) != (COMPILED / file).read_text():
        sys.exit(f"{file}: not {COMPILED / file} with other images; run make compile and commit what it writes")


def main() -> None:
    """Writes them."""
    images, out = pushed(Path(sys.argv[1])), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for file, text in compiled(images).items():
        (out / file).write_text(text)
        print(out / file)


if __name__ == "__main__":
    main()
