"""Residuals against NumPy's histograms, the rows themselves, and TFMA's own plot; and where there are few or none."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from google.protobuf import json_format
from tensorflow_model_analysis.api import model_eval_lib
from tensorflow_model_analysis.proto import config_pb2

from benison.components.evaluator import plot as plots
from benison.components.evaluator.columns import Said
from benison.components.evaluator.compare import Answers, parts_of
from benison.components.evaluator.residuals import documents
from benison.components.evaluator.tests.test_numbers import run, table
from benison.components.evaluator.tests.test_plot import flat
from benison.core.metrics import REGRESSION, speaking
from benison.eval_config import EvalConfig, Slicing
from benison.metrics.bound import estimate
from benison.metrics.measure import Rows, Sample
from benison.metrics.slice import cut

Floats = npt.NDArray[np.float64]
CONFIG = EvalConfig("price", (Slicing(), Slicing(("town",))), ("example_count",))


def document(labels: Any, predictions: Any, baseline: Any = None, **counted: Any) -> dict[str, dict[str, Any]]:
    rows = Rows.of(np.asarray(labels, np.float64), task=REGRESSION, **counted)
    models = {"challenger": Sample(rows, np.asarray(predictions, np.float64))}
    if baseline is not None:
        models["champion"] = Sample(rows, np.asarray(baseline, np.float64))
    with speaking(REGRESSION):
        found = documents(models, 0.95)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


def arrays(rows: pa.Table, *names: str) -> list[Floats]:
    return [rows[name].to_numpy() for name in names]


@pytest.mark.parametrize("weighted", [False, True])
def test_columns_are_numpys_over_the_edges_that_are_told(weighted: bool) -> None:
    price, new, old, w = arrays(table(), "price", "new", "old", "w")
    found = document(price, new, old, weights=w if weighted else None)
    each = w if weighted else np.ones(len(w))
    for role, predictions in (("challenger", new), ("champion", old)):
        cases = {
            ("residuals", "columns"): predictions - price,
            ("predictions", "columns"): predictions,
            ("predictions", "labels"): price,
        }
        for (part, name), values in cases.items():
            edges = found[role][part]["edges"]
            below, *inside, above = found[role][part][name]
            assert inside == pytest.approx(np.histogram(values, edges, weights=each)[0].tolist())
            assert below == pytest.approx(each[values < edges[0]].sum())
            assert above == pytest.approx(each[values > edges[-1]].sum())
            assert below + sum(inside) + above == pytest.approx(each.sum())
            assert max(below, above) <= 0.005 * each.sum()


def test_models_stand_over_the_same_edges_and_a_residual_is_what_the_mean_error_is_of() -> None:
    price, new, old = arrays(table(), "price", "new", "old")
    found = document(price, new, old)
    for part in ("residuals", "predictions"):
        assert found["challenger"][part]["edges"] == found["champion"][part]["edges"]
    too_much = document(price, price + 5)["challenger"]
    assert too_much["residuals"]["quantiles"] == [5.0, 5.0, 5.0]
    with speaking(REGRESSION):
        error = estimate("mean_error", Sample(Rows.of(price, task=REGRESSION), price + 5), 0.95).value
    assert error == pytest.approx(5.0)


def test_quantiles_are_those_of_the_residuals_each_as_often_as_it_weighs() -> None:
    price, new = arrays(table(601), "price", "new")
    expected = np.quantile(new - price, (0.05, 0.5, 0.95), method="inverted_cdf")
    assert document(price, new)["challenger"]["residuals"]["quantiles"] == pytest.approx(expected.tolist())
    times = np.random.default_rng(1).integers(0, 4, 601)
    weighted = document(price, new, weights=times.astype(float))["challenger"]
    repeated = document(np.repeat(price, times), np.repeat(new, times))["challenger"]
    assert weighted["residuals"] == repeated["residuals"]


@pytest.mark.parametrize("many", [20, 60, 5000])
def test_one_outlier_moves_no_edge_and_is_counted_beyond_the_last(many: int) -> None:
    random = np.random.default_rng(many)
    labels = random.normal(50, 10, many)
    predictions = labels + random.normal(0, 2, many)
    predictions[3] += 1e6
    found = document(labels, predictions)["challenger"]
    for part in ("residuals", "predictions"):
        columns = found[part]["columns"]
        assert columns[-1] >= 1 and sum(columns) == many
        assert sum(count > 0 for count in columns[1:-1]) >= 6
    assert found["residuals"]["edges"][-1] < 30
    tail = [part for part in found["by_prediction"] if abs(part[0]) > 1000]
    assert tail == []


def test_parts_hold_equally_many_rows_by_prediction_with_students_interval_of_their_mean() -> None:
    price, new = arrays(table(), "price", "new")
    parts = document(price, new)["challenger"]["by_prediction"]
    order = np.argsort(new)
    assert len(parts) == 10
    for part, places in zip(parts, np.array_split(order, 10), strict=True):
        residuals = (new - price)[places]
        with speaking(REGRESSION):
            mean = estimate("mean_error", Sample(Rows.of(price[places], task=REGRESSION), new[places]), 0.95)
        low, high = np.quantile(residuals, (0.05, 0.95), method="inverted_cdf")
        middle = np.quantile(new[places], 0.5, method="inverted_cdf")
        expected = [middle, residuals.mean(), 60, mean.interval.lower, mean.interval.upper, low, high]
        assert part == pytest.approx(expected, rel=1e-8)
        assert part[3] < part[1] < part[4]


def test_parts_are_as_many_as_have_an_interval_each() -> None:
    price, new = arrays(table(), "price", "new")
    for rows, parts in ((19, 1), (39, 1), (40, 2), (199, 9), (200, 10)):
        found = document(price[:rows], new[:rows])["challenger"]["by_prediction"]
        assert (len(found), sum(part[2] for part in found)) == (parts, rows)
        assert all((part[3] is None) == (rows < 20) for part in found)


def test_equal_predictions_are_one_part() -> None:
    random = np.random.default_rng(4)
    [part] = document(random.normal(size=400), np.full(400, 2.0))["challenger"]["by_prediction"]
    assert (part[0], part[2]) == (2.0, 400)


@pytest.mark.parametrize("off", [0.0, -7.0])
def test_residuals_that_are_all_the_same_lie_in_one_bin(off: float) -> None:
    labels = np.arange(50.0)
    found = document(labels, labels + off)["challenger"]
    edges, columns = found["residuals"]["edges"], found["residuals"]["columns"]
    at = columns.index(50.0)
    assert sum(columns) == 50.0
    assert edges[at - 1] <= off <= edges[at]
    assert found["residuals"]["quantiles"] == [off, off, off]
    # Residuals without any spread are no proof that there is none.
    assert [part[1:5] for part in found["by_prediction"]] == [[off, 25, None, None]] * 2


def test_one_row_has_its_residual_and_nothing_around_it() -> None:
    found = document([3.5], [3.0])["challenger"]
    assert found["residuals"]["quantiles"] == [-0.5] * 3
    assert sum(found["residuals"]["columns"]) == 1.0
    assert found["by_prediction"] == [[3.0, -0.5, 1, None, None, -0.5, -0.5]]


@pytest.mark.parametrize(("labels", "weights"), [([], None), ([1.0, 2.0], [0.0, 0.0])])
def test_of_what_weighs_nothing_there_is_no_histogram(labels: list[float], weights: list[float] | None) -> None:
    found = document(labels, labels, weights=None if weights is None else np.array(weights))["challenger"]
    assert found["residuals"] == {"edges": [], "columns": [], "quantiles": [None] * 3}
    assert found["predictions"] == {"edges": [], "columns": [], "labels": []}
    assert found["by_prediction"] == ([[None, None, 2, None, None, None, None]] if labels else [])


def test_numbers_of_any_scale_keep_the_digits_that_count() -> None:
    price, new, old = arrays(table(), "price", "new", "old")
    usual, tiny = document(price, new, old), document(price * 1e-9, new * 1e-9, old * 1e-9)
    for role in usual:
        for part in ("residuals", "predictions"):
            assert np.array(tiny[role][part]["edges"]) * 1e9 == pytest.approx(usual[role][part]["edges"])
            assert tiny[role][part]["columns"] == usual[role][part]["columns"]
        assert np.array(tiny[role]["residuals"]["quantiles"]) * 1e9 == pytest.approx(
            usual[role]["residuals"]["quantiles"]
        )


def test_the_order_of_rows_does_not_matter() -> None:
    price, new, w = arrays(table(), "price", "new", "w")
    turned = np.random.default_rng(1).permutation(len(price))
    one = document(price, new, weights=w)["challenger"]
    two = document(price[turned], new[turned], weights=w[turned])["challenger"]
    assert (one["residuals"], one["predictions"]) == (two["residuals"], two["predictions"])
    assert np.array(one["by_prediction"]) == pytest.approx(np.array(two["by_prediction"]), rel=1e-7)


def test_slices_have_plots_and_those_with_few_rows_are_counted(tmp_path: Path) -> None:
    rows = table()
    town = np.where(np.arange(600) < 15, "Jena", rows["town"].to_numpy().astype(str))
    said = run(tmp_path, rows.set_column(1, "town", pa.array(town)), Said("price", "new", ("old",), ("town",)))
    assert [one["slice"] for one in said["plots"]["slices"][:1]] == ["overall"]
    assert {one["slice"] for one in said["plots"]["slices"]} == {"overall", "town=Ulm", "town=Bonn"}
    assert said["plots"]["left_out"] == {"small": 1, "beyond": 0}
    by_name = {one["slice"]: one["rows"] for one in said["slices"]}
    for one in said["plots"]["slices"]:
        assert sum(one["models"]["champion"]["residuals"]["columns"]) == by_name[one["slice"]]


def test_rows_without_a_number_are_in_no_histogram(tmp_path: Path) -> None:
    rows = table()
    scores = rows["new"].to_pylist()
    scores[3:6] = [None, math.nan, math.inf]
    said = run(tmp_path, rows.set_column(rows.column_names.index("new"), "new", pa.array(scores)), Said("price", "new"))
    drawn = said["plots"]["slices"][0]["models"]["challenger"]
    assert sum(drawn["residuals"]["columns"]) == sum(drawn["predictions"]["labels"]) == 597


def test_where_no_row_has_a_number_of_both_models_the_plots_are_empty(tmp_path: Path) -> None:
    one, two = [1.0, math.nan] * 30, [math.nan, 1.0] * 30
    rows = pa.table({"price": np.arange(60.0), "new": one, "old": two})
    said = run(tmp_path, rows, Said("price", "new", ("old",)))
    [drawn] = said["plots"]["slices"]
    assert drawn["models"]["champion"]["residuals"]["edges"] == []
    assert drawn["models"]["challenger"]["by_prediction"] == []


def test_a_model_that_is_another_is_drawn_once() -> None:
    price, new = arrays(table(), "price", "new")
    answers = Answers(Rows.of(price, task=REGRESSION), {"challenger": new, "champion": new}, {"champion": "challenger"})
    with speaking(REGRESSION):
        found = plots.plot(parts_of(answers, cut(table(), CONFIG, "config")), (), 0.95)
    assert [list(one.models) for one in found.slices] == [["challenger"]] * 3


def of_tfma(rows: pa.Table, config: dict[str, Any]) -> dict[Any, Any]:
    parsed = json_format.ParseDict(config, config_pb2.EvalConfig())
    return dict(model_eval_lib.analyze_raw_data(rows.to_pandas(), parsed).plots)


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True])
def test_tfma_reads_the_plot_that_it_draws_residuals_from_as_it_would_have_made_it(
    tmp_path: Path, weighted: bool
) -> None:
    rows, places = table(300), [-1000.0, -10.0, -9.99, 0.0, 7.6, 7.599, 45.0, 44.9999, 1e6, -10.001]
    scores = np.concatenate([places, rows["new"].to_numpy()[len(places) :]])
    rows = rows.set_column(rows.column_names.index("new"), "new", pa.array(scores))
    plot = {"className": "CalibrationPlot", "config": json.dumps({"num_buckets": 50, "left": -10.0, "right": 45.0})}
    spec = {"labelKey": "price", "predictionKey": "new"} | ({"exampleWeightKey": "w"} if weighted else {})
    config = {
        "modelSpecs": [spec],
        "slicingSpecs": [{}, {"featureKeys": ["town"]}],
        "metricsSpecs": [{"metrics": [{"className": "MeanAbsoluteError"}, plot]}],
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    run(tmp_path, rows, Said("price", "new"), config="config.json")
    ours, theirs = dict(model_eval_lib.load_eval_result(str(tmp_path / "evaluation")).plots), of_tfma(rows, config)
    assert set(ours) == set(theirs) and len(ours) == 3
    for key, found in ours.items():
        expected, figures = flat(theirs[key]), flat(found)
        assert len(expected) > 100
        for place in {**expected, **figures}:
            assert figures.get(place, 0.0) == pytest.approx(expected.get(place, 0.0), rel=1e-9, abs=1e-9), (key, place)
