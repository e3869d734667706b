"""Real servers in processes of their own, on loopback."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MODEL = "shop"
JSON = {"content-type": "application/json"}


def python() -> str:
    """A Python that has kserve; `make serve-setup` makes one."""
    own = ROOT / ".serve" / "bin" / "python"
    if find_spec("kserve") is None and not own.exists():
        raise AssertionError("no environment with kserve: run  make serve-setup")
    return str(own) if own.exists() else sys.executable


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def until(holds: Callable[[], bool], within_s: float = 30.0) -> None:
    """Waits for something that another process does."""
    latest = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < latest, "it did not come so far"
        time.sleep(0.02)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def scores(self) -> list[float]:
        found: list[float] = self.body["predictions"]
        return found


class Caller:
    """Whoever asks a server on this machine.

    Args:
        port: Where it listens.
    """

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str, body: bytes | None = None, headers: Mapping[str, str] = JSON) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET" if body is None else "POST", path, body, dict(headers))
            response = connection.getresponse()
            content = response.read()
        is_json = "json" in response.headers.get("content-type", "")
        told = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, told, json.loads(content) if is_json else content.decode())

    def predict(self, *rows: Mapping[str, Any], headers: Mapping[str, str] = JSON, **more: Any) -> Answer:
        body = json.dumps({"instances": rows, **more}).encode()
        return self.ask(f"/v1/models/{MODEL}:predict", body, {**JSON, **headers})

    def metric(self, name: str) -> float:
        """The sum of a figure over its labels."""
        lines = str(self.ask("/metrics").body).splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))

    def is_up(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.ask("/v2/health/live").status == 200
        return False

    def is_ready(self) -> bool:
        return self.is_up() and self.ask("/v2/health/ready").status == 200


class Server(Caller):
    """A process that serves.

    Args:
        command: What it runs, after Python.
        port: Where it listens.
        errors: The file that its log goes to.
        environment: Variables besides.
    """

    def __init__(
        self, command: Sequence[str], port: int, errors: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(port)
        self.errors = errors
        variables = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", **(environment or {})}
        with errors.open("ab") as told:
            self.process = subprocess.Popen([python(), *command], cwd=errors.parent, env=variables, stderr=told)

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.errors.read_text()
        return super().is_up()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=60)


@dataclass
class Shop:
    """A server whose traffic a test says.

    Attributes:
        server: The process.
        traffic: The file that says the traffic.
        log: The folder of its request log.
        without_champion: Whether it is ready, whether it lives, and what it answers before a champion is said.
    """

    server: Server
    traffic: Path
    log: Path
    without_champion: tuple[Answer, Answer, Answer]

    def say(self, number: int, champion: str, **more: Any) -> None:
        """Says who answers, and waits until it is so; the number is another one than before."""
        assert self.server.metric("benison_champion_number") != number
        beside = self.traffic.with_suffix(".new")
        beside.write_text(json.dumps({"champion": [number, champion], "number": number, **more}))
        beside.rename(self.traffic)
        until(lambda: self.server.metric("benison_champion_number") == number)
        until(lambda: self.server.metric("benison_challenger_loaded") == ("challenger" in more))


@contextlib.contextmanager
def shop(folder: Path, registry: Path, settings: Mapping[str, Any], **environment: str) -> Iterator[Shop]:
    """A server of a registry's packages, stopped afterwards."""
    port, log, traffic = free_port(), folder / "requests", folder / "traffic.json"
    said = {"port": port, "poll_seconds": 0.05, "requests": {"folder": str(log)}, **settings}
    command = [str(Path(__file__).with_name("served.py")), MODEL, str(registry), str(traffic), json.dumps(said)]
    server = Server(command, port, folder / "stderr.txt", environment)
    try:
        until(server.is_up, 90)
        before = server.ask("/v2/health/ready"), server.ask("/v2/health/live"), server.predict({"x": 0.5})
        yield Shop(server, traffic, log, before)
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
