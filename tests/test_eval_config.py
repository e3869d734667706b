import json
from pathlib import Path
from typing import Any

import pytest

from benison import eval_config
from benison.config import METRICS
from benison.core.errors import ConfigError
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
        ({"metricsSpecs": [{"metrics": [{**METRIC, "config": "{}"}]}]}, "'config'"),
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


def test_every_metric_of_a_policy_can_be_asked_for() -> None:
    assert set(eval_config.METRIC_OF_CLASS.values()) == set(METRICS)


def test_the_classes_are_tfma_s_own() -> None:
    tfma = pytest.importorskip("tensorflow_model_analysis")
    assert [name for name in eval_config.METRIC_OF_CLASS if not hasattr(tfma.metrics, name)] == []
