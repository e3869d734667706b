import pyarrow as pa
import pytest

from benison.cli.nearly import said_of
from benison.cli.suggest import feature_lines, suggest
from benison.core.errors import DataError

ROWS = 200


def table(**columns: object) -> pa.Table:
    base = {"label": ["yes" if row % 4 == 0 else "no" for row in range(ROWS)]}
    return pa.table({**base, **columns})


def role(**columns: object) -> tuple[str, str]:
    found = suggest(table(**columns), "label", None).columns[0]
    return found.role, found.why


def test_the_rarer_label_is_positive_unless_told() -> None:
    assert (suggest(table(), "label", None).positive, suggest(table(), "label", None).negative) == ("yes", "no")
    assert (suggest(table(), "label", "no").positive, suggest(table(), "label", "no").negative) == ("no", "yes")


@pytest.mark.parametrize(
    ("often", "seldom", "positive"),
    [(1, 0, "1"), (0, 1, "1"), (True, False, "true"), ("Yes", "No", "Yes"), (1, -1, "1"), ("1", "2", "2"), (1, 7, "7")],
)
def test_a_label_that_says_yes_is_positive_also_where_it_is_the_commoner(
    often: object, seldom: object, positive: str
) -> None:
    rows = pa.table({"label": [often] * 150 + [seldom] * 50})
    assert suggest(rows, "label", None).positive == positive


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([row % 50 for row in range(ROWS)], "numeric"),
        ([0.5 * row for row in range(ROWS)], "numeric"),
        ([0] * 180 + [10_000 + row for row in range(20)], "log"),
        (["a", "b"] * 100, "categorical"),
        ([True, False] * 100, "categorical"),
        ([f"2013-01-{1 + row % 28:02d}T10:00:00Z" for row in range(ROWS)], "date"),
        ([f"2013-01-{1 + row % 28:02d}" for row in range(ROWS)], "date"),
        (pa.array(range(ROWS), pa.timestamp("s")), "date"),
        ([f"paid {row} days late" for row in range(ROWS)], "text"),
    ],
)
def test_a_column_s_role_is_seen_from_its_values(values: object, expected: str) -> None:
    assert role(column=values) == (expected, "")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (list(range(ROWS)), "an identifier"),
        ([f"name {row}" for row in range(ROWS)], "200 different values: a name or an identifier"),
        ([f"{row:08x}-e29b-41d4-a716-446655440000" for row in range(ROWS)], "a name or an identifier"),
        (["same"] * ROWS, "one value only"),
        (pa.array([None] * ROWS, pa.string()), "no values at all"),
        (["y" if row % 4 == 0 else "n" for row in range(ROWS)], "tells the label alone"),
        ([7 if row % 4 == 0 else None for row in range(ROWS)], "one value only"),
        ([None if row % 4 == 0 else row % 3 for row in range(ROWS)], "tells the label alone"),
        ([1000.5 + row if row % 4 == 0 else 0.5 * row for row in range(ROWS)], "tells the label alone"),
        (pa.array(range(ROWS), pa.time32("s")), "not a kind a feature can be"),
    ],
)
def test_a_column_that_should_be_no_feature_is_left_out_with_the_reason(values: object, said: str) -> None:
    found, why = role(column=values)
    assert (found, said in why) == ("", True)


def test_very_many_values_that_come_again_are_hashed_into_twice_as_many_places() -> None:
    label = ["y" if row % 4 == 0 else "n" for row in range(6000)]
    rows = pa.table({"label": label, "tail": [f"N{row % 1500}" for row in range(6000)]})
    assert list(feature_lines(suggest(rows, "label", None))) == [("tail", "{kind: categorical, hash: 3000}", "")]


def test_columns_that_audits_ask_for_come_first_among_the_slices() -> None:
    rows = table(
        colour=["a", "b"] * 100, town=["a", "b", "d", "c", "e"] * 40, hispanic=[0, 1] * 100, agents=[1, 2] * 100
    )
    assert suggest(rows, "label", None).slices == ("hispanic", "colour")


def test_slices_are_text_columns_with_few_values() -> None:
    found = suggest(
        table(sex=["f", "m"] * 100, age=list(range(100)) * 2, town=["a", "b", "d", "c", "e"] * 40), "label", None
    )
    assert found.slices == ("sex", "town")


def test_a_smaller_holdout_gets_a_wider_tolerance() -> None:
    small = suggest(table(), "label", None)
    large = suggest(pa.concat_tables([table()] * 200), "label", None)
    assert small.tolerance > large.tolerance >= 0.005


@pytest.mark.parametrize(("times", "least", "warned"), [(1, 40, True), (3, 60, False), (50, 200, False)])
def test_a_small_holdout_is_judged_where_it_can_be_and_told_where_not(times: int, least: int, warned: bool) -> None:
    found = suggest(pa.concat_tables([table()] * times), "label", None)
    assert (found.min_rows, bool(found.too_small)) == (least, warned)
    assert not warned or found.too_small.startswith("holdout will have about 40 rows, 10 of the rarer label")


@pytest.mark.parametrize(
    ("label", "positive", "said"),
    [
        ("lable", None, "did you mean label"),
        ("label", "maybe", "a value 'maybe', got 'yes' and 'no'"),
        ("label", "Yes", "a value 'Yes', got 'yes' and 'no'\n\nhint: did you mean yes"),
        ("three", None, "two different values and none missing, got 3"),
        ("gaps", None, "got 3: .*missing"),
    ],
)
def test_a_label_that_is_no_yes_or_no_question_is_refused(label: str, positive: str | None, said: str) -> None:
    rows = table(three=(["a", "b", "c"] * 67)[:ROWS], gaps=(["a", "b", None] * 67)[:ROWS])
    with pytest.raises(DataError, match=said):
        suggest(rows, label, positive)


def test_a_column_of_times_and_one_that_tells_rows_apart_are_named() -> None:
    days = [f"2013-01-{1 + row % 28:02d}T10:00:00Z" for row in range(ROWS)]
    found = suggest(table(ride=list(range(ROWS)), day=days, town=["a", "b"] * 100), "label", None)
    assert (found.time, found.key) == ("day", "ride")
    assert (suggest(table(town=["a", "b"] * 100), "label", None).time, suggest(table(), "label", None).key) == ("", "")


def test_names_that_stand_twice_or_are_missing_tell_no_rows_apart() -> None:
    twice = [f"name {row // 2}" for row in range(ROWS)]
    gaps = [None, *(f"name {row}" for row in range(1, ROWS))]
    assert suggest(table(twice=twice, gaps=gaps), "label", None).key == ""


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["1", "2.5", "-3e4", "N/A", "N/A"] * 20, ""),
        (["1", "2.5", "-3e4", "7", "N/A"] * 20, "numbers but for 'N/A' and the like in 20 rows"),
        (["$1,299.00", "$5", "12%", "7 €"], "numbers with signs, such as '$1,299.00'"),
        (["3,5", "10,25"], "numbers with a decimal comma, such as '3,5'"),
        (["28.11.2026", "1/2/2026"], "dates such as '28.11.2026'"),
        (["2026-11-28", "2026-11-29"], ""),
        (["Ulm", "Bonn", "7"], ""),
        ([], ""),
    ],
)
def test_texts_that_are_nearly_numbers_or_dates_are_told(values: list[str], said: str) -> None:
    found = said_of(pa.chunked_array([pa.array(values, pa.string())]))
    assert found.startswith(said) and bool(found) == bool(said)


def test_numbers_and_columns_without_values_are_nearly_nothing() -> None:
    assert said_of(pa.chunked_array([[1.5, 2.0]])) == ""
