"""Datasets: the rows that a run reads, as typed batches in parts that can be read on their own.

Opening one finds its files, fetches what lies elsewhere, and reads everything once, in forked workers, to learn what
each column is. Text formats are kept on scratch disk meanwhile. Memory holds a few batches, however large the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benison.config.data import Data, Table
from benison.core.casts import as_text
from benison.sources import cuts
from benison.sources.columns import Columns
from benison.sources.conform import Place
from benison.sources.files import LocalFiles
from benison.sources.find import File, find, pattern_of, store_of
from benison.sources.inputs import Input, inputs_of
from benison.sources.intake import Intake, intake
from benison.sources.locate import choose
from benison.sources.pieces import Piece
from benison.sources.queries import QueryRecord
from benison.sources.spill import Held, read_back
from benison.sources.take import Taken, conformed
from benison.sources.times import Spans

if TYPE_CHECKING:
    from benison.sources.asking import Question


@dataclass(frozen=True)
class Source:
    """What rows were read from; stands in snapshot.json as it is.

    Attributes:
        span: The span that the rows are of.
        path: Without the machine's folders; a URI for objects; the query's file for queries.
        size: In bytes.
        digest: Of the bytes; for queries of the Parquet that the result was kept as.
        rows: How many are of this span.
        version: The source's own: an ETag, a generation, a table's last change; empty: it has none.
        query: What was asked, for queries.
    """

    span: int
    path: str
    size: int
    digest: str
    rows: int
    version: str = ""
    query: QueryRecord | None = None


@dataclass(frozen=True)
class Part:
    """Rows of one span and one source that can be read on their own; cut by the data alone.

    Attributes:
        span: The rows' span.
        source: The number of their source, from 0.
        rows: How many there are.
        first: The number of the part's first row within its file, from 1.
    """

    span: int
    source: int
    rows: int
    first: int
    _taken: Taken
    _batches: tuple[Held, ...]


@dataclass(frozen=True)
class Dataset:
    """Typed rows.

    Attributes:
        sources: What they were read from, in the order of rows.
        schema: Columns sorted by name: int64, float64 or string.
        parts: In the order of rows: by span, then by source, then by place.
    """

    sources: tuple[Source, ...]
    schema: pa.Schema
    parts: tuple[Part, ...]
    _columns: Columns
    _spans: Spans | None = None

    def batches(self, part: Part) -> Iterator[pa.RecordBatch]:
        """A part's rows, as often as wanted, in any process that was forked from this one.

        Yields:
            Batches of `schema` of at most 65,536 rows; null for a missing value, never NaN and never empty text.

        Raises:
            DataError: A value is not what the configuration says; the message names the place.
        """
        for block in self._blocks(part):
            batch = pa.record_batch([_typed(block, field) for field in self.schema], schema=self.schema)
            if (own := batch if self._spans is None else _of_span(batch, part, self._spans)).num_rows:
                yield own

    def columns(self, part: Part, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Some columns of a part's rows, in the order of `names`; of a Parquet file no others are read.

        Yields:
            As `batches`, but texts may be indices into a dictionary of their own, in which null may occur.

        Raises:
            DataError: As in `batches`.
        """
        fields = [self.schema.field(name) for name in names]
        read = tuple(names) if self._spans is None else tuple(dict.fromkeys((*names, self._spans.column)))
        for block in self._blocks(part, read):
            arrays = [_typed(block, field, coded=True) for field in fields]
            batch = pa.record_batch(arrays, list(names))
            if self._spans is not None:
                own = _own(pa.chunked_array([_typed(block, self.schema.field(self._spans.column))]), part, self._spans)
                batch = batch.filter(pa.array(own))
            if batch.num_rows:
                yield batch

    def _blocks(self, part: Part, names: tuple[str, ...] | None = None) -> Iterator[pa.RecordBatch]:
        taken = part._taken
        if taken.path is not None:
            yield from read_back(taken.path, part._batches)
            return
        coded = [name for name in names or () if self._is_coded(name, taken.piece)]
        for table in conformed(taken.piece, self._columns, part.first, names, coded):
            yield pa.record_batch([table[name].chunk(0) for name in table.column_names], table.column_names)

    def _is_coded(self, name: str, piece: Piece) -> bool:
        return pa.types.is_string(self.schema.field(name).type) and name not in (*piece.numbers, *self._columns.named)


def _of_span(batch: pa.RecordBatch, part: Part, spans: Spans) -> pa.RecordBatch:
    """The rows of a part's span, where times tell it."""
    own = _own(pa.chunked_array([batch.column(spans.column)]), part, spans)
    return batch if np.all(own) else batch.filter(pa.array(own))


def _own(times: pa.ChunkedArray, part: Part, spans: Spans) -> npt.NDArray[np.bool_]:
    return np.asarray(spans.of(times, Place(part._taken.piece.name, part.first)) == part.span)


def _typed(block: pa.RecordBatch, field: pa.Field, *, coded: bool = False) -> pa.Array:
    place = block.schema.get_field_index(field.name)
    if place < 0:
        return pa.nulls(block.num_rows, field.type)
    array = block.column(place)
    if array.type == field.type or (coded and pa.types.is_dictionary(array.type)):
        return array
    if array.null_count == len(array):
        return pa.nulls(len(array), field.type)
    return as_text(array) if pa.types.is_string(field.type) else _number(array, field.type)


def _number(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """By way of float64 for the few texts, -0 among whole numbers, that were kept as they are."""
    numbers = array.cast(pa.int64()) if pa.types.is_string(array.type) else array
    return numbers.cast(kind, safe=False)


@contextmanager
def open_dataset(
    data: Data, data_root: str, span: int, columns: Columns, project: Path, scratch: Path
) -> Iterator[Dataset]:
    """Opens the data that a configuration names.

    Args:
        data: The configuration's section.
        data_root: The folder or URI that relative paths start at.
        span: The newest span; 0: the newest there is.
        columns: What the configuration says of the columns.
        project: The folder of the configuration, for queries.
        scratch: An empty folder for what has to be kept meanwhile; it may be removed afterwards.

    Raises:
        DataError: There is no such data, it cannot be read, or a value is not what the configuration says.
    """
    question = _question(data, project)
    spans = Spans(data.time, data.every) if data.every and not (question and question.spanned) else None
    inputs = _inputs(data, data_root, 0 if spans else span, question, columns, scratch)
    taken = intake(inputs, columns, spans, scratch)
    yield _dataset(taken, columns, spans, _chosen(taken, data, span) if spans else None)


@contextmanager
def open_table(table: Table, data_root: str, columns: Columns, scratch: Path) -> Iterator[Dataset]:
    """Opens any files as one span.

    Args:
        table: Where they lie and what they are.
        data_root: The folder or URI that a relative path starts at.
        columns: What is said of the columns; ``Columns()``: nothing.
        scratch: As in `open_dataset`.

    Raises:
        DataError: As in `open_dataset`.
    """
    with open_files(table.path, table.format, data_root, columns, scratch) as dataset:
        yield dataset


@contextmanager
def open_listed(files: Sequence[File], format: str, columns: Columns, scratch: Path) -> Iterator[Dataset]:
    """Opens files of this machine that are known already, with their spans.

    Args:
        files: What to read.
        format: What they are.
        columns: As in `open_table`.
        scratch: As in `open_dataset`.

    Raises:
        DataError: As in `open_dataset`.
    """
    yield _dataset(intake(inputs_of(files, format, LocalFiles(), columns, scratch), columns, None, scratch), columns)


@contextmanager
def open_files(path: str, format: str, data_root: str, columns: Columns, scratch: Path) -> Iterator[Dataset]:
    """Opens any files; of spans the newest.

    Args:
        path: Where they lie.
        format: What they are.
        data_root: As in `open_dataset`.
        columns: As in `open_table`.
        scratch: As in `open_dataset`.

    Raises:
        DataError: As in `open_dataset`.
    """
    inputs = _found(path, format, data_root, 0, 1, columns, scratch)
    yield _dataset(intake(inputs, columns, None, scratch), columns)


def _found(
    path: str, format: str, data_root: str, newest: int, window: int, columns: Columns, scratch: Path
) -> tuple[Input, ...]:
    pattern = pattern_of(path, data_root)
    store = store_of(pattern)
    scratch.mkdir(parents=True, exist_ok=True)
    return inputs_of(find(pattern, format, newest, window, store), format, store, columns, scratch)


def _question(data: Data, project: Path) -> Question | None:
    """What a query asks; DuckDB is loaded for queries only."""
    if data.query is None:
        return None
    from benison.sources.asking import question_of

    return question_of(data.query, project)


def _inputs(
    data: Data, data_root: str, span: int, question: Question | None, columns: Columns, scratch: Path
) -> tuple[Input, ...]:
    if question is not None:
        from benison.sources.asking import ask

        return ask(data, question, data_root, span, columns, scratch)
    return _found(data.path, data.format, data_root, span, data.window, columns, scratch)


def _chosen(taken: Intake, data: Data, newest: int) -> frozenset[int]:
    """The spans of the window, of those that rows' times tell."""
    found = {span for one in taken.taken for held in one.batches for span, _ in held.spans}
    where = f"{data.query.file if data.query else data.path}, column {data.time!r}"
    return frozenset(choose(found, newest, data.window, _Periods(where)))


def _dataset(
    taken: Intake, columns: Columns, spans: Spans | None = None, chosen: frozenset[int] | None = None
) -> Dataset:
    sources: list[Source] = []
    parts: list[Part] = []
    for span, number in _order(taken.inputs, chosen):
        one, by_time = taken.inputs[number], chosen is not None
        if own := _parts(taken.of(number), span, len(sources), by_time=by_time):
            sources.append(replace(_source(one), span=span, rows=sum(part.rows for part in own)))
            parts += own
    return Dataset(tuple(sources), taken.schema, tuple(parts), columns, spans)


def _order(inputs: Sequence[Input], chosen: frozenset[int] | None) -> list[tuple[int, int]]:
    """Span and input, in the order of rows; where times tell the span, every input may have rows of each."""
    if chosen is None:
        return sorted((one.span, number) for number, one in enumerate(inputs))
    return [(span, number) for span in sorted(chosen) for number in range(len(inputs))]


def _source(one: Input) -> Source:
    return Source(one.span, one.name, one.size, one.digest, 0, one.version, one.query)


def _parts(taken: Sequence[Taken], span: int, source: int, *, by_time: bool) -> list[Part]:
    """An input's rows of one span."""
    parts: list[Part] = []
    first = 1
    for one in taken:
        for bundle in _bundled(one.batches):
            counts = [dict(held.spans).get(span, 0) if by_time else held.rows for held in bundle]
            own = tuple(held for held, count in zip(bundle, counts, strict=True) if count)
            if own:
                parts.append(Part(span, source, sum(counts), first, one, own))
            first += sum(held.rows for held in bundle)
    return parts


def _bundled(batches: Sequence[Held]) -> Iterator[tuple[Held, ...]]:
    """Batches in bundles of about a part's size; all of one piece but where that is a whole file."""
    bundle: list[Held] = []
    for held in batches:
        if bundle and held.place - bundle[0].place > cuts.PART_BYTES * 2:
            yield tuple(bundle)
            bundle = []
        bundle.append(held)
    if bundle:
        yield tuple(bundle)


@dataclass(frozen=True)
class _Periods:
    """Spans by time, as messages name them."""

    path: str

    def at(self, span: int) -> str:
        """One of them."""
        return f"span {span}"
