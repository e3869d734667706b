"""Rows that do not fit into memory: read by batches, kept on disk, taken in runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.components.trainer import fit
from benison.components.trainer.featurize import transform as featurize
from benison.components.trainer.featurize.fit import fit as fit_features
from benison.components.trainer.featurize.transform import layout_of, transform, transform_split
from benison.components.trainer.steps.blocks import allocate, pack
from benison.components.trainer.steps.order import RUN, WINDOW, order_of
from benison.config import Model as Settings
from benison.config.features import Categorical, Cross, Date, Feature, Numeric, Text
from benison.core.errors import DataError
from benison.core.examples import LabelledSplit

FEATURES: list[Feature] = [
    Numeric("age", "age"),
    Numeric("spent", "spent", log=True),
    Categorical("city", "city"),
    Text("said", "said", length=3),
    Date("day", "day", parts=("days", "weekday")),
    Cross("where", of=("city", "code"), hash=7),
    Categorical("code", "code"),
]


def table(rows: int) -> pa.Table:
    random = np.random.default_rng(4)
    return pa.table(
        {
            "age": pa.array(random.integers(18, 80, rows), mask=random.random(rows) < 0.1),
            "spent": random.lognormal(2, 1, rows),
            "city": random.choice(["Ulm", "Bonn", ""], rows),
            "said": random.choice(["no rain today", "rain", "sun and some rain"], rows),
            "day": np.datetime_as_string(np.datetime64("2024-01-01") + random.integers(0, 300, rows)),
            "code": pa.array(random.choice([1.0, 2.5, 3.0], rows), pa.float64()),
            "y": random.choice(["yes", "no", "?"], rows, p=[0.45, 0.45, 0.1]),
        }
    )


def split_of(rows: pa.Table, folder: Path) -> LabelledSplit:
    (folder / "Split-train").mkdir(parents=True)
    for number, start in enumerate(range(0, rows.num_rows, 300)):
        pq.write_table(rows[start : start + 300], folder / "Split-train" / f"data-{number}.parquet", row_group_size=100)
    return LabelledSplit.open(folder, "train", "y", positive="yes", negative="no")


@pytest.mark.parametrize("on_disk", [False, True])
def test_batches_on_disk_or_in_memory_are_what_all_rows_at_once_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_disk: bool
) -> None:
    monkeypatch.setattr(featurize, "_AT_ONCE", 64)
    split = split_of(table(700), tmp_path)
    whole = split.select(split.column_names)
    graph = fit_features(split, FEATURES)
    assert graph == fit_features(whole, FEATURES)
    made = transform_split(split, graph, tmp_path if on_disk else None)
    expected = pack(transform(whole, graph), split.labels)
    assert (made.layout, made.on_disk) == (layout_of(graph), on_disk)
    assert made.layout == expected.layout
    assert np.array_equal(made.floats, expected.floats)
    assert np.array_equal(made.whole, expected.whole)
    assert made.nbytes == made.layout.nbytes(split.num_rows) == expected.nbytes


def test_what_is_wrong_in_a_later_batch_is_named_by_its_row_of_the_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(featurize, "_AT_ONCE", 64)
    rows = table(700)
    graph = fit_features(rows, FEATURES)
    known = [row for row in range(700) if rows["y"][row].as_py() != "?"]
    for column, value, said in (("spent", -3.0, "expected 0 or more"), ("day", "soon", "expected a date or time")):
        values = rows[column].to_pylist()
        values[known[500]] = value
        odd = rows.set_column(rows.column_names.index(column), column, pa.array(values))
        with pytest.raises(DataError, match=f"column '{column}', row 501: {said}"):
            transform_split(split_of(odd, tmp_path / column), graph)


def test_training_from_disk_gives_the_same_bits_as_from_memory(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    x, places = random.normal(size=(500, 2)).astype(np.float32), random.integers(0, 5, (500, 1), dtype=np.int32)
    here = pack({"x": x, "places": places}, (x[:, 0] + places[:, 0] > 2).astype(np.int8))
    there = allocate(here.layout, 500, tmp_path)
    there.put(0, here.inputs, here.labels)
    weights = [trained(rows) for rows in (here, there)]
    assert all(np.array_equal(one, other) for one, other in zip(*weights, strict=True))


def trained(rows: Any) -> Any:
    fit.seeded(3)
    inputs = {"x": keras.Input((2,), name="x"), "places": keras.Input((1,), name="places", dtype="int32")}
    places = keras.ops.one_hot(keras.ops.squeeze(inputs["places"], -1), 5)
    hidden = keras.layers.Dense(4, activation="relu")(keras.layers.Concatenate()([inputs["x"], places]))
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile("adam", "binary_crossentropy")
    fit.fit(model, rows, rows.part(0, 100), Settings("model.py", 2, 64, 2, 3), "model.py")
    return model.get_weights()


def test_no_rows_and_no_columns_of_a_kind_have_room_too(tmp_path: Path) -> None:
    empty = allocate(pack({"x": np.zeros((1, 2), np.float32)}, np.zeros(1)).layout, 5, tmp_path)
    assert (empty.floats.shape, empty.whole.shape) == ((5, 3), (5, 0))
    assert allocate(empty.layout, 0, tmp_path).floats.shape == (0, 3)


def test_many_rows_are_shuffled_in_windows_of_runs() -> None:
    rows = 2 * WINDOW + 3 * RUN + 17
    order = order_of(1, 0, rows, 1).ravel()
    assert np.array_equal(np.sort(order), np.arange(rows))
    other = order_of(1, 1, rows, 1).ravel()
    runs, others = (set((each[:WINDOW] // RUN).tolist()) for each in (order, other))
    assert len(runs) <= WINDOW // RUN + 1
    # Of 516 runs another epoch's first window holds about half of this one's: hypergeometric, deviation 5.7.
    assert abs(len(runs & others) - (WINDOW // RUN) ** 2 / (rows / RUN)) < 30
    # Within a window rows follow one another as in a shuffle of all: a step of 1 is as rare as any other.
    assert (np.diff(order[:WINDOW]) == 1).sum() < 12
