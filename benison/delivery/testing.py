"""The tests that every router must pass, and a router in memory.

A new router is held to the contract by a class of its own, which says how to open one, twice, and one that is down:

    class TestMyRouter(RouterTests):
        @pytest.fixture
        def opened(self): return lambda: MyRouter(...)  # all to the same router, at which the champion has all traffic
        @pytest.fixture
        def down(self): return MyRouter("nowhere")
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benison.core.errors import BenisonError, ServerError
from benison.delivery.routers import Router, Split
from benison.registry.testing import digest

CHAMPION, CHALLENGER = digest("champion"), digest("challenger")
_LOOKS = 100


class MemoryRouter:
    """A router that forgets everything when the process ends.

    Attributes:
        percent: What the challenger gets.
        is_down: Whether it does not answer; what it did, it goes on doing.
        settled: Who had all traffic when a rollout ended; empty: none did.
        lasting: So many times it is to be asked to settle.
    """

    def __init__(self) -> None:
        self.percent, self.is_down, self.settled, self.lasting = 0.0, False, "", 0

    def check(self) -> None:
        self._answer()

    def read(self) -> Split:
        self._answer()
        return Split(self.percent)

    def set(self, percent: float) -> None:
        self._answer()
        self.percent = percent

    def settle(self, package: str) -> bool:
        self._answer()
        self.settled, self.lasting = package, self.lasting - 1
        return self.lasting < 0

    def _answer(self) -> None:
        if self.is_down:
            raise ServerError("the router", expected="an answer", got="none")


class RouterTests:
    """What a controller relies on."""

    @pytest.fixture
    def opened(self) -> Callable[[], Router]:
        """Opens a router between `CHAMPION` and `CHALLENGER`, each time the same one for another controller."""
        raise NotImplementedError

    @pytest.fixture
    def down(self) -> Router:
        """A router that does not answer."""
        raise NotImplementedError

    @pytest.fixture
    def router(self, opened: Callable[[], Router]) -> Router:
        return opened()

    def share(self, percent: float) -> float:
        """What the challenger gets where a plan says so."""
        return percent

    def intend(self, percent: float) -> None:
        """Writes into the rollout log what is wanted, which a controller does before it sets a router."""

    def pass_time(self) -> None:
        """Lets happen what the router does by itself after it was set."""

    def bring(self, router: Router, percent: float) -> Split:
        """Sets a share, look by look as a controller does; what is in force then."""
        self.intend(percent)
        for _ in range(_LOOKS):
            router.set(percent)
            if router.read().is_at(self.share(percent)):
                break
            self.pass_time()
        return router.read()

    def settle(self, router: Router, package: str) -> bool:
        """Asks to settle, look by look; whether it is done in the end."""
        for _ in range(_LOOKS):
            if router.settle(package):
                return True
            self.pass_time()
        return False

    def test_is_fit_to_begin_with_all_traffic_at_the_champion(self, router: Router) -> None:
        router.check()
        assert router.read() == Split(0.0)

    @pytest.mark.parametrize("percent", [1.0, 25.0, 100.0])
    def test_a_share_that_is_set_is_in_force_and_goes_back_to_none(self, router: Router, percent: float) -> None:
        assert self.bring(router, percent).is_at(self.share(percent))
        assert self.bring(router, 0.0) == Split(0.0)

    def test_shares_follow_one_another_and_may_be_set_again(self, router: Router) -> None:
        for percent in (1.0, 5.0, 5.0, 50.0, 100.0, 100.0):
            assert self.bring(router, percent).is_at(self.share(percent))

    def test_another_controller_reads_what_is_in_force(self, opened: Callable[[], Router]) -> None:
        self.bring(opened(), 5.0)
        assert opened().read().is_at(self.share(5.0))

    def test_a_stale_controllers_act_is_found_and_set_right(self, opened: Callable[[], Router]) -> None:
        stale, present = opened(), opened()
        self.bring(stale, 5.0)
        self.bring(present, 0.0)
        self.bring(stale, 5.0)
        assert not present.read().is_at(0.0)
        assert self.bring(present, 0.0) == Split(0.0)

    def test_a_challenger_that_has_all_traffic_keeps_it_when_the_split_goes(self, router: Router) -> None:
        self.bring(router, 100.0)
        assert self.settle(router, CHALLENGER)
        assert self.settle(router, CHALLENGER)
        assert router.read() == Split(100.0)

    @pytest.mark.parametrize("percent", [5.0, 100.0])
    def test_one_that_was_sent_back_gets_nothing_while_the_split_goes(self, router: Router, percent: float) -> None:
        self.bring(router, percent)
        self.bring(router, 0.0)
        for _ in range(_LOOKS):
            assert router.read().is_at(0.0)
            if router.settle(CHAMPION):
                break
            self.pass_time()
            assert router.read().is_at(0.0)
        assert router.settle(CHAMPION)
        router.check()

    def test_one_that_is_down_says_so_and_is_never_taken_for_set(self, down: Router) -> None:
        for call in (down.check, down.read, lambda: down.set(5.0)):
            with pytest.raises(BenisonError, match="expected"):
                call()
