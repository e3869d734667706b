"""Models that answer numbers: scikit-learn's and TFMA's figures, errors by the jackknife, files, gates and messages."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.protobuf import json_format
from sklearn import metrics as sklearn_metrics
from tensorflow_model_analysis.api import model_eval_lib
from tensorflow_model_analysis.proto import config_pb2

from benison.components.evaluator import predictions
from benison.components.evaluator.columns import Said, columns_of
from benison.components.evaluator.predictions import Policy, number_labels
from benison.config import read_gate
from benison.config.data import Table
from benison.core import documents
from benison.core.errors import BenisonError, ConfigError, DataError
from benison.core.metrics import REGRESSION, VOCABULARIES, better, speaking
from benison.eval_config import read_with_models
from benison.measures.intervals import UNKNOWN, fieller
from benison.metrics.bound import estimate, gain, value
from benison.metrics.measure import Rows, Sample
from benison.sources.columns import Columns as Asked
from benison.sources.dataset import open_table

KINDS = VOCABULARIES[REGRESSION].kinds
METRICS = [name for name in KINDS if "count" not in name]


def table(rows: int = 600, seed: int = 1) -> pa.Table:
    random = np.random.default_rng(seed)
    price = 20 + 8 * random.normal(size=rows)
    price[:3] = 0.0
    models = {
        name: 1 + 0.95 * price + noise * random.normal(size=rows) * (1 + random.random(rows))
        for name, noise in (("new", 2.0), ("old", 5.0))
    }
    town, weights = random.choice(["Ulm", "Bonn"], rows), random.choice([0.5, 1.0, 3.0], rows)
    return pa.table({"price": price, "town": town, "w": weights, "user": random.integers(0, 150, rows), **models})


def sample(rows: pa.Table, column: str = "new", **counted: Any) -> Sample:
    return Sample(Rows.of(rows["price"].to_numpy(), task=REGRESSION, **counted), rows[column].to_numpy())


def run(
    folder: Path, rows: pa.Table, said: Said, gate: str = "", positive: str | None = None, config: str = ""
) -> dict[str, Any]:
    pq.write_table(rows, folder / "predictions.parquet")
    written = folder / "evaluation"
    written.mkdir()
    (folder / "gate.yaml").write_text(gate)
    source = Table("data", str(folder / "predictions.parquet"), "parquet")
    with speaking(REGRESSION), open_table(source, str(folder), Asked(), folder / "scratch") as dataset:
        policy = Policy(read_gate(folder / "gate.yaml"), "gate.yaml") if gate else None
        file = folder / config if config else None
        columns = columns_of(said, file, read_with_models(file) if file else None, dataset.schema.names)
        predictions.run(dataset, "predictions.parquet", columns, positive, policy, written)
    return documents.read(written / "evaluation.json", "evaluation")


@pytest.mark.parametrize("weighted", [False, True])
def test_figures_are_those_of_scikit_learn(weighted: bool) -> None:
    rows = table().slice(3)
    labels, scores, weights = (rows[name].to_numpy() for name in ("price", "new", "w"))
    weights = weights if weighted else np.ones(len(labels))
    theirs = {
        "mean_absolute_error": sklearn_metrics.mean_absolute_error(labels, scores, sample_weight=weights),
        "mean_squared_error": sklearn_metrics.mean_squared_error(labels, scores, sample_weight=weights),
        "mean_absolute_percentage_error": 100
        * sklearn_metrics.mean_absolute_percentage_error(labels, scores, sample_weight=weights),
        "r2_score": sklearn_metrics.r2_score(labels, scores, sample_weight=weights),
        "root_mean_squared_error": math.sqrt(sklearn_metrics.mean_squared_error(labels, scores, sample_weight=weights)),
        "squared_pearson_correlation": weighted_correlation(labels, scores, weights) ** 2,
        "mean_error": np.average(scores - labels, weights=weights),
    }
    with speaking(REGRESSION):
        ours = sample(rows, weights=weights if weighted else None)
        assert {metric: value(metric, ours) for metric in theirs} == pytest.approx(theirs, rel=1e-9)


def weighted_correlation(labels: Any, scores: Any, weights: Any) -> float:
    both = np.cov(labels, scores, aweights=weights, bias=True)
    return float(both[0, 1] / math.sqrt(both[0, 0] * both[1, 1]))


def of_tfma(rows: pa.Table, *, weighted: bool) -> dict[str, dict[str, float]]:
    classes = [kind.classes[0] for name, kind in KINDS.items() if name not in ("mean_error", "r2_score")]
    spec = {"labelKey": "price", "predictionKey": "new"} | ({"exampleWeightKey": "w"} if weighted else {})
    config = {
        "modelSpecs": [spec],
        "slicingSpecs": [{}, {"featureKeys": ["town"]}],
        "metricsSpecs": [{"metrics": [{"className": name} for name in classes]}],
    }
    frame = rows.select(["price", "new", "town", "w"]).to_pandas()
    result = model_eval_lib.analyze_raw_data(frame, json_format.ParseDict(config, config_pb2.EvalConfig()))
    return {
        (key[0][1] if key else ""): {name: float(found.get("doubleValue", 0)) for name, found in metrics.items()}
        for key, metrics in result.get_metrics_for_all_slices().items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True])
def test_figures_are_those_of_tfma_by_its_names(weighted: bool) -> None:
    rows = table()
    for town, theirs in of_tfma(rows, weighted=weighted).items():
        inside = rows.filter(pa.array(np.char.startswith(rows["town"].to_numpy().astype(str), town)))
        ours = sample(inside, weights=inside["w"].to_numpy() if weighted else None)
        assert len(theirs) == len(KINDS) - 2
        with speaking(REGRESSION):
            # Keras sums root mean squared errors in float32.
            single = {name: theirs.pop(name) for name in ("root_mean_squared_error",)}
            assert {metric: value(metric, ours) for metric in theirs} == pytest.approx(theirs, rel=1e-9)
            assert {metric: value(metric, ours) for metric in single} == pytest.approx(single, rel=1e-5)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("counted", ["plain", "weights", "units"])
def test_the_width_of_intervals_is_that_of_the_jackknife(metric: str, counted: str) -> None:
    rows = table(300, seed=4).slice(3)
    units = rows["user"].to_numpy() if counted == "units" else np.arange(rows.num_rows)
    columns = {"weights": "w", "units": "user"}
    asked = {counted: rows[columns[counted]].to_numpy()} if counted != "plain" else {}
    one, two = (sample(rows, name, **asked) for name in ("new", "old"))
    turned = -1 if KINDS[metric].better < 0 else 1
    with speaking(REGRESSION):
        without = [np.flatnonzero(units != unit) for unit in np.unique(units)]
        parts = [(one.part(rest, one.rows.part(rest)), two.part(rest, two.rows.part(rest))) for rest in without]
        figures = np.array([[value(metric, first), value(metric, second)] for first, second in parts])
        many = len(figures)
        drawn = np.column_stack([figures[:, 0], turned * (figures[:, 0] - figures[:, 1])])
        errors = np.sqrt((many - 1) / many * np.square(drawn - drawn.mean(axis=0)).sum(axis=0))
        found = estimate(metric, one, 0.95).interval
        assert 1.6 < (found.upper - found.lower) / 2 / errors[0] < 2.0
        if better(metric):
            apart = gain(metric, one, two, 0.95).interval
            assert 1.6 < (apart.upper - apart.lower) / 2 / errors[1] < 2.2


def test_figures_that_cannot_be_are_undefined_and_what_proves_nothing_has_no_interval() -> None:
    constant = Sample(Rows.of(np.zeros(50), task=REGRESSION), np.full(50, 2.0))
    with speaking(REGRESSION):
        undefined = {metric for metric in METRICS if math.isnan(value(metric, constant))}
        assert undefined == {
            "calibration", "mean_absolute_percentage_error", "r2_score", "squared_pearson_correlation",
        }  # fmt: skip
        assert not any(estimate(metric, constant, 0.95).interval.known for metric in METRICS)
        assert estimate("mean_error", constant, 0.95).note == "no error can be estimated at 2"
        few = sample(table().slice(10, 19))
        assert estimate("mean_squared_error", few, 0.95).note == "19 rows where an interval needs 20"
        nobody = Sample(Rows.of(np.zeros(0), task=REGRESSION), np.zeros(0))
        assert all(math.isnan(value(metric, nobody)) for metric in METRICS)


def test_uncorrelated_predictions_have_an_interval_of_the_squared_correlation_that_begins_at_0() -> None:
    random = np.random.default_rng(3)
    lost = Sample(Rows.of(random.normal(size=400), task=REGRESSION), random.normal(size=400))
    with speaking(REGRESSION):
        found = estimate("squared_pearson_correlation", lost, 0.95)
    assert found.interval.lower == 0.0 < found.value < found.interval.upper < 0.05


def test_fiellers_interval_holds_the_ratios_whose_numerator_is_not_told_from_them() -> None:
    found = fieller(2.0, 0.3, 4.0, 0.5, 0.25, 1.7)
    for bound in (found.lower, found.upper):
        spread = math.sqrt(0.3**2 - 2 * bound * 0.25 * 0.3 * 0.5 + (bound * 0.5) ** 2)
        assert abs(2.0 - bound * 4.0) == pytest.approx(1.7 * spread)
    assert found.lower < 0.5 < found.upper
    assert fieller(2.0, 0.3, 0.5, 0.5, 0.0, 1.7) == UNKNOWN


def test_slices_gains_gate_and_files(tmp_path: Path) -> None:
    rows = table()
    gate = "gate: {min_rows: 100, checks: [{metric: mean_absolute_error, tolerance: 0.1, slices: all}, " \
           "{metric: r2_score, at_least: 0.99}, {metric: mean_error, at_least: -1, tier: soft}]}"  # fmt: skip
    found = run(tmp_path, rows, Said("price", "new", ("old",), ("town",)), gate)
    assert (found["task"], found["holdout"]["positives"]) == ("regression", None)
    assert [one["positives"] for one in found["slices"]] == [None, None, None]
    verdicts = {(check["name"], check["subject"]): check["verdict"] for check in found["checks"]}
    assert verdicts[("mean_absolute_error_gain_over_champion", "town=Ulm")] == "PASS"
    assert verdicts[("r2_score", "overall")] == found["verdict"] == "FAIL"
    errors = found["slices"][0]["metrics"]["mean_absolute_error"]
    assert errors["gain"]["champion"]["value"] == errors["champion"]["value"] - errors["challenger"]["value"] > 0
    read = model_eval_lib.load_eval_result(str(tmp_path / "evaluation"), model_name="new").get_metrics_for_slice()
    assert read is not None
    ours = found["slices"][0]["metrics"]["r2_score"]["challenger"]["value"]
    assert float(read["r2_score"]["boundedValue"]["value"]) == ours


def test_what_is_no_number_is_counted_fails_and_is_left_out(tmp_path: Path) -> None:
    rows = table()
    scores, prices = rows["new"].to_pylist(), rows["price"].to_pylist()
    scores[3:6], prices[10] = [None, math.nan, math.inf], None
    rows = rows.set_column(rows.column_names.index("new"), "new", pa.array(scores))
    found = run(tmp_path, rows.set_column(0, "price", pa.array(prices)), Said("price", "new"))
    check = found["checks"][0]
    assert (check["verdict"], check["observed"], check["allowed"]) == ("FAIL", "3 NaN or infinite", "finite")
    assert (found["holdout"]["rows"], found["slices"][0]["rows"], found["predictions"]["without_label"]) == (
        599,
        596,
        1,
    )


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["12", "n/a", "3"], "label column 'price': expected a number, or none, got 'n/a' in row 2"),
        ([1.0, math.inf], "label column 'price': expected a number, or none, got inf in row 2"),
        (["a", "b"], "label column 'price': expected numbers, got text such as 'a'"),
        ([None, None], "label column 'price': expected numbers, got no value in any row"),
    ],
)
def test_labels_that_are_no_numbers_are_told(labels: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        number_labels(pa.chunked_array([pa.array(labels)]), "price")


def test_labels_of_any_type_are_numbers_and_rows_without_one_are_told_apart() -> None:
    for labels in (["1", None, "2.5"], [1.0, None, 2.5], [1.0, math.nan, 2.5]):
        found = number_labels(pa.chunked_array([pa.array(labels)]), "price")
        assert (found.known.tolist(), found.positive.tolist()) == ([True, False, True], [1.0, 2.5])


def test_a_positive_label_of_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--positive: expected none where the task is regression, got '1'"):
        run(tmp_path, table(), Said("price", "new"), positive="1")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("metric: auc, at_least: 0.5", "got 'auc'\n\nhint: auc is a metric of other models: benison"),
        ("metric: r2_score, at_least: 1.5", "expected a number up to 1, as r2_score is, got 1.5"),
        ("metric: mean_squared_error, at_most: -1", "expected a number from 0, as mean_squared_error is, got -1"),
        ("metric: mean_squared_error, at_least: 0", "expected a limit that a model can miss, got mean_squared_error"),
        ("metric: mean_error, tolerance: 1", "mean_error has no better and no worse"),
    ],
)  # fmt: skip
def test_a_policy_that_asks_what_cannot_be_is_told(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(BenisonError, match=re.escape(message)):
        run(tmp_path, table(), Said("price", "new"), f"gate: {{checks: [{{{line}}}]}}")


def population(random: np.random.Generator, rows: int, kind: str) -> tuple[Sample, Sample]:
    """Two models of one label, of which none lies near 0: errors even, growing with the label, or of heavy tails."""
    labels = 20 * np.exp(0.3 * random.normal(size=rows))
    common, spread = random.normal(size=rows), labels / 20 if kind == "uneven" else 1.0
    heavy = np.sqrt(5 / random.chisquare(5, rows)) if kind == "heavy" else 1.0
    errors = [scale * spread * heavy * (0.7 * common + 0.7 * random.normal(size=rows)) for scale in (2.0, 2.2)]
    with_rows = Rows.of(labels, task=REGRESSION)
    one, two = (Sample(with_rows, labels + 0.5 + error) for error in errors)
    return one, two


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "rows"), [("even", 60), ("even", 1000), ("uneven", 300), ("heavy", 1000)])
def test_each_bound_holds(kind: str, rows: int) -> None:
    random = np.random.default_rng(7)
    with speaking(REGRESSION):
        asked = [(metric, False) for metric in METRICS] + [(metric, True) for metric in METRICS if better(metric)]

        def figures(many: int) -> list[Any]:
            one, two = population(random, many, kind)
            return [gain(name, one, two, 0.95) if pair else estimate(name, one, 0.95) for name, pair in asked]

        truth = np.mean([[found.value for found in figures(400_000)] for _ in range(10)], axis=0)
        drawn = [figures(rows) for _ in range(2000)]
    lower = np.mean([[found.interval.lower for found in one] <= truth for one in drawn], axis=0)
    upper = np.mean([[found.interval.upper for found in one] >= truth for one in drawn], axis=0)
    held = dict(zip(asked, np.minimum(lower, upper), strict=True))
    # The upper bound of a mean of squares of heavy tails holds less often; docs/statistics.md says so.
    known = {("mean_squared_error", False), ("root_mean_squared_error", False)} if kind == "heavy" else set()
    assert {name: share for name, share in held.items() if share < (0.9 if name in known else 0.93)} == {}
