from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from benison.core.errors import DataError
from benison.tfx.exported import check, model_digest
from benison.tfx.parsed import parsed_features

FEATURES = ["age", "city", "unread"]
Answer = Callable[[Any], Any]


def rows(*ages: float | None) -> list[bytes]:
    def row(age: float | None) -> bytes:
        known = tf.train.Feature() if age is None else tf.train.Feature(float_list=tf.train.FloatList(value=[age]))
        example = tf.train.Example(features=tf.train.Features(feature={"age": known}))
        return bytes(example.SerializeToString())

    return [row(age) for age in ages]


class Model(tf.Module):
    """Ages as probabilities, by a weight that is a variable; `answer` makes of them what the signature gives."""

    def __init__(self, answer: Answer, spec: dict[str, Any], weight: float) -> None:
        super().__init__()
        self.weight, self.answer, self.spec = tf.Variable(weight), answer, spec

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def serve(self, examples: Any) -> Any:
        parsed = tf.io.parse_example(examples, self.spec)
        return self.answer(self.weight * tf.reshape(parsed["age"], [-1]))


def save(
    folder: Path,
    answer: Answer = lambda p: {"probability": p},
    *,
    name: str = "serving_default",
    weight: float = 1.0,
    **spec: Any,
) -> Path:
    features = {"age": tf.io.FixedLenFeature([1], tf.float32, [0.5]), "city": tf.io.VarLenFeature(tf.string), **spec}
    model = Model(answer, features, weight)
    tf.saved_model.save(model, str(folder / "Format-Serving"), signatures={name: model.serve})
    return folder / "Format-Serving"


def judged(package: Path, asked: list[bytes] | None = None) -> dict[str, Any]:
    return check(package, rows(0.1, None, 0.9) if asked is None else asked, FEATURES, "label")


def error(package: Path, asked: list[bytes] | None = None) -> str:
    with pytest.raises(DataError) as raised:
        judged(package, asked)
    return str(raised.value)


@pytest.mark.parametrize(
    "answer",
    [
        lambda p: {"anything": p},
        lambda p: {"classes": p > 0.5, "scores": tf.reshape(p, [-1, 1])},
        lambda p: {"outputs": 9 * p, "probability": tf.cast(p, tf.float64)},
    ],
)
def test_a_package_tells_what_it_reads_and_how_large_it_is(tmp_path: Path, answer: Answer) -> None:
    found = judged(save(tmp_path, answer))
    assert (found["features"], found["parameters"], found["warnings"]) == (["age", "city"], 1, [])
    assert found["environment"]["tensorflow"] == tf.__version__
    assert found["environment"]["keras"].endswith("(tf_keras)")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            lambda p: {"outputs": tf.stack([p, p, p], 1)},
            "expected one probability for each of 3 rows, so shape (3,) or (3, 1), got (3, 3)\n\n"
            "hint: a model of several classes is none that Benison can judge: it answers yes or no, by one probability",
        ),
        (
            lambda p: {"outputs": tf.reduce_mean(p)},
            "expected one probability for each of 3 rows, so shape (3,) or (3, 1), got ()",
        ),
        (
            lambda p: {"outputs": 10 * p - 5},
            "expected probabilities from 0 to 1, got -4\n\nhint: these may be logits: end with  keras.layers.Dense",
        ),
        (lambda p: {"outputs": tf.math.log(-p)}, "expected probabilities, got not a number\n\nhint: scale or clip"),
        (
            lambda p: {"one": p, "two": p},
            "expected one output, or one of the name probability or probabilities or predictions or outputs or "
            "output_0 or scores, got one, two\n\nhint: call the one that holds the probability  probability",
        ),
    ],
)
def test_what_is_no_probability_for_each_row_is_refused(tmp_path: Path, answer: Answer, said: str) -> None:
    assert error(save(tmp_path, answer)).startswith(f"Format-Serving (serving_default): {said}")


def test_a_package_without_the_signature_is_refused(tmp_path: Path) -> None:
    assert error(save(tmp_path, name="predict")) == (
        "Format-Serving (serving_default): expected a signature serving_default, got predict\n\n"
        "hint: export it with  signatures={'serving_default': f}, f taking serialized tf.Examples"
    )


def test_a_signature_of_tensors_is_told_what_it_should_take(tmp_path: Path) -> None:
    class Plain(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 1], tf.float32, "age")])
        def serve(self, age: Any) -> Any:
            return {"output_0": age}

    model = Plain()
    tf.saved_model.save(model, str(tmp_path / "Format-Serving"), signatures=model.serve)
    assert error(tmp_path / "Format-Serving") == (
        "Format-Serving (serving_default): expected one input of strings, which are serialized tf.Examples, "
        "got age (float32)\n\nhint: export it with  signatures={'serving_default': f}, f being a tf.function of "
        "tf.TensorSpec([None], tf.string, name='examples') that begins with tf.io.parse_example"
    )


def test_a_folder_without_a_saved_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Format-Serving").mkdir()
    (tmp_path / "Format-Serving" / "model.keras").write_bytes(b"")
    message = error(tmp_path / "Format-Serving")
    said = "Format-Serving: expected a SavedModel that loads without the module, got OSError: SavedModel"
    assert message.startswith(said)
    assert message.endswith(
        "hint: run_fn has to write one to fn_args.serving_model_dir, with operations of TensorFlow's own alone"
    )


def test_a_model_that_wants_the_label_when_it_is_served_is_told_so(tmp_path: Path) -> None:
    message = error(save(tmp_path, label=tf.io.FixedLenFeature([], tf.int64)))
    assert "expected answers to rows of eval, got InvalidArgumentError: " in message
    assert "Feature: label (data type: int64) is required but could not be found" in message
    assert message.endswith(
        "hint: a row that is served has no label, and a missing value is a feature without one: give it a default"
    )


def test_a_model_that_reads_nothing_of_the_data_is_refused(tmp_path: Path) -> None:
    said = "expected a model that reads columns of the data, got it reads age, city\n\nhint: did you mean aged?"
    with pytest.raises(DataError, match=re.escape(said)):
        check(save(tmp_path), rows(0.1), ["aged"], "label")


def test_what_may_be_meant_so_is_a_warning(tmp_path: Path) -> None:
    whole, always = tf.io.VarLenFeature(tf.int64), tf.io.FixedLenFeature([1], tf.float32)
    package = save(tmp_path, lambda p: {"p": 0 * p + 0.25}, age=always, odd=whole, label=whole)
    found = judged(package, rows(0.1, 0.9))["warnings"]
    assert found[0] == "the model answers 0.25 to every row of eval"
    assert found[1].startswith("the model answers no row in which every value is missing: InvalidArgumentError: ")
    assert found[2:] == [
        "the model reads a feature 'label', which is the label, which no row has when it is served",
        "the model reads a feature 'odd', which is no column of the data",
    ]


def test_a_digest_is_of_weights_and_signatures_and_of_nothing_else(tmp_path: Path) -> None:
    made = {"same": 0.5, "again": 0.5, "other": 0.25}
    packages = {name: save(tmp_path / name, weight=weight) for name, weight in made.items()}
    packages["renamed"] = save(tmp_path / "renamed", lambda p: {"score": p}, weight=0.5)
    found = {name: model_digest(path, tf.saved_model.load(str(path)).signatures) for name, path in packages.items()}
    assert found["same"] == found["again"]
    assert len(set(found.values())) == 3


def test_features_that_the_graph_does_not_name_are_not_known(tmp_path: Path) -> None:
    class Length(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
        def serve(self, examples: Any) -> Any:
            return {"p": tf.cast(tf.strings.length(examples), tf.float32) / 1e6}

    assert parsed_features(Length().serve.get_concrete_function()) is None
