"""Known figures must land on known coordinates."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.pages.scales import Scale, tick_label, ticks
from benison.report import charts, score_charts

PLOT = charts.Plot("A plot", "What it shows.", "across", "up", width=358, height=160)


def points_of(element: ET.Element) -> list[tuple[float, float]]:
    pairs = [pair.split(",") for pair in element.get("points", "").split()]
    return [(float(x), float(y)) for x, y in pairs]


def by_class(drawing: str, kind: str) -> list[ET.Element]:
    return [one for one in ET.fromstring(drawing).iter() if kind in (one.get("class") or "").split()]


def place(element: ET.Element, *names: str) -> tuple[float, ...]:
    return tuple(float(element.get(name, "nan")) for name in names)


def test_a_roc_curve_runs_from_corner_to_corner() -> None:
    curve = charts.Series("challenger", [(0.0, 0.0), (0.25, 0.5), (1.0, 1.0)])
    [line] = by_class(score_charts.unit_square(PLOT, [curve], ((0.0, 0.25), (1.0, 0.25))), "challenger")
    # The plot's field reaches from x 46 to 358 - 12, and from y 160 - 38 up to 22.
    assert points_of(line) == [(46, 122), (46 + 0.25 * 300, 72), (346, 22)]
    [chance] = by_class(score_charts.unit_square(PLOT, [curve], ((0.0, 0.25), (1.0, 0.25))), "chance")
    assert place(chance, "x1", "y1", "x2", "y2") == (46, 97, 346, 97)


def test_curves_fill_the_field_and_mark_the_best_epoch() -> None:
    series = charts.Series("eval", [(1.0, 0.0), (3.0, 100.0), (5.0, 0.0)])
    drawn = charts.curves(PLOT, [series], mark=(3.0, "best: 3"))
    [line] = by_class(drawn, "eval")
    (x1, y1), (x2, y2), (x3, y3) = points_of(line)
    assert (x1, x2, x3) == (46, 196, 346)
    # Six per cent of the range are left free above and below: 112 units on 100 pixels.
    assert y1 == y3 == pytest.approx(122 - 6 / 1.12, abs=0.01)
    assert y2 == pytest.approx(22 + 6 / 1.12, abs=0.01)
    [mark] = by_class(drawn, "mark")
    assert place(mark, "x1", "x2") == (196, 196)
    assert "best: 3" in "".join(ET.fromstring(drawn).itertext())


def test_one_epoch_is_a_dot_since_a_line_of_one_point_is_none() -> None:
    drawn = charts.curves(PLOT, [charts.Series("train", [(1.0, 0.5)])])
    [dot] = by_class(drawn, "dot")
    assert place(dot, "cx", "cy") == (196, 72)


def test_the_area_of_a_calibration_dot_is_its_share_of_the_rows_and_its_band_the_interval() -> None:
    bins: list[list[float | None]] = [
        [0.5, 0.25, 300, 0.2, 0.3],
        [1.0, 1.0, 100, 0.95, 1.0],
        [None, None, 0, None, None],
    ]
    drawn = score_charts.calibration(PLOT, {"challenger": bins})
    large, small = by_class(drawn, "dot")
    assert place(large, "cx", "cy") == (196, 97)
    assert float(large.get("r", 0)) == pytest.approx(1.5 + 7 * 0.75**0.5, abs=0.01)
    assert float(small.get("r", 0)) == pytest.approx(1.5 + 7 * 0.25**0.5, abs=0.01)
    band, _ = by_class(drawn, "band")
    assert place(band, "x1", "y1", "x2", "y2") == (196, 102, 196, 92)


def test_columns_are_shares_of_their_class_upwards_and_downwards() -> None:
    challenger = {"positives": [0.0, 30.0], "negatives": [50.0, 50.0]}
    champion = {"positives": [1.0, 1.0], "negatives": [0.0, 0.0]}
    drawn = score_charts.histogram(PLOT, {"challenger": challenger, "champion": champion})
    # The base lies in the middle of the field, and the highest share, all of a class, reaches its end.
    [high] = by_class(drawn, "positives")
    assert place(high, "x", "y", "height") == (196.4, 22, 50)
    assert [place(one, "y", "height") for one in by_class(drawn, "negatives")] == [(72, 25), (72, 25)]
    outline, below = by_class(drawn, "outline")
    assert points_of(outline) == [(46, 72), (46, 47), (196, 47), (196, 47), (346, 47), (346, 72)]
    assert {y for _, y in points_of(below)} == {72}


def test_the_forest_plot_has_zero_in_the_middle_of_every_row() -> None:
    scale = charts.interval_scale([{"value": 0.01, "lower": -0.02, "upper": 0.04}], [])
    drawn = charts.interval(
        {"value": 0.01, "lower": -0.02, "upper": 0.04}, Scale(-0.04, 0.04, 10, 230), limit=-0.02, kind="judged"
    )
    assert scale(0) == charts.CELL_WIDTH / 2
    [zero], [limit], [point] = by_class(drawn, "zero"), by_class(drawn, "limit"), by_class(drawn, "point")
    assert place(zero, "x1") == (120,)
    assert place(limit, "x1") == (65,)
    assert place(point, "cx", "cy") == (147.5, 12)
    whole, low, high = by_class(drawn, "whisker")
    assert place(whole, "x1", "x2") == (65, 230)
    assert place(low, "x1", "x2") == (65, 65)
    assert place(high, "x1", "x2") == (230, 230)


def test_an_interval_that_leaves_the_drawing_ends_in_an_arrow() -> None:
    estimate = {"value": 0.3, "lower": -0.01, "upper": 0.5}
    drawn = charts.interval(estimate, Scale(-0.04, 0.04, 10, 230), limit=None, kind="unjudged")
    [arrow] = by_class(drawn, "arrow")
    assert points_of(arrow)[0] == (238, 12)
    assert place(by_class(drawn, "whisker")[0], "x1", "x2") == (92.5, 230)
    assert not by_class(drawn, "point"), "a value outside of the scale is not drawn in a wrong place"


def test_an_interval_below_the_drawing_points_to_the_left() -> None:
    estimate = {"value": -0.3, "lower": -0.5, "upper": -0.2}
    drawn = charts.interval(estimate, Scale(-0.04, 0.04, 10, 230), limit=None, kind="judged")
    assert [points_of(arrow)[0] for arrow in by_class(drawn, "arrow")] == [(2, 12), (2, 12)]


def test_a_difference_without_an_interval_is_a_point_alone() -> None:
    estimate: dict[str, Any] = {"value": 0.0, "lower": None, "upper": None}
    drawn = charts.interval(estimate, Scale(-0.04, 0.04, 10, 230), limit=None, kind="judged")
    assert by_class(drawn, "point")
    assert not by_class(drawn, "whisker")


def test_one_wide_slice_does_not_shrink_the_others_to_dots() -> None:
    narrow = [{"value": 0.0, "lower": -0.01, "upper": 0.01}] * 5
    scale = charts.interval_scale([*narrow, {"value": 0.1, "lower": -0.9, "upper": 0.95}], [])
    assert scale.high == pytest.approx(3 * 0.01 * 1.05)


def test_the_tolerance_is_always_inside_of_the_drawing() -> None:
    scale = charts.interval_scale([{"value": 0.0, "lower": -0.001, "upper": 0.001}], [0.05])
    assert scale.holds(-0.05)


def test_nothing_to_draw_still_has_a_scale() -> None:
    assert charts.interval_scale([], []).holds(0)


def test_a_task_is_a_bar_from_its_start_to_its_end() -> None:
    [bar] = by_class(charts.spell(5.0, 15.0, Scale(0, 20, 10, 210), "succeeded"), "spell")
    assert place(bar, "x", "width") == (60, 100)


def test_a_task_too_short_to_be_seen_is_two_pixels_wide() -> None:
    [bar] = by_class(charts.spell(5.0, 5.0, Scale(0, 20, 10, 210), "succeeded"), "spell")
    assert place(bar, "x", "width") == (60, 2)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 8))
def test_ticks_are_round_in_order_and_inside(low: float, width: float, at_most: int) -> None:
    high = low + width
    found = ticks(low, high, at_most)
    assert found == sorted(set(found))
    assert len(found) <= at_most + 1
    slack = width * 1e-6
    assert all(low - slack <= value <= high + slack for value in found)


def test_ticks_say_no_more_decimals_than_they_need() -> None:
    found = ticks(0.0, 0.1)
    assert [tick_label(value, found) for value in found] == ["0.00", "0.02", "0.04", "0.06", "0.08", "0.10"]
    assert tick_label(200_000, [100_000, 200_000]) == "200k"
    assert ticks(3, 3) == [3]


def test_values_are_drawn_against_that_of_all_rows() -> None:
    narrow = [{"value": 0.9 + n / 100, "lower": 0.89 + n / 100, "upper": 0.91 + n / 100} for n in range(-2, 3)]
    scale = charts.value_scale(narrow, 0.9)
    assert scale(0.9) == pytest.approx((scale.start + scale.end) / 2)
    assert scale.low < 0.87 < 0.93 < scale.high
    drawn = charts.interval(narrow[0], scale, limit=None, kind="judged", origin=0.9)
    [line] = by_class(drawn, "zero")
    assert place(line, "x1") == pytest.approx((scale(0.9),), abs=0.01)
    [point] = by_class(drawn, "point")
    assert place(point, "cx") == pytest.approx((scale(0.88),), abs=0.01)


def test_a_value_far_from_the_others_is_cut_off_and_an_arrow_points_to_it() -> None:
    usual = [{"value": 1.0, "lower": 0.95, "upper": 1.05}] * 4
    for far, tip in ((9.0, charts.CELL_WIDTH - 2), (0.01, 2.0)):
        alone = {"value": far, "lower": None, "upper": None}
        scale = charts.value_scale([*usual, alone], 1.0)
        assert not scale.holds(far)
        [arrow] = by_class(charts.interval(alone, scale, limit=None, kind="unjudged", origin=1.0), "arrow")
        (x, _), (back, _), _ = points_of(arrow)
        assert (x, abs(x - back)) == (tip, 7)
        assert (back < x) == (far > 1)


def test_one_value_alone_still_has_a_scale() -> None:
    scale = charts.value_scale([{"value": 0.5, "lower": None, "upper": None}], 0.5)
    assert scale.low < 0.5 < scale.high
