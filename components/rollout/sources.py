"""sources: where a rollout's figures come from: the servers' request log, and files of what came of requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from benison.components.rollout.measure import Tallies
from benison.core.errors import StorageError
from benison.delivery.outcomes import between
from benison.delivery.request_log import read_since


class Rows(Protocol):
    """Where rows of single requests come from."""

    def rows(self, since: float, until: float) -> Iterable[pa.RecordBatch]:
        """Those of requests that began between two moments, in seconds since 1970."""

    def outcomes(self, since: float, until: float) -> pa.Table | None:
        """What became known between two moments; None where nobody keeps it."""


def fill(source: Rows, tallies: Tallies, since: float, until: float) -> float:
    """Adds rows, and what became known, between two moments; told is to where: all of them are there."""
    end = pa.scalar(_moment(until), _TIME)
    # Later ones are looked at as well: they tell how far servers' clocks are ahead.
    batches = list(source.rows(since, until + _DAY_S))
    outcomes = source.outcomes(since, until) if tallies.plan.outcomes else None
    tallies.add(batch.filter(pc.less(batch["time"], end)) for batch in batches)
    newest = [pc.max(batch["time"]).as_py().timestamp() for batch in batches if batch.num_rows]
    tallies.newest = max(newest, default=0.0)
    if outcomes is not None:
        tallies.join(outcomes)
    return until


_TIME = pa.timestamp("us", "UTC")
_DAY_S = 86_400.0


@dataclass(frozen=True)
class RequestLog:
    """Figures from folders.

    Attributes:
        folder: The servers' request log.
        labels: Parquet files of outcomes: ``request_id``, ``time`` (when it became known), and ``label`` or ``value``;
            None: nobody keeps them.
    """

    folder: Path
    labels: Path | None = None

    @property
    def silence(self) -> str:
        """What it means that there are no figures."""
        return "the request log cannot be read"

    def fill(self, tallies: Tallies, since: float, until: float) -> float:
        """Adds what was logged between two moments, and what came of requests in that time; all of it is there.

        Raises:
            BenisonError: It cannot be read.
        """
        return fill(self, tallies, since, until)

    def rows(self, since: float, until: float) -> Iterator[pa.RecordBatch]:
        """Rows of requests that began from one moment to before another, in seconds since 1970.

        Raises:
            StorageError: There is no such folder, so that no server can be writing there.
        """
        if not self.folder.is_dir():
            hint = "start the server with  benison serve , which makes it; or mount it here"
            raise StorageError(str(self.folder), expected="the servers' request log", got="no such folder", hint=hint)
        end = pa.scalar(_moment(until), _TIME)
        for batch in read_since(self.folder, _moment(since)):
            yield batch.filter(pc.less(batch["time"], end))

    def outcomes(self, since: float, until: float) -> pa.Table | None:
        """What became known between two moments; None where nobody keeps it.

        Raises:
            DataError: A column is missing.
        """
        return None if self.labels is None else between(self.labels, since, until)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
