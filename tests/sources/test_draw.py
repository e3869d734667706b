"""Some rows out of many: which, how many of each value, in bounded memory."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from benison.sources.draw import draw


def batches(labels: list[object], size: int = 100) -> list[pa.RecordBatch]:
    table = pa.table({"row": list(range(len(labels))), "label": labels})
    return table.to_batches(max_chunksize=size)


def test_the_rarer_value_is_there_as_often_as_it_can_be_and_the_other_fills_up() -> None:
    labels = ["yes" if at % 250 == 0 else "no" for at in range(5000)]
    drawn = draw(batches(labels), 100, "label")
    assert Counter(drawn["label"].to_pylist()) == {"yes": 20, "no": 80}
    even = draw(batches(["yes", "no"] * 500), 100, "label")
    assert Counter(even["label"].to_pylist()) == {"yes": 50, "no": 50}


def test_rows_come_in_their_order_once_and_the_same_each_time() -> None:
    labels: list[object] = ["a", "b", "c"] * 1000
    drawn = draw(batches(labels), 90, "label")["row"].to_pylist()
    assert drawn == sorted(set(drawn)) and len(drawn) == 90
    assert draw(batches(labels), 90, "label")["row"].to_pylist() == drawn
    assert draw(batches(labels), 90, "label", seed=1)["row"].to_pylist() != drawn


def test_each_row_of_a_value_is_drawn_alike_often() -> None:
    times = np.zeros(200)
    for seed in range(400):
        times[draw(batches(["a"] * 200, 7), 20, "label", seed=seed)["row"].to_numpy()] += 1
    # 400 draws of one in ten: 40 times, with a deviation of 6.
    assert abs(times - 40).max() < 4.5 * 6 and abs(times[:100].mean() - 40) < 2


@pytest.mark.parametrize("labels", [["a"] * 30, ["a", None] * 15, [1.0, 2.0] * 15, [True, False] * 15])
def test_fewer_rows_than_wanted_are_all_of_them(labels: list[object]) -> None:
    assert draw(batches(labels), 100, "label").num_rows == 30


def test_missing_labels_are_a_value_of_their_own() -> None:
    drawn = draw(batches(["a"] * 500 + [None] * 500), 10, "label")
    assert Counter(drawn["label"].to_pylist()) == {"a": 5, None: 5}


def test_nothing_to_draw_from_is_refused() -> None:
    with pytest.raises(ValueError, match="no rows"):
        draw([], 10, "label")
    with pytest.raises(ValueError, match="at least 1"):
        draw(batches(["a"]), 0, "label")
