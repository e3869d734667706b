"""Swaps, rollbacks, and ends of a server, under load."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from benison.delivery.request_log import JOURNAL, ROTATED, read_since
from serving.tests import running
from serving.tests.load import ROWS, load
from serving.tests.running import Shop, until

Registered = Callable[..., str]
LEVELS = (0.5, 0.25, 0.75)
YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def resident(shop: Shop) -> float:
    """A server's memory in MB."""
    status = Path(f"/proc/{shop.server.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1e3


@pytest.mark.parametrize("swaps", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_neither_swaps_nor_rollbacks_nor_the_end_fail_or_mix_a_request(
    tmp_path: Path, registry: Path, registered: Registered, swaps: int
) -> None:
    """Most swaps are rollbacks to a version that is loaded, every fifth loads one that is not."""
    digests = [registered(level) for level in LEVELS]
    with running.shop(tmp_path, registry, {}) as shop:
        shop.say(1, digests[0])
        with load(shop.server.port, callers=3) as seen:
            at, memory = 0, []
            for number in range(2, swaps + 2):
                at = (at + 1) % 3 if number % 5 == 0 else (at ^ 1 if at < 2 else 0)
                enough = seen.total + 5
                shop.say(number, digests[at])
                until(partial(seen.reaches, enough))
                memory.append(resident(shop))
            assert seen.refused == 0
            shop.server.process.send_signal(signal.SIGTERM)
            assert shop.server.process.wait(timeout=90) in (0, -signal.SIGTERM)
        print(f"{seen.total} requests, {swaps} swaps, memory {memory[swaps // 5]:.0f} to {memory[-1]:.0f} MB")
        logged = sum(batch.num_rows for batch in read_since(shop.log, YEAR))
    assert seen.failed == []
    assert {(package, level) for package, level in seen.answered} <= set(zip(digests, LEVELS, strict=True))
    assert len(seen.answered) == 3
    assert logged == len(ROWS) * seen.total
    assert {path.suffix for path in shop.log.glob("*/*")} == {ROTATED}


@pytest.mark.slow
def test_a_killed_server_loses_a_second_of_the_log_at_most_and_the_next_one_takes_it_over(
    tmp_path: Path, registry: Path, registered: Registered
) -> None:
    champion = registered(0.5)
    with running.shop(tmp_path, registry, {}) as shop:
        shop.say(1, champion)
        with load(shop.server.port) as seen:
            until(lambda: seen.total > 100)
            until(lambda: next(read_since(shop.log, YEAR), None) is not None)
            killed = datetime.now(UTC)
            shop.server.stop(signal.SIGKILL)
            seen.stopped.set()
        times = [time for batch in read_since(shop.log, YEAR) for time in batch.column("time").to_pylist()]
        assert (killed - max(times)).total_seconds() < 1.5
        assert [path.suffix for path in shop.log.glob("*/*")] == [JOURNAL]
        before = len(times)
    with running.shop(tmp_path, registry, {}) as shop:
        until(lambda: not list(shop.log.glob(f"*/*{JOURNAL}")))
        assert sum(batch.num_rows for batch in read_since(shop.log, YEAR)) == before
