"""Requests a second and latencies of the model server beside KServe's plain one, same package and machine.

Both answer requests of four rows over kept connections, turn about; the request log is on. Then 10,000 requests more,
and what they do to memory.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benison.registry.registry import Registry
from benison.registry.testing import SAID, provenance
from serving.tests import made, running


def measured(port: int, callers: int, requests: int) -> tuple[float, list[float]]:
    """Requests a second, and the seconds of each."""
    command = [sys.executable, "-m", "benchmarks.serving.callers", str(port), str(requests // callers)]
    asking = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(callers)]
    told = [json.loads(one.communicate()[0]) for one in asking]
    spent = max(one["end"] for one in told) - min(one["begin"] for one in told)
    return requests / spent, [took for one in told for took in one["took"]]


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[dict[str, running.Server]]:
    """Both servers, running."""
    package = made.scaling(folder / "package", 0.5)
    registry = Registry.create(str(folder / "registry"), running.MODEL)
    digest = registry.register(package, provenance("one"), **SAID)
    port = running.free_port()
    plain = running.Server(
        [str(Path(__file__).with_name("plain.py")), str(package), str(port)], port, folder / "plain.txt"
    )
    try:
        with running.shop(folder, folder / "registry", {}) as shop:
            shop.say(1, digest)
            running.until(plain.is_up, 90)
            yield {"benison serve": shop.server, "kserve, plain": plain}
    finally:
        plain.process.kill()
        plain.process.wait()


def resident(server: running.Server) -> float:
    """A server's memory in MB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1e3


def main() -> None:
    """Prints two tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1600, help="in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--more", type=int, default=10_000, help="requests over which memory is watched")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, servers(Path(name)) as both:
        print("| callers | server | requests/s | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|---|")
        for callers in (1, 8):
            found: dict[str, list[tuple[float, list[float]]]] = {kind: [] for kind in both}
            for _ in range(asked.rounds):
                for kind, server in both.items():
                    found[kind].append(measured(server.port, callers, asked.requests))
            for kind, rounds in found.items():
                p50, p95, p99 = 1e3 * np.quantile([one for _, took in rounds for one in took], (0.5, 0.95, 0.99))
                rate = np.median([rate for rate, _ in rounds])
                print(f"| {callers} | {kind} | {rate:.0f} | {p50:.1f} | {p95:.1f} | {p99:.1f} |", flush=True)
        before = {kind: resident(server) for kind, server in both.items()}
        for kind, server in both.items():
            measured(server.port, 8, asked.more)
            print(f"\n{kind}: {before[kind]:.0f} MB before {asked.more} more requests, {resident(server):.0f} MB after")


if __name__ == "__main__":
    main()
