"""The evaluation in TFMA's own layout, so that its loaders and views read it: configuration, metrics, validation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from google.protobuf import json_format
from tensorflow_model_analysis import version
from tensorflow_model_analysis.proto import config_pb2, metrics_for_slice_pb2, validation_result_pb2

from benison.components.evaluator import tfma_keys
from benison.components.evaluator.compare import CHALLENGER, Measured, Metric
from benison.components.evaluator.cross import Crossed, difference
from benison.core.metrics import better, find
from benison.core.verdicts import Check, Tier, Verdict, combine
from benison.eval_config import CrossSlicing, EvalConfig, Slicing
from benison.measures.intervals import UNKNOWN
from benison.metrics.bound import Estimate

CONFIG = "eval_config.json"
METRICS_FILE = "metrics-00000-of-00001.tfrecord"
VALIDATIONS_FILE = "validations.tfrecord"
# TFMA counts rows once, whatever the number of models.
_OF_NO_MODEL = ("example_count", "weighted_example_count", "query_count")


@dataclass(frozen=True)
class Naming:
    """What TFMA calls models, where that is not their role.

    Attributes:
        names: By role.
        columns: By role the column of its predictions, where those were ready.
        file_format: Of the data.
        classes: Those that models tell apart, by number; none: they do not.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    file_format: str = "parquet"
    classes: tuple[str, ...] = ()

    def of(self, roles: Sequence[str]) -> dict[str, str]:
        """What TFMA calls each model: nothing where there is but one."""
        return {role: self.names.get(role, role) if len(roles) > 1 else "" for role in roles}


_BY_ROLE = Naming()


def eval_run(
    config: EvalConfig, label: str, packages: Mapping[str, str], snapshot: str, naming: Naming = _BY_ROLE
) -> str:
    """TFMA's eval_config.json: what was measured, of which models, on which data.

    Args:
        config: Slices and metrics.
        label: The label's column.
        packages: The digest of each role's package, the challenger first; champion and reference only where they are.
        snapshot: The digest of the data.
        naming: What TFMA calls the models.
    """
    names = naming.of(list(packages))
    specs = [
        config_pb2.ModelSpec(
            name=names[role],
            label_key=label,
            prediction_key=naming.columns.get(role, ""),
            example_weight_key=config.weight,
            is_baseline=role == "champion",
        )
        for role in packages
    ]
    slicings = [_spec(one) for one in config.slicings]
    plots = [config_pb2.MetricConfig(class_name=plot.kind, config=plot.config) for plot in config.plots]
    metrics = tfma_keys.specs(config.metrics, plots, naming.classes)
    for spec in metrics:
        tfma_keys.rank(spec, config.query, label)
    asked = config_pb2.EvalConfig(model_specs=specs, slicing_specs=slicings, metrics_specs=metrics)
    asked.cross_slicing_specs.extend(_cross_spec(one) for one in config.crosses)
    run = config_pb2.EvalRun(
        eval_config=asked,
        version=version.VERSION,
        data_location=snapshot,
        file_format=naming.file_format,
        model_locations={names[role]: package for role, package in packages.items()},
    )
    return str(json_format.MessageToJson(run, sort_keys=True))


def _spec(one: Slicing) -> config_pb2.SlicingSpec:
    return config_pb2.SlicingSpec(feature_keys=one.keys, feature_values=dict(one.values))


def _cross_spec(one: CrossSlicing) -> config_pb2.CrossSlicingSpec:
    return config_pb2.CrossSlicingSpec(baseline_spec=_spec(one.baseline), slicing_specs=map(_spec, one.comparisons))


def metrics(measured: Sequence[Measured], types: Mapping[str, pa.DataType], naming: Naming = _BY_ROLE) -> list[bytes]:
    """One MetricsForSlice for each slice: every model's value and interval, and challenger minus champion.

    Args:
        measured: Every slice.
        types: Of the columns that slices are cut by: TFMA keeps numbers as numbers.
        naming: What TFMA calls the models.
    """
    return [_metrics_for_slice(one, types, naming).SerializeToString(deterministic=True) for one in measured]


def _metrics_for_slice(
    one: Measured, types: Mapping[str, pa.DataType], naming: Naming
) -> metrics_for_slice_pb2.MetricsForSlice:
    result = metrics_for_slice_pb2.MetricsForSlice(slice_key=slice_key(one.keys, types))
    for name, metric in one.metrics.items():
        for key, found in _figures(name, metric, naming):
            _add(result, key, found)
    return result


def cross_metrics(pairs: Sequence[Crossed], types: Mapping[str, pa.DataType], naming: Naming = _BY_ROLE) -> list[bytes]:
    """One MetricsForSlice for each pair of slices: what the one has more than the other, of every figure.

    Args:
        pairs: Slices that are compared.
        types: Of the columns that slices are cut by.
        naming: What TFMA calls the models.
    """
    return [_metrics_for_pair(pair, types, naming).SerializeToString(deterministic=True) for pair in pairs]


def _metrics_for_pair(
    pair: Crossed, types: Mapping[str, pa.DataType], naming: Naming
) -> metrics_for_slice_pb2.MetricsForSlice:
    result = metrics_for_slice_pb2.MetricsForSlice()
    result.cross_slice_key.baseline_slice_key.CopyFrom(slice_key(pair.baseline.keys, types))
    result.cross_slice_key.comparison_slice_key.CopyFrom(slice_key(pair.comparison.keys, types))
    for name, metric in pair.baseline.metrics.items():
        both = zip(_figures(name, metric, naming), _figures(name, pair.comparison.metrics[name], naming), strict=True)
        for (key, baseline), (_, comparison) in both:
            _add(result, key, difference(baseline, comparison))
    return result


def _add(result: metrics_for_slice_pb2.MetricsForSlice, key: metrics_for_slice_pb2.MetricKey, found: Estimate) -> None:
    entry = result.metric_keys_and_values.add(key=key, value=_value(found.value))
    if found.interval.known:
        entry.confidence_interval.lower_bound.CopyFrom(_value(found.interval.lower))
        entry.confidence_interval.upper_bound.CopyFrom(_value(found.interval.upper))


def slice_key(keys: Sequence[tuple[str, str]], types: Mapping[str, pa.DataType]) -> metrics_for_slice_pb2.SliceKey:
    """A slice as TFMA names it: numbers stay numbers."""
    key = metrics_for_slice_pb2.SliceKey()
    for column, value in keys:
        single = key.single_slice_keys.add(column=column)
        if pa.types.is_integer(types[column]):
            single.int64_value = int(value)
        elif pa.types.is_floating(types[column]):
            single.float_value = float(value)
        else:
            single.bytes_value = value.encode()
    return key


def _figures(name: str, metric: Metric, naming: Naming) -> Iterator[tuple[metrics_for_slice_pb2.MetricKey, Estimate]]:
    """Each model's figure, then the difference to the champion in TFMA's sense, where more is not always better."""
    names = naming.of(list(metric.models))
    if name in _OF_NO_MODEL:
        yield tfma_keys.key(name, naming.classes), metric.models[CHALLENGER]
        return
    for role, found in metric.models.items():
        yield tfma_keys.key(name, naming.classes, names[role]), found
    if "champion" in metric.models:
        yield tfma_keys.key(name, naming.classes, names[CHALLENGER], is_diff=True), _difference(name, metric)


def _difference(name: str, metric: Metric) -> Estimate:
    found = metric.gains.get("champion")
    value = metric.models[CHALLENGER].value - metric.models["champion"].value
    if found is None:
        return Estimate(value, UNKNOWN)
    return Estimate(value, -found.interval if better(name) < 0 else found.interval)


def _value(figure: float) -> metrics_for_slice_pb2.MetricValue:
    result = metrics_for_slice_pb2.MetricValue()
    result.double_value.value = figure
    return result


def validation(
    checks: Sequence[Check],
    measured: Sequence[Measured],
    types: Mapping[str, pa.DataType],
    *,
    policy: bool = True,
    classes: Sequence[str] = (),
) -> bytes:
    """TFMA's ValidationResult: our verdict, and each hard check that does not pass as a failure of its slice.

    Args:
        checks: Of predictions and policy.
        measured: Every slice.
        types: Of the columns that slices are cut by.
        policy: Whether there is one; TFMA calls nothing valid that no threshold was set for.
        classes: As in `Naming`.
    """
    keys = {one.name: one.keys for one in measured}
    result = validation_result_pb2.ValidationResult(
        validation_ok=policy and combine(checks) is Verdict.PASS, missing_thresholds=not policy
    )
    against = [check for check in checks if check.tier is Tier.HARD and check.verdict is not Verdict.PASS]
    for subject in dict.fromkeys(check.subject for check in against):
        failures = [_failure(check, classes) for check in against if check.subject == subject]
        key = slice_key(keys.get(subject, ()), types)
        result.metric_validations_per_slice.add(slice_key=key, failures=failures)
    return bytes(result.SerializeToString(deterministic=True))


def _failure(check: Check, classes: Sequence[str]) -> validation_result_pb2.ValidationFailure:
    """A check as TFMA writes it; one that asks of no metric has its name in the metric's place."""
    name, _, baseline = check.name.partition("_gain_over_")
    failure = validation_result_pb2.ValidationFailure(message=f"{check.verdict}: {check.reason}")
    failure.metric_key.name = name
    if not find(name):
        return failure
    failure.metric_key.CopyFrom(tfma_keys.key(name, classes, is_diff=bool(baseline)))
    turned = -1.0 if baseline and better(name) < 0 else 1.0
    if "value" in check.numbers:
        failure.metric_value.CopyFrom(_value(turned * check.numbers["value"]))
    _set_threshold(failure.metric_threshold, check.numbers, baseline, turned)
    return failure


def _set_threshold(
    threshold: config_pb2.MetricThreshold, numbers: Mapping[str, float], baseline: str, turned: float
) -> None:
    low, high = numbers.get("at_least", -math.inf), numbers.get("at_most", math.inf)
    if baseline and math.isfinite(low):
        way = config_pb2.MetricDirection
        threshold.change_threshold.direction = way.HIGHER_IS_BETTER if turned > 0 else way.LOWER_IS_BETTER
        threshold.change_threshold.absolute.value = turned * low
    elif not baseline:
        if math.isfinite(low):
            threshold.value_threshold.lower_bound.value = low
        if math.isfinite(high):
            threshold.value_threshold.upper_bound.value = high
