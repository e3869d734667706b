"""A real HAProxy in front of two small HTTP servers."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benison.config.traffic import Haproxy
from benison.core.errors import ServerError
from benison.delivery.routers.haproxy import HaproxyRouter

CONFIG = """
global
  stats socket {socket} mode 600 level {level}
defaults
  mode http
  timeout connect 2s
  timeout client 20s
  timeout server 20s
  timeout check 5s
frontend front
  bind 127.0.0.1:{port}
  default_backend models
backend models
  balance {balance}
  server champion 127.0.0.1:{champion} {check} weight 256
  server challenger 127.0.0.1:{challenger} {check} weight 0
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def until(holds: Callable[[], object], within_s: float = 30.0) -> None:
    """Waits for what another process does."""
    latest = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < latest, "it did not come so far"
        time.sleep(0.02)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


class Origin:
    """A server that answers with its name.

    Args:
        name: Which one it is.
        port: Where it listens.
    """

    def __init__(self, name: str, port: int) -> None:
        self.name, self.port = name, port
        self._server: ThreadingHTTPServer | None = None
        self._let_go = threading.Event()

    def start(self) -> None:
        answer, let_go = self.name.encode(), self._let_go

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                if self.path == "/held":
                    let_go.wait(60)
                self.send_response_only(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def handle_one_request(self) -> None:
                with contextlib.suppress(ConnectionError):  # HAProxy cuts what it keeps open when it is killed
                    super().handle_one_request()
                    return
                self.close_connection = True

            def log_message(self, *words: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", self.port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stop(self) -> None:
        if self._server is not None:
            self._let_go.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None


class Proxy:
    """HAProxy, which can be killed and started again.

    Args:
        folder: For its files.
        balance: Its algorithm.
        level: What its socket may be used for.
        check: How servers are looked after.
        servers: The ports of champion and challenger, where they are not the test's own small ones.
    """

    def __init__(
        self,
        folder: Path,
        balance: str = "random(1)",
        level: str = "admin",
        check: str = "check inter 50ms fall 3 rise 1",
        servers: tuple[int, int] | None = None,
    ) -> None:
        if shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None:
            pytest.skip("there is no haproxy here")
        self.port, self.socket = free_port(), str(folder / "admin.sock")
        self.place = Haproxy(self.socket, "models")
        ports = servers or (free_port(), free_port())
        self.champion, self.challenger = Origin("champion", ports[0]), Origin("challenger", ports[1])
        said = {"socket": self.socket, "level": level, "port": self.port, "balance": balance, "check": check}
        self._config = folder / "haproxy.cfg"
        self._config.write_text(CONFIG.format(champion=ports[0], challenger=ports[1], **said))
        self._own = servers is None

    def start(self) -> None:
        path = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([str(path), "-db", "-f", str(self._config)], **quiet)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def router(self) -> HaproxyRouter:
        return HaproxyRouter(self.place)

    def status(self, server: str) -> str:
        """A server's state in HAProxy's words; empty: HAProxy does not answer."""
        with contextlib.suppress(ServerError):
            pair = dict(zip(("champion", "challenger"), self.router()._stat()[1], strict=True))
            return pair[server].status
        return ""

    def chosen(self, server: str) -> int:
        """How many requests HAProxy chose a server for."""
        pair = dict(zip(("champion", "challenger"), self.router()._stat()[1], strict=True))
        return pair[server].chosen

    def ask(self, many: int) -> Counter[str]:
        """Who answered requests that came one after the other on one connection."""
        answered: Counter[str] = Counter()
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            for _ in range(many):
                connection.request("GET", "/")
                response = connection.getresponse()
                body = response.read().decode()
                answered[body if response.status == 200 else str(response.status)] += 1
        return answered

    @contextlib.contextmanager
    def busy(self, many: int) -> Iterator[None]:
        """Has so many requests wait for their answer meanwhile."""
        with contextlib.ExitStack() as held:
            for _ in range(many):
                connection = held.enter_context(socket.create_connection(("127.0.0.1", self.port)))
                connection.sendall(b"GET /held HTTP/1.1\r\nHost: here\r\n\r\n")
            yield

    @contextlib.contextmanager
    def running(self) -> Iterator[Proxy]:
        if self._own:
            self.champion.start()
            self.challenger.start()
        self.start()
        try:
            yield self
        finally:
            self.process.kill()
            self.process.wait()
            self.champion.stop()
            self.challenger.stop()
