"""Plots against TFMA's own from the same rows, against scikit-learn's, and against the rows themselves."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import tensorflow as tf
from google.protobuf import json_format
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve
from tensorflow_model_analysis.api import model_eval_lib
from tensorflow_model_analysis.proto import config_pb2, metrics_for_slice_pb2

from benison.components.evaluator import plot as plots
from benison.components.evaluator import tfma_files, tfma_plots
from benison.components.evaluator.compare import Answers, parts_of
from benison.core.plots import FILE, Plot
from benison.eval_config import EvalConfig, Slicing
from benison.measures.proportions import wilson
from benison.metrics.measure import Rows
from benison.metrics.slice import cut

Floats = npt.NDArray[np.float64]
CONFIG = EvalConfig("label", (Slicing(), Slicing(("sex",)), Slicing(("grade",))), ("example_count",))
SHARED = (Plot("ConfusionMatrixPlot", 50), Plot("CalibrationPlot", 40))
DISTRIBUTION = (Plot("ScoreDistributionPlot", 50),)
PACKAGE = {"challenger": "sha256:" + "1" * 64}


def table(rows: int = 400, *, shares: bool = False, weighted: bool = False) -> pa.Table:
    """Scores of which some lie on thresholds and some at the very ends; the third grade has few rows."""
    random = np.random.default_rng(5)
    scores = random.random(rows)
    labels = (random.random(rows) < scores).astype(float)
    scores[:8] = [0.0, 1.0, 0.5, 0.02, 0.98, 0.0, 1.0, 0.025]
    scores[8 : rows // 2] = np.round(scores[8 : rows // 2] * 20) / 20
    return pa.table(
        {
            "label": random.choice([0.0, 0.25, 1.0], rows) if shares else labels,
            "sex": random.choice(["Female", "Male"], rows),
            "grade": np.where(np.arange(rows) < 25, 3, 1 + np.arange(rows) % 2),
            "challenger": scores,
            "champion": random.permutation(scores),
            "weight": random.choice([0.5, 1.0, 3.0], rows) if weighted else np.ones(rows),
        }
    )


def drawn(rows: pa.Table, asked: tuple[Plot, ...] = (), *roles: str, same_as: dict[str, str] | None = None) -> Any:
    weights = rows["weight"].to_numpy()
    counted = Rows.of(rows["label"].to_numpy(), weights=None if np.all(weights == 1) else weights)
    predictions = {role: rows[role].to_numpy() for role in roles or ("challenger",)}
    answers = Answers(counted, predictions, same_as or {})
    return plots.plot(parts_of(answers, cut(rows, CONFIG, "eval_config.json")), asked, 0.95)


def read_back(folder: Path, rows: pa.Table, asked: tuple[Plot, ...]) -> dict[Any, Any]:
    """Our files, as TFMA's loader reads them."""
    config = EvalConfig(CONFIG.label, CONFIG.slicings, CONFIG.metrics, plots=asked)
    (folder / tfma_files.CONFIG).write_text(tfma_files.eval_run(config, "label", PACKAGE, "x"))
    types = {name: rows.schema.field(name).type for name in CONFIG.columns}
    with tf.io.TFRecordWriter(str(folder / FILE)) as writer:
        for one in tfma_plots.write(drawn(rows, asked), asked, types, tfma_files.Naming()):
            writer.write(one)
    return {key: found[""][""] for key, found in model_eval_lib.load_eval_result(str(folder)).plots}


def of_tfma(rows: pa.Table, asked: tuple[Plot, ...]) -> dict[Any, Any]:
    spec = {"labelKey": "label", "predictionKey": "challenger", "exampleWeightKey": "weight"}
    config = {
        "modelSpecs": [spec],
        "slicingSpecs": [{}, {"featureKeys": ["sex"]}, {"featureKeys": ["grade"]}],
        "metricsSpecs": [{"metrics": [{"className": one.kind, "config": one.config} for one in asked]}],
    }
    parsed = json_format.ParseDict(config, config_pb2.EvalConfig())
    result = model_eval_lib.analyze_raw_data(rows.to_pandas(), parsed)
    return {key: found[""][""] for key, found in result.plots}


def flat(value: Any) -> dict[str, float]:
    """Every number by where it stands; TFMA's JSON leaves zeros out and writes NaN and infinity as words."""
    if isinstance(value, dict):
        return {f"{key}.{at}": one for key, part in value.items() for at, one in flat(part).items()}
    if isinstance(value, list):
        return {f"{key}.{at}": one for key, part in enumerate(value) for at, one in flat(part).items()}
    return {} if float(value) == 0 else {"": float(value)}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # TFMA divides by the zero rows of empty buckets
@pytest.mark.parametrize("asked", [SHARED, DISTRIBUTION])
@pytest.mark.parametrize(("shares", "weighted"), [(False, False), (True, True)])
def test_tfma_reads_the_plots_that_it_would_have_made(
    tmp_path: Path, asked: tuple[Plot, ...], shares: bool, weighted: bool
) -> None:
    rows = table(shares=shares, weighted=weighted)
    ours, theirs = read_back(tmp_path, rows, asked), of_tfma(rows, asked)
    assert len(ours) == 5
    assert set(theirs) - set(ours) == {(("grade", 3),)}
    for key, found in ours.items():
        expected = flat(theirs[key])
        assert len(expected) > 100
        figures = flat(found)
        for place in {**expected, **figures}:
            # Of no answered positive one version of TFMA says that F1 is undefined, another that it is nothing.
            one, other = (np.nan_to_num(of.get(place, 0.0), nan=0.0) for of in (figures, expected))
            assert one == pytest.approx(other, rel=1e-9, abs=1e-9), (key, place)


def test_slices_without_twenty_of_each_class_are_counted_and_not_drawn() -> None:
    found = drawn(table())
    assert found.slices[0].name == "overall"
    assert {one.name for one in found.slices} == {"overall", "sex=Female", "sex=Male", "grade=1", "grade=2"}
    assert found.to_json()["left_out"] == {"small": 1, "beyond": 0}


def test_of_many_slices_the_largest_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "MOST_SLICES", 2)
    rows = table()
    found, sizes = drawn(rows), {name: rows["sex"].to_pylist().count(name) for name in ("Female", "Male")}
    assert found.slices[1].name == f"sex={max(sizes, key=lambda name: sizes[name])}"
    assert found.to_json()["left_out"] == {"small": 1, "beyond": 2}


def test_a_model_that_is_another_is_drawn_once_and_written_twice() -> None:
    rows = table()
    found = drawn(rows, SHARED, "challenger", "champion", same_as={"champion": "challenger"})
    assert list(found.to_json()["slices"][0]["models"]) == ["challenger"]
    types = {name: rows.schema.field(name).type for name in CONFIG.columns}
    written = tfma_plots.write(found, SHARED, types, tfma_files.Naming())[0]
    read = metrics_for_slice_pb2.PlotsForSlice.FromString(written).plot_keys_and_values
    assert [one.key.model_name for one in read] == ["challenger", "champion"]
    assert read[0].value.SerializeToString() == read[1].value.SerializeToString()


def whole(rows: pa.Table) -> dict[str, Any]:
    found: dict[str, Any] = drawn(rows).to_json()["slices"][0]["models"]["challenger"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


def test_points_lie_on_the_curves_of_scikit_learn() -> None:
    rows = table(5000)
    labels, scores = rows["label"].to_numpy(), rows["challenger"].to_numpy()
    points = whole(rows)["curve"]
    assert 70 < len(points) <= 101
    false_rate, true_rate, at = roc_curve(labels, scores, drop_intermediate=False)
    on_roc = {(round(a, 6), round(b, 6), round(c, 6)) for a, b, c in zip(false_rate, true_rate, at, strict=True)}
    assert {(point[0], point[1], point[3]) for point in points[1:]} <= on_roc
    precision, recall, _ = precision_recall_curve(labels, scores)
    on_curve = {(round(a, 6), round(b, 6)) for a, b in zip(recall, precision, strict=True)}
    assert {(point[1], point[2]) for point in points[1:]} <= on_curve
    assert points[0] == [0.0, 0.0, None, None]
    assert points[-1][:2] == [1.0, 1.0]


def test_matrices_and_histograms_count_every_row() -> None:
    rows = table()
    labels, scores = rows["label"].to_numpy(), rows["challenger"].to_numpy()
    found = whole(rows)
    assert [matrix[0] for matrix in found["matrices"]] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    for threshold, *cells in found["matrices"]:
        (tn, fp), (fn, tp) = confusion_matrix(labels == 1, scores > threshold)
        assert cells == [tp, fp, tn, fn]
    counted, _ = np.histogram(scores[labels == 1], bins=np.arange(21) / 20)
    assert found["histogram"]["positives"] == counted.tolist()
    assert sum(found["histogram"]["negatives"]) == np.count_nonzero(labels == 0)


def test_weights_and_shares_of_labels_count() -> None:
    rows = table(shares=True, weighted=True)
    labels, weights = rows["label"].to_numpy(), rows["weight"].to_numpy()
    found = whole(rows)
    assert sum(found["histogram"]["positives"]) == pytest.approx(labels @ weights)
    _, tp, fp, tn, fn = found["matrices"][4]
    answered = rows["challenger"].to_numpy() > 0.5
    assert (tp, fp) == pytest.approx((weights @ (labels * answered), weights @ ((1 - labels) * answered)))
    assert tp + fp + tn + fn == pytest.approx(weights.sum())


def test_bins_have_wilsons_interval() -> None:
    for _, share, rows, lower, upper in whole(table())["calibration"]:
        expected = wilson(round(share * rows), rows, 0.95)
        assert (lower, upper) == pytest.approx((expected.lower, expected.upper), abs=1e-6)


def test_of_one_class_there_are_no_curves() -> None:
    rows = table()
    found = whole(rows.filter(pa.compute.equal(rows["label"], 1.0)))
    assert found["curve"] == []
    assert len(found["histogram"]["positives"]) == 20
