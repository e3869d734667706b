import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from benison.components.evaluator.predict import Package as Judged
from benison.config import Label
from benison.core.errors import DataError
from benison.serving.package import Column, Package
from benison.serving.requests import table_of
from serving.tests.made import ROW

LABEL = Label("bought", "yes", "no")
Saved = Callable[..., Path]


def drawn(rows: int) -> pa.Table:
    """Rows with every kind of missing value."""
    random = np.random.default_rng(7)
    x = pa.array(random.random(rows), mask=random.random(rows) < 0.2)
    visits = pa.array(random.integers(0, 99, rows), mask=random.random(rows) < 0.2)
    city = pa.array(random.choice(["Bonn", "Köln", ""], rows), mask=random.random(rows) < 0.2)
    return pa.table({"x": x, "visits": visits, "city": city})


def test_answers_are_those_of_the_formula_whatever_the_batches(scaling: Saved) -> None:
    table = drawn(100)
    package = Package.open(scaling(0.5))
    expected = 0.5 * np.asarray(table["x"].fill_null(1.0))
    for batch_rows in (1, 7, 100, 1000):
        assert package.answer(table, batch_rows=batch_rows).tolist() == pytest.approx(expected.tolist(), abs=1e-6)
    assert package.answer(table.slice(0, 0)).shape == (0,)


@pytest.mark.parametrize("which", ["columns", "examples"])
def test_live_rows_are_answered_as_the_evaluator_is(scaling: Saved, by_examples: Path, which: str) -> None:
    folder, table = scaling(0.5) if which == "columns" else by_examples, drawn(500)
    judged, package = Judged.open(folder, LABEL), Package.open(folder)
    live = table_of(table.to_pylist(), package.columns)
    assert package.answer(live).tolist() == judged.predict(table).tolist()
    one_by_one = np.concatenate([package.answer(live.slice(row, 1)) for row in range(50)])
    np.testing.assert_allclose(one_by_one, judged.predict(table)[:50], rtol=0, atol=1e-6)


def test_it_says_which_columns_it_reads(scaling: Saved) -> None:
    assert Package.open(scaling(0.5)).columns == (
        Column("x", "number", "float_list"),
        Column("visits", "number", "int64_list"),
        Column("city", "text", "bytes_list"),
    )


def test_warming_up_answers_every_size_of_batch(scaling: Saved, by_examples: Path) -> None:
    for folder in (scaling(0.5), by_examples):
        Package.open(folder).warm_up((1, 3))


def test_a_package_that_fails_while_it_is_warmed_up_is_named(scaling: Saved) -> None:
    package = Package.open(scaling(0.5, "0"), "challenger")
    with pytest.raises(DataError, match=re.escape("challenger (warm-up): expected 1 answers, got ")):
        package.warm_up((1,))


def test_a_folder_without_a_saved_model_or_without_columns_is_named(tmp_path: Path, scaling: Saved) -> None:
    with pytest.raises(DataError, match=r"features.json: expected a JSON document of kind features"):
        Package.open(tmp_path)
    (tmp_path / "assets.extra").mkdir()
    told = (scaling(0.5) / "assets.extra" / "features.json").read_bytes()
    (tmp_path / "assets.extra" / "features.json").write_bytes(told)
    with pytest.raises(DataError, match=r"expected a SavedModel, got"):
        Package.open(tmp_path)


def test_a_row_of_nulls_is_answered(scaling: Saved) -> None:
    package = Package.open(scaling(0.5))
    assert package.answer(table_of([dict.fromkeys(ROW)], package.columns)).tolist() == [0.5]
