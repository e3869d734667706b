"""Figures from tables against those of every row in memory, by the whole way from a file to evaluation.json."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.components.evaluator import engine, predictions, streamed
from benison.components.evaluator.columns import Columns, Said, columns_of
from benison.components.evaluator.predictions import Policy
from benison.config import Gate, GateCheck
from benison.config.data import Table
from benison.core.errors import ConfigError, DataError
from benison.core.metrics import USUAL
from benison.core.verdicts import Tier
from benison.eval_config import EvalConfig, Slicing
from benison.sources.columns import Columns as Asked
from benison.sources.dataset import Dataset, open_table

Document = dict[str, Any]
METRICS = (*USUAL, "recall@0.3", "f1_score@0.9", "precision@0.1234", "diagnostic_odds_ratio", "informedness@0.6")
CONFIG = EvalConfig("y", (Slicing(), Slicing(("sex",)), Slicing(("sex", "grade"))), METRICS)
FEW = EvalConfig("y", CONFIG.slicings, ("auc", "recall@0.4"))
SAID = Said("y", "new", ("old", "older"))
# Figures that are made of the order of rows, and not of counts or sums.
ORDERED = ("auc", "auc_precision_recall")
WITHIN = {"auc": 1e-4, "auc_precision_recall": 5e-4}
SUMMED = ("binary_crossentropy", "brier_score", "calibration", "mean_prediction")


def table(rows: int = 6000, seed: int = 1, digits: int | None = None) -> pa.Table:
    random = np.random.default_rng(seed)
    positive, shared = random.random(rows) < 0.3, random.normal(size=rows)
    scores = {
        name: 1 / (1 + np.exp(1 - lift * positive - 0.7 * shared - 0.7 * random.normal(size=rows)))
        for name, lift in (("new", 2.0), ("old", 1.8), ("older", 0.8))
    }
    if digits is not None:
        scores = {name: np.round(of, digits) for name, of in scores.items()}
    sex, grade = random.choice(["f", "m"], rows), random.choice([1, 2, 30], rows)
    return pa.table({"y": positive.astype(int), **scores, "sex": sex, "grade": grade})


def opened(folder: Path, rows: pa.Table) -> Any:
    folder.mkdir(exist_ok=True)
    pq.write_table(rows, folder / "rows.parquet", row_group_size=1000)
    return open_table(Table("data", str(folder / "rows.parquet"), "parquet"), str(folder), Asked(), folder / "scratch")


def columns(dataset: Dataset, said: Said = SAID, config: EvalConfig | None = CONFIG) -> Columns:
    found = columns_of(said, None, None, dataset.schema.names)
    return found if config is None else Columns(found.label, found.models, config, "eval_config.json", found.unit)


def evaluated(
    folder: Path, rows: pa.Table, policy: Policy | None = None, config: EvalConfig = CONFIG
) -> tuple[Document, ...]:
    """In memory, and streamed."""
    found = []
    for run in (predictions.run, streamed.run):
        own = folder / run.__module__
        with opened(own, rows) as dataset:
            (own / "evaluation").mkdir()
            asked = columns(dataset, SAID, config)
            found.append(run(dataset, "rows.parquet", asked, None, policy, own / "evaluation"))
    return tuple(found)


def figures(document: Document) -> Iterator[tuple[str, str, str, Document]]:
    """Slice, metric, model or gain, and what stands there."""
    for one in document["slices"]:
        for metric, found in one["metrics"].items():
            for role in ("challenger", "champion", "reference"):
                yield one["slice"], metric, role, found[role]
            for role, gain in found["gain"].items():
                yield one["slice"], metric, f"gain over {role}", gain


def width(found: Document) -> float:
    return float(found["upper"] - found["lower"])


@pytest.fixture(scope="module")
def off_grid(tmp_path_factory: pytest.TempPathFactory) -> tuple[Document, ...]:
    return evaluated(tmp_path_factory.mktemp("off"), table())


@pytest.fixture(scope="module")
def on_grid(tmp_path_factory: pytest.TempPathFactory) -> tuple[Document, ...]:
    return evaluated(tmp_path_factory.mktemp("on"), table(seed=2, digits=3))


def test_counts_rates_and_their_intervals_and_gains_are_exactly_those_in_memory(off_grid: tuple[Document, ...]) -> None:
    held, counted = off_grid
    compared = 0
    for ours, theirs in zip(figures(counted), figures(held), strict=True):
        assert ours[:3] == theirs[:3]
        if ours[1] not in ORDERED + SUMMED:
            compared += 1
            assert ours[3] == pytest.approx(theirs[3], rel=1e-12), ours
    assert compared == 711


def test_sums_are_those_in_memory_and_areas_within_the_width_of_a_bucket(off_grid: tuple[Document, ...]) -> None:
    held, counted = off_grid
    for ours, theirs in zip(figures(counted), figures(held), strict=True):
        bound = WITHIN.get(ours[1], 1e-10)
        assert ours[3]["value"] == pytest.approx(theirs[3]["value"], rel=1e-9, abs=bound), ours


def test_every_interval_is_within_a_hundredth_as_wide_as_in_memory(off_grid: tuple[Document, ...]) -> None:
    held, counted = off_grid
    for ours, theirs in zip(figures(counted), figures(held), strict=True):
        # The third moments of a paired area under precision-recall are the coarsest figure of bins.
        within = 0.015 if ours[1] == "auc_precision_recall" else 0.01
        assert width(ours[3]) == pytest.approx(width(theirs[3]), rel=within), ours


def test_scores_on_the_grid_of_buckets_lose_nothing(on_grid: tuple[Document, ...]) -> None:
    held, counted = on_grid
    for ours, theirs in zip(figures(counted), figures(held), strict=True):
        if "gain" in ours[2]:
            assert ours[3]["value"] == pytest.approx(theirs[3]["value"], rel=1e-9, abs=1e-10), ours
        else:
            assert ours[3] == pytest.approx(theirs[3], rel=1e-9), ours
    assert counted["predictions"]["engine"]["unseen"] == {"challenger": 0.0, "champion": 0.0, "reference": 0.0}
    for plots, others in drawn(counted, held):
        assert {**plots, "calibration": None} == {**others, "calibration": None}
        assert np.array(plots["calibration"]) == pytest.approx(np.array(others["calibration"]), abs=2e-6)


def test_what_is_not_a_figure_is_the_same_too(off_grid: tuple[Document, ...]) -> None:
    held, counted = off_grid
    for key in held.keys() - {"slices", "plots", "predictions", "fairness"}:
        assert counted[key] == held[key], key
    for ours, theirs in zip(counted["fairness"], held["fairness"], strict=True):
        assert (ours["metrics"], ours["across"], ours["groups"]) == (
            theirs["metrics"],
            theirs["across"],
            theirs["groups"],
        )
        gap, other = (one["difference"]["challenger"] for one in (ours, theirs))
        assert (gap["value"], gap["upper"]) == pytest.approx((other["value"], other["upper"]), rel=0.01, abs=1e-3)
    assert counted["predictions"].pop("engine")["name"] == "tables"
    assert held["predictions"].pop("engine") == {"name": "memory"}
    assert counted["predictions"] == held["predictions"]
    for ours, theirs in zip(counted["slices"], held["slices"], strict=True):
        assert {**ours, "metrics": None} == {**theirs, "metrics": None}


def drawn(counted: Document, held: Document) -> Iterator[tuple[Document, Document]]:
    """What is drawn of each model on each slice, from tables and in memory."""
    for ours, theirs in zip(counted["plots"]["slices"], held["plots"]["slices"], strict=True):
        assert ours["slice"] == theirs["slice"]
        for role, found in theirs["models"].items():
            yield ours["models"][role], found


def test_matrices_are_those_of_every_row_and_reliability_within_the_width_of_a_bucket(
    off_grid: tuple[Document, ...],
) -> None:
    held, counted = off_grid
    assert len(counted["plots"]["slices"]) == 9
    for ours, theirs in drawn(counted, held):
        assert ours["matrices"] == theirs["matrices"]
        assert ours["histogram"] == theirs["histogram"]
        bins, expected = np.array(ours["calibration"]), np.array(theirs["calibration"])
        assert bins[:, 0] == pytest.approx(expected[:, 0], abs=0.005)
        assert bins[:, 2].sum() == expected[:, 2].sum()


@pytest.mark.parametrize("digits", [2, None])
def test_areas_by_tfma_s_thresholds_are_those_in_memory(tmp_path: Path, digits: int | None) -> None:
    found = []
    for run in (predictions.run, streamed.run):
        own = tmp_path / run.__module__
        with opened(own, table(3000, digits=digits)) as dataset:
            (own / "evaluation").mkdir()
            asked = columns(dataset, Said("y", "new"), EvalConfig("y", (), ("auc@10000", "auc_precision_recall@10000")))
            found.append(run(dataset, "rows.parquet", asked, None, None, own / "evaluation")["slices"])
    for metric, held in found[0][0]["metrics"].items():
        assert found[1][0]["metrics"][metric]["challenger"] == pytest.approx(held["challenger"], rel=1e-12)


def broken(rows: pa.Table) -> pa.Table:
    """Some rows without a label or a prediction, and some predictions that are none."""
    labels = [None if row % 40 == 0 else value for row, value in enumerate(rows["y"].to_pylist())]
    new = [math.nan if row % 30 == 1 else value for row, value in enumerate(rows["new"].to_pylist())]
    old = [1.5 if row % 50 == 2 else value for row, value in enumerate(rows["old"].to_pylist())]
    return rows.set_column(0, "y", pa.array(labels)).set_column(1, "new", [new]).set_column(2, "old", [old])


def test_rows_that_cannot_be_used_are_left_out_and_counted_as_in_memory(tmp_path: Path) -> None:
    held, counted = evaluated(tmp_path, broken(table(2000)), config=FEW)
    assert [check["verdict"] for check in counted["checks"]] == ["FAIL", "FAIL", "PASS"]
    for key in ("checks", "holdout", "not_judged"):
        assert counted[key] == held[key]
    assert counted["predictions"]["without_label"] == 50
    assert [one["rows"] for one in counted["slices"]] == [one["rows"] for one in held["slices"]]


def gate(**line: Any) -> Policy:
    nothing: dict[str, Any] = {"metric": "auc", "slices": ("overall",), "tier": Tier.HARD, "at_least": -math.inf}
    nothing |= {"at_most": math.inf, "tolerance": math.nan, "no_worse_than": ("champion", "reference")}
    return Policy(Gate(0.95, 50, 10, (GateCheck(**{**nothing, **line}),)), "policy.yaml")


def test_a_policy_judges_counted_rows_as_it_does_rows_in_memory(tmp_path: Path) -> None:
    held, counted = evaluated(tmp_path, table(2000), gate(metric="recall@0.4", tolerance=0.02, slices=("all",)), FEW)
    assert counted["checks"] == held["checks"]
    assert counted["verdict"] == held["verdict"]


def test_scores_squeezed_into_one_bucket_have_no_interval_and_prove_nothing(tmp_path: Path) -> None:
    rows = table(2000)
    for place, name in ((1, "new"), (2, "old"), (3, "older")):
        rows = rows.set_column(place, name, [rows[name].to_numpy() * 1e-4])
    config = EvalConfig("y", (Slicing(),), (*ORDERED, *SUMMED, "recall"))
    _, counted = evaluated(tmp_path, rows, gate(tolerance=0.5), config)
    said = "predictions lie too close together to be told apart in bins: evaluate in memory"
    metrics = counted["slices"][0]["metrics"]
    for name in (*ORDERED, "binary_crossentropy", "mean_prediction", "calibration"):
        assert said in metrics[name]["note"], name
        assert metrics[name]["challenger"]["lower"] is None
    assert metrics["recall"]["challenger"]["lower"] is not None
    assert counted["predictions"]["engine"]["unseen"]["challenger"] == 1.0
    assert (counted["verdict"], {check["verdict"] for check in counted["checks"][3:]}) == (
        "INCONCLUSIVE",
        {"INCONCLUSIVE"},
    )


def test_a_label_that_says_shares_of_a_row_is_referred_to_memory(tmp_path: Path) -> None:
    for labels in ([0.25, 1.0, 0.0], [0.25, 0.75, 0.25]):
        with opened(tmp_path, pa.table({"y": labels, "new": [0.1, 0.2, 0.3]})) as dataset:
            said = "label column 'y': expected two values, got what share of a row is positive, such as 0.25"
            with pytest.raises(DataError, match=re.escape(said)) as raised:
                streamed.run(dataset, "rows", columns(dataset, Said("y", "new"), None), None, None, tmp_path)
        assert "hint: evaluate in memory: --engine memory" in str(raised.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            {"y": pa.nulls(3, pa.int64()), "new": [0.1, 0.2, 0.3]},
            "label column 'y': expected labels, got none in any row",
        ),
        (
            {"y": [0, 1, 1], "new": ["a", "b", "c"]},
            "prediction column 'new': expected probabilities, got no number in any",
        ),
        ({"y": ["a", "b", "a"], "new": [0.1, 0.2, 0.3]}, "--positive: expected 0 and 1 in column 'y', or its positive"),
        ({"y": [0, 1, 2], "new": [0.1, 0.2, 0.3]}, "label column 'y': expected two values, got more, such as"),
    ],
)
def test_what_is_an_error_in_memory_is_one_here(tmp_path: Path, rows: dict[str, Any], said: str) -> None:
    with opened(tmp_path, pa.table(rows)) as dataset, pytest.raises((ConfigError, DataError), match=re.escape(said)):
        streamed.run(dataset, "rows", columns(dataset, Said("y", "new"), None), None, None, tmp_path)


def test_a_slice_that_only_the_policy_knows_and_a_comparison_with_nobody_are_errors(tmp_path: Path) -> None:
    with opened(tmp_path, table(300)) as dataset:
        asked = columns(dataset, Said("y", "new"))
        with pytest.raises(ConfigError, match=re.escape("policy.yaml (gate.checks.0.slices): expected a slice")):
            streamed.run(dataset, "rows", asked, None, gate(at_least=0.5, slices=("sex=x",)), tmp_path)
        with pytest.raises(ConfigError, match="expected a baseline to compare with: champion or reference, got none"):
            streamed.run(dataset, "rows", asked, None, gate(tolerance=0.1), tmp_path)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    with opened(tmp_path_factory.mktemp("engine"), table(300)) as found:
        yield found


def choice(dataset: Dataset, wanted: str | None, said: Said = SAID, metrics: tuple[str, ...] = ("auc",)) -> str:
    asked = columns(dataset, said, EvalConfig("y", (Slicing(),), metrics, weight=said.weight))
    return engine.chosen(dataset, asked, None, wanted)


def test_rows_that_fit_are_held_in_memory_unless_something_else_is_wanted(dataset: Dataset) -> None:
    assert [choice(dataset, wanted) for wanted in (None, *engine.ENGINES)] == ["memory", "memory", "tables", "beam"]


def test_rows_that_may_not_fit_are_counted_where_tables_can_tell_what_is_asked(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine, "_SHARE", 0.0)
    assert choice(dataset, None) == "tables"
    assert choice(dataset, "memory") == "memory"
    assert choice(dataset, None, metrics=("recall@0.12345",)) == "memory"
    assert re.search(
        r"300 rows may need \d+ MB of memory .* cannot be counted as they are read: a threshold of 0.12345", caplog.text
    )


@pytest.mark.parametrize(
    ("said", "metrics", "got", "hint"),
    [
        (
            Said("y", "new", weight="grade"),
            ("auc",),
            "weights in column 'grade'",
            "evaluate in memory: --engine memory",
        ),
        (Said("y", "new", unit="grade"), ("auc",), "units in column 'grade'", "evaluate in memory: --engine memory"),
        (SAID, ("recall@0.33333",), "a threshold of 0.33333", "ask at multiples of 1/10,000, or evaluate in memory"),
        (
            SAID,
            tuple(f"recall@{n / 100}" for n in range(1, 40)),
            "39 thresholds",
            "ask at 32 at most, or evaluate in memory",
        ),
        (SAID, ("precision_at_recall@0.8",), "precision_at_recall@0.8", "evaluate in memory: --engine memory"),
        (SAID, ("auc@200",), "auc@200", "ask for auc or auc@10000, or evaluate in memory: --engine memory"),
    ],
)
def test_what_tables_cannot_tell_is_an_error_that_says_what_to_do(
    dataset: Dataset, said: Said, metrics: tuple[str, ...], got: str, hint: str
) -> None:
    expected = f"--engine tables: expected what tables can tell, got {got}\n\nhint: {hint}"
    with pytest.raises(ConfigError, match=re.escape(expected)):
        choice(dataset, "tables", said, metrics)


def test_gaps_between_groups_are_those_in_memory(off_grid: tuple[Document, ...]) -> None:
    held, counted = off_grid
    assert [one["groups"] for one in counted["fairness"]] == [one["groups"] for one in held["fairness"]] != []
    exact = 0
    for ours, theirs in zip(counted["fairness"], held["fairness"], strict=True):
        if not set(theirs["metrics"]) & {*ORDERED, *SUMMED}:
            exact += 1
            assert {**ours, "ratio": None} == {**theirs, "ratio": None}
    assert exact
