"""Two of our servers behind a real HAProxy: a rollout that goes to all traffic, and one that goes back."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.core.verdicts import Verdict
from benison.delivery.rollout_log import RolloutLog
from benison.registry.registry import Registry
from benison.registry.testing import SAID, digest, provenance
from serving.tests.made import ROW, scaling
from serving.tests.running import MODEL, ROOT, Caller, Server, free_port, until
from serving.tests.test_command import PROJECT
from tests.delivery.routers.proxied import Proxy

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]
ROLLOUT: dict[str, Any] = {
    "steps": [{"percent": 20, "minutes": 0.1}, {"percent": 50, "minutes": 0.2}],
    "watch_minutes": 0.05,
    "block_seconds": 0.5,
    "min_blocks": 8,
    "extend_minutes": 2,
    "guardrails": [{"metric": "error_rate", "tolerance": 0.4, "at_most": 0.5}],
}


@dataclass
class Callers:
    """Requests through the router, one after the other, until they are told to stop."""

    port: int
    seen: Counter[tuple[int, str]] = field(default_factory=Counter)
    stopped: threading.Event = field(default_factory=threading.Event)

    def call(self) -> None:
        caller = Caller(self.port)
        while not self.stopped.is_set():
            answer = caller.predict(ROW)
            self.seen[answer.status, answer.headers.get("x-role", "")] += 1


@dataclass
class Place:
    """A project, its registry, and what serves it."""

    folder: Path
    registry: Registry
    proxy: Proxy

    def challenger(self, level: float, fails: str = "") -> str:
        package = self.registry.register(
            scaling(self.folder / f"{level}", level, fails), provenance(f"{level}"), **SAID
        )
        evidence = {"evaluation": digest("evaluation"), "policy": config.read(self.folder).gate.digest}
        said = {**SAID, "when": datetime.now(UTC)}
        champion = self.registry.state().champion
        self.registry.bless(package, Verdict.PASS, reasons=(), evidence=evidence, compared_with=champion, **said)
        return package

    def rollout(self, package: str) -> tuple[int, Counter[tuple[int, str]], str]:
        """Carries it to its end under requests: exit code, what callers saw, what was said."""
        callers = Callers(self.proxy.port)
        threads = [threading.Thread(target=callers.call) for _ in range(4)]
        for thread in threads:
            thread.start()
        words = ["-m", "benison", "rollout", "start", package, "--why", "a test", "-p", str(self.folder)]
        done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=300)
        callers.stopped.set()
        for thread in threads:
            thread.join()
        return done.returncode, callers.seen, done.stdout + done.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("behind")
    registry, ports = Registry.create(str(folder / "registry"), MODEL), (free_port(), free_port())
    proxy = Proxy(folder, servers=ports)
    traffic = {"router": "haproxy", "socket": proxy.socket, "backend": "models"}
    serving = {"poll_seconds": 0.1, "timeout_ms": 15_000, "requests": {"folder": str(folder / "requests")}}
    said = {"registry": str(folder / "registry"), "serving": serving, "rollout": {**ROLLOUT, "traffic": traffic}}
    (folder / "benison.yaml").write_text(yaml.safe_dump({**PROJECT, **said}))
    first = registry.register(scaling(folder / "0.5", 0.5), provenance("0.5"), **SAID)
    registry.promote(first, force=True, **SAID)
    sides = zip(("champion", "challenger"), ports, strict=True)
    words = ["-m", "benison.serving", "-p", str(folder)]
    servers = [
        Server([*words, "--as", side, "--port", str(port)], port, folder / f"{side}.txt") for side, port in sides
    ]
    try:
        for server in servers:
            until(server.is_ready, 120)
        with proxy.running():
            until(lambda: all(proxy.status(one).startswith(("UP", "DRAIN")) for one in ("champion", "challenger")))
            yield Place(folder, registry, proxy)
    finally:
        for server in servers:
            server.process.kill()
            server.process.wait()


def test_a_challenger_that_fails_goes_back_and_callers_see_nothing_of_it(place: Place) -> None:
    bad = place.challenger(0.75, fails="Bonn")
    code, seen, said = place.rollout(bad)
    assert code == 1, said
    assert {status for status, _ in seen} == {200}
    past = list(RolloutLog(place.registry.store, MODEL).state().past.values())[-1]
    assert (past.finish.outcome, past.shifts[-1].back) == ("rolled_back", True)
    assert "error_rate" in past.finish.why
    assert place.proxy.router().read().percent == 0
    assert place.registry.state().champion is not None


def test_one_that_is_as_good_gets_all_traffic_and_the_next_begins_at_the_champions_server(place: Place) -> None:
    good = place.challenger(0.25)
    code, seen, said = place.rollout(good)
    assert code == 0, said
    assert {status for status, _ in seen} == {200}
    assert seen[200, "challenger"] > 50
    assert (champion := place.registry.state().champion) is not None
    assert champion.package == good
    # The challenger's server still has all traffic, and answers as champion.
    assert place.proxy.router().read().percent == 100
    until(lambda: Caller(place.proxy.port).predict(ROW).headers["x-role"] == "champion")
    assert Caller(place.proxy.port).predict(ROW).scores == [0.125]
    code, seen, said = place.rollout(place.challenger(0.3, fails="Bonn"))
    assert (code, place.proxy.router().read().percent) == (1, 0)
    assert {status for status, _ in seen} == {200}
