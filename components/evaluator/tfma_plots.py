"""TFMA's plots in its own layout, so that its loader and views read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
from tensorflow_model_analysis.proto import metrics_for_slice_pb2

from benison.components.evaluator.plot import Plots
from benison.components.evaluator.tfma_files import Naming, slice_key
from benison.core.plots import CLASS_MATRIX, Plot
from benison.metrics.measure import Floats

_FIGURES = (
    "true_positives",
    "false_positives",
    "true_negatives",
    "false_negatives",
    "precision",
    "recall",
    "false_positive_rate",
    "false_omission_rate",
    "f1",
    "accuracy",
)


def write(plots: Plots, asked: Sequence[Plot], types: Mapping[str, pa.DataType], naming: Naming) -> list[bytes]:
    """One PlotsForSlice for each slice that is drawn.

    Args:
        plots: What was drawn.
        asked: Which of TFMA's plots.
        types: Of the columns that slices are cut by.
        naming: What TFMA calls the models.
    """
    found = []
    for one in plots.slices:
        result = metrics_for_slice_pb2.PlotsForSlice(slice_key=slice_key(one.keys, types))
        roles = [*one.models, *plots.same_as]
        names = naming.of(roles)
        for role in roles:
            of_tfma = one.models[plots.same_as.get(role, role)].of_tfma
            for key, data in _by_key(asked, of_tfma, names[role]):
                result.plot_keys_and_values.add(key=key, value=data)
        found.append(bytes(result.SerializeToString(deterministic=True)))
    return found


def _by_key(
    asked: Sequence[Plot], of_tfma: Sequence[Floats], model: str
) -> Iterator[tuple[metrics_for_slice_pb2.PlotKey, metrics_for_slice_pb2.PlotData]]:
    """Calibration and confusion matrices share one entry without a name, as TFMA has it; others have their own."""
    shared = metrics_for_slice_pb2.PlotData()
    for plot, summed in zip(asked, of_tfma, strict=True):
        if plot.kind == "CalibrationPlot":
            shared.calibration_histogram_buckets.CopyFrom(_buckets(plot, summed))
        elif plot.kind == "ConfusionMatrixPlot":
            shared.confusion_matrix_at_thresholds.CopyFrom(_matrices(plot, _cells(summed)))
    if shared.ByteSize():
        yield metrics_for_slice_pb2.PlotKey(model_name=model), shared
    for plot, summed in zip(asked, of_tfma, strict=True):
        if plot.kind == CLASS_MATRIX:
            data = metrics_for_slice_pb2.PlotData(multi_class_confusion_matrix_at_thresholds=_of_classes(summed))
            yield metrics_for_slice_pb2.PlotKey(name=plot.name, model_name=model), data
        elif plot.kind == "ScoreDistributionPlot":
            data = metrics_for_slice_pb2.PlotData(confusion_matrix_at_thresholds=_distribution(plot, summed))
            yield metrics_for_slice_pb2.PlotKey(name=plot.name, model_name=model), data


def _buckets(plot: Plot, summed: Floats) -> metrics_for_slice_pb2.CalibrationHistogramBuckets:
    left, right = plot.range
    inner = (left + number * (right - left) / plot.number for number in range(plot.number + 1))
    ends = [-np.inf, *inner, np.inf]
    result = metrics_for_slice_pb2.CalibrationHistogramBuckets()
    for column, (weight, label, prediction) in enumerate(summed.T.tolist()):
        bucket = result.buckets.add(lower_threshold_inclusive=ends[column], upper_threshold_exclusive=ends[column + 1])
        bucket.num_weighted_examples.value = weight
        bucket.total_weighted_label.value = label
        bucket.total_weighted_refined_prediction.value = prediction
    return result


def _cells(summed: Floats, positives: int = 1) -> Floats:
    """TP, FP, TN and FN at each threshold; `positives` is the row of what counts as positive."""
    both = np.stack([summed[positives], summed[0] - summed[positives]])
    below = np.cumsum(both, axis=1) - both
    above = np.cumsum(both[:, ::-1], axis=1)[:, ::-1]
    return np.stack([above[0], above[1], below[1], below[0]])


def _matrices(plot: Plot, cells: Floats) -> metrics_for_slice_pb2.ConfusionMatrixAtThresholds:
    tp, fp, tn, fn = cells
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = np.where(tp + fp > 0, tp / (tp + fp), 1.0), np.where(tp + fn > 0, tp / (tp + fn), 0.0)
        rates = (precision, recall, fp / (tn + fp), fn / (tn + fn), 2 * precision * recall / (precision + recall))
        accuracy = (tp + tn) / (tp + tn + fp + fn)
    thresholds = [-1e-6, *(round(number / plot.number, 6) for number in range(plot.number + 1))]
    result = metrics_for_slice_pb2.ConfusionMatrixAtThresholds()
    for threshold, figures in zip(thresholds, np.stack([*cells, *rates, accuracy]).T.tolist(), strict=True):
        result.matrices.add(threshold=threshold, **dict(zip(_FIGURES, figures, strict=True)))
    return result


def _of_classes(table: Floats) -> metrics_for_slice_pb2.MultiClassConfusionMatrixAtThresholds:
    """Rows by class of label and answer; cells without any are left out."""
    result = metrics_for_slice_pb2.MultiClassConfusionMatrixAtThresholds()
    matrix = result.matrices.add(threshold=0.0)
    for label, answer in np.argwhere(table > 0).tolist():
        weight = float(table[label, answer])
        matrix.entries.add(actual_class_id=label, predicted_class_id=answer, num_weighted_examples=weight)
    return result


def _distribution(plot: Plot, summed: Floats) -> metrics_for_slice_pb2.ConfusionMatrixAtThresholds:
    """Rows above and below each threshold, whatever their label, by predictions in the place of labels."""
    result = _matrices(plot, _cells(summed, positives=2))
    for one in result.matrices:
        one.true_negatives += one.false_negatives
        one.true_positives += one.false_positives
        one.false_negatives = one.false_positives = one.precision = one.recall = 0.0
    return result
