"""The figures of ``benison monitor run --metrics-port``, over HTTP: the text of the last look, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benison.core.errors import ServerError
from benison.report.monitoring.exposition import CONTENT_TYPE

_PATH = "/metrics"


@dataclass
class Figures:
    """What is told; replaced as a whole after every look."""

    text: str = ""

    def tell(self, text: str) -> None:
        """From now on."""
        self.text = text


@contextmanager
def served(figures: Figures, host: str, port: int) -> Iterator[int]:
    """Answers ``/metrics`` until the block ends; tells the port.

    Args:
        figures: What is told.
        host: Where it listens.
        port: Likewise; 0: one that is free.

    Raises:
        ServerError: It cannot listen there.
    """
    try:
        server = ThreadingHTTPServer((host, port), _handler(figures))
    except OSError as error:
        got, hint = error.strerror or str(error), "choose another:  --metrics-port"
        raise ServerError(f"{host}:{port}", expected="a port to listen on", got=got, hint=hint) from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(figures: Figures) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # Head and body go out in two pieces, of which the second would wait 40 ms for an answer to the first.
        disable_nagle_algorithm = True
        # A client that says nothing holds a thread no longer than this.
        timeout = 10

        def do_GET(self) -> None:
            is_known = self.path.partition("?")[0] == _PATH
            content = figures.text.encode() if is_known else b"not found: /metrics is there\n"
            self.send_response(200 if is_known else 404)
            self.send_header("Content-Type", CONTENT_TYPE if is_known else "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *words: object) -> None:
            """Says nothing of every scrape."""

    return Handler
