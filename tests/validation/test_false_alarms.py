"""Simulated spans that did not change, as the benchmark draws them: how often they are called changed."""

from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("like", [True, False], ids=["as many rows", "each its own number"])
def test_of_spans_without_change_at_most_one_in_a_hundred_is_blocked_or_warned_of_for_drift(like: bool) -> None:
    import false_alarms

    found = false_alarms.drift_alarms(300, 3, like=like)
    assert found.blocked <= 3
    assert found.warned <= 9  # binomial(300, 0.01) is above it once in 800 seeds


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "moves", ["by chance alone", "each by itself", "skewed", "autocorrelated, 0.8", "growing by 5% a span"]
)
def test_of_spans_that_vary_as_they_always_did_few_leave_their_bands(moves: str) -> None:
    import false_alarms

    for found in false_alarms.history_alarms(15, 3, false_alarms.MOVES[moves]).values():
        assert found.blocked / found.spans <= 0.02
        assert found.warned / found.spans <= 0.1
