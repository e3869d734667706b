"""A project whose models TFMA measures: one metric that only it has, or all of them on Beam."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from benison.core.errors import ConfigError
from components.evaluator.tests.world import World

# TFMA on Beam takes seconds for each run.
pytestmark = pytest.mark.slow

Package = Callable[..., Path]
GATE: dict[str, Any] = {
    "min_rows": 20,
    "min_positives": 5,
    "checks": [
        {"metric": "auc", "at_least": 0.6, "judge": "point"},
        {"metric": "auc", "tolerance": 0.02, "tier": "soft"},
        {"metric": "coefficient_of_discrimination", "at_least": 0.01, "judge": "point"},
    ],
}


def evaluated(root: Path, package: Package, people: Callable[..., pa.Table], engine: dict[str, Any]) -> dict[str, Any]:
    root.mkdir()
    world = World(root, gate=GATE, engine=engine)
    world.evaluation["metricsSpecs"][0]["metrics"].append({"className": "CoefficientOfDiscrimination"})
    world.evaluation["slicingSpecs"] = [{}, {"featureKeys": ["sex"]}]
    world.holdout(people(rows=300))
    better, worse = package(0.09, -1.3, -0.4), package(0.03, 0.0, -0.4)
    world.challenger(better)
    world.champion(champion=worse, reference=worse)
    return world.run()


def test_a_project_has_the_same_figures_from_tfma_on_beam(
    tmp_path: Path, package: Package, people: Callable[..., pa.Table]
) -> None:
    ours = evaluated(tmp_path / "memory", package, people, {})
    theirs = evaluated(
        tmp_path / "beam", package, people, {"engine": "beam", "beam_options": ["--runner=DirectRunner"]}
    )
    assert theirs["engine"] == {"name": "beam", "options": ["--runner=DirectRunner"]}
    assert "engine" not in ours
    assert ours["verdict"] == theirs["verdict"] == "PASS"
    for one, other in zip(ours["slices"], theirs["slices"], strict=True):
        assert {**one, "metrics": None} == {**other, "metrics": None}
        for name, found in one["metrics"].items():
            # Rows of one bucket count as ties in TFMA's area.
            near = 1e-3 if name == "auc" else 1e-9
            for role in ("challenger", "champion", "reference"):
                assert other["metrics"][name][role]["value"] == pytest.approx(found[role]["value"], rel=near), name
    soft = [check for check in theirs["checks"] if check["name"] == "auc_gain_over_champion"]
    assert [check["verdict"] for check in soft] == ["INCONCLUSIVE"]
    assert not [check for check in theirs["checks"] if check["name"] == "auc_gain_over_reference"]


def test_options_and_plots_that_beam_has_not_are_told_before_any_model_answers(tmp_path: Path) -> None:
    world = World(tmp_path, engine={"engine": "beam", "beam_options": ["--runer=x"]})
    world.holdout(pa.table({"income": [">50K"], "sex": ["f"], "race": ["a"], "age": [3.0]}))
    expected = "benison.yaml (evaluation.beam_options): expected options of Apache Beam"
    with pytest.raises(ConfigError, match=re.escape(expected)):
        world.run()
    world.engine = {"engine": "beam"}
    world.evaluation["metricsSpecs"][0]["metrics"].append({"className": "CalibrationPlot"})
    with pytest.raises(ConfigError, match="engine beam: expected metrics alone, got plots, CalibrationPlot"):
        world.run()
