import math
from dataclasses import replace

import pyarrow as pa
import pytest

from benison.components.example_validator.rows import columns, finite, rows
from benison.core.verdicts import Check, Tier, Verdict
from components.example_validator.tests.measuring import measured


@pytest.mark.parametrize(("count", "verdict"), [(0, "FAIL"), (1, "PASS"), (12_345, "PASS")])
def test_a_split_needs_rows(count: int, verdict: str) -> None:
    check = rows("split eval", count)
    assert (check.tier, check.verdict) == (Tier.HARD, verdict)
    assert check.reason.startswith(f"split eval has {count:,} rows")


def test_each_feature_that_is_not_in_the_data_blocks() -> None:
    checks = columns(["age", "breed", "adopted"], ["adopted", "colour"])
    assert [(check.subject, check.tier, check.verdict) for check in checks] == [
        ("column age", Tier.HARD, Verdict.FAIL),
        ("column breed", Tier.HARD, Verdict.FAIL),
    ]
    [passed] = columns(["age"], ["age", "colour"])
    assert (passed.verdict, passed.numbers) == (Verdict.PASS, {"columns": 1})


def told(checks: list[Check]) -> list[tuple[str, str, str]]:
    return [(check.subject, str(check.tier), str(check.verdict)) for check in checks]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_infinite_numbers_block_in_a_feature_and_warn_elsewhere() -> None:
    table = pa.table({"age": [1.0, math.inf, -math.inf, None], "chip": [math.inf, 2.0, 3.0, 4.0], "breed": ["a"] * 4})
    found = measured(table)
    assert told(finite("train", found, ["age", "breed"])) == [
        ("column age in train", "hard", "FAIL"),
        ("column chip in train", "soft", "FAIL"),
    ]
    assert finite("train", found, ["age"])[0].reason == (
        "column age in train: 2 of 4 rows hold infinity or NaN, allowed none; leave them empty where there is no number"
    )
    assert told(finite("train", found, ["breed"]))[0] == ("all features in train", "hard", "PASS")


def test_nan_blocks_where_it_was_not_read_as_missing() -> None:
    found = replace(measured(pa.table({"age": [1.0, math.nan, 3.0]})), tallies={})
    assert told(finite("train", found, ["age"])) == [("column age in train", "hard", "FAIL")]
