"""Intake: all pieces are read once, in forked workers, and settle on what each column is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from benison.core.errors import DataError
from benison.core.forks import map_forked
from benison.sources import read_jsonl, read_tfrecord
from benison.sources.columns import Columns, check_names
from benison.sources.diagnose import no_rows
from benison.sources.inputs import Input
from benison.sources.numerals import Evidence, of_texts
from benison.sources.pieces import Piece
from benison.sources.spill import Held
from benison.sources.take import Taken, Wanted, take
from benison.sources.times import Spans

# With less to read than this, to fork processes takes longer than reading in this one.
FORKED_BYTES = 1 << 20


@dataclass(frozen=True)
class Intake:
    """What came of all inputs.

    Attributes:
        inputs: The files.
        taken: What came of their pieces: by input, then in order.
        schema: Columns sorted by name: int64, float64 or string.
    """

    inputs: tuple[Input, ...]
    taken: tuple[Taken, ...]
    schema: pa.Schema

    def of(self, source: int) -> tuple[Taken, ...]:
        """What came of one input."""
        return self._by_source.get(source, ())

    @cached_property
    def _by_source(self) -> dict[int, tuple[Taken, ...]]:
        groups = groupby(self.taken, lambda one: one.piece.source)
        return {source: tuple(taken) for source, taken in groups}


def intake(inputs: Sequence[Input], columns: Columns, spans: Spans | None, scratch: Path) -> Intake:
    """Reads everything once.

    Args:
        inputs: The files.
        columns: What the configuration says of the columns.
        spans: How a row's time tells its span; None: it does not.
        scratch: Where text formats are kept.

    Raises:
        DataError: The first fault of the first file that has one.
    """
    # Arrow imports pandas for its first array; here that happens once, and not in every worker.
    pa.array([])
    wanted = Wanted(columns, spans)
    pieces = [piece for one in inputs for piece in one.pieces]
    taken = _looked(pieces, wanted) if pieces[0].format == "parquet" else _kept(pieces, wanted, scratch)
    evidence = _evidence(taken)
    schema = pa.schema([(name, _kind(name, evidence[name], columns)) for name in sorted(evidence)])
    found = Intake(tuple(inputs), taken, schema)
    for one in inputs:
        _check_found(one, found.of(one.pieces[0].source), columns)
    return replace(found, taken=_as_texts(taken, schema, wanted))


def _kind(name: str, evidence: Evidence, columns: Columns) -> pa.DataType:
    if name in columns.text:
        return pa.string()
    return evidence.kind(empty=pa.float64() if name in columns.numeric else pa.string())


def _evidence(taken: Sequence[Taken]) -> dict[str, Evidence]:
    found: dict[str, Evidence] = {}
    for one in taken:
        for name, evidence in one.evidence.items():
            found[name] = found.get(name, Evidence()) + evidence
    return found


def _kept(pieces: Sequence[Piece], wanted: Wanted, scratch: Path) -> tuple[Taken, ...]:
    """Pieces of text formats, kept on scratch disk."""
    work = [(piece, scratch / f"piece-{number:06d}.arrow") for number, piece in enumerate(pieces)]
    return _sound(list(map_forked(lambda each: take(each[0], wanted, each[1]), work, _workers(pieces))), wanted)


def _workers(pieces: Sequence[Piece]) -> int | None:
    """One where there is little to read: to fork processes would take longer."""
    files = {piece.path for piece in pieces}
    return 1 if sum(file.stat().st_size for file in files if file.exists()) < FORKED_BYTES else None


def _sound(taken: Sequence[Taken], wanted: Wanted) -> tuple[Taken, ...]:
    """All of them.

    Raises:
        DataError: The fault of the first that has one, with its row counted from the file's first.
    """
    for number, one in enumerate(taken):
        if one.fault is not None:
            before = sum(other.rows for other in taken[:number] if other.piece.source == one.piece.source)
            told = take(one.piece, wanted, None, before + 1) if before else one
            raise told.fault or one.fault
    return tuple(taken)


def _as_texts(taken: Sequence[Taken], schema: pa.Schema, wanted: Wanted) -> tuple[Taken, ...]:
    """Reads those pieces again that kept numbers of a column which is text after all, so that 1.50 stays 1.50."""
    texts = {field.name for field in schema if pa.types.is_string(field.type)}
    again = [(number, one) for number, one in enumerate(taken) if one.rounded & texts]
    retake = partial(_retaken, wanted=replace(wanted, texts=frozenset(texts)))
    found = map_forked(retake, [one for _, one in again], _workers([one.piece for _, one in again]))
    done = dict(zip([number for number, _ in again], found, strict=True))
    return tuple(done.get(number, one) for number, one in enumerate(taken))


def _retaken(one: Taken, wanted: Wanted) -> Taken:
    return take(one.piece, wanted, one.path)


def _looked(pieces: Sequence[Piece], wanted: Wanted) -> tuple[Taken, ...]:
    """Row groups of Parquet: beyond the first only those columns are read that it leaves open."""
    first = take(pieces[0], wanted, None)
    if first.fault is not None:
        raise first.fault
    look = partial(_look, wanted=wanted, before=first.evidence)
    return _sound([first, *map_forked(look, pieces[1:], _workers(pieces))], wanted)


def _look(piece: Piece, wanted: Wanted, before: Mapping[str, Evidence]) -> Taken:
    folders = dict(piece.partitions)
    names = [name for name in piece.names if name not in folders and _open(name, piece, before)]
    if wanted.spans is not None and wanted.spans.column not in folders:
        names = sorted({*names, wanted.spans.column})
    rows = Held(0, piece.end or 0)
    taken = take(piece, replace(wanted, only=tuple(names)), None) if names else Taken(piece, batches=(rows,))
    told = {name: of_texts(pa.array([value], pa.string()))[1] for name, value in piece.partitions}
    return replace(taken, evidence={**taken.evidence, **told})


def _open(name: str, piece: Piece, before: Mapping[str, Evidence]) -> bool:
    """Whether a column's type can still change: a fraction, a text, or whole numbers of an integer type settle it."""
    found = before[name]
    return not found.some or (found.whole and name not in piece.integers) or (found.spelt and name not in piece.numbers)


def _check_found(one: Input, taken: Sequence[Taken], columns: Columns) -> None:
    """What only the rows tell: the names in TFRecords and JSON lines; whether JSON lines agree on a column's kind."""
    if not sum(each.rows for each in taken):
        raise no_rows(one.name)
    if one.names:
        return
    check_names(sorted(_evidence(taken)), columns, one.name)
    for name in sorted(_evidence(taken)):
        found = {each.evidence[name].spelt for each in taken if name in each.evidence and each.evidence[name].some}
        if len(found) > 1 and name not in columns.text:
            raise _mixed(one.pieces[0], name)


def _mixed(piece: Piece, name: str) -> DataError:
    """Where a column of JSON lines or TFRecords changes its kind."""
    if piece.format == "jsonl":
        return read_jsonl.fault(piece.name, piece.opened, f"numbers and texts in column {name!r}")
    return read_tfrecord.fault(piece.name, piece.opened, f"numbers and texts in {name!r}")
