"""The sizes of images in Markdown, what they share counted once: image_sizes.py benison-data:0.1.0 ..."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence

Layer = tuple[str, int]
"""What made a layer and when, and its bytes."""


def history(image: str) -> list[Layer]:
    """An image's layers, the lowest first."""
    words = ["docker", "history", "--no-trunc", "--human=false", "--format", "{{.CreatedAt}} {{.CreatedBy}}\t{{.Size}}"]
    done = subprocess.run([*words, image], capture_output=True, text=True, check=True)
    rows = [line.rpartition("\t") for line in done.stdout.splitlines()]
    return [(made, int(size)) for made, _, size in reversed(rows)]


def distinct_bytes(images: Sequence[Sequence[Layer]]) -> int:
    """The bytes of all layers, each once: a layer is the same where all below it are the same."""
    stacks = {tuple(layers[: height + 1]) for layers in images for height in range(len(layers))}
    return sum(stack[-1][1] for stack in stacks)


def table(images: Mapping[str, Sequence[Layer]]) -> str:
    """Size of each image, what it adds to those above it, and all together.

    >>> print(table({"a:1": [("base", 2 * 10**8), ("own", 10**8)], "b:1": [("base", 2 * 10**8)]}))
    | image | size | adds |
    |---|---|---|
    | a:1 | 300 MB | 300 MB |
    | b:1 | 200 MB | 0 MB |
    | all together | | 300 MB |
    """
    lines, seen, before = ["| image | size | adds |", "|---|---|---|"], [], 0
    for name, layers in images.items():
        seen.append(layers)
        after = distinct_bytes(seen)
        lines.append(f"| {name} | {_mb(sum(size for _, size in layers))} | {_mb(after - before)} |")
        before = after
    return "\n".join([*lines, f"| all together | | {_mb(before)} |"])


def _mb(size: int) -> str:
    return f"{round(size / 10**6):,} MB"


if __name__ == "__main__":
    print(table({image: history(image) for image in sys.argv[1:]}))
