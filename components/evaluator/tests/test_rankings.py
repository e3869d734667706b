"""Models that rank: TFMA's figures, errors by query and by unit, files, gates and messages."""

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.protobuf import json_format
from scipy import stats
from tensorflow_model_analysis.api import model_eval_lib
from tensorflow_model_analysis.proto import config_pb2

from benison import eval_config
from benison.components.evaluator import predictions
from benison.components.evaluator.columns import Said, columns_of
from benison.components.evaluator.predictions import Policy
from benison.components.evaluator.weighing import rows_of, units_of
from benison.config import read_gate
from benison.config.data import Table
from benison.core import documents
from benison.core.errors import BenisonError, ConfigError, DataError
from benison.core.metrics import RANKING, VOCABULARIES, find, speaking, task_of
from benison.measures.quantiles import cautious
from benison.metrics.bound import estimate, gain, method, value
from benison.metrics.measure import Rows, Sample
from benison.sources.columns import Columns as Asked
from benison.sources.dataset import open_table

METRICS = (
    "ndcg", "ndcg@3", "hit_rate@1", "mean_average_precision", "mean_reciprocal_rank@5", "precision@3", "recall@3",
)  # fmt: skip
SAID = Said("gain", "new", ("old",), ("country",), query="search")


def table(queries: int = 120, seed: int = 1) -> pa.Table:
    """Items of searches, which come from two countries and belong to users of three searches each; w is a search's."""
    random = np.random.default_rng(seed)
    search = np.repeat(np.arange(queries), random.integers(2, 12, queries))
    relevant = (random.random(len(search)) < 0.3) & (search % 10 != 0)
    gain = relevant * random.integers(1, 4, len(search)).astype(float)
    models = {name: gain + noise * random.normal(size=len(search)) for name, noise in (("new", 1.0), ("old", 2.5))}
    shuffled = random.permutation(len(search))
    columns = {
        "search": np.char.add("q", search.astype(str)), "country": np.where(search % 2, "de", "fr"),
        "kind": random.choice(["shoe", "hat"], len(search)), "user": search // 3,
        "w": 1.0 + search % 4, "gain": gain, **models,
    }  # fmt: skip
    return pa.table({name: column[shuffled] for name, column in columns.items()})


def sample(rows: pa.Table, column: str = "new", weight: str = "", unit: str = "") -> Sample:
    labels = rows["gain"].to_numpy()
    return Sample(rows_of(labels, rows, weight, unit, "here", RANKING, query="search"), rows[column].to_numpy())


def run(folder: Path, rows: pa.Table, said: Said = SAID, gate: str = "", config: str = "") -> dict[str, Any]:
    pq.write_table(rows, folder / "predictions.parquet")
    written = folder / "evaluation"
    written.mkdir()
    (folder / "gate.yaml").write_text(gate)
    (folder / "config.json").write_text(config)
    source = Table("data", str(folder / "predictions.parquet"), "parquet")
    with speaking(RANKING), open_table(source, str(folder), Asked(), folder / "scratch") as dataset:
        policy = Policy(read_gate(folder / "gate.yaml"), "gate.yaml") if gate else None
        path = folder / "config.json" if config else None
        read = eval_config.read_with_models(path) if path else None
        columns = columns_of(said, path, read, dataset.schema.names)
        predictions.run(dataset, "predictions.parquet", columns, None, policy, written)
    return documents.read(written / "evaluation.json", "evaluation")


# By TFMA's k.
KEYS = {"topK:1": "ndcg@1", "topK:3": "ndcg@3", "topK:1000": "ndcg"}


def of_tfma(rows: pa.Table, weight: str) -> dict[str, dict[str, float]]:
    """NDCG by slice, as k and figure."""
    spec = {"labelKey": "gain", "predictionKey": "new", "exampleWeightKey": weight}
    ndcg = {"className": "NDCG", "config": json.dumps({"gain_key": "gain", "top_k_list": [1, 3, 1000]})}
    config = {
        "modelSpecs": [spec],
        "slicingSpecs": [{}, {"featureKeys": ["country"]}, {"featureKeys": ["kind"]}],
        "metricsSpecs": [{"metrics": [ndcg], "queryKey": "search"}],
    }
    result = model_eval_lib.analyze_raw_data(rows.to_pandas(), json_format.ParseDict(config, config_pb2.EvalConfig()))
    found = {}
    for keys, outputs in result.slicing_metrics:
        by_k = {k: one["ndcg"]["doubleValue"] for k, one in outputs[""].items() if one}
        found[keys[0][1] if keys else ""] = by_k
    return found


@pytest.mark.slow
@pytest.mark.parametrize("weight", ["", "w"])
def test_ndcg_is_that_of_tfma_on_all_rows_and_on_slices_of_queries(weight: str) -> None:
    rows = table(40)
    theirs = of_tfma(rows, weight)
    for country in ("", "de", "fr"):
        inside = rows.filter(pa.array([country in one for one in rows["country"].to_pylist()]))
        with speaking(RANKING):
            ours = {k: value(name, sample(inside, weight=weight)) for k, name in KEYS.items()}
        assert ours == pytest.approx({k: theirs[country][k] for k in KEYS}, rel=1e-9)
    # TFMA takes a whole query into each slice that one of its rows is in; here a slice is its rows.
    whole = np.isin(rows["search"], rows.filter(pa.array(rows["kind"].to_numpy() == "hat"))["search"])
    with speaking(RANKING):
        touched = value("ndcg", sample(rows.filter(pa.array(whole)), weight=weight))
        cut = value("ndcg", sample(rows.filter(pa.array(rows["kind"].to_numpy() == "hat")), weight=weight))
    assert touched == pytest.approx(theirs["hat"]["topK:1000"], rel=1e-9) != pytest.approx(cut, rel=1e-3)


def by_query(rows: pa.Table, name: str, column: str) -> Any:
    """The figure of each query that has a gain, with its unit and its weight."""
    found = []
    for code in np.unique(rows["search"].to_numpy()):
        inside = rows.filter(pa.array(rows["search"].to_numpy() == code))
        if max(inside["gain"].to_pylist()) > 0:
            found.append((value(name, sample(inside, column)), inside["user"][0].as_py(), inside["w"][0].as_py()))
    return np.array(found).T


@pytest.mark.parametrize("metric", METRICS)
def test_a_figure_is_the_mean_over_queries_and_its_interval_that_of_such_a_mean(metric: str) -> None:
    rows = table(150, seed=3)
    with speaking(RANKING):
        one, two = (by_query(rows, metric, name)[0] for name in ("new", "old"))
        found, apart = estimate(metric, sample(rows), 0.95), gain(metric, sample(rows), sample(rows, "old"), 0.95)
    many = cautious(0.95, len(one))
    assert found.value == pytest.approx(one.mean())
    error = many * stats.sem(one)
    # The logit scale's interval may be wider on one side.
    assert found.interval.lower <= found.value - error * 0.99 and found.value + error * 0.99 <= found.interval.upper
    assert found.interval.upper - found.interval.lower < 2.4 * error
    assert apart.value == pytest.approx((one - two).mean())
    # On the side to which the differences are skewed there is more room.
    sides = (apart.value - apart.interval.lower, apart.interval.upper - apart.value)
    assert min(sides) == pytest.approx(many * stats.sem(one - two), rel=0.01)
    assert sides[0] != sides[1] and max(sides) < 1.2 * min(sides)


@pytest.mark.parametrize("metric", METRICS)
def test_weights_are_those_of_queries_and_units_hold_several(metric: str) -> None:
    rows = table(150, seed=3)
    with speaking(RANKING):
        figures, users, weights = by_query(rows, metric, "new")
        weighed, by_user = sample(rows, weight="w"), sample(rows, unit="user")
        assert value(metric, weighed) == pytest.approx(np.average(figures, weights=weights))
        parts = [figures[users != user] for user in np.unique(users)]
        means = np.array([part.mean() for part in parts])
        jackknife = math.sqrt((len(parts) - 1) / len(parts) * np.square(means - means.mean()).sum())
        interval = estimate(metric, by_user, 0.95).interval
        assert 1.6 < (interval.upper - interval.lower) / 2 / jackknife < 2.4
        assert method(metric, by_user).endswith("; errors from influences, summed by unit")


def test_the_size_of_a_sample_is_its_queries_with_a_gain_and_counts_are_exact() -> None:
    with speaking(RANKING):
        few = sample(table(21))
        assert estimate("ndcg", few, 0.95).note == "effectively 15 queries where an interval needs 20"
        assert estimate("query_count", few, 0.95).value == 21.0
        assert estimate("example_count", few, 0.95).value == len(few)
        nothing = Sample(Rows.of(np.zeros(60), query=np.arange(60), task=RANKING), np.zeros(60))
        assert math.isnan(value("ndcg", nothing))
        empty = sample(table().slice(0, 0))
        assert all(math.isnan(value(metric, empty)) for metric in METRICS)
        assert value("query_count", empty) == 0.0


def test_a_model_without_a_fault_has_a_lower_bound_and_one_that_loses_nothing_may_still_lose() -> None:
    rows = Rows.of(np.tile([1.0, 0.0], 100), query=np.repeat(np.arange(100), 2), task=RANKING)
    right, wrong = (Sample(rows, np.tile(scores, 100)) for scores in ([0.9, 0.1], [0.1, 0.9]))
    bound = 0.05 ** (1 / 100)
    with speaking(RANKING):
        found = estimate("ndcg", right, 0.95).interval
        assert found.lower == pytest.approx(bound)
        assert found.upper == 1.0
        missed = estimate("hit_rate@1", wrong, 0.95).interval
        assert missed.lower == 0.0
        assert missed.upper == pytest.approx(1 - bound)
        apart = gain("ndcg", right, right, 0.95)
        assert apart.value == 0.0
        assert apart.interval.upper == -apart.interval.lower == pytest.approx(1 - bound)
        # One relevant item of five places: no order has more precision than 0.2.
        best = estimate("precision@5", right, 0.95).interval
        assert best.lower < 0.2 < best.upper < 0.3


def test_slices_gains_gate_and_files(tmp_path: Path) -> None:
    gate = "gate: {min_rows: 100, checks: [{metric: ndcg@10, tolerance: 0.005, slices: all}, " \
           "{metric: ndcg, at_least: 0.99}, {metric: hit_rate@3, at_least: 0.5}]}"  # fmt: skip
    found = run(tmp_path, table(), gate=gate)
    assert (found["task"], found["holdout"]["positives"], found["holdout"]["query"]) == ("ranking", None, "search")
    assert found["plots"] == {}
    verdicts = {(check["name"], check["subject"]): check["verdict"] for check in found["checks"]}
    assert verdicts[("ndcg@10_gain_over_champion", "country=de")] == "PASS"
    assert verdicts[("ndcg", "overall")] == found["verdict"] == "FAIL"
    whole = found["slices"][0]["metrics"]
    assert whole["query_count"]["challenger"]["value"] == 120
    assert whole["ndcg@10"]["gain"]["champion"]["value"] > 0
    result = model_eval_lib.load_eval_result(str(tmp_path / "evaluation"), model_name="new")
    read, of_ten = (result.get_metrics_for_slice(top_k=k) for k in (None, 10))
    assert read is not None and of_ten is not None
    for theirs, name in ((read, "ndcg"), (of_ten, "ndcg@10")):
        assert float(theirs["ndcg"]["boundedValue"]["value"]) == whole[name]["challenger"]["value"]
    assert float(of_ten["ndcg_diff"]["boundedValue"]["value"]) == whole["ndcg@10"]["gain"]["champion"]["value"]
    spec = result.config.metrics_specs[0]
    ndcg = [json.loads(one.config) for one in spec.metrics if one.class_name == "NDCG"]
    assert (spec.query_key, ndcg[0]) == ("search", {"name": "ndcg", "gain_key": "gain", "top_k_list": [10]})
    failures = model_eval_lib.load_validation_result(str(tmp_path / "evaluation")).metric_validations_per_slice
    assert [one.metric_key.name for one in failures[0].failures] == ["ndcg"]


def test_scores_that_are_no_numbers_fail_and_any_others_will_do(tmp_path: Path) -> None:
    rows = table()
    scores, gains = rows["new"].to_pylist(), rows["gain"].to_pylist()
    scores[3:6], gains[10] = [None, math.nan, -math.inf], None
    rows = rows.set_column(rows.column_names.index("new"), "new", pa.array(scores))
    rows = rows.set_column(rows.column_names.index("gain"), "gain", pa.array(gains))
    found = run(tmp_path, rows)
    check = found["checks"][0]
    assert (check["verdict"], check["observed"]) == ("FAIL", "3 NaN or infinite")
    assert found["slices"][0]["rows"] == rows.num_rows - 4
    (tmp_path / "again").mkdir()
    moved = table().set_column(rows.column_names.index("new"), "new", pa.array(1000 * table()["new"].to_numpy() - 7e6))
    assert run(tmp_path / "again", moved)["checks"][0]["verdict"] == "PASS"


def config(ndcg: dict[str, Any], **spec: Any) -> str:
    metrics = [{"className": "NDCG", "config": json.dumps(ndcg)}, {"className": "ExampleCount"}]
    return json.dumps({"metricsSpecs": [{"metrics": metrics, **spec}]})


def test_the_config_names_query_gain_and_places_as_tfma_has_it(tmp_path: Path) -> None:
    said = config({"gain_key": "gain", "top_k_list": [5, 10]}, queryKey="search")
    found = run(tmp_path, table(), Said(prediction="new"), config=said)
    assert set(found["slices"][0]["metrics"]) == {"ndcg@5", "ndcg@10", "example_count"}
    assert (found["predictions"]["label"]["column"], found["holdout"]["query"]) == ("gain", "search")
    assert eval_config.task_in(tmp_path / "config.json") == task_of(["NDCG"]) == RANKING
    (tmp_path / "other.json").write_text(config({}, queryKey="search").replace("NDCG", "ExampleCount"))
    assert eval_config.task_in(tmp_path / "other.json") == RANKING


@pytest.mark.parametrize(
    ("said", "written", "message"),
    [
        (Said("gain", "new"), "", "--query: expected the column of the query, got none\n\nhint: name it with  --query"),
        (Said("gain", "new", query="serach"), "", "--query: expected a column of the predictions, got 'serach'"),
        (
            Said("gain", "new"), config({"gain_key": "w"}, queryKey="search"),
            "gain_key): expected the label's column, 'gain', got 'w'\n\nhint: the label is what a row gains",
        ),
        (
            Said("gain", "new", query="user"), config({}, queryKey="search"),
            "--query: expected 'search', got 'user'\n\nhint: leave --query out: config.json (metrics_specs.query_key)",
        ),
        (
            Said("gain", "new"), config({"top_k_list": [0]}, queryKey="search"),
            "top_k_list): expected whole numbers from 1 to 1,000,000, got [0]",
        ),
        (
            Said("gain", "new"), config({}, queryKey="search").replace("NDCG", "HitRate"),
            "top_k_list): expected whole numbers from 1 to 1,000,000, got none",
        ),
        (
            Said("gain", "new"),
            json.dumps({"metricsSpecs": [
                {"queryKey": key, "metrics": [{"className": "NDCG"}]} for key in ("search", "user")
            ]}),
            "(metrics_specs): expected one query_key for all metrics, got 'search' and 'user'",
        ),
        (
            Said("gain", "new"), config({}, queryKey="search").replace("NDCG", "AUC"),
            "expected a metric of ranking models, got 'AUC'",
        ),
    ],
)  # fmt: skip
def test_columns_and_metrics_that_cannot_be_are_told(tmp_path: Path, said: Said, written: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        run(tmp_path, table(), said, config=written)


@pytest.mark.parametrize(
    ("column", "values", "said", "message"),
    [
        ("gain", [1.0, -2.5], {}, "label column 'gain': expected a number from 0, or none, got -2.5 in row 2"),
        ("search", ["a", None], {}, "query column 'search': expected a query for each row, got none in 1 of "),
        ("w", [1.0, 2.0], {"weight": "w"}, "weight column 'w': expected one weight for all rows of a query, got "
         "several in query 'a', row 2"),
        ("user", ["x", "y"], {"unit": "user"}, "unit column 'user': expected one unit for all rows of a query, got "
         "several in query 'a', row 2"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_ranked_are_told(
    tmp_path: Path, column: str, values: list[Any], said: dict[str, Any], message: str
) -> None:
    plain = {"search": ["a", "a"], "gain": [1.0, 0.0], "new": [0.5, 0.7], "w": [1.0, 1.0], "user": ["x", "x"]}
    with pytest.raises(DataError, match=re.escape(message)):
        run(tmp_path, pa.table({**plain, column: values}), Said("gain", "new", query="search", **said))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("metric: ndcg@2.5, at_least: 0.5", "expected ndcg@NUMBER, a whole number of places from 1 to 1,000,000"),
        ("metric: precision, at_least: 0.5", "expected precision@NUMBER, a whole number of places from 1"),
        ("metric: auc, at_least: 0.5", "hint: auc is a metric of other models: benison evaluate --task binary"),
        ("metric: query_count, tolerance: 1", "query_count has no better and no worse"),
    ],
)
def test_a_policy_that_asks_what_cannot_be_is_told(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(BenisonError, match=re.escape(message)):
        run(tmp_path, table(), gate=f"gate: {{checks: [{{{line}}}]}}")


def test_a_query_is_asked_of_rankings_alone() -> None:
    with pytest.raises(ConfigError, match=r"--query: expected none where the task is binary, got 'search'") as told:
        columns_of(Said("gain", "new", query="search"), None, None, table().column_names)
    assert "say  --task ranking" in str(told.value)
    assert find("ndcg") is None


def test_names_say_how_many_places_count() -> None:
    with speaking(RANKING):
        found = {name: find(name) for name in ("ndcg@10", "ndcg@010", "ndcg@0", "ndcg@1e3", "hit_rate")}
        assert {name: one and one.name for name, one in found.items()} == {
            "ndcg@10": "ndcg@10", "ndcg@010": "ndcg@10", "ndcg@0": None, "ndcg@1e3": "ndcg@1000", "hit_rate": None,
        }  # fmt: skip
        assert all(find(name) for name in VOCABULARIES[RANKING].usual)


def test_units_are_told_as_what_they_are() -> None:
    with pytest.raises(DataError, match=r"unit column 'u': expected a unit for each row"):
        units_of(pa.chunked_array([["a", None]]), "u")


def population(random: np.random.Generator, queries: int, kind: str) -> tuple[Sample, Sample]:
    """Two models of the same items, whose luck is half in common; some queries are easier than others."""
    items = random.integers(3, 16, queries)
    query, total = np.repeat(np.arange(queries), items), int(items.sum())
    gains = (random.random(total) < 0.3) * random.integers(1, 4, total).astype(float)
    if kind == "single":
        first = np.cumsum(items) - items
        gains = np.isin(np.arange(total), first + (random.random(queries) * items).astype(int)).astype(float)
    ease = np.exp(random.normal(size=queries))[query] if kind != "easy" else 3.0
    weights = np.exp(0.5 * random.normal(size=queries))[query] if kind == "weights" else None
    rows, common = Rows.of(gains, weights=weights, query=query, task=RANKING), random.normal(size=total)
    scores = [pull * ease * (gains > 0) + 0.7 * (common + random.normal(size=total)) for pull in (1.0, 0.9)]
    one, two = (Sample(rows, np.round(found, 1 if kind == "ties" else 9)) for found in scores)
    return one, two


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "queries"), [("single", 20), ("graded", 60), ("ties", 60), ("weights", 60), ("easy", 60), ("easy", 300)]
)
def test_each_bound_holds(kind: str, queries: int) -> None:
    random = np.random.default_rng(7)
    with speaking(RANKING):
        asked = [(metric, pair) for metric in METRICS for pair in (False, True)]

        def figures(many: int) -> list[Any]:
            one, two = population(random, many, kind)
            return [gain(name, one, two, 0.95) if pair else estimate(name, one, 0.95) for name, pair in asked]

        truth = np.mean([[found.value for found in figures(50_000)] for _ in range(4)], axis=0)
        drawn = [figures(queries) for _ in range(1000)]
    bounds = np.array([[(found.interval.lower, found.interval.upper) for found in one] for one in drawn])
    assert np.isfinite(bounds).all()
    lower, upper = (bounds[..., 0] <= truth).mean(axis=0), (bounds[..., 1] >= truth).mean(axis=0)
    held = dict(zip(asked, np.minimum(lower, upper), strict=True))
    assert {name: share for name, share in held.items() if share < 0.93} == {}


def test_where_no_order_could_be_better_a_precision_is_at_most_what_queries_allow() -> None:
    random = np.random.default_rng(5)
    numbers = np.repeat(np.arange(300), 8)
    relevant = (random.random(2400) < 0.3).astype(np.float64)
    rows = pa.table({"search": numbers, "gain": relevant, "new": random.random(2400)})
    found = np.bincount(numbers, relevant)
    each = found[found > 0] / 10
    with speaking(RANKING):
        precision, hit = (estimate(name, sample(rows), 0.95) for name in ("precision@10", "hit_rate@10"))
    assert precision.value == pytest.approx(each.mean())
    as_a_share = stats.beta.ppf(0.95, each.sum() + 1, len(each) - each.sum())
    assert precision.interval.upper == pytest.approx(as_a_share)
    assert hit.interval.upper == 1
