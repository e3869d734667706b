"""How answers move where rows are changed: checked on a formula in the place of a model."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import yaml

from benison.components.infra_validator.behave import Behaving, behaves, unknown
from benison.components.infra_validator.robust import loss
from benison.config import behaviour as behaviours
from benison.core.errors import ConfigError, ServerError
from benison.core.verdicts import Check
from benison.measures.proportions import wilson
from benison.sources.bodies import Row

COLUMNS: dict[str, Any] = {
    "age": {"name": "age", "type": "number", "stored_as": "int64_list"},
    "hours": {"name": "hours", "type": "number", "stored_as": "float_list"},
    "city": {"name": "city", "type": "text", "stored_as": "bytes_list"},
}


def formula(rows: Sequence[Row]) -> npt.NDArray[np.float64]:
    """Rises with age up to 50, falls from there; Ulm has 0.1 more; hours do not matter, but must be there."""
    if any(row["hours"] is None for row in rows):
        raise ServerError("the challenger", expected="answers", got="no hours, no answer")
    ages = np.array([row["age"] or 50 for row in rows], dtype=np.float64)
    ulm = np.array([row["city"] == "Ulm" for row in rows])
    return np.asarray(0.8 - np.abs(ages - 50) / 100 + 0.1 * ulm, dtype=np.float64)


def model(ages: Sequence[int | None], cities: Sequence[str | None] = ("Ulm", "Bonn")) -> Behaving:
    rows = [{"age": age, "hours": 40.0, "city": cities[number % len(cities)]} for number, age in enumerate(ages)]
    labels = np.array([number % 2 for number in range(len(rows))], dtype=np.int8)
    return Behaving(formula, COLUMNS, rows, formula(rows), labels, 0.95)


def check_of(folder: Path, of: Behaving, **said: dict[str, Any]) -> Check:
    """The one check that a behaviour.yaml of one line comes to."""
    (folder / "behaviour.yaml").write_text(yaml.safe_dump({kind: [line] for kind, line in said.items()}))
    (found,) = behaves(behaviours.read(folder / "behaviour.yaml"), of)
    return found


@pytest.mark.parametrize(("tolerance", "verdict"), [(0.1, "PASS"), (0.04, "FAIL")])
def test_a_golden_row_is_answered_within_its_tolerance(tmp_path: Path, tolerance: float, verdict: str) -> None:
    said = {"row": {"age": 40, "hours": 1, "city": "Ulm"}, "answer": 0.85, "tolerance": tolerance}
    found = check_of(tmp_path, model([30]), golden=said)
    assert (found.subject, found.verdict, found.observed) == ("row 1", verdict, "0.8")


def test_a_golden_row_that_gets_no_answer_is_an_error_with_the_reason(tmp_path: Path) -> None:
    found = check_of(tmp_path, model([30]), golden={"row": {"age": 4}, "answer": 0.5, "tolerance": 0.1})
    assert (found.verdict, found.reason) == ("ERROR", "golden, row 1: no hours, no answer")


@pytest.mark.parametrize(
    ("answer", "against"),
    [("does_not_fall", 20), ("rises", 30), ("does_not_rise", 60), ("falls", 70)],
)
def test_a_raise_is_judged_by_the_share_of_rows_that_do_otherwise(tmp_path: Path, answer: str, against: int) -> None:
    """Of 90 rows 60 rise, 10 stay (45 and 55 are as far from 50), 20 fall; 10 without age do not count."""
    of = model([20] * 60 + [45] * 10 + [60] * 20 + [None] * 10)
    said = {"column": "age", "raise_by": 10, "answer": answer, "at_most": 0.4}
    found = check_of(tmp_path, of, direction=said)
    bounds = wilson(against, 90, 0.95)
    assert found.numbers["share"] == pytest.approx(against / 90)
    assert found.numbers["upper"] >= bounds.upper - 1e-12
    expected = "PASS" if found.numbers["upper"] <= 0.4 else "FAIL" if found.numbers["lower"] > 0.4 else "INCONCLUSIVE"
    assert found.verdict == expected
    assert {20: "PASS", 30: "INCONCLUSIVE", 60: "FAIL", 70: "FAIL"}[against] == found.verdict


@pytest.mark.parametrize(
    ("said", "rows", "against"),
    [
        ({"from": "Ulm", "to": "Jena", "moves_at_most": 0.05}, 50, 50),
        ({"from": "Ulm", "to": "Jena", "moves_at_most": 0.1}, 50, 0),
        ({"from": "Bonn", "to": "Jena", "moves_at_most": 0}, 50, 0),
        ({"to": "Ulm", "moves_at_most": 0.05}, 50, 50),
        ({"to": None, "moves_at_most": 0.05}, 100, 50),
    ],
)
def test_what_must_not_matter_is_judged_on_the_rows_that_change(
    tmp_path: Path, said: dict[str, Any], rows: int, against: int
) -> None:
    found = check_of(tmp_path, model([30] * 100), invariance={"column": "city", **said})
    assert (found.numbers["rows"], found.numbers["share"] * rows) == (rows, against)
    assert found.verdict == ("FAIL" if against else "PASS" if rows == 100 else "INCONCLUSIVE")


@pytest.mark.parametrize("said", [
    {"invariance": {"column": "city", "to": "Nowhere", "moves_at_most": 1}},
    {"direction": {"column": "age", "raise_by": 1, "answer": "does_not_fall"}},
    {"robustness": {"metric": "auc", "column": "age", "plus": 1, "loses_at_most": 1}},
    {"golden": {"row": {"hours": 1, "city": "Nowhere"}, "answer": 0, "tolerance": 1}},
])  # fmt: skip
def test_an_answer_that_is_no_number_is_never_what_was_asked(tmp_path: Path, said: dict[str, Any]) -> None:
    of = model([30] * 100)
    silent = Behaving(lambda rows: np.full(len(rows), math.nan), of.columns, of.rows, of.answers, of.labels, 0.95)
    assert check_of(tmp_path, silent, **said).verdict in ("FAIL", "INCONCLUSIVE")


def test_where_no_row_can_be_changed_nothing_is_shown(tmp_path: Path) -> None:
    said = {"column": "city", "from": "Rome", "to": "Ulm", "moves_at_most": 0}
    found = check_of(tmp_path, model([30] * 100), invariance=said)
    assert (found.verdict, found.reason) == (
        "INCONCLUSIVE", "invariance, city from Rome to Ulm: no row of the holdout can be changed so")  # fmt: skip


def test_a_number_that_is_a_text_to_the_model_is_compared_as_one(tmp_path: Path) -> None:
    found = check_of(
        tmp_path, model([30] * 10, ["7"]), invariance={"column": "city", "from": 7, "to": 8, "moves_at_most": 0}
    )
    assert found.numbers["rows"] == 10


def test_whole_numbers_are_raised_by_whole_numbers(tmp_path: Path) -> None:
    said = r"behaviour.yaml:4 \(direction.0.column\): expected raise_by, a whole number, got 0.5, and 'age' has"
    (tmp_path / "behaviour.yaml").write_text("direction:\n  - raise_by: 0.5\n    answer: rises\n    column: age\n")
    with pytest.raises(ConfigError, match=said):
        list(behaves(behaviours.read(tmp_path / "behaviour.yaml"), model([30])))


@pytest.mark.parametrize(
    ("said", "subject", "loses"),
    [
        ({"missing": 0.5}, "age, 50% missing", True),
        ({"times": 1}, "age, times 1", False),
        ({"plus": 60}, "age, plus 60", True),
        ({"noise": 3}, "age, noise of 3 deviations", True),
        ({"noise": 3, "share": 0.01}, "age, noise of 3 deviations in 1% of rows", False),
    ],
)
def test_a_disturbance_costs_what_it_costs(tmp_path: Path, said: dict[str, Any], subject: str, loses: bool) -> None:
    """The label is the age's: at most 50, so that any disturbance of it costs."""
    ages = np.random.default_rng(0).integers(10, 50, 400).tolist()
    of = model(ages, ["Bonn"])
    of = Behaving(of.answer, of.columns, of.rows, of.answers, (np.array(ages) > 30).astype(np.int8), 0.95)
    line = {"metric": "auc", "column": "age", "loses_at_most": 0.05, **said}
    found = check_of(tmp_path, of, robustness=line)
    assert (found.name, found.subject) == ("robustness_auc", subject)
    assert found.verdict == ("FAIL" if loses else "PASS")


def test_without_a_model_each_line_is_an_error(tmp_path: Path) -> None:
    text = {
        "golden": [{"row": {}, "answer": 0.5, "tolerance": 0.1}],
        "direction": [{"column": "age", "raise_by": 1, "answer": "rises", "tier": "soft"}],
    }
    (tmp_path / "behaviour.yaml").write_text(yaml.safe_dump(text))
    found = list(unknown(behaviours.read(tmp_path / "behaviour.yaml"), "it hung"))
    assert [(check.verdict, check.tier, check.reason) for check in found] == [
        ("ERROR", "hard", "golden, row 1: it hung"),
        ("ERROR", "soft", "direction, age + 1: it hung"),
    ]


def naive_auc(labels: npt.NDArray[np.int8], answers: npt.NDArray[np.float64]) -> float:
    pairs = [(one > other) + (one == other) / 2 for one in answers[labels == 1] for other in answers[labels == 0]]
    return float(np.mean(pairs))


def draw(seed: int, rows: int = 120) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Labels, answers, and the same with noise on them."""
    random = np.random.default_rng(seed)
    labels = (random.random(rows) < 0.4).astype(np.int8)
    logit = 1.5 * labels + random.standard_normal(rows)
    noisy = logit + random.standard_normal(rows)
    before, after = (1 / (1 + np.exp(-(one - 0.5))) for one in (logit, noisy))
    return labels, before, after


@pytest.mark.parametrize(
    ("metric", "naive"),
    [
        ("auc", lambda labels, before, after: naive_auc(labels, before) - naive_auc(labels, after)),
        ("brier_score", lambda labels, before, after: np.mean((after - labels) ** 2) - np.mean((before - labels) ** 2)),
        (
            "binary_accuracy",
            lambda labels, before, after: np.mean((before > 0.5) == labels) - np.mean((after > 0.5) == labels),
        ),
        (
            "binary_crossentropy",
            lambda labels, before, after: np.mean(
                np.log(np.abs(before - (1 - labels))) - np.log(np.abs(after - (1 - labels)))
            ),
        ),
    ],
)
def test_the_loss_is_the_naive_one_whichever_way_the_metric_is_better(metric: str, naive: Any) -> None:
    labels, before, after = draw(1)
    found, bounds = loss(metric, labels, before, after, 0.95)
    assert found == pytest.approx(float(naive(labels, before, after)))
    assert bounds.lower < found < bounds.upper


@pytest.mark.parametrize("metric", ["auc", "brier_score"])
def test_each_bound_of_a_loss_holds_as_often_as_it_says(metric: str) -> None:
    truth = loss(metric, *draw(0, 400_000), 0.95)[0]
    found = [loss(metric, *draw(seed), 0.95)[1] for seed in range(1, 801)]
    assert np.mean([one.lower <= truth for one in found]) >= 0.93
    assert np.mean([one.upper >= truth for one in found]) >= 0.93


def test_with_one_row_of_a_class_or_no_number_nothing_is_said() -> None:
    labels, before, after = draw(1)
    alone = np.zeros(len(labels), dtype=np.int8)
    alone[0] = 1
    assert not loss("auc", alone, before, after, 0.95)[1].known
    before[3] = math.nan
    assert not loss("auc", labels, before, after, 0.95)[1].known
