"""Cuts UCI Adult into the four spans of this folder: ``python cut.py adult.data adult.test``."""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Iterator
from pathlib import Path

SPANS = 4
NAMES = [
    *("age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship"),
    *("race", "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income"),
]


def rows(lines: Iterator[str]) -> Iterator[list[str]]:
    """The rows of a UCI file: ``?`` becomes an empty field, the dot that ends labels in adult.test goes."""
    for line in lines:
        if line.strip() and not line.startswith("|"):
            fields = [field.strip() for field in line.rstrip(".\n").split(",")]
            yield ["" if field == "?" else field for field in fields]


def packed(people: list[list[str]]) -> bytes:
    """A compressed CSV without a time in it: the same rows are the same bytes."""
    text, compressed = io.StringIO(), io.BytesIO()
    csv.writer(text, lineterminator="\n").writerows([NAMES, *people])
    with gzip.GzipFile(filename="", mode="wb", fileobj=compressed, compresslevel=9, mtime=0) as file:
        file.write(text.getvalue().encode())
    return compressed.getvalue()


def cut(sources: list[Path], folder: Path) -> None:
    """Writes span-1.csv.gz to span-4.csv.gz, of nearly equal size, in the order of the sources."""
    people = [row for source in sources for row in rows(iter(source.read_text().splitlines(keepends=True)))]
    for span in range(SPANS):
        part = people[len(people) * span // SPANS : len(people) * (span + 1) // SPANS]
        (folder / f"span-{span + 1}.csv.gz").write_bytes(packed(part))


if __name__ == "__main__":
    cut([Path(name) for name in sys.argv[1:]], Path(__file__).parent)
