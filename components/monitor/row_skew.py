"""row_skew: a day of served rows, joined by their ids to what the data has of them by now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from benison.config import Config
from benison.config.skew_rows import DAY_MINUTES, REQUEST_ID, UNIT_ID, SkewRows
from benison.core.casts import as_text
from benison.core.errors import BenisonError, DataError
from benison.core.spelling import nearest
from benison.delivery.request_log import FEATURES, TIME
from benison.monitoring import row_skew as rows_of
from benison.monitoring.joined import Joined
from benison.monitoring.judge import Asked
from benison.monitoring.periods import due
from benison.monitoring.sketch import SHADOW

_log = logging.getLogger(__name__)
_OK = 200
# So many requests of a day are looked for in the data: a hundredth of them is told by a thousand rows.
MOST = 100_000
_KEYS = (REQUEST_ID, UNIT_ID, "time")
Places = npt.NDArray[np.int64]


class RowSkewWatch:
    """Holds served rows against the data.

    Args:
        config: What benison.yaml says; `monitor.skew_rows` is there.
        project: Its folder, at which that of the data begins.
        rows_since: The request log from a moment on, in seconds since 1970.
    """

    def __init__(self, config: Config, project: Path, rows_since: Callable[[float], Iterable[pa.RecordBatch]]) -> None:
        assert config.monitor.skew_rows is not None
        self._asked: SkewRows = config.monitor.skew_rows
        self._folder, self._rows, self._min_rows = project / self._asked.data, rows_since, config.monitor.min_rows
        self._hidden = frozenset(config.serving.requests.redact if config.serving.requests else ())

    def look(self, start: int, end: int, watched: int, columns: Sequence[str]) -> tuple[Joined | None, list[Asked]]:
        """The day whose rows are in the data by the end of a window; nothing where none is.

        Args:
            start: When the window begins, in seconds since 1970.
            end: When it ends.
            watched: When the first window began.
            columns: Those that are watched.
        """
        begin = due(start, end, DAY_MINUTES, self._asked.mature_seconds)
        if begin is None or begin + 60 * DAY_MINUTES <= watched:
            return None, []
        names = [name for name in columns if name not in self._hidden]
        try:
            joined = self._joined(begin, names)
        except (BenisonError, pa.ArrowException, OSError) as error:
            trouble = " ".join(str(error).split())[:300] or type(error).__name__
            _log.warning("skew_rows: %s", trouble)
            return rows_of.troubled(begin, DAY_MINUTES, names, self._asked.limits, trouble)
        return joined, rows_of.asked_of(joined, self._asked.limits, self._min_rows)

    def _joined(self, begin: int, names: Sequence[str]) -> Joined:
        data = dataset(self._folder, self._asked.id)
        both = [name for name in names if name in data.schema.names]
        if not both:
            got, hint = ", ".join(data.schema.names), f"watched are {', '.join(names)}"
            raise DataError(str(self._folder), expected="columns that are watched", got=got, hint=hint)
        served = served_rows(self._rows(begin), begin, begin + 60 * DAY_MINUTES, both)
        known = _known(data, self._asked.id, served, both)
        places = _same(served, known) if self._asked.id == REQUEST_ID else _as_of(served, known)
        first, second = served.filter(pa.array(places >= 0)), known.take(pa.array(places[places >= 0]))
        ids = _one(first, REQUEST_ID)
        columns = tuple(
            rows_of.differing(name, _one(first, f"\0{name}"), _one(second, f"\0{name}"), ids, self._asked.tolerance)
            for name in both
        )
        return Joined(begin, DAY_MINUTES, served.num_rows, first.num_rows, columns)


def dataset(folder: Path, key: str) -> ds.Dataset:
    """The files of the data.

    Args:
        folder: Where they lie.
        key: The column of ids.

    Raises:
        DataError: There are none, or a column is missing.
    """
    found = ds.dataset(folder, format="parquet") if folder.is_dir() else None
    if found is None or not found.files:
        raise DataError(str(folder), expected="Parquet files of the data", got="none")
    needed = (key,) if key == REQUEST_ID else (key, "time")
    for name in needed:
        if name not in found.schema.names:
            hint = nearest(name, found.schema.names)
            raise DataError(str(folder), expected=f"a column {name}", got=", ".join(found.schema.names), hint=hint)
    return found


def served_rows(batches: Iterable[pa.RecordBatch], start: int, end: int, columns: Sequence[str]) -> pa.Table:
    """The first rows of answered live requests of a day: ids, time and columns, at most `MOST` of them, by lot.

    Columns are named with a leading zero byte, as no other is.

    Args:
        batches: Of the request log.
        start: When the day begins, in seconds since 1970.
        end: When it ends.
        columns: Those of the features.
    """
    random, parts, chances, most = np.random.default_rng(start), [], [np.zeros(0)], 1.0
    for batch in batches:
        rows = batch.filter(_is_live(batch, start, end))
        chance = random.random(rows.num_rows)
        parts.append(_part(rows.filter(pa.array(chance <= most)), columns))
        chances.append(chance[chance <= most])
        drawn = np.concatenate(chances)
        if len(drawn) > 2 * MOST:
            most = float(np.partition(drawn, MOST - 1)[MOST - 1])
            parts, chances = [_all(parts, columns).filter(pa.array(drawn <= most))], [drawn[drawn <= most]]
    drawn, found = np.concatenate(chances), _all(parts, columns)
    return found.filter(pa.array(drawn <= np.partition(drawn, MOST - 1)[MOST - 1])) if len(drawn) > MOST else found


def _is_live(batch: pa.RecordBatch, start: int, end: int) -> pa.Array:
    time = batch["time"].cast(TIME).cast(pa.int64())
    within = pc.and_(pc.greater_equal(time, start * 1_000_000), pc.less(time, end * 1_000_000))
    fine = pc.and_(pc.equal(batch["status"], _OK), pc.not_equal(batch["role"], SHADOW))
    return pc.fill_null(pc.and_(pc.and_(within, fine), pc.equal(batch["row"], 0)), False)


def _part(rows: pa.RecordBatch, columns: Sequence[str]) -> pa.Table:
    """Ids as text, times as microseconds, and columns as text, which any two packages' can be put together by."""
    features = rows[FEATURES] if FEATURES in rows.schema.names else None
    keys = [
        rows[REQUEST_ID].cast(pa.string()),
        rows[UNIT_ID].cast(pa.string()),
        rows["time"].cast(TIME).cast(pa.int64()),
    ]
    values = [_feature(features, name, rows.num_rows) for name in columns]
    return pa.Table.from_arrays([*keys, *values], names=[*_KEYS, *(f"\0{name}" for name in columns)])


def _feature(features: pa.StructArray | None, name: str, many: int) -> pa.Array:
    place = features.type.get_field_index(name) if features is not None else -1
    return as_text(pc.struct_field(features, [place])) if place >= 0 else pa.nulls(many, pa.string())


def _all(parts: Sequence[pa.Table], columns: Sequence[str]) -> pa.Table:
    kinds = [pa.string(), pa.string(), pa.int64(), *[pa.string()] * len(columns)]
    schema = pa.schema(list(zip([*_KEYS, *(f"\0{name}" for name in columns)], kinds, strict=True)))
    return pa.concat_tables([schema.empty_table(), *(part.cast(schema) for part in parts)]).combine_chunks()


def _known(data: ds.Dataset, key: str, served: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Rows of the data with an id that was served, ordered by time where they have one."""
    ids = served[key].unique().drop_null()
    timed = "time" in data.schema.names
    wanted = {"id": ds.field(key).cast(pa.string()), **{f"\0{name}": ds.field(name) for name in columns}}
    if timed:
        wanted["time"] = ds.field("time").cast(TIME).cast(pa.int64())
    found = data.to_table(columns=wanted, filter=ds.field(key).cast(pa.string()).isin(ids))
    return found.sort_by("time") if timed else found


def _same(served: pa.Table, known: pa.Table) -> Places:
    """The place of each request's last row in the data; -1: there is none."""
    codes = _one(known, "id").dictionary_encode()
    last = np.full(len(codes.dictionary), -1, np.int64)
    last[np.asarray(codes.indices)] = np.arange(len(codes))
    found = pc.index_in(_one(served, REQUEST_ID), value_set=codes.dictionary)
    places = np.asarray(pc.fill_null(found, -1), np.int64)
    return np.where(places >= 0, last[places], -1) if len(last) else places


def _as_of(served: pa.Table, known: pa.Table) -> Places:
    """The place of the last row that the data has of a unit when a request is about it; -1: there is none."""
    units = pa.concat_arrays([_one(known, "id"), _one(served, UNIT_ID)]).dictionary_encode()
    times = np.concatenate([np.asarray(one["time"], np.int64) for one in (known, served)])
    ranks = np.unique(times, return_inverse=True)[1]
    keys = np.asarray(pc.fill_null(units.indices, -1), np.int64) * (len(times) + 1) + ranks
    ours, theirs = keys[: known.num_rows], keys[known.num_rows :]
    order = np.argsort(ours, kind="stable")
    at = np.searchsorted(ours[order], theirs, side="right") - 1
    place = np.where(at >= 0, order[at], -1) if len(order) else at
    codes = np.asarray(pc.fill_null(units.indices, -1), np.int64)
    unit, of = codes[known.num_rows :], codes[: known.num_rows]
    return np.where((place >= 0) & (unit >= 0) & (unit == of[place]), place, -1) if len(order) else place


def _one(table: pa.Table, name: str) -> pa.Array:
    return pa.concat_arrays([pa.array([], table.schema.field(name).type), *table[name].chunks])
