"""Features that are made to leak, or not to; scikit-learn's AUC is the oracle of the figure."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from benison.components.example_validator.tells_label import tells_label
from benison.config.validation import NEVER, Bounds
from benison.core.verdicts import Check, Tier, Verdict
from components.example_validator.tests.measuring import measured

USUAL = Bounds(0.95, 0.995)


def table(rows: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    label = (rng.random(rows) < 0.3).astype(int)
    distance = rng.normal(0, 1, rows)
    return pa.table(
        {
            "label": label,
            "noise": rng.normal(0, 1, rows),
            "half": label + rng.normal(0, 1, rows),
            "copy": label * 5.0 - 2,
            "turned": -label,
            "name": np.where(label == 1, "left", rng.choice(["a", "b"], rows)).astype(object),
            "row": [f"row {seed} {row}" for row in range(rows)],
            "far": np.where(label == 1, np.sign(distance) * (3 + abs(distance)), distance.clip(-2.9, 2.9)),
            "given": pa.array(np.ones(rows), mask=label == 0),
            "close": np.where(rng.random(rows) < 0.02, 1 - label, label),
            "empty": pa.nulls(rows, pa.string()),
        }
    )


def judged(train: pa.Table, holdout: pa.Table, bounds: Bounds = USUAL) -> dict[str, Check]:
    learned, held_out = (measured(one, label="label") for one in (train, holdout))
    features = [name for name in train.column_names if name != "label"]
    return {check.subject.removeprefix("column "): check for check in tells_label(learned, held_out, features, bounds)}


@pytest.fixture(scope="module")
def many() -> dict[str, Check]:
    return judged(table(3000, 1), table(2000, 2))


@pytest.mark.parametrize("name", ["copy", "turned", "name", "far", "given"])
def test_a_feature_that_tells_the_label_alone_blocks(many: dict[str, Check], name: str) -> None:
    assert (many[name].tier, many[name].verdict) == (Tier.HARD, Verdict.FAIL)
    assert many[name].numbers["auc"] > 0.999


def test_one_that_nearly_does_warns(many: dict[str, Check]) -> None:
    assert (many["close"].tier, many["close"].verdict) == (Tier.SOFT, Verdict.FAIL)


@pytest.mark.parametrize("name", ["noise", "half", "row", "empty"])
def test_others_pass(many: dict[str, Check], name: str) -> None:
    assert (many[name].tier, many[name].verdict) == (Tier.HARD, Verdict.PASS)


def test_a_column_with_a_value_for_each_row_is_no_leak(many: dict[str, Check]) -> None:
    assert many["row"].numbers["auc"] == 0.5


def test_the_figure_is_that_of_the_rows(many: dict[str, Check]) -> None:
    holdout = table(2000, 2)
    expected = roc_auc_score(holdout["label"].to_numpy(), holdout["half"].to_numpy())
    assert many["half"].numbers["auc"] == pytest.approx(expected, abs=0.005)
    assert many["half"].numbers["auc"] >= expected - 1e-12


def test_says_observed_beside_allowed_and_the_way_out(many: dict[str, Check]) -> None:
    assert many["copy"].reason == (
        "column copy alone tells the label with AUC 1.0000, surely above 0.9944; "
        "allowed at most 0.95 (more than 0.995 blocks); "
        "is it known before the label? If so, benison data accept says so, else leave it out"
    )


def test_perfect_separation_of_few_rows_is_inconclusive_and_soft() -> None:
    check = judged(table(3000, 1), table(20, 2))["copy"]
    assert (check.tier, check.verdict) == (Tier.SOFT, Verdict.INCONCLUSIVE)
    assert check.reason.endswith("; too few rows to be sure, more would tell")


@pytest.mark.slow
def test_chance_on_few_rows_does_not_block() -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        splits = [
            pa.table({"label": [0] * 20 + [1] * 4, **{f"f{n}": rng.normal(0, 1, 24) for n in range(20)}})
            for _ in range(2)
        ]
        assert not [check for check in judged(*splits).values() if check.verdict is Verdict.FAIL]


@pytest.mark.parametrize("labels", [[], [0, 0], [0, 1]])
def test_without_both_classes_it_is_not_known(labels: list[Any]) -> None:
    holdout = pa.table({"label": pa.array(labels, pa.int64()), "copy": pa.array(labels, pa.int64())})
    check = judged(table(100, 1).select(["label", "copy"]), holdout)["copy"]
    assert (check.tier, check.verdict) == (Tier.SOFT, Verdict.INCONCLUSIVE)


def test_bounds_are_configured_and_can_be_switched_off() -> None:
    splits = table(300, 1).select(["label", "copy"]), table(300, 2).select(["label", "copy"])
    assert judged(*splits, Bounds(0.95, NEVER))["copy"].tier is Tier.SOFT
    assert judged(*splits, Bounds(NEVER, NEVER)) == {}
