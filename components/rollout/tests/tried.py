"""A model server of a few lines for staging: its answers are what a test says, by package."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.delivery.routers.loopback import handling

Answers = Callable[[list[dict[str, Any]]], tuple[int, dict[str, Any]]]


def fair(rows: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """Each row answered with a half."""
    return 200, {"predictions": [0.5] * len(rows)}


@dataclass
class Tried:
    """What the server has loaded, and what it was asked.

    Attributes:
        loaded: By digest, how it answers.
        asked: Of each request, the package and the rows.
    """

    loaded: dict[str, Answers] = field(default_factory=dict)
    asked: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    url: str = ""

    def answer(self, package: str, rows: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        self.asked.append((package, rows))
        if package not in self.loaded:
            return 503, {"error": "the challenger is not loaded so far"}
        return self.loaded[package](rows)


class _Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True
    tried: Tried
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: object) -> None:
        pass

    def do_POST(self) -> None:
        rows = json.loads(self.rfile.read(int(self.headers["content-length"])))["instances"]
        package = self.headers["x-staging"]
        status, said = self.tried.answer(package, rows)
        if status == 0:
            self.close_connection = True
            self.connection.shutdown(2)
            return
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("x-package", said.pop("package", package))
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def tried_server() -> Iterator[Tried]:
    """Serves until the block ends."""
    tried = Tried()
    with handling(type("Handler", (_Handler,), {"tried": tried})) as tried.url:
        yield tried
