from __future__ import annotations

import logging
import math
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from benison.components.trainer import featurize
from benison.components.trainer.featurize import Categorical, FeatureGraph, Numeric
from benison.config import Feature
from benison.core.errors import DataError

WORDS = st.one_of(st.none(), st.sampled_from(["", "a", "b", "ä", "?", " a", "日本", "\x00"]), st.text(max_size=4))


def table(name: str, values: list[Any], kind: Any) -> pa.Table:
    return pa.table({name: pa.array(values, kind)})


def numeric(values: list[float | None], *, log: bool = False, kind: Any = None) -> Numeric:
    column = featurize.fit(table("x", values, kind or pa.float64()), [Feature("x", "numeric", log=log)]).columns[0]
    assert isinstance(column, Numeric)
    return column


def categorical(values: list[str | None], min_count: int = 1) -> Categorical:
    fitted = featurize.fit(table("x", values, pa.string()), [Feature("x", "categorical", min_count=min_count)])
    assert isinstance(fitted.columns[0], Categorical)
    return fitted.columns[0]


def transform(column: Numeric | Categorical, values: list[Any], kind: Any) -> list[Any]:
    found = featurize.transform(table("x", values, kind), FeatureGraph((column,)))["x"]
    assert found.shape == (len(values), 1)
    assert found.dtype == (np.float32 if isinstance(column, Numeric) else np.int32)
    return found[:, 0].tolist()  # type: ignore[no-any-return]


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e6, allow_subnormal=False)), min_size=1), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_number_is_scaled_as_scikit_learn_scales_it(values: list[float | None], log: bool) -> None:
    raw = np.array([[math.nan if value is None else value] for value in values])
    scaled = np.log1p(raw) if log else raw
    if np.isnan(raw).all():
        expected = np.zeros(len(values))
    else:
        expected = np.nan_to_num(StandardScaler().fit_transform(scaled), nan=0.0)[:, 0]
    found = transform(numeric(values, log=log), values, pa.float64())
    assert found == pytest.approx(expected.tolist(), rel=1e-5, abs=1e-5)


def test_missing_is_the_mean_whether_null_or_nan() -> None:
    column = numeric([1.0, None, 3.0, math.nan])
    assert (column.mean, column.std) == (2.0, 1.0)
    assert transform(column, [None, math.nan, 2.0, 4.0], pa.float64()) == [0.0, 0.0, 0.0, 2.0]


@pytest.mark.parametrize(("values", "mean"), [([0.1] * 7, np.float32(0.1)), ([], 0.0), ([None, math.nan], 0.0)])
def test_a_constant_or_empty_column_has_deviation_one_and_is_named(
    values: list[float | None], mean: float, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "benison"):
        column = numeric(values)
    assert [column.mean, column.std] == pytest.approx([mean, 1.0], rel=1e-7)
    what = "one value alone" if mean else "every value is missing"
    assert caplog.messages == [f"feature x tells the model nothing: {what} in train"]


@pytest.mark.parametrize(
    ("values", "what"), [(["a", "a"], "one value alone"), ([None, ""], "every value is missing"), ([], "every")]
)
def test_a_category_with_one_value_is_named_and_works(
    values: list[str | None], what: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "benison"):
        column = categorical(values)
    assert f"feature x tells the model nothing: {what}" in caplog.text
    assert transform(column, ["a", "b", None], pa.string()) == [2 if "a" in values else 1, 1, 0]


def test_a_vocabulary_emptied_by_min_count_is_named_and_works(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "benison"):
        column = categorical(["a", "b"], min_count=2)
    assert caplog.messages == ["feature x: no value occurs 2 times in train, min_count"]
    assert (column.size, transform(column, ["a", None], pa.string())) == (2, [1, 0])


@given(st.lists(WORDS, min_size=1), st.lists(WORDS), st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_a_text_becomes_its_place_by_frequency_then_text(
    train: list[str | None], later: list[str | None], min_count: int
) -> None:
    counts = Counter(value for value in train if value)
    vocabulary = sorted((v for v in counts if counts[v] >= min_count), key=lambda v: (-counts[v], v))
    places: dict[str | None, int] = {None: 0, "": 0}
    places.update((value, index + 2) for index, value in enumerate(vocabulary))
    column = categorical(train, min_count)
    assert column.vocabulary == tuple(vocabulary)
    assert transform(column, train + later, pa.string()) == [places.get(value, 1) for value in train + later]


@pytest.mark.parametrize(
    ("kind", "stored_as"), [(pa.int64(), "int64_list"), (pa.float64(), "float_list"), (pa.bool_(), "int64_list")]
)
def test_a_number_remembers_how_a_tf_example_keeps_it(kind: Any, stored_as: str) -> None:
    values: list[Any] = [False, True, None] if kind == pa.bool_() else [0, 1, None]
    column = numeric(values, kind=kind)
    assert (column.stored_as, column.mean) == (stored_as, 0.5)


def test_dictionary_columns_are_texts_too() -> None:
    values = pa.array(["b", "a", None, "b"]).dictionary_encode()
    graph = featurize.fit(pa.table({"x": values}), [Feature("x", "categorical")])
    assert featurize.transform(pa.table({"x": values}), graph)["x"][:, 0].tolist() == [2, 3, 0, 2]


def test_the_scale_comes_from_train_alone() -> None:
    column = numeric([0.0, 2.0])
    assert transform(column, [101.0], pa.float64()) == [100.0]


def test_a_value_too_far_out_is_infinite_and_nothing_warns() -> None:
    column = Numeric("x", "x", log=False, mean=0.0, std=1e-30, stored_as="float_list")
    assert transform(column, [3e38, -3e38, 1e-30], pa.float64()) == [math.inf, -math.inf, pytest.approx(1)]


def test_a_missing_column_names_the_nearest() -> None:
    with pytest.raises(DataError) as raised:
        featurize.fit(table("hours_per_week", [1], pa.int64()), [Feature("hours_per_weak", "numeric")])
    assert str(raised.value) == (
        "feature 'hours_per_weak': expected a column 'hours_per_weak' in the data, got none\n\n"
        "hint: did you mean hours_per_week?"
    )


@pytest.mark.parametrize(
    ("values", "kind", "log", "said"),
    [
        (["a"], pa.string(), False, "column 'x': expected numbers, as features: in benison.yaml says, got string"),
        ([1.0, None, -0.5], pa.float64(), True, r"column 'x', row 3: expected 0 or more, .*, got -0.5\n\nhint: remove"),
        ([1.0, math.inf], pa.float64(), False, "column 'x', row 2: expected a number between .*, got inf"),
        ([1e39], pa.float64(), False, r"column 'x', row 1: .*, got 1e\+39"),
    ],
)
def test_a_number_that_cannot_be_used_is_named(values: list[Any], kind: Any, log: bool, said: str) -> None:
    with pytest.raises(DataError, match=said):
        featurize.fit(table("x", values, kind), [Feature("x", "numeric", log=log)])


def test_a_negative_value_under_log_in_eval_is_named_too() -> None:
    with pytest.raises(DataError, match="column 'x', row 2: expected 0 or more"):
        transform(numeric([1.0, 2.0], log=True), [1.0, -1.0], pa.float64())
