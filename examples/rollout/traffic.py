"""People who ask: rows of the census as requests to a model server, at a steady rate, each with who asks."""

from __future__ import annotations

import csv
import gzip
import http.client
import json
import socket
import threading
import time
from collections import Counter
from pathlib import Path


class Traffic:
    """Requests from some threads until it is stopped.

    Args:
        port: The server's, on this machine.
        model: Its name.
        rows: What is asked, over and over; others may be put in their place at any time.
        per_second: Requests, of all threads together.
        together: Rows in a request.
    """

    def __init__(
        self, port: int, model: str, rows: list[dict[str, object]], per_second: float, together: int = 1
    ) -> None:
        self._port, self._path, self._each, self._together = (
            port,
            f"/v1/models/{model}:predict",
            4 / per_second,
            together,
        )
        self.rows = rows
        self._stop = threading.Event()
        self.answers: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._ask, args=(number,), daemon=True) for number in range(4)]

    def start(self) -> None:
        """Begins to ask."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> Counter[str]:
        """Ends it; how many answers there were, by HTTP status."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return self.answers

    def _ask(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        asked, due = number, time.monotonic()
        while not self._stop.is_set():
            rows, first = self.rows, asked * self._together
            asks = [rows[place % len(rows)] for place in range(first, first + self._together)]
            self.answers[self._one(connection, asks, f"person {asked}")] += 1
            asked, due = asked + 4, due + self._each
            time.sleep(max(due - time.monotonic(), 0))

    def _one(self, connection: http.client.HTTPConnection, rows: list[dict[str, object]], unit: str) -> str:
        body = json.dumps({"instances": rows})
        try:
            connection.request("POST", self._path, body, {"Content-Type": "application/json", "x-unit-id": unit})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return type(error).__name__
        return str(answer.status)


def rows_of(file: Path, columns: dict[str, str], most: int = 5000) -> list[dict[str, object]]:
    """Rows of a CSV as a server takes them.

    Args:
        file: Gzipped.
        columns: What the model takes, each ``number`` or ``text``.
        most: So many rows.
    """
    with gzip.open(file, "rt") as opened:
        return asked_of([row for row, _ in zip(csv.DictReader(opened), range(most), strict=False)], columns)


def asked_of(people: list[dict[str, str]], columns: dict[str, str]) -> list[dict[str, object]]:
    """People as a server takes them; `columns` as in `rows_of`."""
    return [{name: _value(row[name], kind) for name, kind in columns.items()} for row in people]


def _value(text: str, kind: str) -> object:
    if text == "":
        return None
    return text if kind == "text" else float(text)


def columns_of(project: Path, model: str) -> dict[str, str]:
    """What the champion's package of a project takes, by name."""
    features, *_ = (project / "registry" / model / "packages").glob("*/assets.extra/features.json")
    return {column["name"]: column["type"] for column in json.loads(features.read_text())["columns"]}


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
