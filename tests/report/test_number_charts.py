"""Charts of numbers: known figures must land on known coordinates."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from benison.report import charts, number_charts
from benison.report.number_charts import Part
from tests.report.test_report_charts import by_class, place, points_of

# The field reaches from x 46 to 346, and from y 122 up to 22.
PLOT = charts.Plot("A plot", "What it shows.", "across", "up", width=358, height=160)


def words(drawing: str) -> str:
    return " ".join(ET.fromstring(drawing).itertext())


def test_columns_are_shares_and_stand_between_their_edges() -> None:
    drawn = number_charts.histogram(PLOT, [-15.0, -5.0, 5.0, 15.0], {"challenger": [0.0, 30.0, 60.0, 10.0, 0.0]})
    left, middle, right = by_class(drawn, "column")
    assert place(left, "x", "width") == (46.3, 99.4)
    assert place(middle, "x", "width") == (146.3, 99.4)
    # The highest column reaches 100 / 105 of the field.
    assert place(middle, "height")[0] == pytest.approx(100 / 1.05, abs=0.01)
    assert place(right, "height")[0] == pytest.approx(100 / 1.05 / 6, abs=0.01)


def test_what_lies_beyond_stands_a_bin_off_above_a_dotted_axis() -> None:
    # Two bins, and on the left a gap and an open bin: four widths of 75.
    drawn = number_charts.histogram(PLOT, [0.0, 1.0, 2.0], {"challenger": [5.0, 10.0, 5.0, 0.0]})
    below, first, _ = by_class(drawn, "column")
    assert place(below, "x", "width") == (46.3, 74.4)
    assert place(first, "x") == (196.3,)
    whole, closed = by_class(drawn, "axis")
    assert whole.get("class") == "axis beyond"
    assert place(closed, "x1", "x2") == (196, 346)


def test_the_other_model_is_an_outline_over_the_same_edges_with_its_own_shares() -> None:
    found = {"challenger": [0.0, 1.0, 1.0, 0.0], "champion": [0.0, 0.0, 6.0, 2.0]}
    drawn = number_charts.histogram(PLOT, [0.0, 1.0, 2.0], found)
    inner, above = by_class(drawn, "outline")
    assert [y for _, y in points_of(inner)] == pytest.approx(
        [122, 122, 122, 122 - 100 / 1.05, 122 - 100 / 1.05, 122], abs=0.01
    )
    assert [x for x, _ in points_of(inner)] == [46, 46, 121, 121, 196, 196]
    assert [x for x, _ in points_of(above)] == [271, 271, 346, 346]


def test_0_is_marked_where_it_is_near_and_else_an_arrow_says_where() -> None:
    found = {"challenger": [0.0, 1.0, 1.0, 0.0]}
    [mark] = by_class(number_charts.histogram(PLOT, [-1.0, 1.0, 3.0], found, zero=True), "mark")
    assert place(mark, "x1", "x2") == (121, 121)
    # The axis goes on to a 0 that is no further off than the bins are wide.
    [mark] = by_class(number_charts.histogram(PLOT, [1.0, 2.0, 3.0], found, zero=True), "mark")
    assert place(mark, "x1", "x2") == (46, 46)
    for edges, arrow in (([3.0, 4.0, 5.0], "← 0"), ([-5.0, -4.0, -3.0], "0 →")):
        drawn = number_charts.histogram(PLOT, edges, found, zero=True)
        assert by_class(drawn, "mark") == []
        assert arrow in words(drawn)
    assert by_class(number_charts.histogram(PLOT, [-1.0, 1.0, 3.0], found), "mark") == []


def parts(*means: float) -> list[Part]:
    return [Part(10.0 * at, mean, (mean - 1, mean + 1), (-8.0, 12.0)) for at, mean in enumerate(means)]


def test_means_have_their_bounds_and_the_spread_two_lines() -> None:
    drawn = number_charts.by_prediction(PLOT, {"challenger": parts(2.0, -3.0)})
    # From -8 to 12 with six per cent of room: 22.4 on 100 pixels.
    up = {value: 122 - (value + 9.2) * 100 / 22.4 for value in (-8.0, -3.0, 2.0, 12.0)}
    first, second = by_class(drawn, "dot")
    assert place(first, "cy")[0] == pytest.approx(up[2.0], abs=0.01)
    assert place(second, "cy")[0] == pytest.approx(up[-3.0], abs=0.01)
    band, _ = by_class(drawn, "band")
    assert place(band, "y1")[0] - place(band, "y2")[0] == pytest.approx(200 / 22.4, abs=0.01)
    low, high = by_class(drawn, "spread")
    assert [y for _, y in points_of(low)] == pytest.approx([up[-8.0]] * 2, abs=0.01)
    assert [y for _, y in points_of(high)] == pytest.approx([up[12.0]] * 2, abs=0.01)


def test_a_mean_far_beyond_the_spread_is_an_arrow_and_squeezes_nothing() -> None:
    drawn = number_charts.by_prediction(PLOT, {"challenger": parts(2.0, 1e6)})
    assert len(by_class(drawn, "dot")) == 1
    [arrow] = by_class(drawn, "arrow")
    assert points_of(arrow)[0][1] == 22
    low, high = by_class(drawn, "spread")
    assert points_of(low)[0][1] - points_of(high)[0][1] > 40


def test_one_part_has_strokes_for_lines() -> None:
    [part] = parts(2.0)
    drawn = number_charts.by_prediction(PLOT, {"challenger": [part], "champion": [part]})
    assert [len(points_of(one)) for one in by_class(drawn, "spread")] == [2] * 4


def test_without_bounds_there_is_a_dot_alone_and_of_no_weight_nothing() -> None:
    part = Part.of([1.0, 2.0, 10, None, None, 0.0, 3.0])
    assert part == Part(1.0, 2.0, None, (0.0, 3.0))
    drawn = number_charts.by_prediction(PLOT, {"challenger": [part]})
    assert (len(by_class(drawn, "dot")), by_class(drawn, "band")) == (1, [])
    assert Part.of([None, None, 2, None, None, None, None]) is None


def test_residuals_that_are_all_0_are_drawn() -> None:
    part = Part(1.0, 0.0, None, (0.0, 0.0))
    [dot] = by_class(number_charts.by_prediction(PLOT, {"challenger": [part]}), "dot")
    assert place(dot, "cx", "cy") == (196, 72)
