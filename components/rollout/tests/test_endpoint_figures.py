"""Figures from Cloud Monitoring, through Google's credentials and session, held to a list of requests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benison.components.rollout.control import Controller
from benison.components.rollout.endpoint_figures import LATENCIES, RESPONSES, EndpointFigures
from benison.components.rollout.figures import figures_of
from benison.components.rollout.measure import Tallies
from benison.components.rollout.run import follow
from benison.components.rollout.start import start
from benison.components.rollout.tests.endpoint_server import DELTA, Asked, Endpoint
from benison.config.provider import CloudMonitoring
from benison.config.rollout import Guardrail, Phase, Rollout
from benison.config.traffic import Vertex
from benison.core.errors import AccessError, BenisonError, ConfigError, DataError, ServerError
from benison.core.verdicts import Tier
from benison.delivery.rollout_log import RolloutLog
from benison.delivery.routers import Opening
from benison.delivery.routers.embedded import EmbeddedRouter
from benison.delivery.testing import CHALLENGER, CHAMPION
from benison.registry.registry import Registry
from benison.registry.testing import Bench, MemoryStore, digest
from tests.delivery.routers.loopback import serving
from tests.submit.vertex_server import UNIVERSE, write_key

ERRORS = Guardrail("error_rate", Tier.HARD, 0.01, at_most=0.1)
# Where one of the buckets ends: 2 to the 4th times 1.024.
SLOW = Guardrail("slow_share", Tier.HARD, 0.1, over_ms=16.384)
BLOCK = 120.0
# Ten minutes after the blessings of `Bench`.
BEGIN = datetime(2026, 11, 20, 12, 10, tzinfo=UTC).timestamp()


@dataclass
class Served:
    """A server for all tests, each with requests of its own."""

    address: str = ""
    endpoint: Endpoint = field(default_factory=Endpoint)

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        return self.endpoint.answer(method, path, body)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    held = Served()
    with serving(held.answer) as held.address:
        yield held


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_key(tmp_path_factory.mktemp("key") / "key.json")


@pytest.fixture
def endpoint(served: Served) -> Endpoint:
    served.endpoint = Endpoint(models={"11": CHAMPION, "22": CHALLENGER})
    return served.endpoint


@pytest.fixture
def source(served: Served, key: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> EndpointFigures:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", UNIVERSE)
    found = figures_of(plan(served.address))
    assert isinstance(found, EndpointFigures)
    return found


def plan(address: str, *lines: Guardrail, block_seconds: float = BLOCK, silent_minutes: float = 10.0) -> Rollout:
    place = Vertex("acme", "europe-west4", "77", address)
    return Rollout(
        "canary",
        (Phase(50, 0, 30),),
        1,
        lines or (ERRORS, SLOW),
        block_seconds=block_seconds,
        silent_minutes=silent_minutes,
        min_blocks=3,
        metrics=CloudMonitoring(address),
        traffic=place,
    )


def traffic(rng: np.random.Generator, seconds: float, *, fails: float = 0.0) -> list[Asked]:
    """Three requests in two seconds, evenly, to a model at random; more of the challenger's fail."""
    found = []
    for number in range(round(1.5 * seconds)):
        model = str(rng.choice(["11", "22"]))
        bad = rng.random() < (0.02 if model == "11" else 0.02 + fails)
        code = str(rng.choice(["500", "503", "429"])) if bad else "200"
        found.append(Asked(BEGIN + (number + 0.5) / 1.5, model, code, ms=float(rng.exponential(10.0))))
    return found


def test_every_request_is_counted_once_in_its_block_for_its_side(served: Served, source: EndpointFigures) -> None:
    served.endpoint.requests = traffic(np.random.default_rng(7), 8 * BLOCK)
    tallies = Tallies(1, plan(served.address), CHAMPION, CHALLENGER)
    assert source.fill(tallies, BEGIN, BEGIN + 8 * BLOCK) == BEGIN + 6 * BLOCK  # 180 seconds may be missing
    assert source.fill(tallies, BEGIN + 6 * BLOCK, BEGIN + 10 * BLOCK) == BEGIN + 8 * BLOCK
    for line, is_bad in ((ERRORS, lambda one: one.code != "200"), (SLOW, lambda one: one.ms >= 16.384)):
        blocks = tallies.blocks(line, "live")
        assert [block.start for block in blocks] == [BEGIN + BLOCK * number for number in range(8)]
        for block in blocks:
            inside = [one for one in served.endpoint.requests if block.start < one.when <= block.start + BLOCK]
            for arm, model in ((block.champion, "11"), (block.challenger, "22")):
                own = [one for one in inside if one.model == model]
                assert (arm.requests, arm.total) == (len(own), sum(map(is_bad, own)))


def test_without_any_point_nothing_is_known(served: Served, source: EndpointFigures) -> None:
    tallies = Tallies(1, plan(served.address), CHAMPION, CHALLENGER)
    assert source.fill(tallies, BEGIN, BEGIN + 8 * BLOCK) == BEGIN
    served.endpoint.requests = [Asked(BEGIN + 1, "33")]  # of a third model
    assert source.fill(tallies, BEGIN, BEGIN + 8 * BLOCK) == BEGIN
    assert source.silence == "Cloud Monitoring has no points of endpoint 77"
    served.endpoint.requests = [Asked(BEGIN + 500, "11")]
    assert source.fill(tallies, BEGIN, BEGIN + 8 * BLOCK) == BEGIN + 6 * BLOCK
    assert [block.start for block in tallies.blocks(ERRORS, "live")] == [BEGIN + 4 * BLOCK]


def test_before_a_start_all_that_figures_need_has_to_be_there(served: Served, source: EndpointFigures) -> None:
    def required(asked: EndpointFigures, *lines: Guardrail, **said: float) -> None:
        asked.require(plan(served.address, *lines, **said), CHAMPION, BEGIN + 600)

    with pytest.raises(DataError, match=r"deployed model 11\): expected points of the last 30 minutes, got none"):
        required(source)
    served.endpoint.requests = [Asked(BEGIN + 30, "11"), Asked(BEGIN + 30, "22")]
    required(source)
    other = EndpointFigures(source.place, replace(source.endpoint, endpoint="78"))
    cases: list[tuple[type[BenisonError], str, EndpointFigures, Guardrail, dict[str, float]]] = [
        (ConfigError, "over_ms where a bucket ends, the nearest: 4.096, 8.192, 16.38, 32.77, 65.54, 131.1, got 20",
         source, replace(SLOW, over_ms=20), {}),
        (ConfigError, "(rollout.block_seconds): expected 60 or more, since so much time is in a point", source, ERRORS,
         {"block_seconds": 30.0}),
        (ConfigError, "(rollout.silent_minutes): expected 7 or more, since points come up to 180 s late, got 6",
         source, ERRORS, {"silent_minutes": 6.0}),
        (AccessError, "expected a request that it takes, got 404", other, ERRORS, {}),
    ]  # fmt: skip
    for kind, message, asked, line, said in cases:
        with pytest.raises(kind, match=re.escape(message)):
            required(asked, line, **said)


def test_what_the_service_says_wrongly_is_told(served: Served, source: EndpointFigures) -> None:
    def filled(kind: type[BenisonError], message: str) -> None:
        fresh = EndpointFigures(source.place, source.endpoint)
        with pytest.raises(kind, match=re.escape(message)):
            fresh.fill(Tallies(1, plan(served.address), CHAMPION, CHALLENGER), BEGIN, BEGIN + 8 * BLOCK)

    endpoint = served.endpoint
    endpoint.requests = [Asked(BEGIN + 1, "11", code="")]
    filled(DataError, "expected how many answers had which response_code, got response_code ''")
    endpoint.requests = [Asked(BEGIN + 1, "11")]
    endpoint.descriptors = {LATENCIES: {**DELTA, "unit": "1"}}
    filled(DataError, f"({LATENCIES}): expected a distribution of times, got something else")
    endpoint.descriptors = {RESPONSES: {"metricKind": "GAUGE"}}
    filled(ConfigError, f"({RESPONSES}): expected a metric of kind DELTA, got GAUGE")
    endpoint.body = {**DELTA, "timeSeries": [{"metric": {}, "points": [{"interval": {}}]}]}
    filled(DataError, "expected time series of Cloud Monitoring, got KeyError: 'endTime'")
    value = {"count": "3", "bucketCounts": ["1"], "bucketOptions": {"explicitBuckets": {"bounds": [1]}}}
    point = {"interval": {"endTime": "2026-11-20T12:11:00Z"}, "value": {"distributionValue": value}}
    endpoint.body = {**DELTA, "timeSeries": [{"metric": {}, "points": [point]}]}
    filled(DataError, "1 values in the buckets, and 3 in all")
    endpoint.body = ["no object"]
    filled(ServerError, "expected an object of JSON, got '[\"no object\"]'")
    for status, kind, message in (
        (403, AccessError, "hint: the controller needs roles/monitoring.viewer"),
        (401, AccessError, "hint: sign in with  gcloud auth"),
        (429, ServerError, "expected an API that is well, got 429"),
        (503, ServerError, "expected an API that is well, got 503"),
    ):
        endpoint.fails = status
        filled(kind, message)


def test_a_service_out_of_reach_and_missing_credentials_are_told(
    source: EndpointFigures, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tallies = Tallies(1, plan("http://127.0.0.1:9"), CHAMPION, CHALLENGER)
    with pytest.raises(ServerError, match="expected an answer, got ConnectionError\n\nhint: look whether the network"):
        EndpointFigures(CloudMonitoring("http://127.0.0.1:9"), source.endpoint).fill(tallies, BEGIN, BEGIN + 900)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(AccessError, match=r"\(credentials\): expected credentials, got DefaultCredentialsError"):
        source.fill(tallies, BEGIN, BEGIN + 900)


@dataclass
class Clock:
    """One that jumps."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def wait(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.mark.parametrize(("fails", "outcome"), [(0.3, "rolled_back"), (0.0, "promoted")])
def test_a_rollout_ends_as_the_endpoints_figures_say(
    served: Served, source: EndpointFigures, tmp_path: Path, fails: float, outcome: str
) -> None:
    bench = Bench(Registry(MemoryStore(), "census"), tmp_path / "packages")
    bench.crown("first")
    challenger = bench.add("second", (2,))
    bench.bless(challenger)
    served.endpoint.models = {"11": bench.registry.resolve("champion"), "22": challenger}
    served.endpoint.requests = traffic(np.random.default_rng(3), 3600, fails=fails)
    log, clock = RolloutLog(bench.registry.store, "census"), Clock(datetime.fromtimestamp(BEGIN + 600, UTC))
    said: dict[str, Any] = {"who": "ci", "why": "trying", "policy": digest("gate")}
    # The endpoint's split has tests of its own, and is read at every look.
    routers: Opening = lambda traffic, parties: EmbeddedRouter(log)  # noqa: E731
    asked = plan(served.address, replace(ERRORS, tolerance=0.05))
    start(bench.registry, log, asked, when=clock.now(), routers=routers, **said)
    controller = Controller(bench.registry, source, clock, who="ci", policy=digest("gate"), routers=routers)
    past = follow(controller, clock, lambda look: None)
    assert past.finish.outcome == outcome
    assert fails == 0 or past.finish.why.startswith("error_rate of the challenger: above in 3 of the last 4 blocks")
