import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benison.components.evaluator.weighing import rows_of
from benison.core.errors import BenisonError, ConfigError, DataError

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
