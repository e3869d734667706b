"""What an evaluation config asks of several classes: TFMA's options to names, and messages."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benison import eval_config
from benison.components.evaluator.classes import resolved
from benison.core.errors import ConfigError
from benison.core.metrics import BINARY, MULTICLASS, speaking


def written(folder: Path, *specs: dict[str, Any]) -> Path:
    path = folder / "eval_config.json"
    path.write_text(json.dumps({"metricsSpecs": specs}))
    return path


def asked(folder: Path, *specs: dict[str, Any]) -> tuple[str, ...]:
    with speaking(MULTICLASS):
        return eval_config.read_with_models(written(folder, *specs)).metrics


def metric(class_name: str, **arguments: Any) -> dict[str, Any]:
    return {"className": class_name, "config": json.dumps(arguments)}


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        ({}, ("recall[micro]", "auc[micro]")),
        ({"binarize": {"classIds": {"values": [0, 2]}}}, ("recall[0]", "recall[2]", "auc[0]", "auc[2]")),
        ({"binarize": {"kList": {"values": [2]}}}, ("recall[k_2]", "auc[k_2]")),
        ({"aggregate": {"microAverage": True, "topKList": {"values": [2]}}},
         ("recall[micro_k_2]@top_2", "auc[micro_k_2]")),
        ({"aggregate": {"weightedMacroAverage": True, "topKList": {"values": [2]}}},
         ("recall[macro_k_2]", "auc[macro_k_2]")),
        ({"aggregate": {"weighted_macro_average": True}}, ("recall[weighted_macro]", "auc[weighted_macro]")),
        ({"aggregate": {"macroAverage": True, "classWeights": {"0": 2, "1": 0.5}}},
         ("recall[macro 0:2 1:0.5]", "auc[macro 0:2 1:0.5]")),
    ],
)  # fmt: skip
def test_options_of_tfma_have_names(tmp_path: Path, spec: dict[str, Any], names: tuple[str, ...]) -> None:
    assert asked(tmp_path, {"metrics": [metric("Recall"), metric("AUC")], **spec}) == names


def test_a_metrics_own_arguments_say_the_same(tmp_path: Path) -> None:
    metrics = [
        metric("Recall", class_id=1, thresholds=[0.3, 0.7]),
        metric("Precision", top_k=2),
        metric("F1Score", class_id=1, top_k=1, name="f1_score"),
        metric("SparseTopKCategoricalAccuracy", k=3),
        metric("TopKCategoricalAccuracy"),
    ]
    assert asked(tmp_path, {"metrics": metrics}) == (
        "recall[1]@0.3", "recall[1]@0.7", "precision@top_2", "f1_score[1]@top_1", "top_k_categorical_accuracy@3",
        "top_k_categorical_accuracy",
    )  # fmt: skip


def test_options_of_classes_make_the_task_known(tmp_path: Path) -> None:
    recall = {"metrics": [metric("Recall")]}
    assert eval_config.task_in(written(tmp_path, recall)) == BINARY
    assert eval_config.task_in(written(tmp_path, recall, {**recall, "aggregate": {"microAverage": True}})) == MULTICLASS
    assert eval_config.task_in(written(tmp_path, {"metrics": [metric("CategoricalAccuracy")]}, recall)) == MULTICLASS


def test_numbers_of_classes_become_their_names() -> None:
    names = ("cat", "dog", "owl")
    with speaking(MULTICLASS):
        metrics = ("recall[0]", "auc[macro 0:1 1:1 2:1]", "recall[macro 0:1 1:1]", "recall[each]@top_1", "recall[cat]")
        assert resolved(metrics, names, "eval_config.json") == (
            "recall[cat]", "auc[macro]", "recall[macro 0:1 1:1]", "recall[cat]@top_1", "recall[dog]@top_1",
            "recall[owl]@top_1",
        )  # fmt: skip
        assert resolved(["recall[1]"], ("1", "2"), "") == ("recall[1]",)
        many = tuple(f"{number}" for number in range(31))
        assert resolved(["recall[each]@top_1", "recall[macro]"], many, "") == ("recall[macro]",)
        with pytest.raises(ConfigError, match=r"eval_config.json: expected a class of labels or predictions, got '3'"):
            resolved(["recall[3]"], names, "eval_config.json")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"binarize": {"classIds": {"values": [-1]}}}, "binarize.class_ids): expected whole numbers from 0, got [-1]"),
        ({"binarize": {"topKList": {"values": [0]}}}, "binarize.top_k_list): expected whole numbers from 1, got [0]"),
        ({"binarize": {"classes": [1]}}, "binarize.classes): expected a key that is known here, got 'classes'"),
        ({"aggregate": {"classWeights": {"0": 1}}}, "expected one of micro_average, macro_average, weighted"),
        ({"aggregate": {"microAverage": True, "macroAverage": True}}, "got 2 of them"),
        ({"aggregate": {"macroAverage": True, "classWeights": {"0": -1}}}, "expected a weight from 0 for each number"),
        ({"aggregate": {"macroAverage": True, "classWeights": {"0": 1}, "topKList": {"values": [1]}}},
         "class_weights): expected none beside top_k_list, got some"),
        ({"metrics": [metric("AUC")], "binarize": {"topKList": {"values": [2]}}}, "another metric than auc"),
        ({"metrics": [metric("AUC", top_k=2)]}, "config.top_k): expected another metric than auc, and no thresholds"),
        ({"metrics": [metric("Recall", class_id=1)], "binarize": {"classIds": {"values": [0]}}},
         "config.class_id): expected none beside binarize and aggregate, got one"),
        ({"metrics": [metric("ExampleCount")], "aggregate": {"microAverage": True}},
         "expected metrics of one class beside binarize and aggregate, got ExampleCount"),
        ({"metrics": [metric("CalibrationPlot")]}, "expected a metric of multiclass models, got 'CalibrationPlot'"),
        ({"metrics": [metric("Recall", name="mine")]}, "config.name): expected none, or recall[micro], got 'mine'"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(tmp_path: Path, spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        asked(tmp_path, {"metrics": [metric("Recall")], **spec})


def test_options_of_classes_are_refused_where_models_answer_yes_or_no(tmp_path: Path) -> None:
    path = written(tmp_path, {"metrics": [metric("Recall")], "aggregate": {"microAverage": True}})
    with pytest.raises(ConfigError, match=r"aggregate\): expected a key that is known here, got 'aggregate'"):
        eval_config.read(path)
