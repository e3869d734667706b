"""Opening a span of a project, and measuring whatever was opened."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benison.cli import project as projects
from benison.components.example_validator.drift import numbers_rows
from benison.components.example_validator.measure import Asked, Cell, Measured, measure
from benison.core import digests
from benison.core.errors import DataError
from benison.core.profiles import Profile, RowsProfile
from benison.sources.columns import Columns
from benison.sources.dataset import Dataset, open_dataset

DATA, SPAN = "data", "span "


@contextmanager
def opened_span(folder: Path, span: int, *, window: int | None = None) -> Iterator[tuple[projects.Project, Dataset]]:
    """The data of a project up to a span; 0: the newest."""
    project = projects.find(folder)
    data = project.config.data if window is None else replace(project.config.data, window=window)
    with tempfile.TemporaryDirectory(prefix="benison-") as scratch:
        columns = Columns.of(project.config)
        with open_dataset(data, str(project.folder), span, columns, project.folder, Path(scratch)) as dataset:
            yield project, dataset


@dataclass(frozen=True)
class Looked:
    """Rows that were measured.

    Attributes:
        name: What the user called them.
        dataset: Where they come from; its rows can be read no more.
        groups: What was measured, by group: `DATA`, ``span 3``.
    """

    name: str
    dataset: Dataset
    groups: dict[str, Measured]

    @property
    def snapshot(self) -> str:
        """A digest that stands for the rows: of what they were read from."""
        return digests.of_json([[source.span, source.digest] for source in self.dataset.sources])

    @property
    def profile(self) -> Profile:
        """As profile.json has it."""
        spans: dict[int, RowsProfile] = {}
        for name, one in self.groups.items():
            spans[int(name.removeprefix(SPAN)) if name.startswith(SPAN) else 1] = one.profile()
        return Profile(self.snapshot, spans[max(spans)], dict(sorted(spans.items())))


def cells(dataset: Dataset, groups: Sequence[str] = ()) -> tuple[Cell, ...]:
    """All rows, each in its span and in some groups more."""
    return tuple(Cell((*groups, f"{SPAN}{part.span}"), partial(dataset.batches, part)) for part in dataset.parts)


def look(name: str, dataset: Dataset, asked: Asked | None = None) -> Looked:
    """Measures the rows of each span.

    Raises:
        DataError: There is not one row.
    """
    if not sum(source.rows for source in dataset.sources):
        raise DataError(name, expected="rows", got="none", hint="the file has a header at most")
    found = dict(measure(cells(dataset), asked or Asked(dataset.schema)))
    return Looked(name, dataset, found)


def compared_columns(before: RowsProfile, now: RowsProfile) -> set[str]:
    """The columns whose values say something; numbers that count rows up differ between any two sources."""
    both = [*before.columns.items(), *now.columns.items()]
    return {name for name, _ in both} - {name for name, column in both if numbers_rows(column)}
