"""classes: which classes there are where models tell several apart, the columns they have, and the metrics of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.core.aspects import CLASS, EACH, aspect, reserved
from benison.core.casts import as_text
from benison.core.errors import ConfigError, DataError
from benison.core.metrics import Metric, metric
from benison.core.spelling import nearest
from benison.metrics.measure import Bools, Floats, Whole

PLACE = "{class}"
# Of more classes nobody wants every figure of each unasked.
_MOST = 30


def columns_of_classes(pattern: str, others: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """The columns that a pattern stands for, by class.

    Args:
        pattern: A name with `PLACE` in it.
        others: Further patterns and columns: what one of them names more closely is not this one's.
        known: The columns that there are.

    >>> columns_of_classes("p_{class}", ["p_old_{class}", "p_size"], ["p_cat", "p_dog", "p_old_cat", "p_size"])
    {'cat': 'p_cat', 'dog': 'p_dog'}
    """
    closer = [other for other in others if PLACE not in other or len(other) > len(pattern)]
    found = {}
    for name in known:
        match = _matcher(pattern).fullmatch(name)
        if match and not any(_matcher(other).fullmatch(name) for other in closer):
            found[match[1]] = name
    return found


def _matcher(pattern: str) -> re.Pattern[str]:
    before, place, after = pattern.partition(PLACE)
    return re.compile(f"{re.escape(before)}{'(.+)' if place else ''}{re.escape(after)}")


def title_of(pattern: str) -> str:
    """What a model is called that has no name.

    >>> title_of("forest_{class}"), title_of("p({class})"), title_of("{class}")
    ('forest', 'p', 'model')
    """
    return pattern.replace(PLACE, "").strip(" _-.:/()[]") or "model"


def names_of(column: pa.ChunkedArray, where: str, models: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Every class that a model or a label has: by number where all of them are whole numbers, else by name.

    Args:
        column: The labels.
        where: What they are called, for messages.
        models: The classes of each model.

    Raises:
        DataError: There are no labels, or a class has a name that means something else.
    """
    labels = [value for value in pc.unique(as_text(column)).to_pylist() if value is not None]
    if not labels:
        raise DataError(where, expected="labels", got="none in any row")
    found = {*labels, *(name for names in models for name in names)}
    if taken := sorted(name for name in found if reserved(name)):
        hint = "averages and ranks are called so: rename the class"
        raise DataError(where, expected="classes of other names", got=repr(taken[0]), hint=hint)
    numbered = all(name.isascii() and name.isdigit() for name in found)
    return tuple(sorted(found, key=(lambda name: (int(name), name)) if numbered else None))


def numbers_of_labels(column: pa.ChunkedArray, names: Sequence[str]) -> tuple[Bools, Whole]:
    """Whether each row has a label, and, of those that have one, its class by number."""
    places = pc.index_in(as_text(column).combine_chunks(), pa.array(names, pa.string()))
    known = np.asarray(places.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)
    return known, np.asarray(pc.fill_null(places, 0).to_numpy(zero_copy_only=False), dtype=np.int64)[known]


def matrix_of(columns: Mapping[str, Floats], names: Sequence[str], labels: Whole) -> Floats:
    """Predictions of every class: 0 of a class that a model lacks, and NaN where a row is of such a class.

    Args:
        columns: Those that the model has, by class.
        names: All classes.
        labels: Of each row.

    Returns:
        [rows, classes].
    """
    found = np.zeros((len(labels), len(names)))
    for number, name in enumerate(names):
        found[:, number] = columns[name] if name in columns else np.where(labels == number, np.nan, 0.0)
    return found


def resolved(metrics: Sequence[str], names: Sequence[str], where: str) -> tuple[str, ...]:
    """Metrics by the names of classes, where they are asked for by number as TFMA has it, or for each.

    Args:
        metrics: As they are asked for.
        names: The classes.
        where: Where that was, for messages.

    Raises:
        ConfigError: There is no such class, or there are not so many.
    """
    found = [one for name in metrics for one in _each(metric(name), names)]
    return tuple(dict.fromkeys(_resolved(one, names, where).name for one in found))


def check_named(metrics: Sequence[str], names: Sequence[str], where: str) -> None:
    """Makes sure that metrics are those of classes that there are.

    Raises:
        ConfigError: Some are not; the message names the nearest class.
    """
    for name in metrics:
        asked = metric(name)
        _check_many(asked, len(names), where)
        seen = aspect(asked.of)
        if asked.of and seen.how == CLASS and seen.name not in names:
            raise _no_class(where, seen.name, names)


def _each(asked: Metric, names: Sequence[str]) -> list[Metric]:
    if asked.of != EACH:
        return [asked]
    return [replace(asked, of=name) for name in names] if len(names) <= _MOST else []


def _resolved(asked: Metric, names: Sequence[str], where: str) -> Metric:
    _check_many(asked, len(names), where)
    if not asked.of:
        return asked
    seen = aspect(asked.of)
    if seen.how == CLASS and seen.name not in names:
        if not seen.name.isdigit() or int(seen.name) >= len(names):
            raise _no_class(where, seen.name, names)
        return replace(asked, of=names[int(seen.name)])
    if len(seen.weights) == len(names) and len(set(seen.weights.values())) == 1:
        return replace(asked, of=seen.how)
    return asked


def _check_many(asked: Metric, many: int, where: str) -> None:
    seen = aspect(asked.of)
    if max(asked.top, seen.rank) > many:
        raise ConfigError(where, expected=f"at most the {many} classes there are", got=asked.name)
    if any(number >= many for number in seen.weights):
        raise ConfigError(where, expected=f"weights of classes from 0 to {many - 1}", got=asked.name)


def _no_class(where: str, name: str, names: Sequence[str]) -> ConfigError:
    return ConfigError(where, expected="a class of labels or predictions", got=repr(name), hint=nearest(name, names))
