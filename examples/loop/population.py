"""The census as three populations: employees alone; with the self-employed; and that feed, broken.

Until the shift nobody who is self-employed is asked about, and none is in the training data. From then on three in ten
are. They are not only more workers of a new class: what makes a high income is another thing for them, so that a model
of employees is less right about them. The broken feed is the second population, of which nine rows in ten have lost
their hours per week.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

SELF_EMPLOYED = frozenset({"Self-emp-inc", "Self-emp-not-inc"})
SHARE = 0.3
BROKEN, LOST = "hours_per_week", 0.9
Person = dict[str, str]


class Census:
    """People of the census, each in one place alone: a span that is trained on, or traffic.

    Args:
        folder: Where the example's spans lie.
        seed: Of every choice.
    """

    def __init__(self, folder: Path, seed: int = 7) -> None:
        self._random = random.Random(seed)
        people = [person for span in (1, 2, 3, 4) for person in _read(folder / f"span-{span}.csv.gz")]
        self._random.shuffle(people)
        self._own = [one for one in people if one["workclass"] in SELF_EMPLOYED]
        self._employees = [one for one in people if one["workclass"] not in SELF_EMPLOYED]

    def employees(self, many: int) -> list[Person]:
        """So many of whom none is self-employed."""
        return [self._employees.pop() for _ in range(many)]

    def everybody(self, many: int) -> list[Person]:
        """So many of whom three in ten are self-employed."""
        own = round(SHARE * many)
        found = [*(self._own.pop() for _ in range(own)), *self.employees(many - own)]
        self._random.shuffle(found)
        return found

    def broken(self, people: Iterable[Person]) -> list[Person]:
        """The same people by a feed that has lost most of one column."""
        return [{**one, BROKEN: ""} if self._random.random() < LOST else one for one in people]


def write(people: Sequence[Person], file: Path) -> None:
    """Puts a span where data arrive: all of it at once, as who delivers data should."""
    text = io.StringIO()
    told = csv.DictWriter(text, list(people[0]), lineterminator="\n")
    told.writeheader()
    told.writerows(people)
    part = file.with_suffix(".part")
    part.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
    part.replace(file)


def _read(file: Path) -> list[Person]:
    with gzip.open(file, "rt") as opened:
        return list(csv.DictReader(opened))
