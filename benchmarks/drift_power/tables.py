"""The tables of docs/validation.md, from what the sides printed: ``python tables.py own.jsonl evidently.jsonl``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from populations import MOVES, SIZES

_MOVED = {"numeric": "shift of the mean, in deviations", "categorical": "share of rows moved to another value"}


def table(kind: str, lines: list[dict[str, Any]]) -> Iterator[str]:
    """One row for each move and rule, one column for each number of rows."""
    yield f"| {_MOVED[kind]} | rule | " + " | ".join(f"{rows:,}" for rows in SIZES) + " |"
    yield "|---" * (len(SIZES) + 2) + "|"
    for move in MOVES[kind]:
        cells: dict[str, dict[int, float]] = {}
        for line in lines:
            if (line["kind"], line["move"]) == (kind, move):
                for rule, share in line["flagged"].items():
                    cells.setdefault(rule, {})[line["rows"]] = share
        for rule, shares in cells.items():
            yield f"| {move:g} | {rule} | " + " | ".join(f"{shares[rows]:.0%}" for rows in SIZES) + " |"


def main() -> None:
    """Prints both tables."""
    lines = [json.loads(line) for file in sys.argv[1:] for line in Path(file).read_text().splitlines()]
    for kind in MOVES:
        print("\n".join(table(kind, lines)), end="\n\n")


if __name__ == "__main__":
    main()
