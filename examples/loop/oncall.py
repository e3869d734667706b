"""Whoever is on call: an HTTP server of this machine that takes messages, as apprise's ``json://`` sends them."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class OnCall:
    """Takes messages until it is stopped.

    Attributes:
        messages: What came, in order: title and text.
    """

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []
        taken = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                taken.append((said["title"], said["message"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it listens, as apprise has it."""
        return f"json://127.0.0.1:{self._server.server_port}/"

    def stop(self) -> None:
        """Takes none any more."""
        self._server.shutdown()
        self._server.server_close()
