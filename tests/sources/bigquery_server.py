"""As much of BigQuery's REST API as a query needs, on loopback; DuckDB runs the SQL."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb

_READ = {"INT64": int, "FLOAT64": float, "BOOL": lambda text: text == "true", "STRING": str}
_FIELDS = {
    "BIGINT": "INTEGER",
    "INTEGER": "INTEGER",
    "DOUBLE": "FLOAT",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
}
MODIFIED = 1_708_300_800_123  # 2024-02-19T00:00:00.123Z


class Refused(Exception):
    """An answer with a status and a reason."""


class BigQuery:
    """Tables by ``project.dataset.table``, and what was asked.

    Attributes:
        tables: A SELECT of DuckDB for each table.
        asked: Method and path of each request.
        configurations: What each job was configured with.
        refuse: Status and message of the answer to all requests; None: they are answered.
        page: The most rows in a page.
    """

    def __init__(self, tables: dict[str, str]) -> None:
        self.tables = tables
        self.asked: list[str] = []
        self.configurations: list[dict[str, Any]] = []
        self.refuse: tuple[int, str] | None = None
        self.page = 1_000
        self._results: dict[str, dict[str, Any]] = {}

    def answer(self, method: str, url: str, body: dict[str, Any]) -> dict[str, Any]:
        path, query = urlsplit(url).path, {key: value[0] for key, value in parse_qs(urlsplit(url).query).items()}
        self.asked.append(f"{method} {path}")
        if self.refuse:
            raise Refused(*self.refuse)
        parts = path.removeprefix("/bigquery/v2/projects/").split("/")
        match method, parts[1:]:
            case "POST", ["jobs"]:
                return self._insert(parts[0], body)
            case "GET", ["jobs", job]:
                return self._results[job]["job"]
            case "GET", ["queries", job]:
                return self._page(job, query)
            case "GET", ["datasets", dataset, "tables", table]:
                return self._table(parts[0], dataset, table)
        raise Refused(404, f"Not found: {path}")

    def _insert(self, project: str, body: dict[str, Any]) -> dict[str, Any]:
        configuration = body["configuration"]
        self.configurations.append(configuration)
        sql = configuration["query"]["query"]
        reference = {"projectId": project, "location": "EU", **body.get("jobReference", {})}
        kind = re.sub(r"\s*--[^\n]*\n", "", sql).split()[0].upper()
        rows, fields = (
            self._run(sql, configuration["query"].get("queryParameters", [])) if kind == "SELECT" else ([], [])
        )
        named = [name.split(".") for name in self.tables if name in sql]
        statistics = {
            "totalBytesProcessed": "123456",
            "query": {
                "statementType": kind,
                "totalBytesProcessed": "123456",
                "referencedTables": [
                    {"projectId": project, "datasetId": dataset, "tableId": table} for project, dataset, table in named
                ],
            },
        }
        job = {
            "kind": "bigquery#job",
            "id": "x",
            "jobReference": reference,
            "configuration": {"jobType": "QUERY", **configuration},
            "status": {"state": "DONE"},
            "statistics": statistics,
        }
        if not configuration.get("dryRun"):
            self._results[reference["jobId"]] = {"job": job, "rows": rows, "fields": fields}
        return job

    def _run(self, sql: str, parameters: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
        values: dict[str, Any] = {}
        for parameter in parameters:
            kind, text = parameter["parameterType"]["type"], parameter["parameterValue"]["value"]
            if kind == "TIMESTAMP":
                values[parameter["name"]] = datetime.fromisoformat(text.replace(" ", "T", 1))
            else:
                values[parameter["name"]] = _READ[kind](text)
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            for number, (name, rows) in enumerate(self.tables.items()):
                connection.execute(f"create table t{number} as {rows}")
                sql = sql.replace(f"`{name}`", f"t{number}")
            try:
                relation = connection.sql(re.sub(r"@(\w+)", r"$\1", sql), params=values)
            except duckdb.Error as error:
                raise Refused(400, str(error).splitlines()[0]) from error
            types = [_FIELDS.get(str(kind), "STRING") for kind in relation.types]
            fields = [
                {"name": name, "type": kind, "mode": "NULLABLE"}
                for name, kind in zip(relation.columns, types, strict=True)
            ]
            return [_row(row) for row in relation.fetchall()], fields

    def _page(self, job: str, query: dict[str, str]) -> dict[str, Any]:
        result = self._results[job]
        first, most = int(query.get("pageToken", 0)), min(int(query.get("maxResults", self.page)), self.page)
        rows = result["rows"][first : first + most]
        answer = {
            "kind": "bigquery#getQueryResultsResponse",
            "jobComplete": True,
            "jobReference": result["job"]["jobReference"],
            "schema": {"fields": result["fields"]},
            "totalRows": str(len(result["rows"])),
            "rows": rows,
        }
        if most and first + most < len(result["rows"]):
            answer["pageToken"] = str(first + most)
        return answer

    def _table(self, project: str, dataset: str, table: str) -> dict[str, Any]:
        if f"{project}.{dataset}.{table}" not in self.tables:
            raise Refused(404, f"Not found: Table {project}:{dataset}.{table}")
        return {
            "kind": "bigquery#table",
            "tableReference": {"projectId": project, "datasetId": dataset, "tableId": table},
            "lastModifiedTime": str(MODIFIED),
            "type": "TABLE",
        }


def _row(row: tuple[Any, ...]) -> dict[str, Any]:
    return {"f": [{"v": _spelt(value)} for value in row]}


def _spelt(value: Any) -> str | None:
    if isinstance(value, datetime):
        return str(round(value.timestamp() * 1e6))
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


@contextmanager
def bigquery_server(service: BigQuery) -> Iterator[str]:
    """Its address."""

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            try:
                status, answer = 200, service.answer(self.command, self.path, body)
            except Refused as refused:
                status, message = refused.args
                reason = {"message": message, "reason": "accessDenied" if status == 403 else "invalidQuery"}
                answer = {"error": {"code": status, "message": message, "errors": [reason]}}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
