"""Inputs: files as they are read: fetched where they lie elsewhere, hashed, and cut into pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from benison.core import digests
from benison.core.errors import DataError
from benison.core.spelling import nearest
from benison.sources.columns import Columns, check_names
from benison.sources.conform import Place, conform, is_number
from benison.sources.cuts import Cuts, cut
from benison.sources.diagnose import no_rows
from benison.sources.files import Files
from benison.sources.find import File, is_remote
from benison.sources.lists import Spread, spreads_of
from benison.sources.pieces import Piece, compression
from benison.sources.queries import QueryRecord
from benison.sources.read_csv import never_closed, read_header
from benison.sources.read_parquet import read_footer


@dataclass(frozen=True)
class Input:
    """A file that can be read.

    Attributes:
        span: Its span; 1 where there are none.
        name: Without the machine's folders; a URI for objects.
        size: In bytes.
        digest: Of the bytes.
        pieces: What it is read by, in order.
        names: Its columns, where the file says them before its rows; else empty.
        version: The source's own; empty: it has none.
        query: What was asked, for queries.
    """

    span: int
    name: str
    size: int
    digest: str
    pieces: tuple[Piece, ...]
    names: tuple[str, ...] = ()
    version: str = ""
    query: QueryRecord | None = None


def inputs_of(files: Iterable[File], format: str, store: Files, columns: Columns, scratch: Path) -> tuple[Input, ...]:
    """Files as they are read.

    Args:
        files: What to read.
        format: What they are.
        store: Fetches those that lie elsewhere.
        columns: What the configuration says of their columns.
        scratch: Where they are fetched to.

    Raises:
        DataError: One is empty, damaged or something else, or has other columns than the first.
    """
    inputs = tuple(_input(number, file, format, store, columns, scratch) for number, file in enumerate(files))
    if format in ("csv", "parquet"):
        same_columns([(one.name, one.names) for one in inputs])
    return inputs


def _input(number: int, file: File, format: str, store: Files, columns: Columns, scratch: Path) -> Input:
    path, digest = Path(file.found.path), ""
    if is_remote(file.found.path):
        path = scratch / f"{number:06d}{''.join(Path(file.found.path).suffixes[-1:])}"
        digest = store.fetch(file.found.path, path)
    whole = Piece(number, path, file.name, format, partitions=file.partitions)
    if format == "parquet":
        return parquet_input(whole, file.span, columns, version=file.found.version)
    with compression(file.name), whole.opened() as stream:
        if not stream.read(1):
            raise DataError(file.name, expected="rows", got="an empty file")
        stream.seek(0)
        names, first = read_header(stream, file.name, columns) if format == "csv" else ([], 0)
    folders = [name for name, _ in file.partitions]
    if format == "csv":
        check_names([*names, *folders], columns, file.name)
    cuts = _cut(whole, first)
    pieces = [replace(whole, start=start, end=end, names=tuple(names)) for start, end in cuts.ranges]
    if not pieces:
        raise no_rows(file.name)
    if cuts.open:
        raise never_closed(file.name, whole.opened)
    everything = (*names, *folders) if format == "csv" else ()
    return Input(file.span, file.name, cuts.size, digest or cuts.digest, tuple(pieces), everything, file.found.version)


def _cut(whole: Piece, first: int) -> Cuts:
    """Compressed files, which can only be read from their beginning, stay whole."""
    if whole.packed:
        return Cuts(whole.path.stat().st_size, digests.of_file(whole.path), ((first, None),))
    return cut(whole.path, first, whole.format)


def parquet_input(
    whole: Piece, span: int, columns: Columns, version: str = "", query: QueryRecord | None = None
) -> Input:
    """A Parquet file as it is read: by its row groups.

    Args:
        whole: The file.
        span: Its span.
        columns: What the configuration says of its columns.
        version: The source's own.
        query: What was asked, where it is the result of a query.

    Raises:
        DataError: It is empty or damaged, or a column is missing, or of a type that cannot be used.
    """
    path, name = whole.path, whole.name
    if not path.stat().st_size:
        raise DataError(name, expected="rows", got="an empty file")
    schema, groups = read_footer(path, name)
    lists = spreads_of(path, name, schema, columns.lists) if columns.lists and sum(groups) else ()
    schema = _with_places(schema, lists)
    names = (*schema.names, *(folder for folder, _ in whole.partitions))
    check_names(names, columns, name)
    conform({field.name: pa.array([], field.type) for field in schema}, columns, Place(name))
    if not sum(groups):
        raise no_rows(name)
    integers = frozenset(field.name for field in schema if pa.types.is_integer(field.type))
    numbers = frozenset(field.name for field in schema if is_number(field.type))
    pieces = [
        replace(whole, start=group, end=rows, names=names, integers=integers, numbers=numbers, lists=lists)
        for group, rows in enumerate(groups)
        if rows
    ]
    return Input(span, name, path.stat().st_size, digests.of_file(path), tuple(pieces), names, version, query)


def _with_places(schema: pa.Schema, lists: Sequence[Spread]) -> pa.Schema:
    """The columns as they are read: lists are one for each place."""
    by_name = {one.name: one for one in lists}
    fields = []
    for field in schema:
        of_places = by_name[field.name].names if field.name in by_name else ()
        fields += [pa.field(name, pa.float64()) for name in of_places] or [field]
    return pa.schema(fields)


def same_columns(named: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Makes sure that all files have the same columns.

    Args:
        named: The files' names, with their columns.

    Raises:
        DataError: One has a column more or less than the first.
    """
    first, columns = named[0]
    for source, found in named[1:]:
        if missing := sorted(set(columns) - set(found)):
            expected, hint = f"a column {missing[0]!r}, as in {first}", nearest(missing[0], found)
            raise DataError(source, expected=expected, got="none", hint=hint)
        if more := sorted(set(found) - set(columns)):
            hint = "a window needs the same columns in every span; use a smaller window or a file without it"
            raise DataError(source, expected=f"the columns of {first}", got=f"{more[0]!r} as well", hint=hint)
