"""The oracle is TFDV: its golden statistics and schema, and its own verdict on damaged rows."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2

from benison.components.example_validator.parse import parse
from benison.components.example_validator.profile import statistics
from benison.components.example_validator.validate import anomalies, judge, unknown_shares
from benison.core.verdicts import Check, Tier, Verdict

Cats = Callable[[int, int], pa.Table]

GOLDEN = Path(__file__).parent / "data"


def judged(table: pa.Table, schema_text: str) -> list[Check]:
    schema = parse(schema_text, "schema.pbtxt")
    return judge("train", anomalies(statistics(table, schema), schema), unknown_shares(table, schema))


def replaced(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)


def told(checks: list[Check]) -> list[tuple[str, str, str, str]]:
    return [(one.subject, str(one.tier), str(one.verdict), one.reason) for one in checks]


@pytest.mark.parametrize("split", ["train", "eval"])
def test_the_golden_taxi_statistics_have_no_anomalies(split: str) -> None:
    schema = parse((GOLDEN / "taxi-schema.pbtxt").read_text(), "schema.pbtxt")
    found = anomalies(tfdv.load_stats_binary(str(GOLDEN / f"taxi-{split}-FeatureStats.pb")), schema)
    assert dict(found.anomaly_info) == {}
    assert told(judge(split, found, {})) == [
        (f"split {split}", "hard", "PASS", f"split {split} is what the schema says: no anomalies")
    ]


def test_rows_as_the_schema_says_pass(cats: Cats, schema_text: str) -> None:
    assert told(judged(cats(500, 1), schema_text)) == [
        ("split train", "hard", "PASS", "split train is what the schema says: no anomalies")
    ]


def test_no_rows_are_inconclusive_though_tfdv_finds_no_anomaly(cats: Cats, schema_text: str) -> None:
    assert told(judged(cats(5, 1).slice(0, 0), schema_text)) == [
        ("split train", "hard", "INCONCLUSIVE", "split train has no rows, so nothing could be held to the schema")
    ]


def test_a_missing_column_blocks(cats: Cats, schema_text: str) -> None:
    assert told(judged(cats(500, 1).drop(["age"]), schema_text)) == [
        ("column age in train", "hard", "FAIL", "column age in train: Column is completely missing")
    ]


def test_another_type_blocks(cats: Cats, schema_text: str) -> None:
    table = cats(500, 1)
    checks = judged(replaced(table, "age", pa.array(["old"] * 500)), schema_text)
    reason = "column age in train: Expected data of type: INT but got STRING"
    assert ("column age in train", "hard", "FAIL", reason) in told(checks)


def test_a_value_missing_where_each_row_must_have_one_blocks(cats: Cats, schema_text: str) -> None:
    table = cats(500, 1)
    ages = table["age"].to_pylist()
    [check] = judged(replaced(table, "age", pa.array([*ages[:-1], None])), schema_text)
    assert (check.tier, check.observed) == (Tier.HARD, "Column dropped")
    assert "minimum fraction = 1.000000, actual = 0.998000" in check.reason


def test_a_column_shifted_by_a_million_leaves_its_bounds(cats: Cats, schema_text: str) -> None:
    table = cats(500, 1)
    shifted = pa.array([age + 1_000_000 for age in table["age"].to_pylist()])
    [check] = judged(replaced(table, "age", shifted), schema_text)
    assert (check.tier, check.verdict, check.observed) == (Tier.HARD, Verdict.FAIL, "Out-of-range values")
    assert check.reason == "column age in train: Unexpectedly large value: 1000019."


def test_both_bounds_of_one_column_are_two_checks(cats: Cats, schema_text: str) -> None:
    table = cats(500, 1)
    ages = [-1, 41, *table["age"].to_pylist()[2:]]
    reasons = [check.reason for check in judged(replaced(table, "age", pa.array(ages)), schema_text)]
    assert reasons == [
        "column age in train: Unexpectedly small value: -1.",
        "column age in train: Unexpectedly large value: 41.",
    ]


def test_a_column_that_the_schema_does_not_know_only_warns(cats: Cats, schema_text: str) -> None:
    table = cats(500, 1).append_column("colour", pa.array(["red"] * 500))
    assert told(judged(table, schema_text)) == [
        ("split train", "hard", "PASS", "split train is what the schema says: no anomaly that blocks, 1 that warn"),
        (
            "column colour in train",
            "soft",
            "FAIL",
            "column colour in train: New column (column in data but not in schema)",
        ),
    ]


@pytest.mark.parametrize(("unknown", "tier"), [(1, Tier.SOFT), (4, Tier.SOFT), (5, Tier.HARD), (250, Tier.HARD)])
def test_unknown_values_block_from_one_in_a_hundred_on(cats: Cats, schema_text: str, unknown: int, tier: Tier) -> None:
    table = cats(500, 1)
    breeds = pa.array(["Sphynx"] * unknown + ["Manx"] * (500 - unknown))
    check = judged(replaced(table, "breed", breeds), schema_text)[-1]
    assert (check.tier, check.verdict, check.subject) == (tier, Verdict.FAIL, "column breed in train")
    assert check.numbers == {"unknown_share": unknown / 500}
    assert check.reason.startswith("column breed in train: Examples contain values missing from the schema: Sphynx")


def test_one_new_category_in_a_hundred_thousand_rows_only_warns(cats: Cats, schema_text: str) -> None:
    table = cats(100_000, 1)
    checks = judged(replaced(table, "breed", pa.array(["Sphynx"] + ["Manx"] * 99_999)), schema_text)
    assert [(check.tier, check.verdict) for check in checks] == [
        (Tier.HARD, Verdict.PASS),
        (Tier.SOFT, Verdict.FAIL),
    ]
    assert checks[1].observed == "0.001% of the values are not in the domain"


def test_the_share_of_unknown_values_leaves_missing_ones_out(schema_text: str) -> None:
    table = pa.table({"breed": ["Manx", None, "Sphynx", None], "adopted": ["yes", "no", "maybe", "no"]})
    shares = unknown_shares(table, parse(schema_text, "schema.pbtxt"))
    assert shares == {"breed": 0.5, "adopted": 0.25}


def test_a_column_without_values_has_no_unknown_ones(schema_text: str) -> None:
    table = pa.table({"breed": pa.nulls(3, pa.string())})
    assert unknown_shares(table, parse(schema_text, "schema.pbtxt")) == {"breed": 0.0}


def test_unknown_values_of_no_known_share_block() -> None:
    found = anomalies_pb2.Anomalies()
    reason = found.anomaly_info["breed"].reason.add()
    reason.type = anomalies_pb2.AnomalyInfo.ENUM_TYPE_UNEXPECTED_STRING_VALUES
    [check] = judge("train", found, {})
    assert (check.tier, check.observed) == (Tier.HARD, "values not in the domain")


def test_an_anomaly_without_reasons_blocks() -> None:
    found = anomalies_pb2.Anomalies()
    found.anomaly_info["breed"].short_description = "Strange"
    assert told(judge("eval", found, {})) == [("column breed in eval", "hard", "FAIL", "column breed in eval: Strange")]


def test_what_the_schema_asks_of_all_rows_blocks(cats: Cats, schema_text: str) -> None:
    checks = judged(cats(500, 1), schema_text + "dataset_constraints { min_examples_count: 1000 }")
    reason = "all rows in train: The dataset has 500 examples, which is fewer than expected."
    assert told(checks) == [("all rows in train", "hard", "FAIL", reason)]
