"""Our components one after the other on what TFX's left, as TFX's executors ask them, but in this process."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from benison.components.champion_resolver.in_tfx import answer as resolve
from benison.components.evaluator.in_tfx import answer as evaluate
from benison.components.example_gen.in_tfx import answer as read
from benison.components.example_validator.in_tfx import answer as validate
from benison.components.infra_validator.in_tfx import answer as validate_infra
from benison.components.trainer.in_tfx import answer as train
from benison.core import digests, documents
from benison.core.errors import DataError
from benison.registry.registry import Registry
from benison.tfx.asked import Artifact, Asked
from tests.tfx.shop import Shop, blessing, example, examples, infra_blessing, project, rows, splits, stock_model


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("shop")
    project(root / "project")
    return Shop(root)


@pytest.fixture(scope="module")
def data(shop: Shop) -> Artifact:
    return examples(shop.root / "examples", splits())


@dataclass(frozen=True)
class Chain:
    """What one pass of ours made, and said."""

    model: Artifact
    evaluation: Artifact
    anomalies: Artifact
    profile: Artifact
    infra: Artifact
    pushed: Artifact
    champion: Artifact
    said: dict[str, Any]


def passed(shop: Shop, data: Artifact) -> Chain:
    said: dict[str, Any] = {}
    said["resolver"] = shop.ask(resolve, {}, "model", registry=shop.registry)
    champion = shop.artifact("model")
    validating = {"examples": data, "baseline_model": champion}
    said["validator"] = shop.ask(validate, validating, "anomalies", "profile")
    anomalies, profile = shop.artifact("anomalies"), shop.artifact("profile")
    said["trainer"] = shop.ask(train, {"examples": data, "anomalies": anomalies}, "model", checkpoint_root="")
    model = shop.artifact("model")
    judging = {"examples": data, "model": model, "baseline_model": champion}
    said["evaluator"] = shop.ask(evaluate, judging, "evaluation")
    evaluation = shop.artifact("evaluation")
    said["infra"] = shop.ask(validate_infra, {**judging, "evaluation": evaluation}, "blessing")
    infra = infra_blessing(shop.artifact("blessing"), said["infra"])
    evidence = {"evaluation": evaluation, "anomalies": anomalies, "profile": profile, "infra_blessing": infra}
    said["pusher"] = shop.pushed(model=model, baseline_model=champion, **evidence)
    return Chain(model, evaluation, anomalies, profile, infra, shop.artifact("pushed_model"), champion, said)


@pytest.fixture(scope="module")
def first(shop: Shop, data: Artifact) -> Chain:
    return passed(shop, data)


def test_the_first_model_that_is_proven_becomes_champion(first: Chain, shop: Shop) -> None:
    assert first.said["resolver"] == {"number": 0, "package": ""}
    assert first.said["validator"] == {"verdict": "PASS", "blocked_by": [], "splits": ["train", "eval", "holdout"]}
    assert first.said["trainer"] == {"trained": True, "blocked_by": []}
    assert (first.said["evaluator"]["blessed"], first.said["evaluator"]["reasons"]) == (True, [])
    assert (first.said["infra"]["blessed"], first.said["infra"]["reasons"]) == (True, [])
    assert first.said["pusher"]["outcome"] == "pushed"
    package = documents.read(first.model.path / "training.json", "training")["package"]
    assert shop.champion.package == package == first.said["infra"]["package"]


def test_a_promotion_carries_what_infra_validator_found(first: Chain, shop: Shop) -> None:
    registry = Registry.open(shop.registry, "shop")
    digest = digests.of_file(first.infra.path / "infra.json")
    assert registry.state().reign.entry.evidence["infra"] == digest
    assert registry.evidence.get(digest) == (first.infra.path / "infra.json").read_bytes()
    word = documents.read(first.pushed.path / "blessing" / "blessing.json", "blessing")
    assert word["infra"] == digest
    assert {"lives", "same_answers", "infra_validation"} <= {one["name"] for one in word["checks"]}


def test_the_model_answers_the_examples_as_they_are(first: Chain) -> None:
    loaded = tf.saved_model.load(str(first.model.path / "Format-Serving"))
    asked_with = [example(row) for row in splits()["holdout"]]
    found = loaded.signatures["serving_default"](examples=tf.constant(asked_with))["probability"].numpy()
    predictions = pq.read_table(first.evaluation.path / "predictions" / "Split-holdout")["challenger"].to_numpy()
    np.testing.assert_allclose(found, predictions, atol=1e-6)


@pytest.fixture(scope="module")
def second(first: Chain, shop: Shop, data: Artifact) -> Chain:
    return passed(shop, data)


@pytest.mark.slow
def test_the_next_one_is_held_against_the_champion(second: Chain, first: Chain, shop: Shop) -> None:
    assert (
        second.said["resolver"]["package"] == documents.read(first.model.path / "training.json", "training")["package"]
    )
    assert digests.of_tree(second.champion.path / "Format-Serving") == second.said["resolver"]["package"]
    found = documents.read(second.evaluation.path / "evaluation.json", "evaluation")
    assert found["champion"]["package"] == second.said["resolver"]["package"]
    assert second.said["pusher"]["outcome"] == "unchanged"


def test_a_model_of_ours_that_a_resolver_of_tfx_found_stands_for_the_champion(
    first: Chain, shop: Shop, data: Artifact, stock: dict[float, Artifact]
) -> None:
    shop.ask(evaluate, {"examples": data, "model": stock[1.0], "baseline_model": first.model}, "evaluation")
    found = documents.read(shop.made["evaluation"] / "evaluation.json", "evaluation")
    training = documents.read(first.model.path / "training.json", "training")
    assert found["champion"] == {
        "package": training["package"],
        "number": first.model.id,
        "spans": training["spans"],
        "snapshot": training["snapshot"],
    }
    disjoint = {one["subject"]: one["verdict"] for one in found["checks"] if one["name"] == "holdout_disjoint"}
    assert disjoint == {"challenger": "PASS", "champion": "PASS"}


def test_a_training_can_start_from_a_model_of_ours(first: Chain, shop: Shop, data: Artifact) -> None:
    given = {"examples": data, "anomalies": first.anomalies, "base_model": first.model}
    assert shop.ask(train, given, "model", checkpoint_root="")["trained"]
    started = documents.read(shop.made["model"] / "training.json", "training")["base_model"]
    assert started["package"] == documents.read(first.model.path / "training.json", "training")["package"]
    assert started["features"] == ["age", "city"]


def test_evidence_that_is_not_ours_is_told_apart(first: Chain, shop: Shop, tmp_path: Path) -> None:
    theirs = Artifact(tmp_path, "/theirs")
    evidence = {"evaluation": first.evaluation, "anomalies": theirs, "profile": first.profile}
    message = r"input 'anomalies': expected what our ExampleValidator wrote, got no checks\.json"
    with pytest.raises(DataError, match=message):
        shop.pushed(model=first.model, baseline_model=first.champion, **evidence)


def test_data_that_are_not_fit_are_not_trained_on_and_that_is_recorded(shop: Shop) -> None:
    old = [{**row, "age": None} for row in rows(9, 600)]
    spoilt = examples(shop.root / "spoilt", {**splits(), "train": old})
    found = passed(shop, spoilt)
    assert found.said["validator"]["verdict"] != "PASS"
    assert found.said["trainer"]["trained"] is False
    assert found.said["trainer"]["blocked_by"] == found.said["validator"]["blocked_by"]
    assert found.said["evaluator"]["blessed"] is False
    assert found.said["infra"]["reasons"] == ["no model: the validation of the data is FAIL, not PASS"]
    assert found.said["pusher"]["outcome"] == "blocked"
    assert found.said["trainer"]["blocked_by"][0] in found.said["pusher"]["reason"]


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> dict[float, Artifact]:
    """Models of TFX's Trainer: by weight, the better the greater."""
    folder = tmp_path_factory.mktemp("stock")
    return {weight: stock_model(folder / f"model {weight}", weight, id=int(weight * 10)) for weight in (1.0, 0.5, -1.0)}


def test_a_model_of_tfx_is_measured_by_its_own_signature(
    shop: Shop, data: Artifact, stock: dict[float, Artifact]
) -> None:
    said = shop.ask(evaluate, {"examples": data, "model": stock[1.0]}, "evaluation")
    assert said["verdict"] == "PASS"
    predictions = pq.read_table(shop.made["evaluation"] / "predictions" / "Split-holdout")["challenger"].to_numpy()
    ages = np.array([row["age"] for row in splits()["holdout"]], np.float64)
    np.testing.assert_allclose(predictions, 1 / (1 + np.exp(-(ages - 50) / 10)), atol=1e-6)
    taken = shop.made["evaluation"] / "taken_in"
    assert [one["name"] for one in json.loads((taken / "features.json").read_text())["columns"]] == ["age"]
    assert documents.read(taken / "training.json", "training")["seed"] is None


def test_a_worse_model_of_tfx_is_not_blessed(shop: Shop, data: Artifact, stock: dict[float, Artifact]) -> None:
    said = shop.ask(evaluate, {"examples": data, "model": stock[-1.0], "baseline_model": stock[1.0]}, "evaluation")
    assert (said["blessed"], said["verdict"]) == (False, "FAIL")
    assert re.match(r"auc 0\.\d+ \[.*\] is not >= 0\.6000", said["reasons"][0])
    found = documents.read(shop.made["evaluation"] / "evaluation.json", "evaluation")
    assert (found["champion"]["number"], found["champion"]["snapshot"]) == (10, None)


def test_a_model_of_tfx_that_saw_the_holdout_is_not_blessed(shop: Shop, stock: dict[float, Artifact]) -> None:
    written = splits()
    leaked = examples(shop.root / "leaked", {**written, "train": [*written["train"], *written["holdout"]]})
    said = shop.ask(evaluate, {"examples": leaked, "model": stock[1.0]}, "evaluation")
    assert (said["blessed"], said["verdict"]) == (False, "INCONCLUSIVE")


def test_a_model_of_tfx_is_pushed_on_our_proof(
    shop: Shop, data: Artifact, stock: dict[float, Artifact], first: Chain, tmp_path: Path
) -> None:
    other = Shop(tmp_path)
    project(other.project)
    other.ask(evaluate, {"examples": data, "model": stock[1.0]}, "evaluation")
    evaluation = other.artifact("evaluation")
    said = other.pushed(model=stock[1.0], evaluation=evaluation, anomalies=first.anomalies, profile=first.profile)
    assert said["outcome"] == "pushed"
    assert (
        other.champion.package == documents.read(evaluation.path / "taken_in" / "training.json", "training")["package"]
    )


@pytest.fixture
def theirs(tmp_path: Path) -> Shop:
    """A pipeline of TFX's components, with our Pusher."""
    project(tmp_path / "project")
    return Shop(tmp_path)


def test_a_blessing_of_tfx_makes_its_model_champion(theirs: Shop, data: Artifact, stock: dict[float, Artifact]) -> None:
    model = stock[0.5]
    said = theirs.pushed(model=model, examples=data, model_blessing=blessing(model))
    assert (said["outcome"], said["number"]) == ("pushed", theirs.champion.number)
    assert (theirs.made["pushed_model"] / "saved_model.pb").is_file()
    better = stock[1.0]
    word = blessing(better, baseline_model=model.uri, baseline_model_id=model.id)
    said = theirs.pushed(model=better, examples=data, model_blessing=word, baseline_model=model)
    assert (said["outcome"], said["number"]) == ("pushed", theirs.champion.number)
    manifest = Registry.open(theirs.registry, "shop").show("champion").manifest
    assert manifest.provenance.trained_on is not None


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"blessed": 0, "blessing_message": "too weak"}, "not blessed: TFX's Evaluator does not bless it: too weak"),
        ({"current_model": "/another"}, "not blessed: the blessing is of /another, not of "),
        (
            {"blessed": 0, "current_model": ""},
            "bless it: without a reason; the blessing is of no model, not of",
        ),
    ],
)
def test_what_is_not_blessed_or_not_this_model_is_not_pushed(
    theirs: Shop, data: Artifact, stock: dict[float, Artifact], properties: dict[str, Any], reason: str
) -> None:
    model = stock[1.0]
    said = theirs.pushed(model=model, examples=data, model_blessing=blessing(model, **properties))
    assert said["outcome"] == "blocked"
    assert reason in said["reason"]
    assert theirs.champion is None
    assert not (theirs.made["pushed_model"] / "saved_model.pb").exists()


def test_a_blessing_against_another_model_than_the_champion_is_none(
    theirs: Shop, data: Artifact, stock: dict[float, Artifact]
) -> None:
    assert theirs.pushed(model=stock[0.5], examples=data, model_blessing=blessing(stock[0.5]))["outcome"] == "pushed"
    said = theirs.pushed(model=stock[1.0], examples=data, model_blessing=blessing(stock[1.0]))
    assert said["outcome"] == "blocked"
    assert "it was compared with none, and the champion is" in said["reason"]


def test_the_model_that_a_blessing_compared_with_has_to_be_there(
    theirs: Shop, data: Artifact, stock: dict[float, Artifact]
) -> None:
    word = blessing(stock[1.0], baseline_model="/elsewhere", baseline_model_id=3)
    with pytest.raises(
        DataError, match="input 'baseline_model': expected the model of the blessing, /elsewhere, got none"
    ):
        theirs.pushed(model=stock[1.0], examples=data, model_blessing=word)


def test_what_is_no_saved_model_is_told(shop: Shop, data: Artifact, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="/nothing: expected a SavedModel in Format-Serving/, got none"):
        shop.ask(evaluate, {"examples": data, "model": Artifact(tmp_path, "/nothing", 1)}, "evaluation")


def test_our_examples_are_kept_as_tfx_keeps_them(theirs: Shop) -> None:
    written = rows(1, 500)
    lines = ["age,city,order,bought", *(f"{r['age']},{r['city'] or ''},{r['order']},{r['bought']}" for r in written)]
    (theirs.root / "shop.csv").write_text("\n".join(lines) + "\n")
    said = theirs.ask(read, {}, "examples", data_root=str(theirs.root), span="0")
    assert said == {"splits": ["train", "eval", "holdout"], "span": 1}
    found = []
    for split in said["splits"]:
        path = theirs.made["examples"] / f"Split-{split}" / "data_tfrecord-00000-of-00001.gz"
        found += map(_parsed, tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator())
    assert sorted(found, key=lambda row: row["order"]) == written


def _parsed(record: bytes) -> dict[str, Any]:
    features = tf.train.Example.FromString(record).features.feature
    return {name: _value(one) for name, one in features.items()}


def _value(feature: Any) -> Any:
    kind = feature.WhichOneof("kind")
    values = getattr(feature, kind).value if kind else []
    value = values[0] if values else None
    return value.decode() if isinstance(value, bytes) else value


def test_a_holdout_of_another_name_keeps_it_where_tfx_looks(shop: Shop) -> None:
    written = splits()
    named = {"test" if split == "holdout" else split: some for split, some in written.items()}
    data = examples(shop.root / "renamed", named)
    said = shop.ask(validate, {"examples": data}, "anomalies", "profile", holdout="test")
    assert said["splits"] == ["train", "eval", "test"]
    for name, file in (("anomalies", "SchemaDiff.pb"), ("profile", "FeatureStats.pb")):
        assert {path.parent.name for path in shop.made[name].glob(f"Split-*/{file}")} == {
            "Split-train",
            "Split-eval",
            "Split-test",
        }


def test_a_channel_with_several_artifacts_is_told(shop: Shop, stock: dict[float, Artifact]) -> None:
    two = Asked({"model": (stock[1.0], stock[0.5])}, {}, {}, shop.root)
    with pytest.raises(DataError, match="input 'model': expected one artifact, got 2"):
        two.one("model")
    with pytest.raises(DataError, match="input 'examples': expected one artifact, got none"):
        two.one("examples")
    assert two.optional("examples") is None
