"""What TFMA calls a metric: the key of a figure, and the configuration that asks for it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace

from tensorflow_model_analysis.proto import config_pb2, metrics_for_slice_pb2

from benison.core.aspects import AVERAGES, CLASS, MACRO_RANKS, MICRO, MICRO_RANKS, RANK, Aspect, aspect
from benison.core.metrics import TOP_K, Kind, Metric, find, metric

_HOW = {MICRO_RANKS: MICRO, MACRO_RANKS: "macro"}


def key(
    name: str, classes: Sequence[str], model: str = "", *, is_diff: bool = False
) -> metrics_for_slice_pb2.MetricKey:
    """The key of a figure; of several classes with the class, rank or average that it is of.

    Args:
        name: Ours.
        classes: By number; none: models do not tell several apart.
        model: What TFMA calls the model.
        is_diff: Whether it is a difference to the baseline.
    """
    asked = find(name)
    result = metrics_for_slice_pb2.MetricKey(name=name, model_name=model, is_diff=is_diff)
    if asked is not None and asked.kind.parameter == TOP_K:
        return _ranked_key(asked, result)
    if asked is None or not (asked.of or asked.top):
        return result
    seen = aspect(asked.of)
    result.name = _plain(asked, seen).name
    if asked.of and seen.how == CLASS:
        result.sub_key.class_id.value = classes.index(seen.name)
    if asked.top and not _averaged(asked, seen):
        result.sub_key.top_k.value = asked.top
    if seen.how == RANK:
        result.sub_key.k.value = seen.rank
    elif seen.rank:
        result.sub_key.top_k.value = seen.rank
    if seen.how in (*AVERAGES, *_HOW):
        setattr(result.aggregation_type, f"{_HOW.get(seen.how, seen.how)}_average", True)
    return result


def _ranked_key(asked: Metric, result: metrics_for_slice_pb2.MetricKey) -> metrics_for_slice_pb2.MetricKey:
    """The first places of a ranking are a key beside the metric's name; none: whole rankings."""
    result.name = asked.kind.name
    if not math.isnan(asked.parameter):
        result.sub_key.top_k.value = int(asked.parameter)
    return result


def _averaged(asked: Metric, seen: Aspect) -> bool:
    """Whether it is an average of answers of some rank, which TFMA has under no key: then the name says it."""
    return bool(asked.top) and seen.how in AVERAGES


def _plain(asked: Metric, seen: Aspect) -> Metric:
    return replace(asked, of="", top=asked.top if _averaged(asked, seen) else 0)


def specs(
    names: Sequence[str], plots: Sequence[config_pb2.MetricConfig], classes: Sequence[str]
) -> list[config_pb2.MetricsSpec]:
    """What asks for the metrics: those of one aspect of classes together.

    Args:
        names: Ours.
        plots: What asks for plots.
        classes: As in `key`.
    """
    asked = [metric(name) for name in names]
    found = []
    for of in dict.fromkeys(["", *(one.of for one in asked)]):
        spec = config_pb2.MetricsSpec(metrics=[_config(one) for one in asked if one.of == of])
        if of:
            _set_aspect(spec, aspect(of), classes)
        else:
            spec.metrics.extend(plots)
        found.append(spec)
    return [spec for spec in found if spec.metrics]


def rank(spec: config_pb2.MetricsSpec, query: str, label: str) -> None:
    """Names the columns that TFMA ranks by, where models rank.

    Args:
        spec: What asks for metrics.
        query: The column of the query; empty: models do not rank.
        label: The label's column.
    """
    spec.query_key = query
    for one in spec.metrics:
        if one.class_name == "NDCG":
            one.config = json.dumps({**json.loads(one.config), "gain_key": label})


def _set_aspect(spec: config_pb2.MetricsSpec, seen: Aspect, classes: Sequence[str]) -> None:
    if seen.how == CLASS:
        spec.binarize.class_ids.values.append(classes.index(seen.name))
    elif seen.how == RANK:
        spec.binarize.k_list.values.append(seen.rank)
    else:
        setattr(spec.aggregate, f"{_HOW.get(seen.how, seen.how)}_average", True)
        if seen.rank:
            spec.aggregate.top_k_list.values.append(seen.rank)
        else:
            weights = seen.weights or dict.fromkeys(range(len(classes)), 1.0)
            spec.aggregate.class_weights.update(weights)


def metric_config(name: str) -> config_pb2.MetricConfig:
    """The class, and the name where TFMA's own is another (fpr for false_positive_rate).

    Args:
        name: A metric's.
    """
    return _config(metric(name))


def _argument(kind: Kind, parameter: float) -> float | list[int]:
    if kind.parameter == TOP_K:
        return [int(parameter)]
    return int(parameter) if kind.parameter in ("num_thresholds", RANK) else parameter


def _config(asked: Metric) -> config_pb2.MetricConfig:
    seen, kind = aspect(asked.of), asked.kind
    config: dict[str, object] = {"name": kind.name if kind.parameter == TOP_K else _plain(asked, seen).name}
    if kind.tfma is not None:
        config |= json.loads(kind.tfma.arguments)
        return config_pb2.MetricConfig(
            class_name=kind.classes[0], module=kind.tfma.module or None, config=json.dumps(config)
        )
    if not math.isnan(asked.parameter) and asked.parameter != kind.default:
        config[kind.argument or kind.parameter] = _argument(kind, asked.parameter)
    if asked.top and not seen.rank:
        config["top_k"] = asked.top
    return config_pb2.MetricConfig(class_name=kind.classes[0], module=kind.own or None, config=json.dumps(config))
