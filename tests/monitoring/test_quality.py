"""Live quality against a blessing: closed forms, laws, and when a period is ripe."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benison.config.limits import Limits
from benison.config.quality import Quality, QualityCheck
from benison.core.verdicts import Verdict
from benison.measures.intervals import Interval
from benison.metrics.slice import Slice
from benison.monitoring.judge import concluded
from benison.monitoring.periods import Figure, Period, due
from benison.monitoring.quality import Blessed, Labelled, blessed_of, measured
from benison.monitoring.windows import Finding, Known, Window

DAY = 86_400
ACCURACY = "binary_accuracy"


@given(
    window=st.sampled_from([15, 60, 240, 1440]),
    days=st.sampled_from([1, 7]),
    mature=st.floats(0, 10 * DAY),
    begin=st.integers(1000, 1100),
)
def test_every_period_is_due_once_with_the_first_window_that_ends_when_it_is_ripe(
    window: int, days: int, mature: float, begin: int
) -> None:
    seconds, length = 60 * window, days * DAY
    starts = range(begin * DAY, (begin + 15) * DAY, seconds)
    found = {at: due(at, at + seconds, days * 1440, mature) for at in starts}
    told = [one for one in found.values() if one is not None]
    assert told == sorted(set(told)) and np.all(np.diff(told) == length)
    for at, one in found.items():
        if one is not None:
            assert at < one + length + mature <= at + seconds
            # Weeks begin on Mondays, and days at midnight.
            assert one % DAY == 0 and (days == 1 or (one // DAY + 3) % 7 == 0)


def asked(
    hits: int, rows: int, *, blessed: Blessed, requests: int | None = None, severe: float = 0.1, **said: Any
) -> dict[str, Finding]:
    """What is found of so many answers, so many of them right, with the usual chance of an hour."""
    labels = np.ones(rows, np.bool_)
    labels[: rows // 4] = False
    scores = np.where(np.arange(rows) < hits, labels, ~labels).astype(np.float64)
    one = Labelled(labels, scores, None, [Slice((), np.arange(rows))], rows if requests is None else requests)
    check = QualityCheck(ACCURACY, Limits(0.02, severe), **said)
    _, found = measured(one, {(ACCURACY, "overall"): blessed}, Quality(checks=(check,)), 1 / 720)
    return {each.subject: each for each in concluded(found, 1 / 720)}


SURE = Blessed(0.9, Interval(0.9, 0.9), 0.95)


@pytest.mark.parametrize(
    ("hits", "verdict", "severe"),
    [
        (890, Verdict.PASS, False),
        (830, Verdict.FAIL, False),
        (700, Verdict.FAIL, True),
        (860, Verdict.INCONCLUSIVE, False),
    ],
)
def test_a_loss_is_an_alarm_where_its_bound_is_above_the_limit(hits: int, verdict: Verdict, severe: bool) -> None:
    found = asked(hits, 1000, blessed=SURE)[ACCURACY]
    assert (found.verdict, found.severe, found.against) == (verdict, severe, "blessing")
    assert found.effect == pytest.approx(0.9 - hits / 1000)
    # Clopper and Pearson's, which the evaluator gives where a share is far from 0.
    upper = float(stats.beta.ppf(1 - 1 / 720, hits + 1, 1000 - hits))
    assert found.reach == pytest.approx(0.02 + upper - hits / 1000, rel=1e-6)
    assert (verdict is Verdict.FAIL) == (upper < 0.88)


def test_the_error_of_the_blessing_counts_as_well() -> None:
    far = NormalDist().inv_cdf(1 - 1 / 720) / NormalDist().inv_cdf(0.95)
    alone, both = (asked(830, 1000, blessed=one)[ACCURACY] for one in (SURE, Blessed(0.9, Interval(0.87, 0.93), 0.95)))
    assert alone.reach is not None and both.reach is not None
    assert (both.reach - 0.02) ** 2 == pytest.approx((alone.reach - 0.02) ** 2 + (0.03 * far) ** 2)
    assert both.verdict is Verdict.INCONCLUSIVE


def test_as_many_labels_as_are_said_to_be_needed_decide() -> None:
    def of(rows: int) -> Finding:
        return asked(round(0.9 * rows), rows, blessed=SURE, severe=0.05)[ACCURACY]

    words = of(200).missing
    assert words.startswith("about ") and words.endswith("labels in a period, got 200")
    needed = int(words.split()[1].replace(",", ""))
    assert of(round(1.25 * needed)).verdict is Verdict.PASS
    assert of(round(0.8 * needed)).verdict is Verdict.INCONCLUSIVE


def test_a_holdout_that_was_too_small_is_told_since_no_label_mends_it() -> None:
    found = asked(900, 1000, blessed=Blessed(0.9, Interval(0.8, 0.95), 0.95))[ACCURACY]
    assert found.missing == "a larger holdout at the next blessing: its own interval hides as much"


def test_a_bound_of_its_own_is_asked_beside_the_loss() -> None:
    found = asked(800, 1000, blessed=Blessed(0.8, Interval(0.8, 0.8), 0.95), at_least=0.9, at_most=0.95)
    assert found[ACCURACY].verdict is Verdict.PASS
    floor, ceiling = found[f"{ACCURACY} at least 0.9"], found[f"{ACCURACY} at most 0.95"]
    assert (floor.verdict, floor.effect, floor.against) == (Verdict.FAIL, pytest.approx(0.1), "limit")
    assert ceiling.verdict is Verdict.PASS


def test_missing_labels_hinder_a_pass_and_no_alarm() -> None:
    words = "labels of 50% of the requests missing at most, got 60%"
    found = asked(890, 1000, blessed=SURE, requests=2500)[ACCURACY]
    assert (found.verdict, found.missing) == (Verdict.INCONCLUSIVE, words)
    assert asked(700, 1000, blessed=SURE, requests=2500)[ACCURACY].verdict is Verdict.FAIL


def test_labels_of_one_kind_alone_say_nothing() -> None:
    one = Labelled(np.ones(300, np.bool_), np.full(300, 0.7), None, [], 300)
    figures, found = measured(one, {("auc", "overall"): SURE}, Quality(checks=(QualityCheck("auc", Limits(0.02, 0.1)),)), 0.001)  # noqa: E501  # fmt: skip
    assert found[0].finding.missing == "20 labels of each kind, got 300 positive and 0 not"
    assert (figures[0].value, figures[0].lower) == (None, None) and figures[0].note


def test_a_metric_that_was_not_measured_at_the_blessing_is_not_silently_left_out() -> None:
    one = Labelled(np.arange(400) % 2 == 0, np.linspace(0.1, 0.9, 400), None, [], 400)
    checks = (QualityCheck(ACCURACY, Limits(0.02, 0.1)), QualityCheck("auc", Limits(0.02, 0.1)))
    _, found = measured(one, {(ACCURACY, "overall"): SURE}, Quality(checks=checks), 0.001)
    (lost,) = [each for each in concluded(found, 0.001) if each.subject == "auc"]
    assert lost.verdict is Verdict.INCONCLUSIVE
    assert lost.missing == (
        "its value and interval in the champion's evaluation: name it in the evaluation config, and bless again"
    )


def test_slices_by_columns_that_the_log_hides_are_left_out() -> None:
    figure = {ACCURACY: {"challenger": {"value": 0.9, "lower": 0.8, "upper": 0.95}}}
    told = [
        ("overall", {}),
        ("sex=F", {"sex": "F"}),
        ("age=9, sex=F", {"age": "9", "sex": "F"}),
        ("age=9", {"age": "9"}),
    ]
    evaluation = {"confidence": 0.95, "slices": [{"slice": n, "keys": keys, "metrics": figure} for n, keys in told]}
    found = blessed_of(evaluation, Quality(checks=(QualityCheck(ACCURACY, Limits(0.02, 0.1)),)), {"sex"})
    assert [name for _, name in found] == ["overall", "age=9"]


def test_a_window_with_a_period_is_the_same_after_it_was_written_and_read() -> None:
    figure = Figure("auc", "overall", 0.8, 0.7, 0.9, 0.85, 100)
    for quality in (None, Period(0, 1440, 10, 9, (figure,)), Period(0, 1440, 0, 0, trouble="x")):
        one = Window(
            start=0, minutes=60, champion="c", snapshot="s", grid="g", counts={}, trained_on="s", own=None,
            known=Known(), findings=(), quality=quality,
        )  # fmt: skip
        assert Window.from_json(one.to_json()) == one
