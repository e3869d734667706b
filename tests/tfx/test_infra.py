"""InfraValidator on models of TFX's Trainer, and what our Pusher makes of its word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from benison.components.evaluator.in_tfx import answer as evaluate
from benison.components.infra_validator.in_tfx import answer as validate
from benison.core import digests, documents
from benison.core.errors import DataError, IntegrityError
from benison.registry.log import Bless
from benison.registry.registry import Registry
from benison.tfx.asked import Artifact
from tests.tfx.shop import Shop, blessing, examples, infra_blessing, marked, project, splits, stock_model

LIMIT = "{metric: size_mb, at_most: 0.0001}"


class Peeking(tf.Module):
    """Answers with the label where an example has one, and with a half where it has none."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def serve(self, serialized: Any) -> dict[str, Any]:
        kinds = {name: tf.io.FixedLenFeature([1], tf.int64, [-1]) for name in ("age", "bought")}
        found = tf.io.parse_example(serialized, kinds)
        label, grown = (tf.cast(found[name], tf.float32) for name in ("bought", "age"))
        return {"outputs": tf.where(label < 0, 0.5 + 0.0 * grown, label)}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("infra")
    project(root / "project")
    return Shop(root)


@pytest.fixture(scope="module")
def data(shop: Shop) -> Artifact:
    return examples(shop.root / "examples", splits())


@pytest.fixture(scope="module")
def model(shop: Shop) -> Artifact:
    return stock_model(shop.root / "model", 1.0)


@pytest.fixture(scope="module")
def judged(shop: Shop, data: Artifact, model: Artifact) -> Artifact:
    """InfraValidator's word on it, without our Evaluator."""
    told = shop.ask(validate, {"examples": data, "model": model}, "blessing")
    return infra_blessing(shop.artifact("blessing"), told)


def of(infra: Artifact) -> dict[str, Any]:
    return documents.read(infra.path / "infra.json", "infra")


def test_a_model_of_tfx_is_asked_as_tfx_asks_it_and_as_clients_do(judged: Artifact) -> None:
    said = of(judged)
    assert (said["verdict"], said["rows"], judged.properties["blessed"]) == ("PASS", 300, 1)
    passed = {one["name"]: one["verdict"] for one in said["checks"]}
    assert passed == dict.fromkeys(("lives", "contract", "same_answers", "size_mb"), "PASS")


def test_a_model_that_reads_the_label_is_not_what_serves(shop: Shop, data: Artifact) -> None:
    peeking, place = Peeking(), shop.root / "peeking"
    tf.saved_model.save(peeking, str(place / "Format-Serving"), {"serving_default": peeking.serve})
    told = shop.ask(validate, {"examples": data, "model": Artifact(place, str(place), 8)}, "blessing")
    assert (told["blessed"], told["verdict"]) == (False, "FAIL")
    assert told["reasons"] == [
        "300 of 300 rows, by up to 0.5, are answered otherwise than the evaluator had it: "
        "what was judged is not what serves"
    ]


@pytest.mark.slow
def test_what_our_evaluator_was_told_has_to_be_what_serves(
    shop: Shop, data: Artifact, model: Artifact, tmp_path: Path
) -> None:
    other = stock_model(tmp_path / "other", 0.5)
    shop.ask(evaluate, {"examples": data, "model": other}, "evaluation")
    given = {"examples": data, "model": model, "evaluation": shop.artifact("evaluation"), "baseline_model": other}
    told = shop.ask(validate, given, "blessing")
    assert (told["blessed"], told["verdict"], len(told["reasons"])) == (False, "FAIL", 1)
    assert "are answered otherwise than the evaluator had it" in told["reasons"][0]
    champion = documents.read(shop.made["blessing"] / "infra.json", "infra")["champion"]
    assert champion["number"] == other.id


def test_an_evaluation_that_is_not_ours_is_told(shop: Shop, data: Artifact, model: Artifact, tmp_path: Path) -> None:
    message = r"input 'evaluation': expected what our Evaluator wrote, got no predictions/\n\nhint: without our Evalua"
    with pytest.raises(DataError, match=message):
        shop.ask(validate, {"examples": data, "model": model, "evaluation": Artifact(tmp_path)}, "blessing")


@pytest.mark.parametrize("graph", [b"", b"no graph"])
def test_what_cannot_be_asked_is_not_blessed(shop: Shop, data: Artifact, graph: bytes, tmp_path: Path) -> None:
    if graph:
        (tmp_path / "Format-Serving").mkdir()
        (tmp_path / "Format-Serving" / "saved_model.pb").write_bytes(graph)
    told = shop.ask(validate, {"examples": data, "model": Artifact(tmp_path, "/broken", 9)}, "blessing")
    assert (told["blessed"], told["verdict"], told["package"]) == (False, "ERROR", "")
    expected = "a SavedModel that loads without the module" if graph else "a SavedModel in Format-Serving/, got none"
    assert told["reasons"][0].startswith("no model: ")
    assert expected in told["reasons"][0]


@pytest.fixture
def theirs(tmp_path: Path) -> Shop:
    """A pipeline of TFX's components with our Pusher, and a registry of its own."""
    project(tmp_path / "project")
    return Shop(tmp_path)


def test_a_blessing_of_tfx_and_our_evidence_make_a_champion(
    theirs: Shop, data: Artifact, model: Artifact, judged: Artifact
) -> None:
    said = theirs.pushed(model=model, examples=data, model_blessing=blessing(model), infra_blessing=judged)
    assert said["outcome"] == "pushed"
    digest = digests.of_file(judged.path / "infra.json")
    registry = Registry.open(theirs.registry, "shop")
    assert registry.state().reign.entry.evidence["infra"] == digest
    assert registry.evidence.get(digest) is not None


@pytest.mark.slow
def test_what_does_not_serve_is_kept_out_and_that_is_in_the_log(theirs: Shop, data: Artifact, model: Artifact) -> None:
    config = theirs.project / "benison.yaml"
    config.write_text(config.read_text().replace("infra: {", f"infra: {{checks: [{LIMIT}], "))
    told = theirs.ask(validate, {"examples": data, "model": model}, "blessing")
    infra = infra_blessing(theirs.artifact("blessing"), told)
    said = theirs.pushed(model=model, examples=data, model_blessing=blessing(model), infra_blessing=infra)
    assert said["outcome"] == "blocked"
    assert said["reason"] == f"not blessed: {told['reasons'][0]}"
    log = Registry.open(theirs.registry, "shop").log()
    (entry,) = [one.entry for one in log if isinstance(one.entry, Bless)]
    assert (entry.verdict, entry.evidence["infra"]) == ("FAIL", told["digest"])


def test_evidence_of_another_model_carries_no_promotion(
    theirs: Shop, data: Artifact, judged: Artifact, tmp_path: Path
) -> None:
    other = stock_model(tmp_path / "other", 0.5)
    said = theirs.pushed(model=other, examples=data, model_blessing=blessing(other), infra_blessing=judged)
    assert said["outcome"] == "blocked"
    assert said["reason"].startswith("not blessed: infra.json is of another package ")


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"infra": digests.of_bytes(b"")}, r"expected the infra.json that it was marked with, e3b0c44298fc, got \w+"),
        ({"blessed": 0}, "expected a word that fits the verdict, PASS, got blessed: 0"),
    ],
)
def test_a_word_that_its_evidence_does_not_carry_is_told(
    theirs: Shop, data: Artifact, model: Artifact, judged: Artifact, properties: dict[str, Any], message: str
) -> None:
    word = marked(judged, **properties)
    with pytest.raises(IntegrityError, match=f"input 'infra_blessing': {message}"):
        theirs.pushed(model=model, examples=data, model_blessing=blessing(model), infra_blessing=word)
