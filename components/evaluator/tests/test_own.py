"""Metrics that the user wrote: figures, intervals, gains and gates of them, and every way in which they can fail."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tensorflow_model_analysis.api import model_eval_lib

from benison import config
from benison.components.evaluator import own, predictions
from benison.components.evaluator.columns import Said, columns_of
from benison.components.evaluator.predictions import Policy
from benison.config.data import Table
from benison.config.own_metrics import declared
from benison.core import documents
from benison.core.errors import BenisonError, ModelCodeError
from benison.core.metrics import speaking
from benison.metrics.bound import estimate, gain
from benison.metrics.measure import Rows, Sample
from benison.report.comparison import direction, metric_of
from benison.report.evaluation import Evaluation
from benison.sources.columns import Columns as Asked
from benison.sources.dataset import open_table
from components.evaluator.tests.world import World

MONEY = """
from neighbour import LIMIT


class MoneyLost:
    name = "money_lost"
    better = "less"
    low = 0
    columns = ("amount",)

    def terms(self, labels, predictions, columns):
        return columns["amount"] * ((labels == 0) & (predictions > LIMIT)), 1


class CaughtShare:
    name = "caught_share"
    better = "more"
    low = 0
    high = 1
    columns = ("amount", "sex")

    def terms(self, labels, predictions, columns):
        amount = columns["amount"] * (labels == 1) * (columns["sex"] == "f")
        return amount * (predictions > LIMIT), amount
"""


def table(rows: int = 900, seed: int = 1) -> pa.Table:
    random = np.random.default_rng(seed)
    labels = (random.random(rows) < 0.4).astype(int)
    scores = {
        name: 1 / (1 + np.exp(-(lift * (labels - 0.5) + random.normal(size=rows))))
        for name, lift in (("new", 2.5), ("old", 1.0))
    }
    weights, users = random.choice([0.5, 1.0, 2.0], rows), random.integers(0, 200, rows)
    columns = {"y": labels, "sex": random.choice(["f", "m"], rows), "amount": random.gamma(2.0, 10.0, rows)}
    return pa.table({**columns, "w": weights, "user": users, **scores})


def money(folder: Path, body: str = MONEY) -> Path:
    (folder / "neighbour.py").write_text("LIMIT = 0.5\n")
    path = folder / "own.py"
    path.write_text(body)
    return path


def run(folder: Path, rows: pa.Table, said: Said, body: str = MONEY, gate: str = "") -> dict[str, Any]:
    pq.write_table(rows, folder / "predictions.parquet")
    written, metrics = folder / "evaluation", declared(money(folder, body))
    written.mkdir()
    (folder / "gate.yaml").write_text(gate)
    source = Table("data", str(folder / "predictions.parquet"), "parquet")
    with (
        speaking(more=metrics.kinds),
        open_table(source, str(folder), Asked(), folder / "scratch") as dataset,
    ):
        policy = Policy(config.read_gate(folder / "gate.yaml"), "gate.yaml") if gate else None
        columns = columns_of(said, None, None, dataset.schema.names, metrics)
        predictions.run(dataset, "predictions.parquet", columns, None, policy, written)
    return documents.read(written / "evaluation.json", "evaluation")


def test_figures_are_the_ratio_of_what_rows_add_on_every_slice(tmp_path: Path) -> None:
    rows = table()
    found = run(tmp_path, rows, Said("y", "new", ("old",), ("sex",)))
    frame = rows.to_pandas()
    for one in found["slices"]:
        inside = frame if not one["keys"] else frame[frame.sex == one["keys"]["sex"]]
        for role, column in (("challenger", "new"), ("champion", "old")):
            lost = inside.amount[(inside.y == 0) & (inside[column] > 0.5)].sum() / len(inside)
            assert one["metrics"]["money_lost"][role]["value"] == pytest.approx(lost)
    women = frame[(frame.y == 1) & (frame.sex == "f")]
    caught = women.amount[women.new > 0.5].sum() / women.amount.sum()
    assert found["slices"][0]["metrics"]["caught_share"]["challenger"]["value"] == pytest.approx(caught)
    assert found["own_metrics"] == {"money_lost": -1, "caught_share": 1}


def test_a_slice_on_which_no_row_counts_is_undefined_and_few_are_too_few(tmp_path: Path) -> None:
    found = run(tmp_path, table(), Said("y", "new", (), ("sex",)))
    men = next(one for one in found["slices"] if one["slice"] == "sex=m")["metrics"]["caught_share"]
    assert men["challenger"] == {"value": None, "lower": None, "upper": None}
    assert men["note"] == "challenger: 0 rows that caught_share counts where an interval needs 20"


def sample_of(rows: pa.Table, path: Path, column: str, **counted: Any) -> Sample:
    predictions, labels = rows[column].to_numpy(), rows["y"].to_numpy().astype(float)
    with_rows = Rows.of(labels, **counted)
    return Sample(with_rows, predictions, added=own.opened(declared(path), rows).terms(with_rows.labels, predictions))


@pytest.mark.parametrize("metric", ["money_lost", "caught_share"])
@pytest.mark.parametrize("counted", ["plain", "weights", "units"])
def test_the_error_of_value_and_gain_is_that_of_a_bootstrap(tmp_path: Path, metric: str, counted: str) -> None:
    rows, path, random = table(), money(tmp_path), np.random.default_rng(5)
    columns = {"weights": rows["w"].to_numpy()} if counted == "weights" else {}
    columns |= {"units": rows["user"].to_numpy()} if counted == "units" else {}
    one, two = (sample_of(rows, path, name, **columns) for name in ("new", "old"))
    units = columns.get("units", np.arange(len(rows["y"])))
    weights = columns.get("weights", np.ones(len(units)))
    drawn = []
    for _ in range(2000):
        times = np.bincount(random.integers(0, units.max() + 1, units.max() + 1), minlength=units.max() + 1)[units]
        mass = times * weights
        figures = [mass @ above / (mass @ below) for above, below in (one.terms(metric), two.terms(metric))]
        drawn.append((figures[0], figures[0] - figures[1]))
    errors = np.std(drawn, axis=0)
    turned = -1 if metric == "money_lost" else 1
    with speaking(more=declared(path).kinds):
        value, apart = estimate(metric, one, 0.95), gain(metric, one, two, 0.95)
    assert apart.value == pytest.approx(turned * (value.value - estimate_of(metric, two)))
    # The quantile is between 1.68 and 2.2 at these sizes.
    assert 1.55 < (value.interval.upper - value.interval.lower) / 2 / errors[0] < 2.3
    assert 1.55 < (apart.interval.upper - apart.interval.lower) / 2 / errors[1] < 2.3


def estimate_of(metric: str, sample: Sample) -> float:
    above, below = sample.terms(metric)
    return sample.masses.sum(above) / sample.masses.sum(below)


def test_a_gate_asks_for_it_and_tfma_reads_it(tmp_path: Path) -> None:
    gate = "gate: {min_rows: 50, checks: [{metric: money_lost, tolerance: 0.5, slices: all}, " \
           "{metric: money_lost, at_most: 0.1}]}"  # fmt: skip
    found = run(tmp_path, table(), Said("y", "new", ("old",), ("sex",)), gate=gate)
    checks = {(check["name"], check["subject"]): check["verdict"] for check in found["checks"]}
    assert checks[("money_lost_gain_over_champion", "sex=f")] == "PASS"
    assert checks[("money_lost", "overall")] == found["verdict"] == "FAIL"
    read = model_eval_lib.load_eval_result(str(tmp_path / "evaluation"), model_name="new").get_metrics_for_slice()
    assert read is not None
    value = found["slices"][0]["metrics"]["money_lost"]["challenger"]["value"]
    assert float(read["money_lost"]["boundedValue"]["value"]) == pytest.approx(value)
    written = json.loads((tmp_path / "evaluation" / "eval_config.json").read_text())["evalConfig"]["metricsSpecs"][0]
    assert {"className": "MoneyLost", "module": "own", "config": '{"name": "money_lost"}'} in written["metrics"]


def test_a_limit_beyond_what_it_can_be_is_refused(tmp_path: Path) -> None:
    gate = "gate: {checks: [{metric: caught_share, at_least: 80}]}"
    with pytest.raises(BenisonError, match=r"at_least.*a number from 0 to 1, as caught_share is, got 80"):
        run(tmp_path, table(), Said("y", "new"), gate=gate)


def test_rows_without_a_prediction_are_no_part_of_it(tmp_path: Path) -> None:
    rows = table()
    scores = rows["new"].to_pylist()
    scores[:5] = [None, math.nan, 2.0, -1.0, 0.5]
    found = run(tmp_path, rows.set_column(rows.column_names.index("new"), "new", pa.array(scores)), Said("y", "new"))
    frame = rows.to_pandas()[4:]
    lost = frame.amount[(frame.y == 0) & (np.array(scores[4:]) > 0.5)].sum() / len(frame)
    assert found["slices"][0]["metrics"]["money_lost"]["challenger"]["value"] == pytest.approx(lost)


def test_where_no_row_has_a_prediction_every_figure_is_undefined(tmp_path: Path) -> None:
    rows = table(50)
    logits = rows.set_column(rows.column_names.index("new"), "new", pa.array(np.full(50, 7.0)))
    found = run(tmp_path, logits, Said("y", "new", (), ("sex",)))["slices"]
    assert [one["metrics"]["money_lost"]["challenger"]["value"] for one in found] == [None] * len(found)


def test_a_report_knows_it_by_the_evaluation_alone() -> None:
    evidence = Evaluation({"own_metrics": {"money_lost": -1}, "slices": []}, None, "predictions.csv")
    assert [direction(evidence, name) for name in ("money_lost", "auc")] == [-1, 1]
    assert metric_of("money_lost_gain_over_champion", {"money_lost"}) == "money_lost"


def test_models_that_answer_alike_prove_no_gain(tmp_path: Path) -> None:
    rows = table()
    found = run(tmp_path, rows.append_column("twin", rows["new"]), Said("y", "new", ("twin",)))
    same = found["slices"][0]["metrics"]["money_lost"]["gain"]["champion"]
    assert same == {"value": 0.0, "lower": None, "upper": None}


def test_a_project_names_its_file_and_the_pipeline_measures_it(
    tmp_path: Path, package: Callable[..., Path], people: Callable[..., pa.Table]
) -> None:
    world = World(tmp_path)
    world.holdout(people(rows=900))
    world.challenger(package(0.09, -1.3, -0.4))
    world.champion(champion=package(0.03, 0.0, -0.4))
    world.gate["checks"] += [{"metric": "years_missed", "tolerance": 30, "tier": "soft"}]
    world.evaluation["metricsSpecs"][0]["metrics"] += [{"className": "YearsMissed", "module": "own"}]
    body = MONEY.split("class CaughtShare")[0].replace("MoneyLost", "YearsMissed").replace("money_lost", "years_missed")
    body = body.replace('"amount"', '"grade"')
    world.metrics = "own.py"
    project = tmp_path / "bundle" / "project"
    project.mkdir(parents=True)
    money(project, body)
    found = world.run()
    assert found["slices"][0]["metrics"]["years_missed"]["challenger"]["value"] > 0
    assert "years_missed_gain_over_champion" in [check["name"] for check in found["checks"]]
    assert not list(project.glob("__pycache__"))


def class_of(lines: str) -> str:
    return f"""
import numpy as np
class Mine:
    name = "mine"
    better = "less"
    high = 100
    def terms(self, labels, predictions, columns):
        {lines}
"""


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("return labels", "own.py:3 (Mine.terms): expected two arrays, (above, below), got ndarray"),
        ("return labels, labels, labels", "expected two arrays, (above, below), got 3 of them"),
        ("return labels[1:], 1", "own.py:3 (Mine.terms), above: expected an array of 900 numbers, one for each row, "
                                 "got an array of shape (899,)"),
        ("return 1, labels[:, None]", "(Mine.terms), below: expected an array of 900 numbers, one for each row, got an "
                                      "array of shape (900, 1)"),
        ("return labels / 0.0 if np.seterr(all='ignore') else 0, 1", "NaN or infinite, the first in row 1"),
        ("return ['a'] * 900, 1", "got list of <U1"),
        ("return None, 1", "above: expected an array of 900 numbers, one for each row, got NoneType of object"),
        ("return labels, -labels", "(Mine.terms), below: expected numbers from 0, got -1 in "),
        ("labels[0] = 3", "own.py:8: expected Mine.terms to return (above, below), got ValueError: assignment "
                          "destination is read-only"),
        ("return columns['amuont'], 1", "own.py:8: expected Mine.terms to return (above, below), got KeyError: 'am"),
        ("return 1000 * labels, 1", "own.py (Mine): expected values from low -inf to high 100, as it declares, got "),
        ("import nowhere", "own.py:8: expected Mine.terms to return (above, below), got ModuleNotFoundError"),
    ],
)  # fmt: skip
def test_terms_that_are_none_are_told(tmp_path: Path, lines: str, message: str) -> None:
    with pytest.raises(ModelCodeError, match=re.escape(message)):
        run(tmp_path, table(), Said("y", "new"), class_of(lines))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("import nowhere\n" + class_of("return 1, 1"), "own.py:1: expected a file of metrics that can be imported, got "
         "ModuleNotFoundError: No module named 'nowhere'\n\nhint: install nowhere beside Benison"),
        (class_of("return 1, 1") + "    def __init__(self, limit): ...", "expected a file of metrics that can be "
         "imported, got TypeError: Mine.__init__() missing 1 required"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_imported_is_told(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(ModelCodeError, match=re.escape(message)):
        run(tmp_path, table(), Said("y", "new"), body)


def test_columns_are_numbers_or_text_and_nobody_can_write_to_them(tmp_path: Path) -> None:
    rows = pa.table({"amount": [1, None], "sex": ["f", None], "known": [True, False]})
    body = MONEY.replace('("amount", "sex")', '("amount", "sex", "known")')
    columns = own.opened(declared(money(tmp_path, body)), rows).columns
    np.testing.assert_array_equal(columns["amount"], [1.0, math.nan])
    assert columns["sex"].tolist() == ["f", None]
    assert columns["known"].tolist() == [1.0, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        columns["amount"][0] = 2
