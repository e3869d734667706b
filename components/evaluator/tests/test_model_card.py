"""The model card as the evaluator fills it in: equal to evaluation.json, and to the models' answers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from benison.cards import card as cards
from benison.core.errors import DataError, IntegrityError
from components.evaluator.tests.world import World

Package = Callable[..., Path]
People = Callable[..., pa.Table]


@pytest.fixture
def world(tmp_path: Path, package: Package, people: People) -> World:
    made = World(tmp_path)
    made.holdout(people())
    made.challenger(package(0.09, -1.3, -0.4))
    made.champion(champion=package(0.03, 0.0, -0.4), reference=package(0.01, 1.0, -0.4))
    return made


def test_metrics_of_every_slice_stand_in_the_card(world: World) -> None:
    found = world.run()
    card = cards.read(world.root / "evaluation")
    shown = {
        (one["type"], one.get("slice", "overall")): one for one in card["quantitative_analysis"]["performance_metrics"]
    }
    for one in found["slices"]:
        for name, metric in one["metrics"].items():
            value = metric["challenger"]["value"]
            assert ((name, one["slice"]) in shown) == (value is not None)
            if value is not None:
                assert float(shown[name, one["slice"]]["value"]) == value
    gain = found["slices"][0]["metrics"]["auc"]["gain"]["champion"]
    interval = shown["auc_gain_over_champion", "overall"]["confidence_interval"]
    assert [float(interval[end]) for end in ("lower_bound", "upper_bound")] == [gain["lower"], gain["upper"]]
    answers = pq.read_table(world.root / "predictions" / "Split-holdout" / "predictions.parquet")
    label, women = answers["label"].to_numpy(), np.array(answers["sex"].to_pylist()) == "Female"
    for name, rows in (("overall", np.ones(len(label), bool)), ("sex=Female", women)):
        by_hand = roc_auc_score(label[rows], answers["challenger"].to_numpy()[rows])
        assert float(shown["auc", name]["value"]) == pytest.approx(by_hand, abs=1e-12)


def test_the_gates_verdict_and_slices_that_are_too_small_stand_in_the_card(world: World) -> None:
    found = world.run()
    card = cards.read(world.root / "evaluation")
    assert "The gate's verdict on the model is PASS: " in card["model_details"]["documentation"]
    told = [one["description"] for one in card["considerations"]["limitations"]]
    assert found["not_judged"]
    for one in found["not_judged"]:
        assert f"Too small to be judged: {one['slice']}, {one['reason']}" in told
    assert "Gain over champion number 7 " in card["model_details"]["version"]["diff"]
    assert "Gain over reference number 6 " in card["model_details"]["version"]["diff"]
    text = (world.root / "evaluation" / cards.MARKDOWN).read_text()
    assert f"{found['slices'][0]['metrics']['auc']['challenger']['value']:.4f}" in text


def test_a_model_without_a_card_is_refused(world: World) -> None:
    (world.root / "model" / cards.FILE).unlink()
    with pytest.raises(DataError, match=r"model/model_card.json: expected a JSON document of kind model_card"):
        world.run()


def test_the_card_of_another_model_is_refused(world: World) -> None:
    world.card("sha256:" + "0" * 64)
    with pytest.raises(IntegrityError, match=r"model_card.json: expected the card of package .*, got sha256:0000"):
        world.run()
    assert not (world.root / "evaluation" / "evaluation.json").exists()
