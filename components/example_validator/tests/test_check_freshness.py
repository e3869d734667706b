from datetime import UTC, datetime, timedelta

import pytest

from benison.components.example_validator.freshness import freshness
from benison.config.validation import Freshness
from benison.core.verdicts import Tier, Verdict

READ = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = Freshness(timedelta(hours=36), Tier.HARD)


@pytest.mark.parametrize(
    ("age", "verdict", "observed"),
    [
        (timedelta(hours=36), "PASS", "36 h old"),
        (timedelta(hours=36, seconds=1), "FAIL", "36 h old"),
        (timedelta(days=3.5), "FAIL", "3.5 d old"),
        (timedelta(minutes=20), "PASS", "20 min old"),
        (timedelta(hours=-20), "PASS", "0 min old"),
        (timedelta(hours=-25), "FAIL", "25 h after it was read"),
    ],
)
def test_the_newest_event_must_be_young_and_not_from_the_future(age: timedelta, verdict: str, observed: str) -> None:
    for tier in Tier:
        check = freshness(7, "sold_at", (READ - age).timestamp(), READ, Freshness(RULE.max_age, tier))
        assert (check.tier, check.verdict, check.observed) == (tier, verdict, observed)
        assert check.numbers == pytest.approx({"age_hours": age / timedelta(hours=1), "max_age_hours": 36})


def test_says_observed_beside_allowed() -> None:
    assert freshness(7, "sold_at", (READ - timedelta(days=3)).timestamp(), READ, RULE).reason == (
        "span 7: the newest event by sold_at was 3 d old at 2026-03-01T12:00:00+00:00; allowed at most 36 h old; "
        "newer data are needed, or a longer validation.freshness.max_age"
    )
    assert freshness(7, "sold_at", (READ + timedelta(days=3)).timestamp(), READ, RULE).reason == (
        "span 7: the newest event by sold_at lies 3 d after 2026-03-01T12:00:00+00:00, when it was read; "
        "a clock, a zone or a date is wrong"
    )


@pytest.mark.parametrize(("last", "read_at"), [(None, READ), (READ.timestamp(), None), (None, None)])
@pytest.mark.parametrize("tier", list(Tier))
def test_an_unknown_time_is_inconclusive(last: float | None, read_at: datetime | None, tier: Tier) -> None:
    check = freshness(7, "sold_at", last, read_at, Freshness(RULE.max_age, tier))
    assert (check.tier, check.verdict) == (tier, Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("factor", [1e3, 1e9])
def test_milliseconds_are_not_taken_for_seconds(factor: float) -> None:
    check = freshness(7, "sold_at", READ.timestamp() * factor, READ, RULE)
    assert (check.tier, check.verdict) == (Tier.HARD, Verdict.INCONCLUSIVE)
    assert "column sold_at is no time in seconds since 1970: " in check.reason
    assert "; is it in milliseconds or nanoseconds?" in check.reason
