"""Our own servers as a router: what the rollout log says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from benison.config.rollout import ERROR_RATE, Guardrail, Phase, Rollout
from benison.config.traffic import Embedded
from benison.core.errors import RefusedError, StorageError
from benison.core.verdicts import Tier
from benison.delivery.entries import Shift, Start
from benison.delivery.rollout_log import RolloutLog
from benison.delivery.routers import Parties, Router, opening
from benison.delivery.testing import CHALLENGER, CHAMPION, MemoryRouter, RouterTests
from benison.registry.log import Champion
from benison.registry.testing import MemoryStore

SAID = {"who": "tester", "when": "2026-11-20T12:00:00Z", "why": "trying"}
PLAN = Rollout("canary", (Phase(5, 0, 1),), 1, (Guardrail(ERROR_RATE, Tier.HARD, 0.1),))


class Broken(MemoryStore):
    def get(self, key: str) -> bytes | None:
        raise StorageError("the registry", expected="a folder", got="none")

    def list_after(self, prefix: str, after: str = "") -> Iterator[str]:
        raise StorageError("the registry", expected="a folder", got="none")


def router_of(log: RolloutLog) -> Router:
    return opening(log)(Embedded(), Parties(CHAMPION, CHALLENGER))


@pytest.fixture
def log() -> RolloutLog:
    log = RolloutLog(MemoryStore(), "census")
    log.append(lambda state: Start(challenger=CHALLENGER, champion=Champion(3, CHAMPION), plan=PLAN, **SAID))
    return log


class TestEmbedded(RouterTests):
    @pytest.fixture(autouse=True)
    def _known(self, log: RolloutLog) -> None:
        self.log = log

    @pytest.fixture
    def opened(self, log: RolloutLog) -> Callable[[], Router]:
        return lambda: router_of(log)

    @pytest.fixture
    def down(self) -> Router:
        return router_of(RolloutLog(Broken(), "census"))

    def intend(self, percent: float) -> None:
        self.log.append(lambda state: Shift(phase=0, percent=percent, shadow=0, **SAID))


class TestMemory(RouterTests):
    @pytest.fixture
    def opened(self) -> Callable[[], Router]:
        one = MemoryRouter()
        return lambda: one

    @pytest.fixture
    def down(self) -> Router:
        router = MemoryRouter()
        router.is_down = True
        return router


def test_only_an_entry_of_the_log_changes_it(log: RolloutLog) -> None:
    with pytest.raises(RefusedError, match="the rollout log: expected 5%, got 0%\n\nhint: append a shift"):
        router_of(log).set(5.0)
