"""Keyed: the rows of a snapshot with the runs of their keys, and how what was found in them is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benison.components.example_validator.cells import span_group
from benison.components.example_validator.examine import Rows
from benison.components.example_validator.keys import SHOWN, Example, Question, examples, spill
from benison.components.example_validator.runs import KEPT_KEYS, Found, Run, of_group


@dataclass(frozen=True)
class Keyed:
    """Rows and the runs of their keys.

    Attributes:
        rows: All rows of the snapshot.
        runs: By question.
        spans: Numbers of the spans, ascending.
    """

    rows: Rows
    runs: Mapping[Question, tuple[Run, ...]]
    spans: tuple[int, ...]

    @classmethod
    def of(cls, rows: Rows, questions: Iterable[Question], scratch: Path) -> Keyed:
        """Spills the keys that questions ask for.

        Args:
            rows: Each cell belongs to the group ``span <number>``.
            questions: Of columns that are there.
            scratch: An empty folder.
        """
        named = {str(number): question for number, question in enumerate(dict.fromkeys(questions))}
        runs = spill(rows.cells, named, scratch)
        groups = {group for cell in rows.cells for group in cell.groups if group.startswith(span_group(0)[:-1])}
        spans = tuple(sorted(int(group.split()[-1]) for group in groups))
        return cls(rows, {question: runs[name] for name, question in named.items()}, spans)

    @property
    def newest(self) -> str:
        """The group of the newest span."""
        return span_group(self.spans[-1])

    @property
    def older(self) -> tuple[str, ...]:
        """The groups of the spans before it, oldest first."""
        return tuple(map(span_group, self.spans[:-1]))

    def group(self, question: Question, *groups: str) -> tuple[Run, ...]:
        """The runs of the rows that belong to all of some groups."""
        return of_group(self.runs[question], *groups)

    def values(self, question: Question, found: Found, *groups: str) -> list[Example]:
        """The values behind keys that were found, of rows in any of some groups: no more than are kept."""
        cells = [cell for cell in self.rows.cells if set(groups) & set(cell.groups)]
        return [one for some in examples(cells, question, found.some).values() for one in some]

    def confirmed(self, question: Question, found: Found, both: tuple[str, str]) -> tuple[Found, list[Example]]:
        """What was found in rows of one group, of keys that stand in both, or twice in one that is named twice.

        Where they are few enough to look all of them up, keys that are the same by chance alone are taken out: with
        10**8 rows there would be one in 30 tables.
        """
        some = [one for one in self.values(question, found, *both) if _stands_in(one, both)]
        if found.keys > KEPT_KEYS:
            return found, some
        return Found(sum(one.by_group[both[0]] for one in some), len(some), found.some), some


def _stands_in(one: Example, both: tuple[str, str]) -> bool:
    if both[0] == both[1]:
        return one.by_group.get(both[0], 0) > 1
    return all(group in one.by_group for group in both)


def such_as(some: Sequence[Example], *, times: bool = False) -> str:
    """``, such as 7 (3 times) and 9 (2 times)``; empty for none."""
    shown = [f"{one} ({one.rows:,} times)" if times else str(one) for one in some[:SHOWN]]
    return f", such as {'; '.join(shown)}" if shown else ""


def named(columns: Sequence[str]) -> str:
    """``column a``, ``columns a, b``."""
    return f"column{'s' * (len(columns) > 1)} {', '.join(columns)}"


def lacking(columns: Iterable[str], rows: Rows) -> str:
    """Those of some columns that the rows do not have, as a reason says it; empty where all are there."""
    missing = [name for name in columns if name not in rows.columns.names]
    return f"{named(missing)} not in the data" if missing else ""
