"""A world with live traffic on a clock of its own, for tests: requests come, and are answered as the logs say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from benison.components.rollout.control import Controller, Look
from benison.components.rollout.measure import Tallies
from benison.components.rollout.sources import fill
from benison.components.rollout.start import start
from benison.config.rollout import ERROR_RATE, SCORE, SLOW_SHARE, Guardrail, Phase, Rollout
from benison.core.errors import StorageError
from benison.core.verdicts import Tier
from benison.delivery.rollout_log import RolloutLog
from benison.delivery.testing import MemoryRouter
from benison.delivery.traffic import Traffic
from benison.registry.registry import Registry
from benison.registry.testing import NOON, Bench, digest

SCHEMA = pa.schema(
    {
        "request_id": pa.string(),
        "row": pa.int32(),
        "time": pa.timestamp("us", "UTC"),
        "role": pa.string(),
        "package": pa.string(),
        "score": pa.float64(),
        "status": pa.int16(),
        "latency_ms": pa.float64(),
    }
)
PLAN = Rollout(
    strategy="canary",
    phases=(Phase(0, 100, 5), Phase(5, 0, 10), Phase(25, 0, 30)),
    watch_minutes=10,
    guardrails=(
        Guardrail(ERROR_RATE, Tier.HARD, 0.02, at_most=0.2),
        Guardrail(SLOW_SHARE, Tier.HARD, 0.05, over_ms=50),
        Guardrail(SCORE, Tier.SOFT, 0.1),
    ),
    block_seconds=10,
    min_blocks=10,
)
SAID: dict[str, Any] = {"who": "tester", "why": "a better one", "policy": digest("gate")}


@dataclass
class Arm:
    """How a package answers: the share of errors, the median latency in ms, the mean score."""

    errors: float = 0.005
    latency_ms: float = 20.0
    score: float = 0.3
    silent: bool = False


@dataclass
class World:
    """Requests at a steady rate, from a clock that only stands still while somebody looks.

    Attributes:
        bench: The registry, with a champion.
        challenger: The package on trial, blessed.
        arms: How champion and challenger answer.
        per_second: Requests.
        router: Who splits, where it is not our own server.
        broken: Whether the request log cannot be read at a moment.
    """

    bench: Bench
    challenger: str
    arms: dict[str, Arm]
    per_second: int = 20
    router: MemoryRouter = field(default_factory=MemoryRouter)
    broken: Callable[[datetime], bool] = lambda moment: False
    time: datetime = NOON + timedelta(hours=1)
    batches: list[tuple[float, pa.RecordBatch]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.registry = self.bench.registry
        self.log = RolloutLog(self.registry.store, self.registry.model)
        self.random = np.random.default_rng(7)

    def now(self) -> datetime:
        return self.time

    def wait(self, seconds: float) -> None:
        champion = self.registry.state().champion
        assert champion is not None
        traffic = self.log.traffic(champion)
        many, begin = self.random.poisson(self.per_second * seconds), self.time.timestamp()
        if many and self.per_second:
            times = np.sort(begin + seconds * self.random.random(many))
            own = traffic.challenger is not None and not self.arms["challenger"].silent
            live = (self.random.random(many) < self._percent(traffic) / 100) & own
            copied = ~live & (self.random.random(many) < traffic.shadow / 100) & own
            for role, package, mask in (
                ("champion", traffic.champion.package, ~live),
                ("challenger", traffic.challenger, live),
                ("shadow", traffic.challenger, copied),
            ):
                if mask.any():
                    self._answer(role, str(package), times[mask])
        self.time += timedelta(seconds=seconds)

    def _percent(self, traffic: Traffic) -> float:
        """What the challenger answers: behind a router, what that one sends it as long as the log gives it any."""
        running = self.log.state().running
        if running is None or running.plan.is_embedded:
            return traffic.percent
        return self.router.percent if traffic.percent else 0.0

    def _answer(self, role: str, package: str, times: np.ndarray) -> None:  # type: ignore[type-arg]
        arm = self.arms["challenger" if package == self.challenger else "champion"]
        many = len(times)
        failed = self.random.random(many) < arm.errors
        columns = {
            "request_id": [f"{role} {time:.6f}" for time in times],
            "row": np.zeros(many, np.int32),
            "time": (times * 1e6).astype("datetime64[us]"),
            "role": [role] * many,
            "package": [package] * many,
            "score": np.where(failed, np.nan, np.clip(self.random.normal(arm.score, 0.1, many), 0, 1)),
            "status": np.where(failed, 500, 200).astype(np.int16),
            "latency_ms": arm.latency_ms * self.random.lognormal(0, 0.5, many),
        }
        arrays = [pa.array(columns[one.name]).cast(one.type) for one in SCHEMA]
        self.batches.append((float(times[0]), pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)))

    silence: ClassVar[str] = "the request log cannot be read"

    def fill(self, tallies: Tallies, since: float, until: float) -> float:
        return fill(self, tallies, since, until)

    def rows(self, since: float, until: float) -> Iterable[pa.RecordBatch]:
        if self.broken(self.time):
            raise StorageError("the request log", expected="a folder that can be read", got="none")
        for begin, batch in self.batches:
            if begin < since - 60 or begin >= until:
                continue
            seconds = batch["time"].cast(pa.int64()).to_numpy() / 1e6
            yield batch.filter(pa.array((seconds >= since) & (seconds < until)))

    def outcomes(self, since: float, until: float) -> pa.Table | None:
        return None

    def begin(self, plan: Rollout = PLAN, *, again: bool = False) -> int:
        routers = None if plan.is_embedded else self._opened
        return start(
            self.registry, self.log, plan, self.challenger, when=self.time, again=again, routers=routers, **SAID
        )

    def _opened(self, traffic: object, parties: object) -> MemoryRouter:
        return self.router

    @property
    def champion(self) -> str:
        champion = self.registry.state().champion
        assert champion is not None
        return champion.package

    def controller(self, registry: Registry | None = None) -> Controller:
        own = registry or self.registry
        running = self.log.state().running
        routers = None if running is None or running.plan.is_embedded else self._opened
        return Controller(own, self, self, who="controller", policy=digest("gate"), late_seconds=1, routers=routers)

    def carry(self, controller: Controller, *, hours: float = 6, each: float = 10) -> list[Look]:
        """Looks again and again until the rollout is over."""
        looks: list[Look] = []
        end = self.time + timedelta(hours=hours)
        while self.time < end:
            look = controller.look()
            if look is None:
                return looks
            looks.append(look)
            self.wait(each)
        return looks


def at(hour: int, minute: int) -> datetime:
    """A moment of the test's day."""
    return datetime(2026, 11, 20, hour, minute, tzinfo=UTC)
