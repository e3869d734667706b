"""Against TFMA itself: the same figures from the same predictions, and files that its own loaders read."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import tensorflow as tf
from google.protobuf import json_format
from tensorflow_model_analysis.api import model_eval_lib
from tensorflow_model_analysis.proto import config_pb2

from benison.components.evaluator import judge, tfma_files
from benison.components.evaluator.compare import Answers, Measured, compare
from benison.components.evaluator.cross import crossed
from benison.components.evaluator.decide import Baselines
from benison.config import Gate, GateCheck
from benison.core.metrics import USUAL
from benison.core.verdicts import Tier
from benison.eval_config import CrossSlicing, EvalConfig, Slicing
from benison.metrics.measure import Rows
from benison.metrics.slice import cut

CONFIG = EvalConfig("label", (Slicing(), Slicing(("sex",)), Slicing(("grade",), (("sex", "Female"),))), USUAL)
PACKAGES = {"challenger": "sha256:" + "1" * 64, "champion": "sha256:" + "2" * 64, "reference": "sha256:" + "3" * 64}
ROWS = 500
Floats = npt.NDArray[np.float64]


def predictions(labels: Floats, seed: int, lift: float) -> Floats:
    """Scores half-way between the thousandths, so that TFMA's 10,000 buckets lump no two of them together."""
    random = np.random.default_rng(seed)
    scores = 1 / (1 + np.exp(-(lift * (labels - 0.5) + random.normal(size=len(labels)))))
    return np.asarray(np.floor(scores * 1000) / 1000 + 0.0005)


@pytest.fixture(scope="module")
def table() -> pa.Table:
    random = np.random.default_rng(1)
    labels = (random.random(ROWS) < 0.35).astype(float)
    columns = {"label": labels, "sex": random.choice(["Male", "Female"], ROWS), "grade": random.integers(1, 3, ROWS)}
    lifts = {"challenger": 2.0, "champion": 1.4, "reference": 1.0}
    of_models = {role: predictions(labels, seed, lift) for seed, (role, lift) in enumerate(lifts.items())}
    return pa.table({**columns, **of_models})


def measured(table: pa.Table, *roles: str, metrics: tuple[str, ...] = USUAL) -> list[Measured]:
    answers = Answers(Rows.of(table["label"].to_numpy()), {role: table[role].to_numpy() for role in roles}, {})
    return compare(answers, cut(table, CONFIG, "eval_config.json"), metrics, 0.95)


def types(table: pa.Table) -> dict[str, pa.DataType]:
    return {name: table.schema.field(name).type for name in CONFIG.columns}


def gate(*lines: dict[str, Any]) -> Gate:
    nothing = {"slices": ("all",), "tier": Tier.HARD, "at_least": -math.inf, "at_most": math.inf}
    nothing |= {"tolerance": math.nan, "no_worse_than": ("champion",)}
    return Gate(0.95, 60, 15, tuple(GateCheck(**{**nothing, **line}) for line in lines))


def write(folder: Path, table: pa.Table, *roles: str, policy: Gate) -> None:
    found = measured(table, *roles)
    packages = {role: PACKAGES[role] for role in roles}
    folder.mkdir()
    (folder / tfma_files.CONFIG).write_text(tfma_files.eval_run(CONFIG, "label", packages, "sha256:" + "0" * 64))
    checks = judge.judge(policy, found, Baselines(roles[1:])).checks
    records = {
        tfma_files.METRICS_FILE: tfma_files.metrics(found, types(table)),
        tfma_files.VALIDATIONS_FILE: [tfma_files.validation(checks, found, types(table))],
    }
    for name, content in records.items():
        with tf.io.TFRecordWriter(str(folder / name)) as writer:
            for one in content:
                writer.write(one)


def name_of(key: tuple[Any, ...]) -> str:
    if len(key) == 2 and all(part == () or isinstance(part[0], tuple) for part in key):
        return " - ".join(map(name_of, key))
    parts = [f"{column}={value.decode() if isinstance(value, bytes) else value}" for column, value in key]
    return ", ".join(parts) or "overall"


def figure(value: dict[str, Any]) -> float:
    """TFMA's figure, with its interval or without; it leaves out the zeros of a proto, and NaN is a word there."""
    bounded = value.get("boundedValue")
    return float(bounded.get("value", 0)) if bounded is not None else float(value.get("doubleValue", 0))


def of_tfma(table: pa.Table, config: EvalConfig) -> dict[str, Any]:
    """TFMA's figures by slice, from the very configuration that we write."""
    written = tfma_files.eval_run(config, "label", {"challenger": PACKAGES["challenger"]}, "x")
    run = json_format.Parse(written, config_pb2.EvalRun())
    run.eval_config.model_specs[0].prediction_key = "challenger"
    frame = table.select(["label", "sex", "grade", "challenger"]).to_pandas()
    result = model_eval_lib.analyze_raw_data(frame, run.eval_config)
    return {name_of(key): found for key, found in result.get_metrics_for_all_slices().items()}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # TFMA divides by the zero rows of empty buckets
def test_figures_are_those_of_tfma(table: pa.Table) -> None:
    theirs = of_tfma(table, CONFIG)
    ours = {one.name: one for one in measured(table, "challenger")}
    assert set(theirs) == set(ours) == {"overall", "sex=Female", "sex=Male", *FEMALE_GRADES}
    for name, one in ours.items():
        assert set(theirs[name]) == set(USUAL)
        for metric, found in one.metrics.items():
            assert figure(theirs[name][metric]) == pytest.approx(found.models["challenger"].value, rel=1e-9), metric


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_one_slice_has_more_than_another_is_as_tfma_has_it(table: pa.Table, tmp_path: Path) -> None:
    crosses = (CrossSlicing(Slicing((), (("sex", "Male"),)), (Slicing(("sex",)),)), CrossSlicing(Slicing(("sex",))))
    config = replace(CONFIG, crosses=crosses, metrics=("recall", "binary_accuracy", "example_count", "calibration"))
    theirs = of_tfma(table, config)
    found = measured(table, "challenger", metrics=config.metrics)
    content = tfma_files.metrics(found, types(table))
    content += tfma_files.cross_metrics(crossed(config, found), types(table))
    (tmp_path / tfma_files.CONFIG).write_text(tfma_files.eval_run(config, "label", {"challenger": "x"}, "y"))
    with tf.io.TFRecordWriter(str(tmp_path / tfma_files.METRICS_FILE)) as writer:
        for one in content:
            writer.write(one)
    loaded = model_eval_lib.load_eval_result(str(tmp_path))
    assert list(loaded.config.cross_slicing_specs[0].baseline_spec.feature_values.items()) == [("sex", "Male")]
    ours = {name_of(key): one for key, one in loaded.get_metrics_for_all_slices().items()}
    pairs = {name for name in theirs if " - " in name}
    assert {"sex=Male - sex=Female", "sex=Female - overall", "sex=Male - sex=Male"} < pairs
    assert set(ours) == set(theirs)
    for name in pairs:
        for metric in config.metrics:
            assert figure(ours[name][metric]) == pytest.approx(figure(theirs[name][metric]), rel=1e-9), (name, metric)
    bounded = ours["sex=Male - sex=Female"]["recall"]["boundedValue"]
    assert float(bounded["lowerBound"]) < float(bounded["value"]) < float(bounded["upperBound"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_areas_differ_from_tfmas_by_its_buckets_alone(table: pa.Table) -> None:
    areas = ("auc", "auc_precision_recall")
    squeezed = table["challenger"].to_numpy() ** 3
    table = table.set_column(table.column_names.index("challenger"), "challenger", pa.array(squeezed))
    theirs = of_tfma(table, replace(CONFIG, metrics=areas))
    apart = [
        abs(figure(theirs[one.name][metric]) - found.models["challenger"].value)
        for one in measured(table, "challenger", metrics=areas)
        for metric, found in one.metrics.items()
    ]
    assert 0 < max(apart) < 5e-4


FEMALE_GRADES = ("grade=1, sex=Female", "grade=2, sex=Female")


def test_tfma_reads_our_figures_and_intervals(table: pa.Table, tmp_path: Path) -> None:
    write(tmp_path / "evaluation", table, "challenger", policy=gate({"metric": "auc", "at_least": 0.6}))
    result = model_eval_lib.load_eval_result(str(tmp_path / "evaluation"))
    read = {name_of(key): found for key, found in result.get_metrics_for_all_slices().items()}
    for one in measured(table, "challenger"):
        assert set(read[one.name]) == set(USUAL)
        for metric, found in one.metrics.items():
            ours = found.models["challenger"]
            assert figure(read[one.name][metric]) == pytest.approx(ours.value, rel=1e-12)
            if ours.interval.known:
                bounded = read[one.name][metric]["boundedValue"]
                bounds = (float(bounded.get("lowerBound", 0)), float(bounded.get("upperBound", 0)))
                assert bounds == pytest.approx((ours.interval.lower, ours.interval.upper), rel=1e-12)
    assert result.data_location == "sha256:" + "0" * 64
    assert result.model_location == PACKAGES["challenger"]
    assert [spec.feature_keys for spec in result.config.slicing_specs] == [[], ["sex"], ["grade"]]


def test_tfma_reads_each_model_and_the_difference_to_the_champion(table: pa.Table, tmp_path: Path) -> None:
    folder = tmp_path / "evaluation"
    write(folder, table, *PACKAGES, policy=gate({"metric": "auc", "at_least": 0.6}))
    ours = measured(table, *PACKAGES)[0].metrics
    for role in PACKAGES:
        read = model_eval_lib.load_eval_result(str(folder), model_name=role).get_metrics_for_slice()
        assert read is not None
        assert figure(read["auc"]) == pytest.approx(ours["auc"].models[role].value)
        assert figure(read["example_count"]) == ROWS
    read = model_eval_lib.load_eval_result(str(folder)).get_metrics_for_slice()
    assert read is not None
    for metric in ("auc", "false_positive_rate", "calibration"):
        models = ours[metric].models
        apart = models["challenger"].value - models["champion"].value
        assert figure(read[f"{metric}_diff"]) == pytest.approx(apart)
    fewer = ours["false_positive_rate"].gains["champion"].interval
    assert float(read["false_positive_rate_diff"]["boundedValue"]["lowerBound"]) == pytest.approx(-fewer.upper)
    assert len(model_eval_lib.load_eval_results(str(folder)).get_results()) == 3


@pytest.mark.parametrize(("at_least", "passes"), [(0.6, True), (0.97, False)])
def test_tfma_reads_our_verdict_and_why(table: pa.Table, tmp_path: Path, at_least: float, passes: bool) -> None:
    folder = tmp_path / "evaluation"
    soft = {"metric": "recall", "at_least": 0.99, "tier": Tier.SOFT}
    write(folder, table, "challenger", policy=gate({"metric": "auc", "at_least": at_least}, soft))
    result = model_eval_lib.load_validation_result(str(folder))
    assert result.validation_ok is passes
    if passes:
        assert not result.metric_validations_per_slice
        return
    overall = next(one for one in result.metric_validations_per_slice if not one.slice_key.single_slice_keys)
    failure = overall.failures[0]
    assert (failure.metric_key.name, failure.metric_key.is_diff) == ("auc", False)
    assert failure.metric_threshold.value_threshold.lower_bound.value == 0.97
    assert failure.message.startswith("FAIL: auc 0.9")
    crossed = [one.slice_key.single_slice_keys for one in result.metric_validations_per_slice][-1]
    assert [(key.column, key.bytes_value or key.int64_value) for key in crossed] == [("grade", 2), ("sex", b"Female")]


def test_a_loss_that_grew_is_a_change_threshold_in_tfmas_sense(table: pa.Table, tmp_path: Path) -> None:
    folder, swapped = tmp_path / "evaluation", table.rename_columns(
        ["label", "sex", "grade", "champion", "challenger", "reference"]
    )  # fmt: skip
    policy = gate({"metric": "false_positive_rate", "tolerance": 0.01, "slices": ("overall",)})
    write(folder, swapped, "challenger", "champion", policy=policy)
    result = model_eval_lib.load_validation_result(str(folder))
    failure = result.metric_validations_per_slice[0].failures[0]
    change = failure.metric_threshold.change_threshold
    assert change.absolute.value == pytest.approx(0.01)
    assert config_pb2.MetricDirection.Name(change.direction) == "LOWER_IS_BETTER"
    assert failure.metric_value.double_value.value > 0.01


def test_the_same_evaluation_has_the_same_bytes(table: pa.Table) -> None:
    twice = [tfma_files.metrics(measured(table, *PACKAGES), types(table)) for _ in range(2)]
    assert twice[0] == twice[1]
    said = [tfma_files.eval_run(CONFIG, "label", PACKAGES, "x") for _ in range(2)]
    assert said[0] == said[1]
    assert json.loads(said[0])["evalConfig"]["modelSpecs"][1] == {
        "name": "champion",
        "labelKey": "label",
        "isBaseline": True,
    }
