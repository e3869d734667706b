"""data: in benison.yaml: where raw data lies, which of it a run reads, and how it is cut."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from benison.config.paths import inside
from benison.core.sections import Section

SPLITS = ("train", "eval", "holdout")
_DEFAULT_SHARES = dict(zip(SPLITS, (0.6, 0.2, 0.2), strict=True))
FORMATS = {
    "csv": (".csv",),
    "parquet": (".parquet", ".pq"),
    "tfrecord": (".tfrecord", ".tfrecords"),
    "jsonl": (".jsonl", ".ndjson"),
}
ENGINES = ("duckdb", "bigquery")
EVERY = ("hour", "day", "week", "month", "quarter", "year")
Scalar = str | int | float | bool


@dataclass(frozen=True)
class Splits:
    """How rows fall into train, eval and holdout.

    Attributes:
        by: ``hash`` of the key columns, so that an entity never straddles two splits, or ``time``, oldest first.
        key: The columns that are hashed; empty: all columns of a row.
        time: The column that orders rows, for ``by: time``.
        shares: Fractions for train, eval and holdout that add up to 1.
    """

    by: str
    key: tuple[str, ...]
    time: str
    shares: tuple[float, float, float]


@dataclass(frozen=True)
class Table:
    """Files that hold rows: a reference table, a table that a query reads, or examples as serving met them.

    Attributes:
        name: What checks and queries call it.
        path: A file, a glob, a folder, or a URI of them.
        format: As `Data.format`.
    """

    name: str
    path: str
    format: str


@dataclass(frozen=True)
class Query:
    """SQL whose result is the data.

    Attributes:
        file: The file of the project that holds it.
        engine: ``duckdb`` over `tables`, or ``bigquery``.
        tables: What the query may read, for duckdb.
        parameters: Values of its named parameters. ``span``, ``start`` and ``end`` are added where the query uses them.
        project: The project that pays, for bigquery.
        location: Where it runs, for bigquery; empty: where its tables lie.
    """

    file: str
    engine: str
    tables: tuple[Table, ...]
    parameters: Mapping[str, Scalar]
    project: str
    location: str


@dataclass(frozen=True)
class Data:
    """Where raw data lies and how it is cut.

    Attributes:
        path: A file, a glob, a folder of files (hive partitions become columns), or a URI of them, with ``{span}``, or
            ``{YYYY}``, ``{MM}``, ``{DD}``, where spans are told apart; empty where a query is asked instead.
        query: The query instead of a path; None: a path.
        format: ``csv``, ``parquet``, ``tfrecord`` or ``jsonl``; of what a path leads to.
        window: How many spans up to the newest are used.
        time: The column that says when a row happened; empty: none.
        every: Spans are periods of `time`, such as ``month``, numbered from 1970; empty: they are told apart by path.
        splits: How rows are split.
        schema: The project's schema.pbtxt.
        references: Tables that rows refer to.
        serving: Examples as serving met them, to be compared with training; None: there are none.
    """

    path: str
    query: Query | None
    format: str
    window: int
    time: str
    every: str
    splits: Splits
    schema: str
    references: tuple[Table, ...]
    serving: Table | None

    @property
    def spanned(self) -> bool:
        """Whether there is more than one span."""
        return bool(self.every) or any(sign in self.path for sign in ("{span", "{YYYY")) or self.query is not None


def data_of(section: Section) -> Data:
    """Reads the section.

    Raises:
        ConfigError: Something in it is not understood, or does not go together.
    """
    path = section.take("path", str, "")
    query = _query(section.section("query")) if "query" in section.content else None
    section.asked.add("query")
    if bool(path) == (query is not None):
        raise section.error("path", "either path or query", "both" if path else "neither")
    data = Data(
        path=path,
        query=query,
        format="parquet" if query else section.choice("format", tuple(FORMATS), format_of(path)),
        window=section.whole("window", 1, low=1),
        time=section.take("time", str, ""),
        every=section.choice("every", EVERY, "") if "every" in section.content else "",
        splits=_splits(section.section("splits", optional=True)),
        schema=inside(section, "schema", "schema.pbtxt"),
        references=_tables(section, "references"),
        serving=_table(section.section("serving"), "serving") if "serving" in section.content else None,
    )
    section.asked |= {"every", "serving"}
    _spans_make_sense(section, data)
    section.close()
    return data


def _spans_make_sense(section: Section, data: Data) -> None:
    if data.window > 1 and not data.spanned:
        hint = "put {span} into data.path, or name data.time and data.every"
        raise section.error("window", "1 where data.path has no {span}", data.window, hint)
    if data.every and not data.time:
        raise section.error("every", "data.time beside it, the column that spans are cut by", "none")
    if data.every and "{" in data.path:
        raise section.error("every", "a path without {span}, or no every", repr(data.path))


def _query(section: Section) -> Query:
    section.asked.add("parameters")
    query = Query(
        file=inside(section, "file", "query.sql"),
        engine=section.choice("engine", ENGINES, "duckdb"),
        tables=_tables(section, "tables"),
        parameters=_parameters(section),
        project=section.take("project", str, ""),
        location=section.take("location", str, ""),
    )
    if query.engine == "bigquery" and query.tables:
        raise section.error("tables", "none with bigquery, whose queries name their tables themselves", "some")
    if query.engine == "duckdb" and (query.project or query.location):
        raise section.error("project", "project and location with bigquery only", "duckdb")
    section.close()
    return query


def _parameters(section: Section) -> dict[str, Scalar]:
    values = section.take("parameters", dict, {})
    for name, value in values.items():
        if not isinstance(name, str) or not isinstance(value, Scalar) or name in ("span", "start", "end"):
            expected = "names with one value each, other than span, start and end"
            raise section.error("parameters", expected, f"{name!r}: {value!r}")
    return values


def _tables(section: Section, key: str) -> tuple[Table, ...]:
    tables = section.section(key, optional=True)
    return tuple(_named(tables, name) for name in tables.content)


def _named(tables: Section, name: str) -> Table:
    if not isinstance(name, str) or not name.isidentifier():
        raise tables.error(str(name), "names of letters, digits and _", repr(name))
    if isinstance(tables.content[name], str):
        path = tables.take(name, str)
        return Table(name, path, _format(tables, name))
    return _table(tables.section(name), name)


def _format(tables: Section, name: str) -> str:
    """The format of a table that is given by its path alone."""
    found = format_of(tables.content[name])
    if found is None:
        expected = f"a path that ends with its format, such as {', '.join(FORMATS)}"
        raise tables.error(name, expected, repr(tables.content[name]), "or write  {path: ..., format: csv}")
    return found


def _table(section: Section, name: str) -> Table:
    path = section.take("path", str)
    table = Table(name, path, section.choice("format", tuple(FORMATS), format_of(path)))
    section.close()
    return table


def format_of(path: str) -> str | None:
    """The format that a file's name tells; None where it tells none.

    >>> format_of("rides/*.csv.gz")
    'csv'
    """
    known = {suffix: name for name, suffixes in FORMATS.items() for suffix in suffixes}
    return next((known[suffix] for suffix in reversed(PurePosixPath(path).suffixes) if suffix in known), None)


def _splits(section: Section) -> Splits:
    by = section.choice("by", ("hash", "time"), "hash")
    key = section.texts("key", ()) if by == "hash" else ()
    time = section.take("time", str) if by == "time" else ""
    shares = section.section("shares", optional=True)
    found = [shares.number(name, default, low=0, high=1) for name, default in _DEFAULT_SHARES.items()]
    shares.close()
    if not math.isclose(sum(found), 1, abs_tol=1e-9) or min(found) <= 0:
        raise section.error(
            "shares", "three shares over 0 that add up to 1", ", ".join(f"{share:g}" for share in found)
        )
    section.close()
    return Splits(by, key, time, (found[0], found[1], found[2]))
