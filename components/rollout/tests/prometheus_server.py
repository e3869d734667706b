"""A real Prometheus, and a server of a few lines that it scrapes."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from serving.tests.running import free_port, until

NO_PROMETHEUS = "no prometheus here (apt-get install prometheus); BENISON_PROMETHEUS=required makes that a failure"
EVERY_S = 0.1
_CONFIG = """
global: {{scrape_interval: {every:g}ms, scrape_timeout: {every:g}ms}}
scrape_configs:
  - job_name: benison
    metrics_path: {path}
    static_configs: [{{targets: [{targets}]}}]
"""
_EDGES = ("0.01", "0.05", "+Inf")


@dataclass
class Exporter:
    """Counters as a model server has them.

    Attributes:
        counts: By the series' name with labels.
        scraped: How often all of them were asked for.
        down: Whether it fails.
    """

    counts: Counter[str] = field(default_factory=Counter)
    scraped: int = 0
    down: bool = False
    port: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.Lock()

    def answer(self, role: str, version: str, *, status: int = 200, ms: float = 1.0, score: float | None = 0.5) -> None:
        """Counts one request."""
        who = f'role="{role}",version="{version}"'
        with self.lock:
            self.counts[f'benison_requests_total{{{who},outcome="{status}"}}'] += 1
            for edge in _EDGES:
                # A histogram shows every bucket from its first count on.
                self.counts[f'benison_request_seconds_bucket{{{who},le="{edge}"}}'] += int(1e-3 * ms <= float(edge))
            if score is not None:
                self.counts[f"benison_score_count{{{who}}}"] += 1
                self.counts[f"benison_score_sum{{{who}}}"] += score  # type: ignore[assignment]
                self.counts[f"benison_score_squares_total{{{who}}}"] += score**2  # type: ignore[assignment]

    def settle(self) -> None:
        """Waits until all that was counted was scraped."""
        seen = self.scraped
        until(lambda: self.scraped >= seen + 2)

    def text(self) -> str:
        with self.lock:
            return "".join(f"{name} {value:g}\n" for name, value in self.counts.items())


class _Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True
    exporter: Exporter

    def log_message(self, *words: object) -> None:
        pass

    def do_GET(self) -> None:
        content = self.exporter.text().encode()
        self.send_response(503 if self.exporter.down else 200)
        self.send_header("content-type", "text/plain")
        self.end_headers()
        self.wfile.write(content)
        self.exporter.scraped += 1


@contextmanager
def exporting() -> Iterator[Exporter]:
    """An exporter, until the block ends."""
    exporter = Exporter()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"exporter": exporter}))
    server.daemon_threads = True
    exporter.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield exporter
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Scraper:
    """A Prometheus that scrapes servers of this machine.

    Args:
        folder: For its files.
        ports: Of the servers.
        path: Of their figures.
    """

    def __init__(self, folder: Path, ports: list[int], path: str = "/metrics") -> None:
        self._folder, self.port = folder, free_port()
        targets = ", ".join(f"'127.0.0.1:{port}'" for port in ports)
        (folder / "prometheus.yml").write_text(_CONFIG.format(every=1000 * EVERY_S, path=path, targets=targets))
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it, with the samples that it had."""
        words = [
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        program = shutil.which("prometheus")
        if program is None and os.environ.get("BENISON_PROMETHEUS") != "required":
            pytest.skip(NO_PROMETHEUS)
        assert program is not None, NO_PROMETHEUS
        with (self._folder / "log.txt").open("ab") as told:
            self._process = subprocess.Popen([program, *words], cwd=self._folder, stdout=told, stderr=told)
        until(self._is_ready)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, (self._folder / "log.txt").read_text()
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            with contextlib.closing(connection):
                connection.request("GET", "/-/ready")
                return connection.getresponse().status == 200
        return False
