"""BigQuery: a query over tables that it keeps itself, through Google's own client.

What a query would read is asked first and written down with the moment at which each of its tables was last changed.
BigQuery gives rows in any order unless the query orders them; a snapshot that shall come out the same again needs
ORDER BY.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benison.core.errors import DataError
from benison.sources.queries import QueriedTable, Value, keep

if TYPE_CHECKING:
    from google.cloud.bigquery import Client, QueryJob, QueryJobConfig

EMULATOR = "BIGQUERY_EMULATOR_HOST"
# A page of rows is held as JSON before it becomes Arrow.
PAGE_ROWS = 20_000
_ANSWER_WITHIN = 60.0
# Comments, quoted texts and names, in which @ means nothing.
_ASIDE = re.compile(
    r"--[^\n]*|\#[^\n]*|/\*.*?\*/"
    r"|r?\"\"\".*?\"\"\"|r?'''.*?'''|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`",
    re.DOTALL | re.IGNORECASE,
)
_PARAMETER = re.compile(r"(?<![@\w])@([A-Za-z_]\w*)")
_ORDERED = re.compile(r"\border\s+by\b", re.IGNORECASE)
_TYPES: dict[type, str] = {bool: "BOOL", int: "INT64", float: "FLOAT64", str: "STRING", datetime: "TIMESTAMP"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """What BigQuery said of a query.

    Attributes:
        rows: How many rows were kept.
        tables: What it read, with the moment at which each was last changed.
        location: Where it ran.
        bytes_read: What it said beforehand that it would read.
        version: Of the client.
    """

    rows: int
    tables: tuple[QueriedTable, ...]
    location: str
    bytes_read: int
    version: str


def parameters_in(sql: str) -> frozenset[str]:
    """The names of the parameters in a query.

    >>> sorted(parameters_in("select '@no' from t where day >= @start -- and @not_this"))
    ['start']
    """
    return frozenset(_PARAMETER.findall(_ASIDE.sub(" ", sql)))


def answer(sql: str, where: str, parameters: Mapping[str, Value], project: str, location: str, path: Path) -> Asked:
    """Runs a query and keeps its rows as Parquet.

    Args:
        sql: One SELECT of GoogleSQL.
        where: The file that it stands in, for messages.
        parameters: A value for each of its parameters, by name; times are UTC.
        project: The project that pays; empty: that of the credentials.
        location: Where to run it; empty: where its tables lie.
        path: The Parquet file that is made.

    Raises:
        DataError: The client is not installed, nobody is signed in, BigQuery refuses the query or is out of reach, or
            it is no SELECT.
    """
    with _telling(where), _client(where, project, location) as client:
        planned = _plan(client, sql, where, parameters)
        tables = tuple(_table(client, reference) for reference in planned.referenced_tables)
        bytes_read = int(planned.total_bytes_processed or 0)
        _log.info("%s: reads %s bytes of %s", where, f"{bytes_read:,}", ", ".join(table.name for table in tables))
        if not _ORDERED.search(_ASIDE.sub(" ", sql)):
            _log.warning("%s: without ORDER BY, its rows may come in another order next time", where)
        job = _query(client, sql, _job_config(parameters))
        rows = _kept(job, path, where)
        return Asked(rows, tables, job.location or "", bytes_read, _version())


@contextmanager
def _client(where: str, project: str, location: str) -> Iterator[Client]:
    """Google's client; where an emulator's address is in the environment, nobody signs in."""
    try:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import bigquery
    except ImportError as error:
        hint = "install it: pip install 'benison[bigquery]'"
        raise DataError(where, expected="Google's client for BigQuery", got="none", hint=hint) from error
    emulated = bool(os.environ.get(EMULATOR))
    client = bigquery.Client(
        project=project or ("emulated" if emulated else None),
        location=location or None,
        credentials=AnonymousCredentials() if emulated else None,  # type: ignore[no-untyped-call]
    )
    try:
        yield client
    finally:
        client.close()  # type: ignore[no-untyped-call]


def _plan(client: Client, sql: str, where: str, parameters: Mapping[str, Value]) -> QueryJob:
    """What BigQuery says of the query without running it."""
    job = _query(client, sql, _job_config(parameters, dry=True))
    if job.statement_type != "SELECT":
        raise DataError(where, expected="one SELECT", got=str(job.statement_type))
    return job


def _query(client: Client, sql: str, config: QueryJobConfig) -> QueryJob:
    """Without the client's retries of whole jobs, which would go on for ten minutes where nobody answers."""
    return client.query(sql, config, retry=_retry(), job_retry=None, timeout=_ANSWER_WITHIN)


def _job_config(parameters: Mapping[str, Value], *, dry: bool = False) -> QueryJobConfig:
    from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

    values = [ScalarQueryParameter(name, _TYPES[type(value)], _utc(value)) for name, value in parameters.items()]
    return QueryJobConfig(query_parameters=values, dry_run=dry, use_query_cache=False if dry else None)


def _utc(value: Value) -> Value:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _table(client: Client, reference: Any) -> QueriedTable:
    name = f"{reference.project}.{reference.dataset_id}.{reference.table_id}"
    modified = client.get_table(reference, retry=_retry(), timeout=_ANSWER_WITHIN).modified
    return QueriedTable(name, version=modified.astimezone(UTC).isoformat().replace("+00:00", "Z") if modified else "")


def _kept(job: QueryJob, path: Path, where: str) -> int:
    """Keeps the rows page by page, by way of the REST API: the faster Storage API gives them in another order."""
    found = job.result(page_size=PAGE_ROWS, retry=_retry(), job_retry=None)
    batches = found.to_arrow_iterable()
    first = next(batches, None)
    if first is None:
        return keep((), found.to_arrow(create_bqstorage_client=False).schema, path, where)
    return keep(chain([first], batches), first.schema, path, where)


def _retry() -> Any:
    """As Google's client tries again, but for a minute instead of ten."""
    from google.cloud.bigquery import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(_ANSWER_WITHIN)


def _version() -> str:
    from google.cloud.bigquery import __version__

    return __version__


@contextmanager
def _telling(where: str) -> Iterator[None]:
    """Turns what Google's client raises into what a person can act on."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        if (told := _told(error)) is None:
            raise
        raise DataError(where, expected="a query that BigQuery can run", got=told[0], hint=told[1]) from None


def _told(error: Exception) -> tuple[str, str] | None:
    from google.api_core import exceptions as api
    from google.auth import exceptions as auth
    from requests import exceptions as web

    if isinstance(error, auth.DefaultCredentialsError | auth.RefreshError):
        return "no credentials", "sign in: gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS"
    if isinstance(error, api.Forbidden | api.Unauthorized):
        return _first(error), "BigQuery Job User on the project and BigQuery Data Viewer on the tables are needed"
    if isinstance(error, api.RetryError | web.ConnectionError | web.Timeout | auth.TransportError):
        return "no answer", "look whether the network leads to BigQuery"
    if isinstance(error, api.GoogleAPICallError):
        return _first(error), ""
    if isinstance(error, OSError) and "project" in str(error).lower():
        return "no project", "name the one that pays under data.query.project in benison.yaml"
    return None


def _first(error: Any) -> str:
    """What BigQuery says, without the address it was asked at and the job's number."""
    return str(error.message).split("\n")[0].split(": ", 1)[-1].strip()
