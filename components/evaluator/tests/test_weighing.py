import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import special

from benison.components.evaluator.weighing import rows_of
from benison.core.errors import BenisonError, ConfigError, DataError
from benison.metrics.bound import estimate
from benison.metrics.measure import Rows, Sample

LABELS = np.array([True, False, True, False])
TABLE = pa.table(
    {
        "w": [1.5, 0.0, 2.0, 1.0],
        "missing": [1.0, None, 2.0, 1.0],
        "negative": [1.0, -2.0, -1.0, 1.0],
        "nothing": [0.0, 0.0, 0.0, 0.0],
        "who": ["b", "a", "b", "c"],
        "nobody": ["b", None, None, "c"],
        "number": [7, 7, 8, 9],
    }
)


def test_without_columns_every_row_counts_as_one() -> None:
    found = rows_of(LABELS, TABLE, "", "", "")
    assert found.simple
    assert (found.masses.total, found.count, found.positives) == (4.0, 4, 2)


def test_weights_are_counted_and_rows_as_well() -> None:
    found = rows_of(LABELS, TABLE, "w", "", "")
    assert not found.simple
    assert (found.masses.total, found.count, found.positives) == (4.5, 4, 2)


@pytest.mark.parametrize(("unit", "same"), [("who", [0, 2]), ("number", [0, 1])])
def test_rows_with_the_same_value_are_of_one_unit(unit: str, same: list[int]) -> None:
    units = rows_of(LABELS, TABLE, "", unit, "").masses.units
    assert units is not None
    assert units[same[0]] == units[same[1]]
    assert len(set(units.tolist())) == 3


@pytest.mark.parametrize(
    ("columns", "kind", "message"),
    [
        (("ww", ""), ConfigError, "--weight: expected a column of the data, got 'ww'\n\nhint: did you mean w?"),
        (("who", ""), DataError, "weight column 'who': expected numbers from 0, got string"),
        (("missing", ""), DataError, "got 1 of 4 that are none, the first nan in row 2"),
        (("negative", ""), DataError, "got 2 of 4 that are none, the first -2 in row 2"),
        (("nothing", ""), DataError, "expected a weight above 0, got 0 in every row"),
        (("", "nobody"), DataError, "unit column 'nobody': expected a unit for each row, got none in 2 of 4 rows"),
    ],
)
def test_what_cannot_be_counted_is_said(columns: tuple[str, str], kind: type[BenisonError], message: str) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        rows_of(LABELS, TABLE, *columns, "--weight")


def test_labels_that_are_shares_stay_shares_and_whole_ones_become_classes() -> None:
    shares: Any = np.array([0.0, 0.25, 1.0, 0.75])
    found = rows_of(shares, TABLE, "", "", "")
    assert not found.simple
    assert found.positives == 2
    np.testing.assert_array_equal(found.others, [1.0, 0.75, 0.0, 0.25])
    assert rows_of(np.array([0.0, 1.0, 1.0, 0.0]), TABLE, "", "", "").simple


def test_a_few_heavy_rows_leave_the_area_under_precision_recall_without_an_interval() -> None:
    random = np.random.default_rng(4)
    labels = random.random(4000) < 0.3
    predictions = special.expit(1.5 * labels - 1 + random.normal(size=4000))
    for heavy, known in ((2.0, True), (60.0, False)):
        weights = np.where(random.random(4000) < 0.01, heavy, 1.0)
        sample = Sample(Rows.of(labels, weights=weights), predictions)
        found = estimate("auc_precision_recall", sample, 0.95)
        assert found.interval.known is known
        assert ("a few rows weigh so much more than the others" in found.note) is not known
        assert estimate("auc", sample, 0.95).interval.known


def test_where_nothing_is_answered_positive_a_likelihood_ratio_has_no_interval() -> None:
    random = np.random.default_rng(4)
    labels = random.random(2000) < 0.05
    sample = Sample(Rows.of(labels), np.where(random.random(2000) < 0.002, 0.9, 0.1))
    found = estimate("negative_likelihood_ratio", sample, 0.95)
    assert not found.interval.known
    assert "answered positive where an interval needs 20" in found.note
