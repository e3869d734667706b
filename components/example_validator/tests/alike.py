"""When two statistics of the same rows are equal."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format

EXACT = 1e-9


def by_name(statistics: Any) -> dict[str, Any]:
    return {".".join(feature.path.step): feature for feature in statistics.datasets[0].features}


def assert_alike(ours: Any, theirs: Any) -> None:
    """The same features in the same order, exact figures equal to 1e-9, quantiles where the sketch puts them.

    With fewer rows than a sketch keeps there is no error at all, so all of it is compared.
    """
    assert ours.datasets[0].num_examples == theirs.datasets[0].num_examples
    assert list(by_name(ours)) == list(by_name(theirs))
    for name, expected in by_name(theirs).items():
        found = by_name(ours)[name]
        assert plain(found) == approximately(plain(expected)), name


def exact_part(feature: Any) -> Any:
    """A copy without what TFDV's quantile sketch only estimates."""
    copy = type(feature)()
    copy.CopyFrom(feature)
    if copy.HasField("num_stats"):
        copy.num_stats.ClearField("histograms")
        copy.num_stats.ClearField("median")
    return copy


def plain(message: Any) -> Any:
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def approximately(value: Any) -> Any:
    """The same with numbers that may differ by rounding; numbers spelt as text, as JSON has large ones, are exact."""
    if isinstance(value, dict):
        return {key: approximately(one) for key, one in value.items()}
    if isinstance(value, list):
        return [approximately(one) for one in value]
    return pytest.approx(value, rel=EXACT, abs=1e-12, nan_ok=True) if isinstance(value, float) else value
