"""labelled: the champion's answers of a period, joined to the labels that came of them; only what has one is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.core.casts import as_text
from benison.core.errors import DataError
from benison.delivery.request_log import FEATURES, TIME
from benison.eval_config import Slicing
from benison.metrics.slice import cut_part
from benison.monitoring.quality import Labelled

_CHAMPION, _ANSWERED = "champion", 200
LABEL = "label"
# Columns of the data may have any name but such.
_LABEL, _SCORE, _UNIT = "\0label", "\0score", "\0unit"


def newest_labels(outcomes: pa.Table, folder: Path) -> pa.Table:
    """The last label that became known of each request.

    Args:
        outcomes: As `benison.delivery.outcomes.between` has them.
        folder: Where they lie, for messages.

    Raises:
        DataError: There is no column of labels, or one is neither 0 nor 1.
    """
    if LABEL not in outcomes.column_names:
        got = ", ".join(outcomes.column_names)
        raise DataError(str(folder), expected="a column label, 0 or 1", got=got, hint="a value is no label")
    known = outcomes.filter(pc.is_valid(outcomes[LABEL])).sort_by("time").combine_chunks()
    labels = known[LABEL].cast(pa.float64())
    wrong = pc.filter(labels, pc.invert(pc.is_in(labels, value_set=pa.array([0.0, 1.0]))))
    if len(wrong):
        raise DataError(str(folder), expected="labels that are 0 or 1", got=f"{wrong[0].as_py():g}")
    ids = known["request_id"].cast(pa.string()).combine_chunks().dictionary_encode()
    last = np.zeros(len(ids.dictionary), np.int64)
    last[np.asarray(ids.indices)] = np.arange(len(ids))
    return pa.table({"request_id": ids.dictionary, LABEL: labels.take(pa.array(last))})


def joined(
    batches: Iterable[pa.RecordBatch],
    labels: pa.Table,
    champion: str,
    start: int,
    end: int,
    slicings: Sequence[Slicing],
) -> Labelled:
    """The first row of each request that the champion answered by itself, where its label is known.

    What the challenger answered, copies, and rows that failed are left out.

    Args:
        batches: Of the request log.
        labels: As `newest_labels` has them.
        champion: The package.
        start: The first moment of the period, in seconds since 1970.
        end: Likewise, the first after it.
        slicings: How rows are cut.
    """
    columns = list(dict.fromkeys(name for one in slicings for name in one.columns))
    ids, requests, parts = labels["request_id"].combine_chunks(), 0, []
    for batch in batches:
        rows = _answered(batch, champion, start, end)
        requests += rows.num_rows
        places = pc.index_in(rows["request_id"], value_set=ids)
        known = pc.is_valid(places)
        parts.append(_part(rows.filter(known), labels[LABEL].take(places.filter(known)), columns))
    table = pa.concat_tables(parts) if parts else _part(None, pa.chunked_array([], pa.float64()), columns)
    slices = cut_part(table, slicings) if table.num_rows else []
    told = np.asarray(table[_LABEL], dtype=np.float64) == 1
    return Labelled(told, np.asarray(table[_SCORE], dtype=np.float64), _units(table[_UNIT]), slices, requests)


def _answered(batch: pa.RecordBatch, champion: str, start: int, end: int) -> pa.RecordBatch:
    time = batch["time"].cast(TIME).cast(pa.int64())
    within = pc.and_(pc.greater_equal(time, start * 1_000_000), pc.less(time, end * 1_000_000))
    own = pc.and_(pc.equal(batch["role"], _CHAMPION), pc.equal(batch["package"], champion))
    fine = pc.and_(pc.equal(batch["status"], _ANSWERED), pc.is_finite(batch["score"]))
    first = pc.equal(batch["row"], 0)
    return batch.filter(pc.fill_null(pc.and_(pc.and_(within, own), pc.and_(fine, first)), False))


def _part(rows: pa.RecordBatch | None, labels: pa.ChunkedArray, columns: Sequence[str]) -> pa.Table:
    """Labels, scores, units and the columns that rows are cut by, as text; one that nobody sent has no value."""
    many = 0 if rows is None else rows.num_rows
    features = rows[FEATURES] if rows is not None and FEATURES in rows.schema.names else None
    found = {name: _column(features, name, many) for name in columns}
    score = pa.array([], pa.float64()) if rows is None else rows["score"]
    unit = pa.array([], pa.string()) if rows is None else rows["unit_id"]
    return pa.table({_LABEL: labels, _SCORE: score, _UNIT: unit.cast(pa.string()), **found})


def _column(features: pa.StructArray | None, name: str, many: int) -> pa.Array:
    place = features.type.get_field_index(name) if features is not None else -1
    if features is None or place < 0:
        return pa.nulls(many, pa.string())
    return as_text(pc.struct_field(features, [place])).cast(pa.string())


def _units(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]] | None:
    """Numbers of those whom requests are about; None where no two are about the same, or nobody says so."""
    named = pc.fill_null(column, "")
    codes = np.asarray(pa.concat_arrays([pa.array([], pa.string()), *named.chunks]).dictionary_encode().indices)
    unnamed = np.asarray(pc.equal(named, ""))
    codes = np.where(unnamed, codes.max(initial=0) + 1 + np.arange(len(codes)), codes)
    _, numbers = np.unique(codes, return_inverse=True)
    return None if len(codes) == numbers.max(initial=-1) + 1 else numbers.astype(np.int64)
