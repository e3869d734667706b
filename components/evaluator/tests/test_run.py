"""The component as it runs: real packages, real files in, real files out."""

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

from benison.core import digests, documents
from benison.core.errors import ConfigError, DataError, IntegrityError
from components.evaluator.tests.world import World, an_example

Package = Callable[..., Path]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def verdicts(found: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(check["name"], check["subject"]): check["verdict"] for check in found["checks"]}


def answers(world: World) -> pa.Table:
    return pq.read_table(world.root / "predictions" / "Split-holdout" / "predictions.parquet")


def test_a_challenger_that_is_better_than_the_champion_passes(
    world: World, package: Package, people: Callable[..., pa.Table]
) -> None:
    table = people()
    world.holdout(table)
    better, worse = package(0.09, -1.3, -0.4), package(0.03, 0.0, -0.4)
    challenger = world.challenger(better)
    world.champion(champion=worse, reference=package(0.01, 1.0, -0.4))
    found = world.run()
    assert found["verdict"] == "PASS"
    assert found["challenger"]["package"] == challenger == digests.of_tree(better)
    assert found["champion"] == {
        "package": digests.of_tree(worse),
        "number": 7,
        "spans": [1],
        "snapshot": "sha256:" + "5" * 64,
    }
    positives = sum(value == ">50K" for value in table["income"].to_pylist())
    assert found["holdout"] == {
        "snapshot": an_example("snapshot")["digest"],
        "rows": 2400,
        "positives": positives,
    }
    assert (found["confidence"], found["interval_level"]) == (0.95, 0.9)
    overall = found["slices"][0]["metrics"]["auc"]
    assert overall["gain"]["champion"]["lower"] > 0
    assert overall["challenger"]["value"] - overall["champion"]["value"] == pytest.approx(
        overall["gain"]["champion"]["value"]
    )
    assert verdicts(found)["auc_gain_over_reference", "overall"] == "PASS"
    assert all(verdicts(found)["predictions", role] == "PASS" for role in ("challenger", "champion", "reference"))
    # A metric that only the gate asks for is measured too.
    assert list(found["slices"][0]["metrics"]) == ["auc", "example_count", "precision", "recall"]
    assert model_eval_lib.load_validation_result(str(world.root / "evaluation")).validation_ok


def test_predictions_are_kept_row_by_row_with_what_they_are_sliced_by(
    world: World, package: Package, people: Callable[..., pa.Table]
) -> None:
    table = people(rows=500)
    world.holdout(table)
    world.challenger(package(0.09, -1.3, -0.4))
    world.champion(champion=package(0.03, 0.0, -0.4))
    world.run()
    found = answers(world)
    assert found.column_names == ["label", "challenger", "champion", "sex", "race"]
    assert [str(field.type) for field in found.schema][:3] == ["int8", "double", "double"]
    age = np.nan_to_num(table["age"].to_numpy(), nan=40.0)
    women = np.array(table["sex"].to_pylist()) == "Female"
    for role, (of_age, of_women) in {"challenger": (0.09, -1.3), "champion": (0.03, 0.0)}.items():
        by_hand = 1 / (1 + np.exp(-(of_age * (age - 40) + of_women * women - 0.4)))
        np.testing.assert_allclose(found[role].to_numpy(), by_hand, atol=1e-6)
    assert found["label"].to_pylist() == [int(value == ">50K") for value in table["income"].to_pylist()]
    assert found["race"].to_pylist() == table["race"].to_pylist()


def test_rows_without_a_known_label_are_left_out(
    world: World, package: Package, people: Callable[..., pa.Table]
) -> None:
    table = people(rows=600)
    labels = [value if row % 3 else (None if row % 2 else "?") for row, value in enumerate(table["income"].to_pylist())]
    place = table.column_names.index("income")
    world.holdout(table.set_column(place, "income", pa.array(labels)))
    world.challenger(package(0.09, -1.3, -0.4))
    world.champion(champion=package(0.03, 0.0, -0.4))
    found = world.run()
    kept = [value for row, value in enumerate(table["income"].to_pylist()) if row % 3]
    assert (found["holdout"]["rows"], found["holdout"]["positives"]) == (400, kept.count(">50K"))
    assert answers(world)["label"].to_pylist() == [int(value == ">50K") for value in kept]


def test_small_slices_are_listed_and_not_judged(
    world: World, package: Package, people: Callable[..., pa.Table]
) -> None:
    world.holdout(people())
    world.challenger(package(0.09, -1.3, -0.4))
    world.champion(champion=package(0.03, 0.0, -0.4))
    found = world.run()
    left_out = {one["slice"]: one["reason"] for one in found["not_judged"]}
    assert "race=Other, sex=Female" in left_out
    assert re.search(r"\d+ rows where the policy wants 200", left_out["race=Other, sex=Female"])
    by_name = {one["slice"]: one for one in found["slices"]}
    assert not by_name["race=Other, sex=Female"]["judged"]
    assert by_name["race=Other, sex=Female"]["keys"] == {"race": "Other", "sex": "Female"}
    assert by_name["sex=Female"]["judged"]
    judged = {check["subject"] for check in found["checks"] if check["name"] == "recall_gain_over_champion"}
    assert judged == {name for name, one in by_name.items() if one["judged"]}


def test_the_first_run_is_decided_by_absolute_checks(
    world: World, package: Package, people: Callable[..., pa.Table]
) -> None:
    world.holdout(people())
    world.challenger(package(0.09, -1.3, -0.4))
    world.champion()
    found = world.run()
    assert found["verdict"] == "PASS"
    assert (found["champion"], found["reference"]) == (None, None)
    assert verdicts(found) == {
        ("predictions", "challenger"): "PASS",
        ("holdout_disjoint", "challenger"): "PASS",
        ("auc", "overall"): "PASS",
    }
    assert {(one["name"], one["reason"]) for one in found["not_applicable"]} == {
        (f"{metric}_gain_over_{role}", f"no {role} yet")
        for metric in ("auc", "recall")
        for role in ("champion", "reference")
    }
    assert found["slices"][0]["metrics"]["auc"]["gain"] == {}


def test_a_challenger_that_is_worse_fails_and_says_by_how_much(
    world: World, package: Package, people: Callable[..., pa.Table]
) -> None:
    world.holdout(people())
    world.challenger(package(0.03, 1.0, -0.4))
    world.champion(champion=package(0.09, -1.3, -0.4))
    found = world.run()
    assert found["verdict"] == "FAIL"
    check = next(check for check in found["checks"] if check["name"] == "auc_gain_over_champion")
    said = r"auc_gain over champion -0\.\d{4} \[-0\.\d{4}, -0\.\d{4}\] is not >= -0.0200: all of the interval misses it"
    assert re.fullmatch(said, check["reason"])
    result = model_eval_lib.load_validation_result(str(world.root / "evaluation"))
    assert not result.validation_ok
    assert result.metric_validations_per_slice[0].failures[0].message == f"FAIL: {check['reason']}"


def test_the_champion_again_gains_exactly_nothing_and_passes(
    world: World, package: Package, people: Callable[..., pa.Table]
) -> None:
    world.gate["checks"][1]["tolerance"] = 0.0
    same = package(0.09, -1.3, -0.4)
    world.holdout(people(rows=400))
    world.challenger(same)
    world.champion(champion=same, reference=same)
    found = world.run()
    assert found["verdict"] == "PASS"
    assert found["slices"][0]["metrics"]["auc"]["gain"] == {
        role: {"value": 0, "lower": 0, "upper": 0} for role in ("champion", "reference")
    }
    assert [name for name, subject in verdicts(found) if subject == "overall" and "gain" in name] == [
        "auc_gain_over_champion",
        "recall_gain_over_champion",
    ]
    assert list(found["plots"]["slices"][0]["models"]) == ["challenger"]


def test_the_same_training_done_again_is_the_same_model_though_its_bytes_differ(
    world: World, package: Package, people: Callable[..., pa.Table], tmp_path: Path
) -> None:
    first = package(0.09, -1.3, -0.4)
    again = tmp_path / "again"
    again.mkdir()
    for name, path in digests.files_of(first):
        (again / name).parent.mkdir(parents=True, exist_ok=True)
        (again / name).write_bytes(path.read_bytes())
    (again / "assets").mkdir(exist_ok=True)
    (again / "assets" / "note.txt").write_text("written a second time")
    world.holdout(people(rows=400))
    world.challenger(again, model_digest="sha256:" + "0" * 64)
    world.champion(champion=first)
    found = world.run()
    assert found["challenger"]["package"] != found["champion"]["package"]
    assert found["slices"][0]["metrics"]["auc"]["gain"]["champion"] == {"value": 0, "lower": 0, "upper": 0}


def test_a_model_that_answers_logits_and_nan_fails_and_nothing_is_judged(
    world: World, package: Package, people: Callable[..., pa.Table], logit: type
) -> None:
    table = people()
    world.holdout(table)
    world.challenger(package(0.09, 0.0, -0.4, kind=logit))
    world.champion(champion=package(0.03, 0.0, -0.4))
    found = world.run()
    assert found["verdict"] == "FAIL"
    given = answers(world)["challenger"].to_numpy()
    missing, outside = int(np.isnan(given).sum()), int(((given < 0) | (given > 1)).sum())
    assert missing > 0
    check = next(check for check in found["checks"] if check["subject"] == "challenger")
    assert check["reason"] == (
        f"among 2,400 predictions of the challenger are {missing:,} NaN and {outside:,} outside of 0 to 1"
    )
    assert not any(one["judged"] for one in found["slices"])
    assert found["slices"][0]["rows"] == 2400 - missing - outside
    assert verdicts(found)["auc_gain_over_champion", "overall"] == "INCONCLUSIVE"


def test_without_a_model_the_evaluation_is_an_error_that_says_why(
    world: World, package: Package, people: Callable[..., pa.Table]
) -> None:
    world.holdout(people(rows=300))
    (world.root / "model").mkdir()
    said = an_example("not_trained")
    documents.write(world.root / "model" / "not_trained.json", "not_trained", said)
    world.champion(champion=package(0.03, 0.0, -0.4))
    found = world.run()
    assert (found["verdict"], found["challenger"], found["slices"], found["plots"]) == ("ERROR", None, [], {})
    assert [(check["name"], check["verdict"], check["reason"]) for check in found["checks"]] == [
        ("model", "ERROR", f"no model: {said['reason']}")
    ]
    assert found["champion"]["number"] == 7
    assert (world.root / "predictions").is_dir()
    assert not model_eval_lib.load_validation_result(str(world.root / "evaluation")).validation_ok
    assert model_eval_lib.load_eval_result(str(world.root / "evaluation")).slicing_metrics == []
    assert not list((world.root / "evaluation").glob("model_card*"))


def test_equal_inputs_give_equal_bytes(
    world: World, package: Package, people: Callable[..., pa.Table], tmp_path: Path
) -> None:
    other = World(tmp_path / "other")
    for one in (world, other):
        one.root.mkdir(exist_ok=True)
        one.holdout(people(rows=600))
        one.challenger(package(0.09, -1.3, -0.4))
        one.champion(champion=package(0.03, 0.0, -0.4))
        one.run()
    for name in ("evaluation", "predictions"):
        assert digests.of_tree(world.root / name) == digests.of_tree(other.root / name)


def test_a_package_that_was_changed_is_refused(world: World, package: Package, people: Callable[..., pa.Table]) -> None:
    world.holdout(people(rows=300))
    world.challenger(package(0.09, -1.3, -0.4))
    world.champion(champion=package(0.03, 0.0, -0.4))
    entries = documents.read(world.root / "champion" / "champion.json", "champion")
    entries["champion"]["package"] = "sha256:" + "f" * 64
    documents.write(
        world.root / "champion" / "champion.json", "champion", {key: entries[key] for key in ("champion", "reference")}
    )
    with pytest.raises(IntegrityError, match=r"champion: expected sha256:f+, got sha256:"):
        world.run()
    assert not (world.root / "evaluation" / "evaluation.json").exists()


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (
            lambda world: world.evaluation["slicingSpecs"].append({"featureKeys": ["sexx"]}),
            ConfigError,
            "eval_config.json (slicing_specs): expected columns of the data, got 'sexx'\n\nhint: did you mean sex?",
        ),
        (
            lambda world: world.gate["checks"][0].update(slices=["sex=female"]),
            ConfigError,
            "benison.yaml (gate.checks.0.slices): expected a slice of the evaluation, got 'sex=female'\n\n"
            "hint: did you mean sex=Female?",
        ),
        (
            lambda world: world.evaluation["modelSpecs"][0].update(labelKey="wage"),
            ConfigError,
            "eval_config.json (model_specs.0.label_key): expected 'income', got 'wage'\n\n"
            "hint: leave it out: benison.yaml names the label",
        ),
        (
            lambda world: world.evaluation["metricsSpecs"][0]["metrics"].append({"className": "AOC"}),
            ConfigError,
            "hint: did you mean AUC?",
        ),
    ],
)
def test_what_the_configuration_gets_wrong_is_said_before_any_model_answers(
    world: World,
    people: Callable[..., pa.Table],
    change: Callable[[World], None],
    kind: type[Exception],
    said: str,
) -> None:
    world.holdout(people(rows=300))
    change(world)
    with pytest.raises(kind, match=re.escape(said)):
        world.run()
    assert not (world.root / "evaluation").exists()


def test_a_champion_that_takes_a_column_that_is_gone_is_said_so(
    world: World, package: Package, people: Callable[..., pa.Table]
) -> None:
    world.evaluation["slicingSpecs"] = [{"featureKeys": ["race"]}]
    world.holdout(people(rows=300).select(["age", "race", "income"]))
    world.challenger(package(0.09, -1.3, -0.4))
    world.champion()
    with pytest.raises(DataError, match="feature 'sex': expected a column 'sex' in the data"):
        world.run()


def test_curves_are_those_of_the_predictions(world: World, package: Package, people: Callable[..., pa.Table]) -> None:
    world.holdout(people())
    world.challenger(package(0.09, -1.3, -0.4))
    world.champion(champion=package(0.03, 0.0, -0.4))
    found = world.run()
    drawn = found["plots"]["slices"][0]["models"]
    for role in ("challenger", "champion"):
        points = np.array(drawn[role]["curve"])[:, :2].astype(float)
        area = float(np.sum(np.diff(points[:, 0]) * (points[1:, 1] + points[:-1, 1]) / 2))
        assert len(points) <= 101
        assert area == pytest.approx(found["slices"][0]["metrics"]["auc"][role]["value"], abs=2e-3)
        bins = drawn[role]["calibration"]
        assert sum(one[2] for one in bins) == 2400
        assert sum(one[2] * one[1] for one in bins) == pytest.approx(found["holdout"]["positives"], abs=1e-2)
    assert not math.isclose(drawn["challenger"]["curve"][50][1], drawn["champion"]["curve"][50][1])
    assert [one["slice"] for one in found["plots"]["slices"]][:2] == ["overall", "sex=Male"]
