"""Figures from a real Prometheus, held to what the server that it scrapes counted."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benison.components.rollout.control import Controller
from benison.components.rollout.measure import Tallies
from benison.components.rollout.run import SystemClock, follow
from benison.components.rollout.scraped_figures import ScrapedFigures
from benison.components.rollout.start import start
from benison.components.rollout.tests.prometheus_server import EVERY_S, Exporter, Scraper, exporting
from benison.config.provider import QUERIES, Provider
from benison.config.rollout import Guardrail, Phase, Rollout
from benison.core import digests
from benison.core.errors import BenisonError, ConfigError, DataError, ServerError
from benison.core.verdicts import Tier
from benison.delivery.rollout_log import RolloutLog
from benison.registry.registry import Registry
from benison.registry.testing import Bench, MemoryStore, digest
from serving.tests.running import until

ONE, TWO = digest("one"), digest("two")
ERRORS, SLOW = Guardrail("error_rate", Tier.HARD, 0.1), Guardrail("slow_share", Tier.HARD, 0.1, over_ms=50)
SCORE = Guardrail("score", Tier.HARD, 0.1)
SECONDS = 0.75


@pytest.fixture(scope="module")
def exporter() -> Iterator[Exporter]:
    with exporting() as one:
        yield one


@pytest.fixture(scope="module")
def scraper(exporter: Exporter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraper]:
    one = Scraper(tmp_path_factory.mktemp("prometheus"), [exporter.port])
    try:
        yield one
    finally:
        one.kill()


@pytest.fixture
def versions(exporter: Exporter, request: pytest.FixtureRequest) -> tuple[str, str]:
    """Two packages that no other test has, and a server that has not counted anything of them."""
    return digest(f"one {request.node.name}"), digest(f"two {request.node.name}")


def figures(scraper: Scraper, **queries: str) -> ScrapedFigures:
    return ScrapedFigures(Provider(scraper.url, "benison", {**QUERIES, **queries}))


class Read:
    """All that comes since a moment, as a controller reads it.

    Args:
        source: Whose figures.
        versions: Champion and challenger.
    """

    def __init__(self, source: ScrapedFigures, versions: tuple[str, str]) -> None:
        phases = (Phase(0, 100, 1), Phase(50, 0, 1))
        plan = Rollout("canary", phases, 1, (ERRORS, SLOW, SCORE), block_seconds=SECONDS, metrics=source.provider)
        self.source, self.tallies = source, Tallies(1, plan, *versions)
        self.begun = self.to = (time.time() // SECONDS + 1) * SECONDS
        # What is counted is known once there is a scrape in a block.
        until(lambda: self.more() > self.begun)

    def more(self) -> float:
        due = (time.time() // SECONDS) * SECONDS
        if due > self.to:
            self.to = self.source.fill(self.tallies, self.to, due)
        return self.to

    def all(self) -> None:
        """Reads all that was counted up to now."""
        now = time.time() + 3 * EVERY_S
        until(lambda: self.more() >= now)

    def sums(self, line: Guardrail, stage: str) -> dict[str, tuple[int, float]]:
        found = self.tallies.blocks(line, stage)
        return {
            side: (sum(arm.requests for arm in arms), round(sum(arm.total for arm in arms), 9))
            for side, arms in (("champion", [b.champion for b in found]), ("challenger", [b.challenger for b in found]))
        }


def short(package: str) -> str:
    return digests.short(package)


def send(exporter: Exporter, versions: tuple[str, str], many: int = 40) -> None:
    """A tenth of the champion's and a fifth of the challenger's fail; a quarter and a half are slow."""
    for number in range(many):
        for role, package, failing, slow in (
            ("champion", versions[0], 10, 4),
            ("challenger", versions[1], 5, 2),
            ("shadow", versions[1], 4, 8),
            ("staging", versions[1], 1, 1),
        ):
            fails = number % failing == 0
            exporter.answer(
                role,
                short(package),
                status=500 if fails else 200,
                ms=60 if number % slow == 0 else 50,
                score=None if fails else 0.25,
            )
        if number % 5 == 0:
            time.sleep(0.01)


def test_counts_are_what_the_server_counted(exporter: Exporter, scraper: Scraper, versions: tuple[str, str]) -> None:
    read = Read(figures(scraper), versions)
    send(exporter, versions)
    read.all()
    assert read.sums(ERRORS, "live") == {"champion": (40, 4), "challenger": (40, 8)}
    assert read.sums(SLOW, "live") == {"champion": (40, 10), "challenger": (40, 20)}
    assert read.sums(ERRORS, "shadow") == {"champion": (40, 4), "challenger": (40, 10)}
    assert read.sums(SCORE, "live") == {"champion": (36, 9), "challenger": (32, 8)}
    blocks = read.tallies.blocks(SCORE, "live")
    assert sum(block.champion.squares or 0 for block in blocks) == pytest.approx(36 * 0.25**2)
    assert all(block.start >= read.begun for block in blocks)


def test_a_server_that_began_anew_counts_on(exporter: Exporter, scraper: Scraper, versions: tuple[str, str]) -> None:
    read = Read(figures(scraper), versions)
    send(exporter, versions)
    exporter.settle()
    with exporter.lock:
        exporter.counts.clear()
    exporter.settle()
    send(exporter, versions)
    read.all()
    assert read.sums(ERRORS, "live") == {"champion": (80, 8), "challenger": (80, 16)}


def test_a_block_in_which_a_server_was_not_scraped_is_missing_and_not_zero(
    exporter: Exporter, scraper: Scraper, versions: tuple[str, str]
) -> None:
    read = Read(figures(scraper), versions)
    send(exporter, versions)
    read.all()
    before = {block.start for block in read.tallies.blocks(ERRORS, "live")}
    exporter.down = True
    exporter.settle()
    began = time.time()
    send(exporter, versions)
    until(lambda: time.time() > began + 2 * SECONDS)
    exporter.down = False
    exporter.settle()
    read.all()
    assert read.sums(ERRORS, "live") == {"champion": (40, 4), "challenger": (40, 8)}
    assert {block.start for block in read.tallies.blocks(ERRORS, "live")} == before


@pytest.mark.slow
def test_a_provider_that_was_killed_and_is_back_leaves_a_gap_and_no_zeros(
    exporter: Exporter, scraper: Scraper, versions: tuple[str, str]
) -> None:
    read = Read(figures(scraper), versions)
    send(exporter, versions)
    read.all()
    scraper.kill()
    send(exporter, versions)
    began = time.time()
    until(lambda: time.time() > began + 2 * SECONDS)
    with pytest.raises(
        ServerError, match=r"expected Prometheus's answer, got ConnectionRefusedError.*\n\nhint: look wh"
    ):
        read.more()
    scraper.start()
    read.all()
    assert read.sums(ERRORS, "live") == {"champion": (40, 4), "challenger": (40, 8)}
    send(exporter, versions)
    read.all()
    assert read.sums(ERRORS, "live") == {"champion": (80, 8), "challenger": (80, 16)}


def required(source: ScrapedFigures, champion: str, *lines: Guardrail, block_seconds: float = SECONDS) -> None:
    plan = Rollout("canary", (Phase(50, 0, 1),), 1, lines, block_seconds=block_seconds)
    source.require(plan, champion, time.time())


def test_before_a_start_all_that_figures_need_has_to_be_there(
    exporter: Exporter, scraper: Scraper, versions: tuple[str, str]
) -> None:
    source, champion = figures(scraper), versions[0]
    exporter.settle()  # else Prometheus may not know the job so far
    with pytest.raises(DataError, match=r"expected counters, got none\n\nhint: send the champion requests"):
        required(source, champion, SLOW)
    send(exporter, versions, 1)
    exporter.settle()
    required(source, champion, SLOW, ERRORS)
    cases: list[tuple[type[BenisonError], str, ScrapedFigures, Guardrail, float]] = [
        (
            ConfigError,
            "expected over_ms where a bucket ends: 10, 50, got 60\n\nhint: start the servers anew with "
            "this plan, or take one of those; or  serving: {buckets_ms: [60]}",
            source,
            replace(SLOW, over_ms=60),
            SECONDS,
        ),
        (
            ConfigError,
            "(rollout.block_seconds): expected 0.133 or more, since servers are scraped every 0.1 s, got 0.12",
            source,
            ERRORS,
            0.12,
        ),
        (
            ConfigError,
            "(rollout.metrics.job): expected one of benison, got 'benisson'\n\nhint: did you mean benison?",
            ScrapedFigures(replace(source.provider, job="benisson")),
            ERRORS,
            SECONDS,
        ),
        (DataError, "expected a query, got bad_data: ", figures(scraper, requests="benison{"), ERRORS, SECONDS),
        (
            DataError,
            "expected a query, got bad_data: ",
            figures(scraper, requests="sum(benison_requests_total)"),
            ERRORS,
            SECONDS,
        ),
    ]  # fmt: skip
    for kind, message, asked, line, seconds in cases:
        with pytest.raises(kind, match=re.escape(message)):
            required(asked, champion, line, block_seconds=seconds)


def test_a_challenger_that_fails_goes_back_on_scraped_figures(
    exporter: Exporter, scraper: Scraper, tmp_path: Path
) -> None:
    """A rollout in real time: the breaker trips after three blocks."""
    bench = Bench(Registry(MemoryStore(), "census"), tmp_path / "packages")
    bench.crown("first")
    challenger = bench.add("second", (2,))
    bench.bless(challenger)
    champion = bench.registry.resolve("champion")
    exporter.answer("champion", short(champion))
    exporter.settle()
    line = replace(ERRORS, at_most=0.5)
    source = figures(scraper)
    plan = Rollout("ab", (Phase(50, 0, 10),), 1, (line,), block_seconds=SECONDS, metrics=source.provider)
    log, clock = RolloutLog(bench.registry.store, "census"), SystemClock()
    said: dict[str, Any] = {"who": "ci", "why": "trying", "policy": digest("gate")}
    bench.bless(challenger)
    start(bench.registry, log, plan, when=clock.now(), **said)
    controller = Controller(bench.registry, source, clock, who="ci", policy=digest("gate"), late_seconds=0.2)

    def answer(look: object) -> None:
        for _ in range(30):
            exporter.answer("champion", short(champion))
            exporter.answer("challenger", short(challenger), status=500, score=None)

    past = follow(controller, clock, answer)
    assert past.finish.outcome == "rolled_back"
    assert past.finish.why.startswith("error_rate of the challenger: above in 3 of the last 4 blocks")
