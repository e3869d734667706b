"""The component on packages that behave and that do not, each in a process of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benison.core.errors import ConfigError, DataError

Package = Callable[[str], Path]
BEHAVIOUR: dict[str, Any] = {
    "golden": [
        {"name": "a man of 40", "row": {"age": 40, "sex": "Male"}, "answer": 0.5, "tolerance": 0.001},
        {"name": "nobody known", "row": {}, "answer": 0.9, "tolerance": 0.1, "tier": "soft"},
    ],
    "invariance": [
        {"column": "sex", "to": "Female", "moves_at_most": 0.13},
        {"column": "sex", "from": "Male", "to": "Female", "moves_at_most": 0.01},
    ],
    "direction": [
        {"column": "age", "raise_by": 5, "answer": "rises"},
        {"column": "age", "raise_by": 6, "answer": "does_not_rise"},
    ],
    "robustness": [
        {"metric": "auc", "column": "age", "missing": 0.1, "loses_at_most": 0.2},
        {"metric": "auc", "column": "age", "times": -1, "loses_at_most": 0.2},
    ],
}


def verdicts(content: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(check["name"], check["subject"]): check["verdict"] for check in content["checks"]}


def reason(content: dict[str, Any], name: str) -> str:
    return next(str(check["reason"]) for check in content["checks"] if check["name"] == name)


@pytest.fixture(scope="module")
def compared(package: Package, shared_world: Any) -> dict[str, Any]:
    """A good challenger beside a slow champion, asked everything."""
    shared_world.behaviour = BEHAVIOUR
    shared_world.infra["checks"] = [
        # So far off that no other work on the machine matters.
        {"metric": "p99_ms", "at_most": 60_000, "at_most_ratio": 1000},
        {"metric": "p50_ms", "at_most": 0.0001, "tier": "soft"},
        {"metric": "requests_per_second", "at_least_ratio": 0.001},
        {"metric": "peak_memory_mb", "at_most_ratio": 2},
        {"metric": "size_mb", "at_most": 5},
    ]
    found: dict[str, Any] = shared_world.run(package("good"), package("slow"))
    return found


def test_a_model_that_behaves_passes_what_it_should_and_fails_what_it_should(compared: dict[str, Any]) -> None:
    assert verdicts(compared) == {
        ("lives", "challenger"): "PASS",
        ("contract", "challenger"): "PASS",
        ("same_answers", "challenger"): "PASS",
        ("p99_ms", "challenger"): "PASS",
        ("p99_ms_over_champion", "challenger"): "PASS",
        ("p50_ms", "challenger"): "FAIL",
        ("requests_per_second_over_champion", "challenger"): "PASS",
        ("peak_memory_mb_over_champion", "challenger"): "PASS",
        ("size_mb", "challenger"): "PASS",
        ("golden", "a man of 40"): "PASS",
        ("golden", "nobody known"): "FAIL",
        ("invariance", "sex to Female"): "PASS",
        ("invariance", "sex from Male to Female"): "FAIL",
        ("direction", "age + 5"): "PASS",
        ("direction", "age + 6"): "FAIL",
        ("robustness_auc", "age, 10% missing"): "PASS",
        ("robustness_auc", "age, times -1"): "FAIL",
    }
    assert (compared["verdict"], compared["rows"]) == ("FAIL", 600)


def test_every_figure_of_both_is_told_with_its_rounds(compared: dict[str, Any]) -> None:
    for figures in compared["figures"].values():
        latencies = [figures[name]["value"] for name in ("p50_ms", "p95_ms", "p99_ms")]
        assert latencies == sorted(latencies)
        assert {figures[name]["rounds"] for name in ("p99_ms", "requests_per_second")} == {5}
        assert 100 < figures["peak_memory_mb"]["value"] < 4096
        assert 0 < figures["load_seconds"]["value"] < figures["first_answer_seconds"]["value"]
    ratio = compared["ratios"]["p50_ms"]
    assert 0 < ratio["lower"] <= ratio["value"] <= ratio["upper"]


def test_rows_that_a_change_leaves_alone_do_not_count(compared: dict[str, Any]) -> None:
    rows = {check["subject"]: check["numbers"].get("rows") for check in compared["checks"]}
    assert rows["sex to Female"] == rows["sex from Male to Female"] < 600
    assert rows["age + 5"] == 600 - 15 or rows["age + 5"] < 600


def test_answers_that_are_none_or_others_than_were_evaluated_fail(world: Any, package: Package) -> None:
    world.infra["checks"] = [{"metric": "p99_ms", "at_most_ratio": 1.5}]
    found = world.run(package("wrong"))
    passed = {name: verdict for (name, _), verdict in verdicts(found).items()}
    assert passed == {"lives": "PASS", "contract": "FAIL", "same_answers": "FAIL", "size_mb": "PASS"}
    older = sum(age is not None and age > 75 for age in world.table["age"].to_pylist())
    assert f"of 600 rows: {older} not finite, 0 outside, 0 requests answered unevenly" in reason(found, "contract")
    old = sum(age is not None and age > 70 for age in world.table["age"].to_pylist())
    assert f"{old} of 600 rows, by up to 0.001, are answered otherwise" in reason(found, "same_answers")
    expected = {"name": "p99_ms_over_champion", "subject": "challenger", "reason": "no champion yet"}
    assert (found["not_applicable"], found["champion"], found["ratios"]) == ([expected], None, {})


@pytest.mark.slow
def test_two_answers_a_row_break_the_contract_and_a_champion_that_does_not_load_is_no_measure(
    world: Any, package: Package, tmp_path: Path
) -> None:
    broken = Path(shutil.copytree(package("good"), tmp_path / "broken"))
    (broken / "saved_model.pb").write_bytes(b"no graph")
    world.behaviour = {"golden": BEHAVIOUR["golden"][:1]}
    world.infra["checks"] = [{"metric": "size_mb", "at_most_ratio": 99}, {"metric": "p99_ms", "at_most_ratio": 2}]
    found = world.run(package("twice"), broken)
    assert {name: verdict for (name, _), verdict in verdicts(found).items()} == {
        "lives": "PASS",
        "contract": "FAIL",
        "same_answers": "ERROR",
        "size_mb": "PASS",
        "size_mb_over_champion": "PASS",
        "p99_ms_over_champion": "ERROR",
        "golden": "ERROR",
    }
    assert "2 requests answered unevenly" in reason(found, "contract")
    said = "p99_ms_over_champion was not measured: the champion in a process of its own: expected a package that loads"
    assert reason(found, "p99_ms_over_champion").startswith(said)


@pytest.mark.slow
def test_a_model_that_refuses_rows_does_not_live(world: Any, package: Package) -> None:
    found = world.run(package("refuses"))
    failed = {name: verdict for (name, _), verdict in verdicts(found).items() if verdict != "PASS"}
    assert failed == {"lives": "FAIL", "contract": "ERROR", "same_answers": "ERROR"}
    assert "nobody is so old" in reason(found, "lives")


@pytest.mark.slow
def test_a_model_that_hangs_is_ended_and_what_it_was_not_asked_is_no_pass(world: Any, package: Package) -> None:
    world.infra |= {"timeout_seconds": 3, "checks": [{"metric": "p99_ms", "at_most": 50}]}
    found = world.run(package("hangs"))
    assert (found["verdict"], found["rows"]) == ("ERROR", 0)
    assert reason(found, "lives").endswith("expected answers, got nothing within 3 s")
    assert verdicts(found)[("p99_ms", "challenger")] == "ERROR"
    assert "p99_ms was not measured: the challenger in a process of its own" in reason(found, "p99_ms")


@pytest.mark.slow
def test_a_model_that_takes_more_memory_than_it_may_is_ended_for_that(world: Any, package: Package) -> None:
    world.infra |= {"memory_mb": 1000}
    found = world.run(package("hungry"))
    assert verdicts(found)[("lives", "challenger")] == "FAIL"
    assert reason(found, "lives").endswith("MB of memory, of which 1,000 MB are allowed")
    assert found["figures"]["challenger"]["peak_memory_mb"]["value"] > 1000


def test_without_a_model_the_answer_is_an_error(world: Any) -> None:
    found = world.run(None)
    assert (found["verdict"], found["package"]) == ("ERROR", None)
    assert [check["reason"] for check in found["checks"]] == ["no model: the validation of the data is FAIL, not PASS"]


def test_predictions_of_another_holdout_are_refused(world: Any, package: Package) -> None:
    world.predictions_of = world.table.slice(0, 10)
    with pytest.raises(DataError, match="expected the predictions of this holdout, got 10 of 600 rows"):
        world.run(package("good"))


def test_a_column_that_the_package_does_not_read_is_named_with_its_line(world: Any, package: Package) -> None:
    world.behaviour = {"direction": [{"column": "agee", "raise_by": 1, "answer": "rises"}]}
    said = (
        r"behaviour.yaml:3 \(direction.0.column\): expected a column that the model reads, got 'agee'\n\nhint: did you"
    )
    with pytest.raises(ConfigError, match=said):
        world.run(package("good"))
