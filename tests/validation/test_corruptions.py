from pathlib import Path

import numpy as np
import pytest

from benison.core.errors import DataError
from benison.core.verdicts import Check, Tier, Verdict
from tests.validation.corruptions import CATALOGUE, Corruption
from tests.validation.flights import MONTH, Flights

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Flights:
    folder = tmp_path_factory.mktemp("flights")
    found = Flights(folder)
    found.accept()
    return found


def failed(checks: list[Check], tier: Tier) -> list[Check]:
    return [check for check in checks if check.tier is tier and check.verdict is Verdict.FAIL]


def test_a_clean_month_passes(flights: Flights, tmp_path: Path) -> None:
    flights.write(MONTH, flights.months[MONTH])
    checks = flights.validated(MONTH, tmp_path)
    assert [check.reason for check in checks if check.tier is Tier.HARD and check.verdict is not Verdict.PASS] == []


@pytest.mark.parametrize("corruption", CATALOGUE, ids=lambda one: one.name)
def test_a_corruption_is_caught_by_the_check_meant_for_it(
    flights: Flights, tmp_path: Path, corruption: Corruption
) -> None:
    month, before = flights.months[MONTH].copy(), flights.months[MONTH - 1]
    flights.write(MONTH, corruption.change(month, before, np.random.default_rng(8)))
    if "reading" in corruption.caught_by:
        try:
            checks = flights.validated(MONTH, tmp_path)
        except DataError as error:
            assert corruption.subject in str(error)
            return
    else:
        checks = flights.validated(MONTH, tmp_path)
    tiers = [Tier.HARD] if corruption.blocks else list(Tier)
    found = [check for tier in tiers for check in failed(checks, tier)]
    meant = [one for one in found if one.name in corruption.caught_by and corruption.subject in one.subject]
    assert meant, [
        f"{one.tier} {one.name} {one.subject}: {one.reason}" for one in checks if one.verdict is not Verdict.PASS
    ]
