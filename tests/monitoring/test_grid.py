"""Bins: what a naive loop counts, and what profiles leave."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from benison.core.profiles import ColumnProfile
from benison.monitoring.grid import PRESENCE, Bins, Grid
from benison.monitoring.sketch import Sketch
from benison.registry.testing import digest

NUMBERS = ColumnProfile(
    "numeric", rows=40, missing=4, distinct=30, minimum=0.0, maximum=9.0, edges=(2.0, 5.0), counts=(12, 12, 12)
)
TEXTS = ColumnProfile("categorical", rows=10, missing=1, distinct=4, values={"b": 4, "a": 3}, other=2)


def test_numbers_lie_where_a_naive_loop_finds_them() -> None:
    bins = Bins.of(NUMBERS)
    assert bins.edges == (math.nextafter(0.0, -math.inf), 2.0, 5.0, 9.0)
    assert bins.reference == (0, 12, 12, 12, 0, 4)
    random = np.random.default_rng(1)
    values = [*random.uniform(-3, 12, 9000), 0.0, 2.0, 5.0, 9.0, math.inf, -math.inf, 1e300, math.nan, None]
    naive = [0] * bins.many
    for value in values:
        gone = value is None or math.isnan(value)
        naive[-1 if gone else sum(value > edge for edge in bins.edges)] += 1
    assert bins.count(pa.array(values, pa.float64())).tolist() == naive


def test_texts_are_counted_by_name_and_all_others_together() -> None:
    bins = Bins.of(TEXTS)
    assert (bins.values, bins.reference) == (("a", "b"), (3, 4, 2, 1))
    assert bins.count(pa.array(["b", "b", "z", None, "a", ""])).tolist() == [1, 2, 2, 1]
    assert Bins("categorical", values=("7",), reference=(1, 0, 0)).count(pa.array([7, 8])).tolist() == [1, 1, 0]


def test_what_is_no_number_among_numbers_is_a_missing_value() -> None:
    assert Bins.of(NUMBERS).count(pa.array(["x", "y"])).tolist() == [0, 0, 0, 0, 0, 2]


@pytest.mark.parametrize("profile", [ColumnProfile("datetime", rows=5, missing=2, distinct=3, edges=(1.0,)), TEXTS])
def test_what_cannot_be_compared_is_watched_for_missing_values(profile: ColumnProfile) -> None:
    bins = Bins.of(profile, comparable=False)
    assert (bins.kind, bins.reference) == (PRESENCE, (profile.present, profile.missing))
    assert bins.count(pa.array(["x", None, "y"])).tolist() == [2, 1]


def test_counts_of_other_bins_are_not_added() -> None:
    one, other = (Grid.of(digest("s"), {"age": of}, ["age"]) for of in (NUMBERS, TEXTS))
    with pytest.raises(ValueError, match="only counts of the same bins can be added"):
        Sketch.empty(one).merge(Sketch.empty(other))
    with pytest.raises(ValueError, match="counts of other bins"):
        Sketch.from_json(one, Sketch.empty(other).to_json())
