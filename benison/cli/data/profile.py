"""``benison data profile``: what each column looks like, as a table, and TFDV's statistics of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.cli.data import text
from benison.cli.data.opening import opened
from benison.cli.data.source import Looked, look, opened_span
from benison.components.example_validator import report
from benison.components.example_validator.measure import Asked
from benison.components.example_validator.run import folder_of, read_schema
from benison.core import documents
from benison.core.errors import DataError
from benison.core.files import write_atomically
from benison.core.profiles import CATEGORICAL, DATETIME, ColumnProfile
from benison.core.spelling import nearest

_HEADER = ("column", "kind", "missing", "distinct", "mean or top value", "min", "max", "distribution")
_BARS = 12


@dataclass(frozen=True)
class Wanted:
    """What was asked for: see the command's options."""

    sources: tuple[str, ...]
    folder: Path | None
    span: int
    schema: Path | None
    out: Path | None
    as_json: bool


def show(wanted: Wanted) -> None:
    """Profiles each source, or a project's spans, and prints it."""
    schema = read_schema(wanted.schema, str(wanted.schema)) if wanted.schema else None
    several = len(wanted.sources) > 1
    for number, one in enumerate(_looked(wanted, schema)):
        out = wanted.out / f"{number + 1}" if wanted.out and several else wanted.out
        if wanted.as_json:
            click.echo(documents.encode({"kind": "profile", "format": 1, **one.profile.to_json()}).decode(), nl=False)
        else:
            click.echo("\n".join(lines(one)))
        if out is not None:
            _write(one, out)


def _looked(wanted: Wanted, schema: schema_pb2.Schema | None) -> Iterator[Looked]:
    if wanted.folder is not None:
        with opened_span(wanted.folder, wanted.span) as (project, dataset):
            config = project.config
            mine = schema or read_schema(project.folder / config.data.schema, config.data.schema)
            yield look(config.name, dataset, Asked(dataset.schema, mine, config.label, config.data.time))
    for path in wanted.sources:
        with opened(path) as dataset:
            if schema is not None:
                speaks_of(schema, dataset.schema.names, str(wanted.schema))
            yield look(path, dataset, Asked(dataset.schema, schema))


def speaks_of(schema: schema_pb2.Schema, columns: list[str], file: str) -> None:
    """Makes sure that a schema is one of these data, which it is not if it knows no column of theirs.

    Raises:
        DataError: It is that of others.
    """
    known = [feature.name for feature in schema.feature]
    if set(known).isdisjoint(columns):
        hint = nearest(known[0], columns)
        raise DataError(file, expected="a schema of these data", got=f"one of {', '.join(known[:5])}", hint=hint)


def lines(one: Looked) -> list[str]:
    """The tables of each span."""
    shown: list[str] = []
    for number, rows in one.profile.spans.items():
        of = f", span {number}" if len(one.profile.spans) > 1 else ""
        head = f"{one.name}{of}: {rows.rows:,} rows, {len(rows.columns)} columns"
        table = [_row(name, column) for name, column in rows.columns.items()]
        shown += [*([""] if shown else []), head, *text.columns(_HEADER, table, "llrrlrrl")]
    return shown


def _row(name: str, column: ColumnProfile) -> list[str]:
    # Many different values are estimated, and an estimate may lie beyond what there can be.
    distinct = min(column.distinct, column.present)
    said = [name, column.kind, text.share(column.missing, column.rows), f"{distinct:,}"]
    if column.kind == CATEGORICAL:
        top = next(iter(column.values.items()), None)
        value = f"{top[0]} ({text.share(top[1], column.present)})" if top else "-"
        return [*said, value, "", "", text.bars([*list(column.values.values())[:_BARS]])]
    spelt = moment if column.kind == DATETIME else text.number
    figures = [spelt(value) for value in (column.mean, column.minimum, column.maximum)]
    return [*said, *figures, text.bars(histogram(column))]


def moment(seconds: float | None) -> str:
    """Seconds since 1970 as a moment in UTC."""
    return "-" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


def histogram(column: ColumnProfile) -> list[float]:
    """Rows in bars of one width, from the smallest to the largest value, out of bins of many widths.

    Within a bin rows count as spread evenly; the outer ones end with the smallest and the largest value. Where each
    bin holds a single value, it is the bin's upper end.
    """
    if column.minimum is None or column.maximum is None or column.minimum >= column.maximum:
        return [float(column.present)] if column.present else []
    if column.distinct <= sum(1 for rows in column.counts if rows):
        values = np.minimum([*column.edges, column.maximum], column.maximum)
        found = np.histogram(values, _BARS, (column.minimum, column.maximum), weights=column.counts)
        return [float(rows) for rows in found[0]]
    ends = np.array([column.minimum, *column.edges, column.maximum])
    below = np.concatenate([[0.0], np.cumsum(column.counts)])
    different = np.unique(ends)
    # The first bin may have no width: all its rows have the smallest value.
    up_to = below[np.searchsorted(ends, different, side="right") - 1]
    at = np.linspace(column.minimum, column.maximum, _BARS + 1)
    rows = np.interp(at, different, up_to)
    rows[0] = 0
    return [float(some) for some in np.diff(rows)]


def _write(one: Looked, out: Path) -> None:
    """TFDV's statistics, the profile, and the page."""
    for name, measured in one.groups.items():
        folder = out if len(one.groups) == 1 else out / folder_of(name)
        content = measured.statistics.SerializeToString(deterministic=True)
        write_atomically(folder / "FeatureStats.pb", content)
    documents.write(out / "profile.json", "profile", one.profile.to_json())
    page = report.page(None, [], one.profile, {"comparisons": []}, {"bands": [], "span": 1})
    write_atomically(out / "profile.html", page.encode())
    click.echo(f"wrote {out}", err=True)
