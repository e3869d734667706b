"""tfma_pipeline: TFMA's own pipeline of Beam, from Arrow batches to a figure of each metric, slice and model."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import apache_beam as beam
import numpy as np
import pyarrow as pa
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.api import model_eval_lib
from tensorflow_model_analysis.proto import config_pb2, metrics_for_slice_pb2
from tensorflow_model_analysis.writers.metrics_plots_and_validations_writer import MetricsPlotsAndValidationsWriter

from benison.components.evaluator.tfma_keys import metric_config
from benison.metrics.measure import Floats, Whole
from benison.metrics.slice import Keys, Slice

SLICE, LABEL, WEIGHT = "slice", "label", "weight"
_ROWS = 1000  # of a batch, which is what workers share out among themselves
# By slice, metric and model.
Figures: TypeAlias = dict[Keys, dict[str, dict[str, float]]]


@dataclass(frozen=True)
class Wanted:
    """What is measured.

    Attributes:
        metrics: Their names.
        models: Their roles, which are the columns of their predictions.
        weighted: Whether rows have weights.
    """

    metrics: tuple[str, ...]
    models: tuple[str, ...]
    weighted: bool

    @property
    def config(self) -> config_pb2.EvalConfig:
        """As TFMA is asked for it; a row says itself which slices it belongs to."""
        models = [
            config_pb2.ModelSpec(
                name=role, label_key=LABEL, prediction_key=role, example_weight_key=WEIGHT if self.weighted else ""
            )
            for role in self.models
        ]
        metrics = config_pb2.MetricsSpec(metrics=map(metric_config, self.metrics), model_names=self.models)
        slicing = config_pb2.SlicingSpec(feature_keys=[SLICE])
        return config_pb2.EvalConfig(model_specs=models, slicing_specs=[slicing], metrics_specs=[metrics])


def batches(
    labels: Floats, predictions: Mapping[str, Floats], weights: Floats | None, slices: Sequence[Slice]
) -> list[pa.RecordBatch]:
    """Rows as TFMA takes them, each value in a list.

    Args:
        labels: Of each row.
        predictions: Likewise, by role.
        weights: Likewise; None: every row weighs 1.
        slices: Which rows belong to which slice.
    """
    columns = {LABEL: labels, **predictions, **({} if weights is None else {WEIGHT: weights})}
    each = np.arange(len(labels) + 1, dtype=np.int32)
    lists = {name: pa.ListArray.from_arrays(each, pa.array(column)) for name, column in columns.items()}
    whole = pa.RecordBatch.from_pydict({**lists, SLICE: _memberships(slices, len(labels))})
    return [whole.slice(start, _ROWS) for start in range(0, whole.num_rows, _ROWS)]


def _memberships(slices: Sequence[Slice], rows: int) -> pa.ListArray:
    """The names of each row's slices."""
    members: Whole = np.concatenate([one.rows for one in slices])
    numbers = np.repeat(np.arange(len(slices)), [len(one.rows) for one in slices])
    order = np.argsort(members, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(members, minlength=rows))])
    names = pa.array([json.dumps(one.keys) for one in slices])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), names.take(pa.array(numbers[order])))


def run(source: beam.PTransform, wanted: Wanted, options: PipelineOptions, folder: Path) -> Figures:
    """Runs the pipeline.

    Args:
        source: Gives batches as `batches` makes them.
        wanted: What is measured.
        options: Of Beam.
        folder: Where results pass through; it is there, and Beam's workers reach it.
    """
    config = wanted.config
    with warnings.catch_warnings(), beam.Pipeline(options=options) as pipeline:
        # It divides by the zero rows of empty buckets, and knows it.
        warnings.simplefilter("ignore", RuntimeWarning)
        _ = (
            pipeline
            | "Rows" >> source
            | "TFMA"
            >> model_eval_lib.ExtractEvaluateAndWriteResults(
                eval_config=config,
                output_path=str(folder),
                extractors=model_eval_lib.default_extractors(eval_config=config),
                evaluators=model_eval_lib.default_evaluators(eval_config=config),
                writers=[_writer(config, folder)],
            )
        )
    return _read(folder, wanted)


def _writer(config: config_pb2.EvalConfig, folder: Path) -> MetricsPlotsAndValidationsWriter:
    """Writes figures alone: TFMA's own choice adds four more outputs, two fifths of the transforms."""
    return MetricsPlotsAndValidationsWriter(
        {constants.METRICS_KEY: str(folder / "metrics")},
        config,
        add_metrics_callbacks=[],
        output_file_format="tfrecord",
    )


def _read(folder: Path, wanted: Wanted) -> Figures:
    """Figures without a model are every model's: TFMA counts rows once, and names no model where there is but one."""
    found: Figures = {}
    for one in _records(folder):
        (key,) = one.slice_key.single_slice_keys
        metrics = found.setdefault(_keys(key.bytes_value), {})
        for entry in one.metric_keys_and_values:
            if not entry.key.name.startswith("_"):
                number = _number(entry.key.name, entry.value)
                roles = [entry.key.model_name] if entry.key.model_name else wanted.models
                metrics.setdefault(entry.key.name, {}).update(dict.fromkeys(roles, number))
    return found


def _records(folder: Path) -> Iterator[metrics_for_slice_pb2.MetricsForSlice]:
    for path in sorted(folder.glob("metrics-*")):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            yield metrics_for_slice_pb2.MetricsForSlice.FromString(record)


def _keys(name: bytes) -> Keys:
    return tuple((str(column), str(value)) for column, value in json.loads(name))


def _number(name: str, value: Any) -> float:
    kind = value.WhichOneof("type")
    if kind != "double_value":
        raise TypeError(f"{name} is no number, but {kind}")
    return float(value.double_value.value)
