"""Known rows must land on known coordinates: histograms of what was compared, and bands of the past."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.pages import bands, histograms
from benison.pages.histograms import Share, compared, densities, even, outer_ends, shares
from benison.pages.scales import tick_moment, time_ticks


def by_class(drawing: str, kind: str) -> list[ET.Element]:
    return [one for one in ET.fromstring(drawing).iter() if kind in (one.get("class") or "").split()]


def place(element: ET.Element, *names: str) -> tuple[float, ...]:
    return tuple(float(element.get(name, "nan")) for name in names)


def points_of(element: ET.Element) -> list[tuple[float, float]]:
    pairs = [pair.split(",") for pair in element.get("points", "").split()]
    return [(float(x), float(y)) for x, y in pairs]


def words(drawing: str) -> list[str]:
    return [one.text or "" for one in ET.fromstring(drawing).iter("text")]


def comparison(**changes: Any) -> dict[str, Any]:
    found = {
        "column": "fare",
        "against": "previous",
        "reference": "span 3",
        "kind": "numeric",
        "edges": [10.0, 20.0, 30.0],
        "before": [10, 20, 20, 50, 0],
        "now": [10, 40, 20, 30, 0],
    }
    return {**found, **changes}


def test_a_histogram_stands_on_its_base_and_its_highest_bin_reaches_the_top() -> None:
    drawn = compared(comparison(), "about fares")
    bins = [place(bar, "x", "y", "width", "height") for bar in by_class(drawn, "now")]
    # From 0 to 40 on 6 to 294 pixels; the highest share of both is 50%, 72 pixels over the base at 78.
    assert [x for x, _, _, _ in bins] == [6, 78, 150, 222]
    assert {width for _, _, width, _ in bins} == {71.4}
    assert [height for _, _, _, height in bins] == pytest.approx([14.4, 57.6, 28.8, 43.2], abs=0.01)
    assert all(y + height == pytest.approx(78) for _, y, _, height in bins)
    [outline] = by_class(drawn, "before")
    assert points_of(outline)[0] == (6, 78)
    assert points_of(outline)[-3:] == [(222, 6), (294, 6), (294, 78)]


def test_open_bins_stand_on_a_dotted_axis() -> None:
    drawn = compared(comparison(), "")
    assert [place(part, "x1", "x2") for part in by_class(drawn, "beyond")] == [(6, 78), (222, 294)]


def test_a_histogram_without_missing_rows_has_no_bar_for_them() -> None:
    assert histograms.MISSING not in words(compared(comparison(), ""))


def test_missing_rows_have_a_bar_of_their_own_over_the_whole_from_nothing_to_all() -> None:
    drawn = compared(comparison(now=[5, 20, 10, 15, 50], before=[10, 20, 20, 50, 0]), "")
    assert histograms.MISSING in words(drawn)
    assert "0.0% → 50.0%" in words(drawn)
    *_, missing = by_class(drawn, "now")
    # Names take 104 pixels on the left, and figures 106 on the right of 300.
    assert place(missing, "x", "width") == (104, 45)
    heights = [float(bar.get("height", 0)) for bar in by_class(drawn, "now")[:-1]]
    assert heights == pytest.approx([7.2, 28.8, 14.4, 21.6], abs=0.01), "shares are of all rows, missing ones too"


def test_an_accessible_title_names_column_and_reference() -> None:
    drawn = ET.fromstring(compared(comparison(), "what it shows"))
    assert drawn.get("role") == "img"
    assert [one.text for one in drawn if one.tag in ("title", "desc")] == [
        "fare against previous, span 3",
        "what it shows",
    ]


def test_categories_are_pairs_of_bars_the_most_frequent_first() -> None:
    found = comparison(kind="categorical", values=["a", "b"], before=[25, 50, 0, 25], now=[50, 25, 0, 25])
    del found["edges"]
    drawn = compared(found, "")
    assert words(drawn)[::2] == ["a", "b", "missing"]
    assert words(drawn)[1::2] == ["25.0% → 50.0%", "50.0% → 25.0%", "25.0% → 25.0%"]
    assert [place(bar, "x", "width") for bar in by_class(drawn, "now")] == [(104, 90), (104, 45), (104, 45)]
    befores = [bar for bar in by_class(drawn, "before") if bar.tag.endswith("rect")]
    assert [place(bar, "width") for bar in befores] == [(45,), (90,), (45,)]


def test_rare_values_are_told_together_with_those_of_no_bin() -> None:
    values = [f"v{index:02}" for index in range(12)]
    found = comparison(kind="categorical", values=values, before=[10] * 12 + [5, 0], now=[10] * 12 + [9, 0])
    del found["edges"]
    named = shares(found)
    assert [one.name for one in named] == [*values[:8], "all others"]
    assert named[-1] == Share("all others", pytest.approx(49 / 129), pytest.approx(45 / 125), "rest")


def test_few_bins_of_numbers_are_pairs_of_bars_too() -> None:
    found = comparison(edges=[0.0], before=[90, 10, 0], now=[50, 40, 10])
    assert shares(found) == [
        Share("up to 0", 0.5, 0.9),
        Share("above 0", 0.4, 0.1),
        Share("missing", 0.1, 0.0, "rest"),
    ]
    assert "up to 0" in words(compared(found, ""))


def test_a_column_without_a_single_row_is_drawn_without_dividing_by_nothing() -> None:
    assert by_class(compared(comparison(before=[0] * 5, now=[0] * 5), ""), "now") == []
    empty = comparison(kind="categorical", values=[], before=[0, 0], now=[0, 0])
    del empty["edges"]
    assert shares(empty) == []
    assert words(compared(empty, "")) == []


def test_bins_too_uneven_for_a_straight_axis_are_drawn_equally_wide() -> None:
    edges = [0.0, 1e-6, 1.0, 1e6]
    assert not even(edges)
    drawn = compared(comparison(edges=edges, before=[1, 1, 1, 1, 1, 0], now=[2, 2, 2, 2, 2, 0]), "about it")
    assert {place(bar, "width") for bar in by_class(drawn, "now")} == {(57,)}
    assert {"0", "1,000,000"} <= set(words(drawn))
    assert "Bins are drawn equally wide" in "".join(ET.fromstring(drawn).itertext())


def test_moments_have_dates_below_them() -> None:
    days = [datetime(2024, 3, day, tzinfo=UTC).timestamp() for day in (1, 2, 3, 4)]
    drawn = compared(comparison(kind="datetime", edges=days, before=[1] * 6, now=[1] * 6), "")
    assert {"2 Mar", "4 Mar"} <= set(words(drawn))


@given(st.floats(-6e10, 2e11), st.floats(60.0, 1e11), st.integers(2, 6))
def test_marks_of_time_are_in_order_few_and_inside(low: float, width: float, at_most: int) -> None:
    found = time_ticks(low, low + width, at_most)
    assert found == sorted(set(found))
    assert len(found) <= at_most + 2
    assert all(low - 1 <= value <= low + width + 1 for value in found)
    assert all(tick_moment(value, found) for value in found)


@given(st.lists(st.integers(0, 1000), min_size=3, max_size=8))
def test_the_areas_of_a_histogram_add_up_to_the_rows_with_a_value(counts: list[int]) -> None:
    counts[0] += 1
    edges = [float(index * index) for index in range(1, len(counts))]
    parts = [count / sum(counts) for count in counts]
    areas = [(high - low) * height for low, high, height in densities(outer_ends(edges), parts)]
    assert areas == pytest.approx(parts)


def band(**changes: Any) -> dict[str, Any]:
    found = {
        "column": "fare",
        "measure": "mean",
        "season": "",
        "points": [{"span": span, "at": None, "value": 10.0 + span % 2} for span in range(1, 5)],
        "now": 10.5,
        "median": 10.5,
        "scale": 0.5,
        "warn": [8.0, 13.0],
        "block": [5.0, 16.0],
        "verdict": "PASS",
        "tier": "hard",
    }
    return {**found, **changes}


def test_the_bands_lie_one_inside_the_other_around_the_median() -> None:
    drawn = bands.chart(band(), 5, "")
    block, warn = by_class(drawn, "zone")
    (top, height), (inner, less) = place(block, "y", "height"), place(warn, "y", "height")
    assert (block.get("class"), warn.get("class")) == ("zone block", "zone warn")
    # 5 to 16 with 8% of room on 82 pixels: a unit takes 82 / (11 * 1.16).
    unit = 82 / (11 * 1.16)
    assert (height, less) == pytest.approx((11 * unit, 5 * unit), abs=0.02)
    assert inner - top == pytest.approx(3 * unit, abs=0.02)
    [median] = by_class(drawn, "median")
    assert place(median, "y1")[0] == pytest.approx(top + 5.5 * unit, abs=0.02)


@pytest.mark.parametrize(("verdict", "tag"), [("PASS", "circle"), ("INCONCLUSIVE", "circle"), ("FAIL", "path")])
def test_today_has_a_mark_of_its_own_at_the_right(verdict: str, tag: str) -> None:
    [mark] = by_class(bands.chart(band(verdict=verdict), 5, ""), "today")
    assert mark.tag == tag
    looks = {"PASS": "pass", "INCONCLUSIVE": "open", "FAIL": "fail"}
    assert looks[verdict] in (mark.get("class") or "").split()


def test_a_figure_far_beyond_its_band_is_an_arrow_and_does_not_flatten_the_past() -> None:
    drawn = bands.chart(band(now=1e6, verdict="FAIL"), 5, "")
    [arrow] = by_class(drawn, "arrow")
    assert min(y for _, y in points_of(arrow)) < 10, "it points out of the drawing, upwards"
    assert place(by_class(drawn, "zone")[0], "height") == place(
        by_class(bands.chart(band(), 5, ""), "zone")[0], "height"
    )
    [arrow] = by_class(bands.chart(band(now=-1e6, verdict="FAIL"), 5, ""), "arrow")
    assert max(y for _, y in points_of(arrow)) > 92, "and downwards"


def test_a_side_without_a_limit_stays_open_to_the_edge() -> None:
    drawn = bands.chart(band(warn=[None, 13.0], block=None), 5, "")
    [zone] = by_class(drawn, "zone")
    y, height = place(zone, "y", "height")
    assert y + height == pytest.approx(92, abs=0.02)
    assert bands.limits(band(warn=[None, 13.0]), "warn") == "up to 13"
    assert bands.limits(band(warn=[8.0, None]), "warn") == "from 8"
    assert bands.limits(band(block=None), "block") == "anything"


def test_a_figure_without_a_past_or_without_a_today_is_drawn_all_the_same() -> None:
    alone = band(points=[], median=None, scale=None, warn=None, block=None, verdict="INCONCLUSIVE")
    assert len(by_class(bands.chart(alone, 1, ""), "today")) == 1
    assert by_class(bands.chart(band(now=None), 5, ""), "today") == []
    assert by_class(bands.spark({**alone, "now": None}), "today") == []


def test_figures_are_told_in_the_units_of_their_measure() -> None:
    assert bands.figure(band(measure="missing_share"), 0.0125) == "1.25%"
    assert bands.figure(band(measure="maximum"), 1704067200.0, "datetime") == "2024-01-01 00:00"
    assert bands.figure(band(measure="distinct"), 1234567.0, "datetime") == "1,234,567"
    assert bands.figure(band(), None) == "none"
    assert bands.name(band(column="", measure="rows")) == "rows"
    assert bands.name(band(measure="quantile_05")) == "fare, quantile 05"


def test_what_is_farthest_from_its_median_is_told_by_its_distance() -> None:
    assert bands.distance(band(now=12.0)) == 3
    assert bands.distance(band(now=12.0, scale=0.0)) == float("inf")
    assert bands.distance(band(scale=0.0)) == 0
    assert bands.distance(band(now=None)) == 0


def test_the_axis_of_a_column_of_moments_has_dates() -> None:
    at = [datetime(2024, 1, day, tzinfo=UTC).timestamp() for day in (1, 8, 15, 22)]
    points = [{"span": span, "at": value, "value": value} for span, value in enumerate(at, 1)]
    drawn = bands.chart(band(points=points, now=at[-1], median=at[1], warn=None, block=None), 5, "", "datetime")
    assert any("Jan" in word for word in words(drawn))
