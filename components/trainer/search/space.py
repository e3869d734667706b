"""space: model.search.space as keras-tuner takes it, and what it draws as build_model receives it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from benison.config import Choices, Range

# Takes away what is left of adding up decimal fractions: 0.30000000000000004.
_DIGITS = 12


def declare(space: Mapping[str, Range | Choices], into: Any) -> None:
    """Declares a space in keras-tuner's terms.

    What has places, choices and ranges with a step, is searched by place: keras-tuner takes texts and numbers alone as
    choices, and leaves out the upper end of a range such as 0 to 0.5 by 0.1.

    Args:
        space: Of benison.yaml.
        into: A `keras_tuner.HyperParameters`.
    """
    for name, one in space.items():
        if isinstance(one, Choices):
            into.Choice(name, list(range(len(one.values))), ordered=False)
        elif one.step is not None:
            into.Int(name, 0, _steps(one))
        else:
            into_kind = into.Int if one.whole else into.Float
            into_kind(name, one.low, one.high, sampling="log" if one.log else "linear")


def values_of(space: Mapping[str, Range | Choices], drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Hyperparameters by name, of what keras-tuner drew."""
    return {name: _value(one, drawn[name]) for name, one in space.items()}


def combinations(space: Mapping[str, Range | Choices]) -> int | None:
    """How many there are; None: as many as there are numbers.

    >>> combinations({"units": Range(16, 64, 16), "rate": Range(0.001, 0.1, 10, log=True), "kind": Choices(("a", "b"))})
    24
    >>> combinations({"rate": Range(0.0, 1.0)})
    """
    counts = [_count(one) for one in space.values()]
    return None if None in counts else math.prod(count for count in counts if count is not None)


def _count(one: Range | Choices) -> int | None:
    if isinstance(one, Choices):
        return len(one.values)
    if one.step is not None:
        return _steps(one) + 1
    return int(one.high) - int(one.low) + 1 if one.whole else None


def _steps(one: Range) -> int:
    """How many steps lead from the lowest to the last number that is not above the highest."""
    if one.step is None:
        raise ValueError("a range without a step")
    steps = math.log(one.high / one.low, one.step) if one.log else (one.high - one.low) / one.step
    return math.floor(steps + 1e-9)


def _value(one: Range | Choices, drawn: Any) -> Any:
    if isinstance(one, Choices):
        return one.values[drawn]
    if one.step is None:
        return int(drawn) if one.whole else float(drawn)
    value = one.low * one.step**drawn if one.log else one.low + one.step * drawn
    return value if one.whole else float(f"{value:.{_DIGITS}g}")
