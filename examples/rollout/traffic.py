"""People who ask: rows of the census as requests to a model server, at a steady rate, each with who asks."""

from __future__ import annotations

import csv
import gzip
import http.client
import json
import threading
import time
from collections import Counter
from pathlib import Path


class Traffic:
    """Requests from some threads until it is stopped.

    Args:
        port: The server's, on this machine.
        model: Its name.
        rows: What is asked, over and over.
        per_second: Requests, of all threads together.
    """

    def __init__(self, port: int, model: str, rows: list[dict[str, object]], per_second: float) -> None:
        self._port, self._path, self._rows, self._each = port, f"/v1/models/{model}:predict", rows, 4 / per_second
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
            row = self._rows[asked % len(self._rows)]
            self.answers[self._one(connection, row, f"person {asked}")] += 1
            asked, due = asked + 4, due + self._each
            time.sleep(max(due - time.monotonic(), 0))

    def _one(self, connection: http.client.HTTPConnection, row: dict[str, object], unit: str) -> str:
        body = json.dumps({"instances": [row]})
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
        found = [row for row, _ in zip(csv.DictReader(opened), range(most), strict=False)]
    return [{name: _value(row[name], kind) for name, kind in columns.items()} for row in found]


def _value(text: str, kind: str) -> object:
    if text == "":
        return None
    return text if kind == "text" else float(text)
