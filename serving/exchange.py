"""exchange: one request as one package answered it, and the row of the request log that each of its rows becomes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from benison.config.serving import DROP, HASH
from benison.core.casts import as_text
from benison.delivery.request_log import TIME, schema_of
from benison.delivery.traffic import Role, place

OK = 200
_SALT = "request log"


@dataclass(frozen=True)
class Exchange:
    """What was asked and what came back.

    Attributes:
        request_id: Of the request.
        unit: Whom it is about.
        time_us: When it began, in microseconds since 1970.
        role: As what the package answered.
        package: Its digest.
        number: The log entry that made it champion; None: it is not.
        rows: What it was asked.
        scores: What it answered to each row; None: nothing that counts.
        status: 200, or what its failure is as an HTTP status.
        error: Its failure in words; empty: none.
        latency_ms: From the request's begin to the answer, inside the server.
    """

    request_id: str
    unit: str
    time_us: int
    role: Role
    package: str
    number: int | None
    rows: pa.Table
    scores: Sequence[float] | None
    status: int
    error: str
    latency_ms: float

    def is_kept(self, sample: float) -> bool:
        """Whether the log keeps it: all of a unit's requests or none, and every failure."""
        return self.status != OK or place(self.unit, _SALT) < 100.0 * sample


@dataclass(frozen=True)
class Redaction:
    """What is done to columns before they are written.

    Attributes:
        columns: By column ``drop`` or ``hash``.
        key: Of the hashes: HMAC-SHA256, of which 128 bits are kept. Without it nobody finds a value by trying all.
    """

    columns: Mapping[str, str]
    key: bytes

    def features(self, rows: pa.Table) -> pa.Table:
        """The columns that may be kept, as they may be kept."""
        for name, what in self.columns.items():
            if name in rows.column_names and what == DROP:
                rows = rows.select([column for column in rows.column_names if column != name])
            elif name in rows.column_names and what == HASH:
                hashed = pa.array([self._hash(text) for text in as_text(rows[name]).to_pylist()], pa.string())
                rows = rows.set_column(rows.column_names.index(name), name, hashed)
        return rows

    def _hash(self, text: str | None) -> str | None:
        return None if text is None else hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()[:32]


def record(exchanges: Sequence[Exchange], redaction: Redaction) -> list[pa.RecordBatch]:
    """Exchanges as rows of the request log, one batch for each kind of features."""
    by_features: dict[pa.DataType, list[tuple[Exchange, pa.Array]]] = {}
    for exchange in exchanges:
        struct = _struct(redaction.features(exchange.rows))
        by_features.setdefault(struct.type, []).append((exchange, struct))
    return [_batch(features, written) for features, written in by_features.items()]


def _struct(rows: pa.Table) -> pa.StructArray:
    if not rows.num_columns:
        return pa.array([{}] * rows.num_rows, pa.struct([]))
    whole = rows.combine_chunks()
    return pa.StructArray.from_arrays([column.chunk(0) for column in whole.columns], fields=list(rows.schema))


def _batch(features: pa.DataType, written: Sequence[tuple[Exchange, pa.Array]]) -> pa.RecordBatch:
    each = [(exchange, row) for exchange, struct in written for row in range(len(struct))]
    columns = [
        [exchange.request_id for exchange, _ in each],
        [row for _, row in each],
        [exchange.unit for exchange, _ in each],
        pa.array([exchange.time_us for exchange, _ in each], pa.int64()).cast(TIME),
        [str(exchange.role) for exchange, _ in each],
        [exchange.package for exchange, _ in each],
        [exchange.number for exchange, _ in each],
        [None if exchange.scores is None else exchange.scores[row] for exchange, row in each],
        [exchange.status for exchange, _ in each],
        [exchange.error for exchange, _ in each],
        [exchange.latency_ms for exchange, _ in each],
        pa.concat_arrays([struct for _, struct in written]),
    ]
    schema = schema_of(features)
    typed = [
        pa.array(one, field.type) if isinstance(one, list) else one for one, field in zip(columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(typed, schema=schema)
