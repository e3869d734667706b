import json
import math
from pathlib import Path
from typing import Any

import pytest

from benison import eval_config
from benison.core.errors import ConfigError
from benison.core.metrics import REGRESSION, VOCABULARIES, speaking
from benison.core.plots import Plot
from benison.eval_config import CrossSlicing, Slicing

METRIC = {"className": "AUC"}


def read(folder: Path, content: Any) -> eval_config.EvalConfig:
    path = folder / "eval_config.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return eval_config.read(path)


def test_both_spellings_of_the_same_config_are_the_same(tmp_path: Path) -> None:
    camel = {
        "modelSpecs": [{"labelKey": "income"}],
        "slicingSpecs": [{}, {"featureKeys": ["sex"], "featureValues": {"maritalStatus": "Divorced"}}],
        "metricsSpecs": [{"metrics": [METRIC, {"className": "TPR"}]}],
    }
    snake = {
        "model_specs": [{"label_key": "income"}],
        "slicing_specs": [{}, {"feature_keys": ["sex"], "feature_values": {"maritalStatus": "Divorced"}}],
        "metrics_specs": [{"metrics": [{"class_name": "AUC"}]}, {"metrics": [{"class_name": "Recall"}]}],
    }
    expected = eval_config.EvalConfig(
        "income", (Slicing(), Slicing(("sex",), (("maritalStatus", "Divorced"),))), ("auc", "recall")
    )
    assert read(tmp_path, camel) == read(tmp_path, snake) == expected
    assert expected.columns == ("sex", "maritalStatus")


def test_slices_may_be_held_against_one_another(tmp_path: Path) -> None:
    male, sex = {"featureValues": {"sex": "Male"}}, {"featureKeys": ["sex"]}
    crosses = [{"baselineSpec": male, "slicingSpecs": [sex]}, {"slicingSpecs": [sex]}, {"baselineSpec": sex}]
    found = read(tmp_path, {"metricsSpecs": [{"metrics": [METRIC]}], "crossSlicingSpecs": crosses})
    assert found.crosses == (
        CrossSlicing(Slicing((), (("sex", "Male"),)), (Slicing(("sex",)),)),
        CrossSlicing(Slicing(), (Slicing(("sex",)),)),
        CrossSlicing(Slicing(("sex",))),
    )


def test_without_slices_all_rows_are_one(tmp_path: Path) -> None:
    assert read(tmp_path, {"metricsSpecs": [{"metrics": [METRIC]}]}).slicings == (Slicing(),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", r"eval_config.json:1: expected JSON"),
        ("[]", "a mapping of keys to values, got list"),
        ('{"metricsSpecs": [], "metricsSpecs": []}', "each key once.*'metricsSpecs' twice"),
        ({}, "at least one metric"),
        ({"metricSpecs": [{"metrics": [METRIC]}]}, "did you mean metrics_specs"),
        ({"metricsSpecs": [{"metrics": [{"className": "AUK"}]}]}, "got 'AUK'\n\nhint: did you mean AUC"),
        ({"metricsSpecs": [{"metrics": [{**METRIC, "threshold": {}}]}]}, r"no thresholds here.*\n.*under gate:"),
        ({"metricsSpecs": [{"metrics": [{**METRIC, "configs": "{}"}]}]}, "did you mean config"),
        ({"metricsSpecs": [{"metrics": [METRIC], "binarize": {}}]}, "'binarize'"),
        ({"metricsSpecs": [{"metrics": [METRIC]}], "crossSlicingSpecs": [{"baseline": {}}]}, "'baseline'"),
        ({"metricsSpecs": [{"metrics": [METRIC]}], "modelSpecs": [{}, {}]}, "one model"),
        (
            {"metricsSpecs": [{"metrics": [METRIC]}], "slicingSpecs": [{"featureKey": ["a"]}]},
            "did you mean feature_keys",
        ),
    ],
)
def test_what_would_not_be_acted_on_is_refused(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        read(tmp_path, content)


def test_a_misspelt_slice_names_the_nearest_column(tmp_path: Path) -> None:
    found = read(tmp_path, {"metricsSpecs": [{"metrics": [METRIC]}], "slicingSpecs": [{"featureKeys": ["sexx"]}]})
    with pytest.raises(ConfigError, match=r"columns of the data, got 'sexx'\n\nhint: did you mean sex\?"):
        eval_config.check_columns(found, tmp_path / "eval_config.json", ["race", "sex"])


@pytest.mark.parametrize(
    ("metric", "names"),
    [
        ({"className": "Recall"}, ("recall",)),
        ({"className": "TPR", "config": '{"thresholds": 0.5}'}, ("recall",)),
        ({"className": "Recall", "config": '{"thresholds": [0.25, 0.5]}'}, ("recall@0.25", "recall")),
        ({"className": "Recall", "config": '{"thresholds": 0.25, "name": "recall@0.25"}'}, ("recall@0.25",)),
        ({"className": "AUC", "config": '{"num_thresholds": 10000}'}, ("auc@10000",)),
        ({"className": "MaxRecall"}, ("max_recall",)),
        (
            {"className": "PrecisionAtRecall", "config": '{"recall": [0.5, 0.8]}'},
            ("precision_at_recall@0.5", "precision_at_recall@0.8"),
        ),
        (
            {"className": "RecallAtFalsePositiveRate", "config": '{"false_positive_rate": 0.05}'},
            ("recall_at_false_positive_rate@0.05",),
        ),
        (
            {"className": "ConfusionMatrixAtThresholds", "config": '{"thresholds": [0.1]}'},
            ("true_positives@0.1", "false_positives@0.1", "true_negatives@0.1", "false_negatives@0.1"),
        ),
    ],
)
def test_arguments_of_a_class_say_which_metric_it_is(
    tmp_path: Path, metric: dict[str, str], names: tuple[str, ...]
) -> None:
    assert read(tmp_path, {"metricsSpecs": [{"metrics": [metric]}]}).metrics == names


def test_plots_are_told_apart_from_metrics(tmp_path: Path) -> None:
    asked = [
        METRIC,
        {"className": "CalibrationPlot"},
        {"className": "ConfusionMatrixPlot", "config": '{"num_thresholds": 50}'},
    ]
    found = read(tmp_path, {"metricsSpecs": [{"metrics": asked}]})
    assert len(found.metrics) == 1
    assert found.plots == (Plot("CalibrationPlot", 1000), Plot("ConfusionMatrixPlot", 50))


@pytest.mark.parametrize(
    ("plot", "said"),
    [
        ({"className": "CalibrationPlott"}, "did you mean CalibrationPlot"),
        ({"className": "CalibrationPlot", "config": '{"left": 0.2}'}, "left"),
        ({"className": "CalibrationPlot", "config": '{"num_thresholds": 10}'}, "known here: name, num_buckets"),
        ({"className": "CalibrationPlot", "config": '{"num_buckets": 1}'}, r"num_buckets\): expected"),
        ({"className": "CalibrationPlot", "config": '{"num_buckets": 20000}'}, "at most 10000, got 20000"),
        (
            {"className": "CalibrationPlot", "config": '{"name": "mine"}'},
            "expected none, or calibration_plot, got 'mine'",
        ),
    ],
)
def test_plots_that_would_not_be_tfmas_are_refused(tmp_path: Path, plot: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        read(tmp_path, {"metricsSpecs": [{"metrics": [METRIC, plot]}]})


def read_numbers(folder: Path, config: dict[str, Any]) -> eval_config.EvalConfig:
    plot = {"className": "CalibrationPlot", "config": json.dumps(config)}
    with speaking(REGRESSION):
        return read(folder, {"metricsSpecs": [{"metrics": [{"className": "MeanAbsoluteError"}, plot]}]})


def test_the_calibration_of_numbers_lies_between_ends_that_are_said(tmp_path: Path) -> None:
    [found] = read_numbers(tmp_path, {"left": -10, "right": 50.5, "num_buckets": 20}).plots
    assert found == Plot("CalibrationPlot", 20, (-10.0, 50.5))
    assert json.loads(found.config) == {"name": "calibration_plot", "num_buckets": 20, "left": -10.0, "right": 50.5}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, r"\(.*config.left\): expected the number at which the plot begins, got none.*hint: say between which"),
        ({"left": 0}, r"config.right\): expected the number at which the plot ends, got none"),
        ({"left": "0", "right": 1}, r"config.left\): expected a number, got '0'"),
        ({"left": 5, "right": 5}, r"config.right\): expected a finite number above left, which is 5, got 5"),
        ({"left": 0, "right": math.inf}, r"expected a finite number above left, which is 0, got inf"),
        ({"left": math.nan, "right": 1}, r"expected a finite number above left, which is nan, got 1"),
    ],
)
def test_ends_that_are_none_are_refused(tmp_path: Path, config: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        read_numbers(tmp_path, config)


def test_plots_of_probabilities_are_none_of_numbers(tmp_path: Path) -> None:
    with speaking(REGRESSION), pytest.raises(ConfigError, match="got ScoreDistributionPlot"):
        read(tmp_path, {"metricsSpecs": [{"metrics": [{"className": "ScoreDistributionPlot"}]}]})


def test_fairness_indicators_are_the_rates_at_nine_thresholds(tmp_path: Path) -> None:
    found = read(tmp_path, {"metricsSpecs": [{"metrics": [{"className": "FairnessIndicators"}]}]}).metrics
    assert len(found) == 9 * 9
    assert {"recall", "recall@0.1", "false_positive_rate@0.9", "predicted_positive_rate@0.3"} < set(found)


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ({"className": "Recall", "config": "{"}, r"metrics.0.config\): expected JSON of a mapping"),
        ({"className": "Recall", "config": "[]"}, r"expected JSON of a mapping, got \[\]"),
        ({"className": "Recall", "config": '{"thresholds": 2}'}, r"thresholds\): expected numbers from 0 to 1, got 2"),
        ({"className": "Recall", "config": '{"thresholds": []}'}, "expected numbers from 0 to 1"),
        ({"className": "Recall", "config": '{"threshold": 0.1}'}, "did you mean thresholds"),
        ({"className": "Recall", "config": '{"top_k": 3}'}, "top_k"),
        ({"className": "Recall", "config": '{"name": "mine"}'}, "expected none, or recall, got 'mine'"),
        ({"className": "AUC", "config": '{"num_thresholds": 2}'}, "num_thresholds"),
        ({"className": "PrecisionAtRecall"}, r"recall\): expected numbers from 0 to 1, got None"),
        (
            {"className": "PrecisionAtRecall", "config": '{"recall": 80}'},
            r"recall\): expected numbers from 0 to 1",
        ),
        ({"className": "PrecisionAtRecall", "config": '{"recall": 0.8, "num_thresholds": 200}'}, "num_thresholds"),
        ({"className": "AUC", "config": '{"num_thresholds": 10000000}'}, r"at most 1e\+06"),
        ({"className": "MeanLabel", "config": '{"thresholds": 0.1}'}, "thresholds"),
        ({"className": "ConfusionMatrixAtThresholds"}, r"thresholds\): expected numbers from 0 to 1, got None"),
    ],
)
def test_arguments_that_are_not_understood_are_refused(tmp_path: Path, metric: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        read(tmp_path, {"metricsSpecs": [{"metrics": [metric]}]})


def test_a_projects_rows_may_have_weights(tmp_path: Path) -> None:
    spec = {"labelKey": "income", "exampleWeightKey": "weight"}
    found = read(tmp_path, {"modelSpecs": [spec], "metricsSpecs": [{"metrics": [METRIC]}]})
    assert (found.label, found.weight) == ("income", "weight")


def test_a_projects_config_may_be_a_text_proto(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow_model_analysis.proto.config_pb2")
    (tmp_path / "eval.pbtxt").write_text(
        'model_specs { label_key: "income" } slicing_specs { feature_keys: ["sex"] } '
        'metrics_specs { metrics { class_name: "AUC" } }'
    )
    as_json = {"modelSpecs": [{"labelKey": "income"}], "slicingSpecs": [{"featureKeys": ["sex"]}]}
    expected = read(tmp_path, {**as_json, "metricsSpecs": [{"metrics": [METRIC]}]})
    assert eval_config.read(tmp_path / "eval.pbtxt") == expected


def test_the_classes_are_tfma_s_own() -> None:
    metric_types = pytest.importorskip("tensorflow_model_analysis.metrics.metric_types")
    of_keras = {"BinaryCrossentropy", "RootMeanSquaredError", "R2Score"}  # which TFMA takes too
    of_keras |= {f"{way}Categorical{what}" for way in ("", "Sparse") for what in ("Accuracy", "Crossentropy")}
    of_keras |= {"TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy"}
    ours = {"MeanError", "BrierScore", "HitRate", "MeanAveragePrecision", "MeanReciprocalRank", "PrecisionAtK"}
    ours |= {"RecallAtK", "QueryCount"}
    known = {*metric_types.registered_metrics(), *of_keras, *ours}
    assert {name for words in VOCABULARIES.values() for name in words.classes} - known == set()
