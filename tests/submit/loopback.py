"""A server on loopback that can be told to fail: with a status, or by cutting the connection."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from tests.submit.cluster import Cluster


class Refused(Exception):
    """An answer with a status of its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Fault:
    """Something that goes wrong once: a status, or the connection cut.

    Attributes:
        path: Below the server's prefix.
        carried_out: The request is carried out before.
        late: It is carried out when the next one that posts comes.
        delay: The answer waits for it.
    """

    method: str
    path: str
    status: int = 0
    carried_out: bool = False
    late: bool = False
    body: str = '{"code": 13, "message": "as the test wishes"}'
    delay: threading.Event | None = None


@dataclass
class Held:
    """What a server holds; `answer` says what it does.

    Attributes:
        cluster: What carries runs out.
        carries_out: Runs are carried out; else they stand as `stand` says.
        token: What must come as a bearer; empty: anybody is let in.
        runs: By id.
    """

    cluster: Cluster
    carries_out: bool = False
    token: str = ""
    address: str = ""
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    late: list[Callable[[], object]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    stand: Callable[[dict[str, Any]], None] = lambda run: None
    prefix = "/"

    def posts(self) -> list[str]:
        """The paths of what was posted."""
        return [path.removeprefix(self.prefix) for method, path in self.requests if method == "POST"]

    def admit(self, authorization: str) -> None:
        """Refuses whom it does not know."""
        if self.token and authorization != f"Bearer {self.token}":
            raise Refused(401, "who are you?")

    def answer(self, method: str, path: str, query: dict[str, str], content: Any) -> dict[str, Any]:
        """Carries a request out; the path is the one below the prefix."""
        raise NotImplementedError

    def fault(self, method: str, path: str) -> Fault | None:
        """What goes wrong with a request."""
        for fault in self.faults:
            if fault.method == method and path == self.prefix + fault.path:
                self.faults.remove(fault)
                return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True
    held: Held
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve("GET", None)

    def do_DELETE(self) -> None:
        self._serve("DELETE", None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}"
        kind = self.headers["Content-Type"] or "application/json"
        is_json = kind.startswith("application/json")
        self._serve("POST", json.loads(body) if is_json else f"Content-Type: {kind}\r\n\r\n".encode() + body)

    def _serve(self, method: str, content: Any) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.held.requests.append((method, parts.path))
        while self.held.late and method == "POST":
            self.held.late.pop()()
        fault = self.held.fault(method, parts.path)
        if fault and fault.late:
            self.held.late.append(lambda: self._carried_out(method, parts.path, query, content))
        if fault is None or fault.carried_out:
            status, answer = self._carried_out(method, parts.path, query, content)
        if fault is None:
            self._send(status, json.dumps(answer))
        elif fault.status:
            self._send(fault.status, fault.body)
        else:
            if fault.delay:
                fault.delay.wait(30)
            self.close_connection = True
            self.connection.shutdown(2)

    def _carried_out(self, method: str, path: str, query: dict[str, str], content: Any) -> tuple[int, Any]:
        try:
            self.held.admit(self.headers.get("authorization") or "")
            return 200, self.held.answer(method, path.removeprefix(self.held.prefix), query, content)
        except Refused as error:
            message = str(error)
            return error.status, {"code": error.status, "message": message, "error": {"message": message}}
        except (KeyError, ValueError) as error:
            return 400, {"code": 3, "message": f"{type(error).__name__}: {error}"}

    def _send(self, status: int, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


_H = TypeVar("_H", bound=Held)


@contextmanager
def serving(held: _H) -> Iterator[_H]:
    """Serves until the block ends, and ends what runs then."""
    handler = type("Handler", (_Handler,), {"held": held})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    held.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield held
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        held.cluster.end()


def hold_to(declared: dict[str, Any], given: dict[str, Any]) -> None:
    """Refuses parameters that a pipeline does not have, lacks, or has of another kind."""
    kinds = {"STRING": str, "NUMBER_INTEGER": int}
    if len(json.dumps(given).encode()) > 10_000:
        raise Refused(400, "more than 10,000 bytes of parameters")
    for name, value in given.items():
        whole = int(value) if type(value) is float and value.is_integer() else value
        if name not in declared or type(whole) is not kinds[declared[name]["parameterType"]]:
            raise Refused(400, f"parameter {name} is not one: {value!r}")
    if missing := [name for name, one in declared.items() if not one.get("isOptional") and name not in given]:
        raise Refused(400, f"missing: {missing}")
