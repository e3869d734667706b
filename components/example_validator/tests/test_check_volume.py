import math

import pytest

from benison.components.example_validator.volume import volume
from benison.config.validation import NEVER, Bounds
from benison.core.verdicts import Tier, Verdict

USUAL = Bounds(1.5, 5.0)


@pytest.mark.parametrize(
    ("rows", "tier", "verdict"),
    [
        (1000, "hard", "PASS"),
        (1500, "hard", "PASS"),
        (1501, "soft", "FAIL"),
        (5000, "soft", "FAIL"),
        (5001, "hard", "FAIL"),
        (667, "hard", "PASS"),
        (666, "soft", "FAIL"),
        (200, "soft", "FAIL"),
        (199, "hard", "FAIL"),
        (0, "hard", "FAIL"),
    ],
)
def test_more_and_fewer_rows_than_the_median_of_the_past_warn_and_block(rows: int, tier: str, verdict: str) -> None:
    check = volume("span 7", rows, [900, 1000, 50_000], USUAL)
    assert (check.subject, check.tier, check.verdict) == ("span 7", tier, verdict)
    assert check.numbers["factor"] == pytest.approx(max(rows / 1000, 1000 / rows) if rows else math.inf)


def test_says_what_it_was_compared_with_and_what_may_be_wrong() -> None:
    assert volume("span 7", 2000, [900, 1000, 1100], USUAL).reason == (
        "span 7 has 2,000 rows, 2 times the 1,000 of the median of 3 past spans; "
        "allowed 0.667 to 1.5 times, beyond 0.2 to 5 blocks; "
        "a part of the data may be there twice; if it is right, benison data accept says so"
    )
    assert "a part of the data may be missing" in volume("span 7", 100, [1000], USUAL).reason


def test_one_past_span_is_enough_and_said() -> None:
    check = volume("span 7", 1000, [1000], USUAL)
    assert check.verdict is Verdict.PASS
    assert "of the only past span" in check.reason


@pytest.mark.parametrize("past", [[], [0, 0]])
def test_without_a_past_it_is_said_and_soft(past: list[int]) -> None:
    check = volume("span 7", 1000, past, USUAL)
    assert (check.tier, check.verdict) == (Tier.SOFT, Verdict.INCONCLUSIVE)


def test_bounds_that_are_switched_off_leave_a_soft_check() -> None:
    assert volume("span 7", 9000, [1000], Bounds(1.5, NEVER)).tier is Tier.SOFT
    off = volume("span 7", 9000, [1000], Bounds(NEVER, NEVER))
    assert (off.tier, off.verdict, off.allowed) == (Tier.SOFT, Verdict.PASS, "any number of rows")
