"""Bands that past spans leave: what is caught, what is let through, and which spans are comparable."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benison.components.example_validator.history import history
from benison.components.example_validator.past import Past, comparable, of_snapshot, train_of
from benison.config.bounds import NEVER, Bounds
from benison.config.validation import History
from benison.core import documents
from benison.core.digests import of_bytes
from benison.core.profiles import Profile, RowsProfile
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.tallies import NEITHER, ColumnTally

Columns = Mapping[str, Any]
RULES = History(window=24, least=5, season="", bounds=Bounds(5.0, 10.0), columns={})
MODEL, LABEL = {"fare", "miles", "zone", "paid"}, "paid"
HARD, SOFT = Tier.HARD, Tier.SOFT
DAY = 86400.0
MONDAY_NOON = 1_767_614_400.0  # 2026-01-05 12:00 UTC


def profiled(columns: Columns, at: float | None = None) -> RowsProfile:
    found = {}
    for name, values in columns.items():
        array = values if isinstance(values, pa.Array) else pa.array(values)
        tally = ColumnTally.of(array.type)
        tally.add(array, np.full(len(array), NEITHER, np.int8))
        found[name] = tally.profile()
    labels = found[LABEL].values if LABEL in found else {}
    rows = max(one.rows for one in found.values())
    first, last = (None, None) if at is None else (at - DAY / 4, at + DAY / 4)
    return RowsProfile(rows, first, last, labels.get("yes", 0), labels.get("no", 0), found)


def rides(seed: int, rows: int = 2000) -> dict[str, Any]:
    """Rides of a span; the middle of each column lies a little elsewhere."""
    random = np.random.default_rng(seed)
    away = random.normal(size=3) * 0.03
    return {
        "fare": random.lognormal(2.5 + away[0], 0.6, rows),
        "miles": pa.array(random.gamma(2, 2 + away[1], rows), mask=random.random(rows) < 0.02),
        "zone": random.choice(["north", "east", "south"], rows, p=[0.5, 0.3, 0.2]),
        "paid": random.choice(["yes", "no"], rows, p=[0.3 + away[2] / 3, 0.7 - away[2] / 3]),
        "driver": [f"driver {number}" for number in random.integers(0, 400, rows)],
    }


PAST = tuple(Past(span, "", profiled(rides(span))) for span in range(1, 13))


def judged(columns: Columns, past: Sequence[Past] = PAST, rules: History = RULES, span: int = 13) -> dict[str, Check]:
    checks, bands = history(profiled(columns), span, past, rules, MODEL, LABEL)
    content = {"kind": "bands", "format": 1, "snapshot": of_bytes(b""), "span": span, "bands": bands}
    assert documents.problems("bands", content) == []
    assert all(check.name == "history" for check in checks)
    return {check.subject.removeprefix("column "): check for check in checks}


def failed(checks: Mapping[str, Check]) -> dict[str, Tier]:
    return {name: check.tier for name, check in checks.items() if check.verdict is Verdict.FAIL}


def test_a_span_like_those_before_lies_in_all_bands() -> None:
    found = judged(rides(13))
    assert set(found) == {"driver", "fare", "miles", "paid", "zone"}
    assert {check.verdict for check in found.values()} == {Verdict.PASS}
    assert {name for name, check in found.items() if check.tier is HARD} == MODEL
    assert found["fare"].reason.startswith("column fare: ")
    assert found["fare"].reason.endswith(" figures lie in the bands of 12 comparable spans")


def changed(name: str, by: Callable[[Any], Any]) -> dict[str, Any]:
    columns = rides(13)
    return {**columns, name: by(columns[name])}


def missing(share: float) -> Callable[[Any], Any]:
    return lambda values: pa.array(values, mask=np.arange(len(values)) < share * len(values))


def outliers(values: Any) -> Any:
    return np.where(np.arange(len(values)) % 1000 == 3, 1e6, values)


@pytest.mark.parametrize(
    ("name", "by", "tier"),
    [
        ("fare", lambda values: values * 1000, HARD),
        ("fare", lambda values: values + 1e6, HARD),
        ("fare", lambda values: -values, HARD),
        ("fare", lambda values: values * 0 + 12.5, HARD),
        ("fare", outliers, HARD),
        ("fare", missing(0.95), HARD),
        ("fare", missing(0.03), SOFT),
        ("fare", lambda values: values * 1.35, SOFT),
        ("zone", missing(0.2), HARD),
        ("paid", lambda values: np.where(values == "yes", "no", values), HARD),
        ("driver", missing(0.9), SOFT),
    ],
    ids=[
        "another unit",
        "a million more",
        "signs turned",
        "constant",
        "an outlier in a thousand",
        "nearly all missing",
        "3% missing",
        "a third more",
        "a fifth of texts missing",
        "no positive label",
        "a column that the model does not see",
    ],
)
def test_what_is_wrong_with_a_column_is_said_of_that_column(name: str, by: Callable[[Any], Any], tier: Tier) -> None:
    assert failed(judged(changed(name, by))) == {name: tier}


def test_the_reason_puts_what_is_beside_what_is_allowed_and_says_what_to_do() -> None:
    found = judged(changed("fare", lambda values: values * 1000))["fare"]
    assert next(iter(found.numbers)) == "deviations" and found.numbers["deviations"] > 10
    assert found.numbers["mean"] > 10_000 and found.numbers["mean_beyond"] > 10_000
    assert ", by 12 comparable spans; if that is right, benison data accept says so" in found.reason
    assert "mean is 1.4" in found.reason or "mean is 1.5" in found.reason
    assert "allowed from " in found.reason
    assert found.allowed == "5 robust standard deviations from the median, 10 blocks"


def test_a_farther_minimum_only_warns_and_a_nearer_maximum_is_nothing() -> None:
    before = [rides(span)["fare"] for span in range(1, 13)]
    past = [Past(span, "", profiled({"fare": fares - fares.min()})) for span, fares in enumerate(before, 1)]
    fares = rides(13)["fare"]
    found = judged({"fare": np.append(fares - fares.min(), -60.0)}, past)
    assert failed(found) == {"fare": SOFT} and "minimum is -60, allowed from -" in found["fare"].reason
    assert found["fare"].numbers["minimum_beyond"] < 0 and "mean_beyond" not in found["fare"].numbers
    assert failed(judged(changed("miles", lambda values: pa.array(np.minimum(values.to_numpy(False), 12.0))))) == {}


def test_too_little_history_is_said_once_and_is_soft() -> None:
    found = judged(rides(13), PAST[:4])
    assert set(found) == {"all columns"}
    check = found["all columns"]
    assert (check.tier, check.verdict) == (SOFT, Verdict.INCONCLUSIVE)
    assert check.reason == (
        "all columns: too little history, 4 comparable spans; 5 comparable spans are needed to judge"
    )
    _, bands = history(profiled(rides(13)), 13, PAST[:4], RULES, MODEL, LABEL)
    assert {band["verdict"] for band in bands} == {"INCONCLUSIVE"} and {band["warn"] for band in bands} == {None}


def test_without_any_past_there_are_no_bands() -> None:
    checks, bands = history(profiled(rides(13)), 13, (), RULES, MODEL, LABEL)
    assert [check.verdict for check in checks] == [Verdict.INCONCLUSIVE] and bands == []


def test_a_new_column_and_one_of_another_kind_have_too_little_history_alone() -> None:
    columns = {**rides(13), "tip": np.arange(2000.0), "zone": np.arange(2000.0)}
    found = judged(columns)
    assert {
        name: (check.tier, check.verdict) for name, check in found.items() if check.verdict is not Verdict.PASS
    } == {
        "tip": (SOFT, Verdict.INCONCLUSIVE),
        "zone": (SOFT, Verdict.INCONCLUSIVE),
    }


def test_a_column_has_its_own_bounds_and_never_is_never() -> None:
    columns = changed("fare", lambda values: values * 1000)
    only_warns = History(24, 5, "", RULES.bounds, {"fare": Bounds(5.0, NEVER)})
    silent = History(24, 5, "", RULES.bounds, {"fare": Bounds(NEVER, NEVER)})
    assert failed(judged(columns, rules=only_warns)) == {"fare": SOFT}
    assert failed(judged(columns, rules=silent)) == {}


def test_a_column_that_never_varied_is_broken_by_any_other_value() -> None:
    past = tuple(Past(span, "", profiled({"fare": [7.0] * 100})) for span in range(1, 9))
    assert judged({"fare": [7.0] * 120}, past)["fare"].verdict is Verdict.PASS
    assert failed(judged({"fare": [8.0] * 100}, past)) == {"fare": HARD}


def test_fewer_rows_may_lie_farther_away() -> None:
    few = {name: values[:40] for name, values in rides(14, 4000).items()}
    assert failed(judged(few)) == {}


def test_bands_hold_the_points_and_limits_that_were_used() -> None:
    _, bands = history(profiled(rides(13)), 13, PAST, RULES, MODEL, LABEL)
    by_name = {(band["column"], band["measure"]): band for band in bands}
    mean = by_name["fare", "mean"]
    assert [point["span"] for point in mean["points"]] == list(range(1, 13))
    assert [point["value"] for point in mean["points"]] == [past.rows.columns["fare"].mean for past in PAST]
    assert mean["block"][0] < mean["warn"][0] < mean["median"] < mean["warn"][1] < mean["block"][1]
    assert by_name["fare", "maximum"]["warn"][0] is None and by_name["fare", "maximum"]["block"] is None
    assert by_name["fare", "minimum"]["warn"][1] is None and by_name["fare", "minimum"]["warn"][0] < mean["median"]
    assert by_name["paid", "positive_share"]["now"] == pytest.approx(0.3, abs=0.05)
    assert by_name["driver", "distinct"]["block"] is None


def at(day: float, seed: int, span: int = 1) -> Past:
    return Past(span, "", profiled({"fare": rides(seed)["fare"][:50]}, MONDAY_NOON + day * DAY))


@pytest.mark.parametrize(
    ("season", "days", "same", "said"),
    [
        ("", [-3, -2, -1], [-3, -2, -1], ""),
        ("weekday", [-14, -8, -7, -6, -1], [-14, -7], "Mondays"),
        ("hour_of_day", [-2, -1.5, -1, -0.5], [-2, -1], "12:00 to 12:59 UTC"),
        (
            "day_of_year",
            [-745, -730, -700, -380, -365, -340, -16, -15, -1],
            [-745, -730, -380, -365, -15, -1],
            "15 days around 5 January",
        ),
    ],
)
def test_only_spans_of_the_same_season_are_comparable(
    season: str, days: list[float], same: list[float], said: str
) -> None:
    past = [at(day, 1) for day in days]
    found, words = comparable(past, 9, at(0, 2).rows, History(24, 3, season, RULES.bounds, {}))
    assert [(one.middle or 0) for one in found] == [MONDAY_NOON + day * DAY for day in same]
    assert words == said


def test_every_so_many_spans_are_comparable_and_the_window_keeps_the_newest() -> None:
    past = [at(0, 1, span) for span in range(1, 15)]
    found, words = comparable(past, 15, past[0].rows, History(2, 2, 4, RULES.bounds, {}))
    assert [one.span for one in found] == [7, 11] and words == "every 4 spans"


def test_a_season_of_rows_without_a_time_has_no_comparable_spans() -> None:
    rules = History(24, 5, "weekday", RULES.bounds, {})
    found = judged(rides(13), rules=rules)["all columns"]
    assert found.reason.startswith(
        "all columns: too little history, 0 comparable spans (weekday, but the span's rows have no time)"
    )


def entry(snapshot: str, accepted_at: str, *spans: int) -> dict[str, Any]:
    rows = profiled({"fare": [float(spans[-1])] * 5})
    profile = Profile(of_bytes(snapshot.encode()), rows, dict.fromkeys(spans, rows))
    return {"snapshot": profile.snapshot, "accepted_at": accepted_at, "profile": profile.to_json()}


ENTRIES = [
    entry("c", "2026-03-01T00:00:00Z", 3, 4),
    entry("a", "2026-01-01T00:00:00Z", 1, 2),
    entry("b", "2026-02-01T00:00:00Z", 2, 3),
    entry("e", "2026-05-01T00:00:00Z", 6),
]


def test_the_past_of_a_span_is_what_was_accepted_last_of_each_span_before_it() -> None:
    now = Profile.from_json(entry("d", "", 4, 5)["profile"])
    found = of_snapshot(now, ENTRIES, spanned=True)
    assert [(one.span, one.accepted_at[:7], one.rows.columns["fare"].mean) for one in found] == [
        (1, "2026-01", 2.0),
        (2, "2026-02", 3.0),
        (3, "2026-03", 4.0),
        (4, "2026-03", 5.0),
    ]


def test_an_older_span_that_was_never_accepted_is_past_all_the_same() -> None:
    now = Profile.from_json(entry("d", "", 4, 5)["profile"])
    assert [(one.span, one.accepted_at) for one in of_snapshot(now, [], spanned=True)] == [(4, "")]


def test_data_without_spans_have_every_other_snapshot_as_their_past() -> None:
    entries = [entry(name, f"2026-0{month}-01T00:00:00Z", 1) for month, name in enumerate("cabd", 1)]
    now = Profile.from_json(entries[2]["profile"])
    assert [one.accepted_at[5:7] for one in of_snapshot(now, entries, spanned=False)] == ["01", "02", "04"]


def test_the_champions_rows_are_those_of_its_snapshot() -> None:
    found = train_of(of_bytes(b"b"), ENTRIES)
    assert found is not None and found.columns["fare"].mean == 3.0
    assert train_of(of_bytes(b"z"), ENTRIES) is None


@pytest.mark.parametrize("value", [1e150, 1e160, 1e308])
def test_a_value_too_large_for_moments_does_not_switch_the_bands_off(value: float) -> None:
    fares = rides(13)["fare"]
    fares[0] = value
    check = judged({**rides(13), "fare": fares})["fare"]
    assert check.tier is HARD
    assert check.verdict is not Verdict.PASS


def test_what_cannot_be_known_is_said() -> None:
    check = judged({**rides(13), "fare": rides(13)["fare"] * 1e160})["fare"]
    assert (check.tier, check.verdict) == (HARD, Verdict.INCONCLUSIVE)
    assert check.reason == (
        "column fare: no mean, as 12 comparable spans have it: "
        "its values are infinite, or too large for their squares to be added"
    )


def test_a_past_of_tiny_values_and_one_large_one_is_no_overflow() -> None:
    tiny = [Past(span, "", profiled({"fare": np.linspace(0, 1e-150, 50)})) for span in range(1, 8)]
    far = Past(8, "", profiled({"fare": np.array([1e10] + [0.0] * 49)}))
    checks, _ = history(profiled({"fare": np.linspace(0, 1e-150, 50)}), 9, [*tiny, far], RULES, {"fare"}, LABEL)
    assert checks[0].verdict is Verdict.PASS


@pytest.mark.parametrize("season", ["day_of_year", "weekday", "hour_of_day"])
def test_times_in_milliseconds_are_no_season(season: str) -> None:
    past = [Past(span, "", profiled(rides(span), 1.7e12)) for span in range(1, 8)]
    checks, _ = history(profiled(rides(9), 1.7e12), 9, past, History(24, 5, season, RULES.bounds, {}), MODEL, LABEL)
    assert checks[0].verdict is Verdict.INCONCLUSIVE
    assert f"{season}, but the span's rows have no time" in checks[0].reason
