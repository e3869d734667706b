"""The part of a page on a snapshot: where rows came from, how they were split, and in which spans they lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benison.config import SPLITS
from benison.core.profiles import RowsProfile
from benison.pages.figures import calendar, count, percent, plural, size
from benison.pages.markup import Column, Markup, Row, digest, facts, join, quiet, table, tag

Document = Mapping[str, Any]
_MOST_SOURCES = 200
# So many sources are listed without folding them.
_FEW = 12


def render(snapshot: Document, spans: Mapping[int, RowsProfile]) -> Markup:
    """A snapshot's splits, spans and sources.

    Args:
        snapshot: snapshot.json.
        spans: What each span looks like, where it is known.
    """
    return join(
        [
            tag("p", f"Snapshot of {_named(snapshot['spans'])}, {_split_by(snapshot['split_by'])}. Sealed as ",
                digest(snapshot["digest"]), "."),
            tag("div", _splits(snapshot), _spans(snapshot, spans), class_="beside"),
            _sources(snapshot["sources"]),
            _queries(snapshot["sources"]),
        ]
    )  # fmt: skip


def _named(spans: Sequence[int]) -> str:
    return f"{'span' if len(spans) == 1 else 'spans'} {', '.join(map(str, spans))}"


def _split_by(rule: Mapping[str, Any]) -> str:
    shares = ", ".join(f"{share:.0%}" for share in rule["shares"])
    if rule["by"] == "time":
        return f"split by {rule['time']}, oldest first ({shares})"
    if rule["by"] == "given":
        return f"in splits that were there already ({shares})"
    return f"split by the hash of {', '.join(rule['key']) or 'all columns'} ({shares})"


def _splits(snapshot: Document) -> Markup:
    numbers = ("Rows", "Positives", "Negatives", "Share")
    rows = [_split(name, snapshot["splits"][name]) for name in SPLITS]
    return table(
        "Rows per split, and how many of them are positive",
        (Column("Split", "name"), *(Column(title, "number") for title in numbers)),
        rows,
    )


def _split(name: str, split: Document) -> Row:
    """A split's rows; where labels are missing or of a third value, how many."""
    rows, positives = split["rows"], split["positives"]
    negatives = split.get("negatives", rows - positives)
    left = rows - positives - negatives
    note = f"{plural(left, 'row')} with no label or a third value" if left else None
    share = percent(positives, positives + negatives)
    return Row((name, count(rows), count(positives), count(negatives), share), note=note)


def _spans(snapshot: Document, profiles: Mapping[int, RowsProfile]) -> Markup:
    numbers = (*(name.title() for name in SPLITS), "Rows", "Positive")
    columns = (Column("Span", "name"), Column("Events"), *(Column(title, "number") for title in numbers))
    by_split = {name: _rows_by_span(snapshot, name) for name in SPLITS}
    rows = [_span(span, by_split, profiles.get(span)) for span in snapshot["spans"]]
    return table("Rows per span, by the split they fell into", columns, rows)


def _rows_by_span(snapshot: Document, split: str) -> dict[int, int]:
    return {one["span"]: one["rows"] for one in snapshot["splits"][split].get("spans", ())}


def _span(span: int, by_split: Mapping[str, Mapping[int, int]], profile: RowsProfile | None) -> Row:
    parts = [count(by_split[name][span]) if span in by_split[name] else "-" for name in SPLITS]
    if profile is None:
        return Row((span, quiet("not known"), *parts, "-", "-"))
    labelled = profile.positives + profile.negatives
    share = percent(profile.positives, labelled)
    return Row((span, period(profile), *parts, count(profile.rows), share))


def period(rows: RowsProfile) -> Markup | str:
    """From the earliest to the latest event."""
    if rows.first is None or rows.last is None:
        return quiet("no time column")
    first, last = calendar(rows.first), calendar(rows.last)
    if first == last:
        return f"{calendar(rows.first, precise=True)} to {calendar(rows.last, precise=True)[-5:]}"
    return f"{first} to {last}"


def _sources(sources: Sequence[Document]) -> Markup:
    columns = [Column("Source", "name"), Column("Span", "number"), Column("Rows", "number"), Column("Size", "number")]
    versions = any(source.get("version") for source in sources)
    columns += [Column("Version", "version")] * versions + [Column("Content", "digest")]
    listed = table("What the rows were read from", columns, _source_rows(sources[:_MOST_SOURCES], versions))
    left = len(sources) - _MOST_SOURCES
    more = tag("p", f"{plural(left, 'more source')} in snapshot.json.", class_="absent") if left > 0 else None
    if len(sources) <= _FEW:
        return listed
    total = size(sum(source["size"] for source in sources))
    return tag("details", tag("summary", f"Sources: {len(sources):,} ", quiet(f"({total})")), listed, more)


def _source_rows(sources: Iterable[Document], versions: bool) -> Iterable[Row]:
    for source in sources:
        rows = count(source["rows"]) if "rows" in source else "-"
        known = [source["path"], source["span"], rows, size(source["size"])]
        version = [tag("code", source.get("version") or "-", class_="digest")] * versions
        yield Row((*known, *version, digest(source["digest"])))


def _queries(sources: Sequence[Document]) -> Markup | None:
    """The exact text of each query, and what it was run with."""
    found = [(source["path"], source["span"], source["query"]) for source in sources if source.get("query")]
    if not found:
        return None
    return join(_query(*one) for one in found[:_MOST_SOURCES])


def _query(path: str, span: int, query: Document) -> Markup:
    engine = " ".join(str(query[key]) for key in ("engine", "engine_version") if query.get(key))
    told = [(name.replace("_", " "), _told(value)) for name, value in query.items() if name not in _SAID and value]
    return tag(
        "details",
        tag("summary", f"Query of span {span}: {path} ", quiet(f"({engine})") if engine else None),
        tag("pre", query["sql"]),
        facts(told) if told else None,
    )


_SAID = {"sql", "engine", "engine_version"}


def _told(value: object) -> object:
    """Parameters and files as lists of lines."""
    if isinstance(value, Mapping):
        return join((f"{name}: {one}" for name, one in value.items()), ", ")
    if isinstance(value, list):
        return join((_told(one) for one in value), "; ")
    return value
