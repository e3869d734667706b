"""The oracle is TFDV: its golden statistics and schema, and its own verdict on damaged rows."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2

from benison.components.example_validator.measure import Measured
from benison.components.example_validator.parse import parse
from benison.components.example_validator.schema import Held, anomalies, judge
from benison.config.validation import ColumnSchema, SchemaRules
from benison.core.verdicts import Check, Tier, Verdict
from components.example_validator.tests.measuring import NO_LABELS, measured

Cats = Callable[[int, int], pa.Table]

GOLDEN = Path(__file__).parent / "data"
USUAL = SchemaRules(0.01, 0.0, {}, "", "", {})
WAY_OUT = "; if it is right, benison data accept changes the schema"


def judged(table: pa.Table, schema_text: str, rules: SchemaRules = USUAL) -> list[Check]:
    schema = parse(schema_text, "schema.pbtxt")
    found = measured(table, schema)
    return judge(
        Held("train", found, schema, rules), anomalies(found.statistics, schema, environment=rules.environment)
    )


def of_column(name: str, **own: Any) -> SchemaRules:
    return replace(USUAL, columns={name: ColumnSchema(**own)})


def replaced(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)


def told(checks: list[Check]) -> list[tuple[str, str, str, str]]:
    return [(one.subject, str(one.tier), str(one.verdict), one.reason.removesuffix(WAY_OUT)) for one in checks]


@pytest.mark.parametrize("split", ["train", "eval"])
def test_the_golden_taxi_statistics_have_no_anomalies(split: str) -> None:
    schema = parse((GOLDEN / "taxi-schema.pbtxt").read_text(), "schema.pbtxt")
    statistics = tfdv.load_stats_binary(str(GOLDEN / f"taxi-{split}-FeatureStats.pb"))
    found = anomalies(statistics, schema)
    assert dict(found.anomaly_info) == {}
    taxi = Measured(statistics.datasets[0].num_examples, statistics, {}, None, None, NO_LABELS)
    assert told(judge(Held(split, taxi, schema, USUAL), found)) == [
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
    checks = judged(replaced(cats(500, 1), "age", pa.array(["old"] * 500)), schema_text)
    reason = "column age in train: Expected data of type: INT but got STRING"
    assert ("column age in train", "hard", "FAIL", reason) in told(checks)


def test_a_value_missing_where_each_row_must_have_one_blocks(cats: Cats, schema_text: str) -> None:
    [check] = judged(with_missing_ages(cats, 1), schema_text)
    assert (check.tier, check.observed) == (Tier.HARD, "0.20% of the rows have no value")
    assert "minimum fraction = 1.000000, actual = 0.998000" in check.reason
    assert check.reason.endswith("0.20% of the rows have no value, allowed at most 0.00%" + WAY_OUT)


def with_missing_ages(cats: Cats, missing: int) -> pa.Table:
    table = cats(500, 1)
    ages = table["age"].to_pylist()
    return replaced(table, "age", pa.array([*ages[missing:], *[None] * missing]))


@pytest.mark.parametrize(("missing", "tier"), [(1, Tier.SOFT), (10, Tier.SOFT), (11, Tier.HARD), (499, Tier.HARD)])
def test_a_tolerated_share_of_missing_values_warns(cats: Cats, schema_text: str, missing: int, tier: Tier) -> None:
    table = with_missing_ages(cats, missing)
    for rules in (replace(USUAL, missing=0.02), of_column("age", missing=0.02)):
        check = judged(table, schema_text, rules)[-1]
        assert (check.tier, check.verdict, check.allowed) == (tier, Verdict.FAIL, "at most 0.00%, 2.00% more only warn")
        assert check.numbers["missing_share"] == pytest.approx(missing / 500)


def test_missing_values_are_tolerated_beyond_those_that_the_schema_allows(cats: Cats, schema_text: str) -> None:
    weights = pa.array([None] * 110 + [4.0] * 390)
    table = replaced(cats(500, 1), "weight", weights)
    checks = {bound: judged(table, schema_text, replace(USUAL, missing=bound))[-1] for bound in (0.01, 0.03)}
    assert {bound: check.tier for bound, check in checks.items()} == {0.01: Tier.HARD, 0.03: Tier.SOFT}
    assert checks[0.01].numbers == pytest.approx({"rows": 500, "missing_share": 0.22, "missing_beyond": 0.02})


def test_a_column_shifted_by_a_million_leaves_its_bounds(cats: Cats, schema_text: str) -> None:
    table = cats(500, 1)
    shifted = pa.array([age + 1_000_000 for age in table["age"].to_pylist()])
    [check] = judged(replaced(table, "age", shifted), schema_text)
    assert (check.tier, check.verdict, check.observed) == (Tier.HARD, Verdict.FAIL, "Out-of-range values")
    assert check.reason == "column age in train: Unexpectedly large value: 1000019" + WAY_OUT
    assert check.numbers == {"rows": 500, "maximum": 1_000_019}


def test_both_bounds_of_one_column_are_two_checks(cats: Cats, schema_text: str) -> None:
    table = cats(500, 1)
    ages = [-1, 41, *table["age"].to_pylist()[2:]]
    checks = judged(replaced(table, "age", pa.array(ages)), schema_text)
    assert [check.reason for check in checks] == [
        "column age in train: Unexpectedly small value: -1" + WAY_OUT,
        "column age in train: Unexpectedly large value: 41" + WAY_OUT,
    ]


def test_a_column_that_the_schema_does_not_know_only_warns(cats: Cats, schema_text: str) -> None:
    table = cats(500, 1).append_column("colour", pa.array(["red"] * 500))
    new = "column colour in train: New column (column in data but not in schema)"
    assert told(judged(table, schema_text)) == [
        ("split train", "hard", "PASS", "split train is what the schema says: no anomaly that blocks, 1 that warn"),
        ("column colour in train", "soft", "FAIL", new),
    ]
    assert told(judged(table, schema_text, replace(USUAL, severity={"SCHEMA_NEW_COLUMN": Tier.HARD}))) == [
        ("column colour in train", "hard", "FAIL", new)
    ]


def test_a_column_s_severity_goes_before_that_of_all_columns(cats: Cats, schema_text: str) -> None:
    table = cats(500, 1).drop(["age", "breed"])
    rules = replace(
        USUAL,
        severity={"SCHEMA_MISSING_COLUMN": Tier.SOFT},
        columns={"age": ColumnSchema(severity={"SCHEMA_MISSING_COLUMN": Tier.HARD})},
    )
    tiers = {check.subject: check.tier for check in judged(table, schema_text, rules)}
    assert tiers == {"column age in train": Tier.HARD, "column breed in train": Tier.SOFT}


@pytest.mark.parametrize(("unknown", "tier"), [(1, Tier.SOFT), (8, Tier.SOFT), (9, Tier.HARD), (250, Tier.HARD)])
def test_unknown_values_block_where_they_are_surely_more_than_one_in_a_hundred(
    cats: Cats, schema_text: str, unknown: int, tier: Tier
) -> None:
    table = cats(500, 1)
    breeds = pa.array(["Sphynx"] * unknown + ["Manx"] * (500 - unknown))
    check = judged(replaced(table, "breed", breeds), schema_text)[-1]
    assert (check.tier, check.verdict, check.subject) == (tier, Verdict.FAIL, "column breed in train")
    assert check.numbers == pytest.approx({"rows": 500, "unknown_share": unknown / 500})
    assert check.reason.startswith("column breed in train: Examples contain values missing from the schema: Sphynx")
    assert check.allowed == "none; 1.00% blocks"


def test_the_share_of_unknown_values_that_blocks_is_configured_for_all_or_one_column(
    cats: Cats, schema_text: str
) -> None:
    table = replaced(cats(500, 1), "breed", pa.array(["Sphynx"] * 20 + ["Manx"] * 480))
    severe = {"ENUM_TYPE_UNEXPECTED_STRING_VALUES": Tier.HARD}
    tiers = [
        judged(table, schema_text, rules)[-1].tier
        for rules in (
            replace(USUAL, unknown=0.05),
            of_column("breed", unknown=0.05),
            of_column("breed", unknown=0.05, severity=severe),
            replace(USUAL, unknown=0.05, severity=severe),
            of_column("age", unknown=0.05),
        )
    ]
    assert tiers == [Tier.SOFT, Tier.SOFT, Tier.HARD, Tier.HARD, Tier.HARD]


def test_one_new_category_in_a_hundred_thousand_rows_only_warns(schema_text: str) -> None:
    table = pa.table({"breed": ["Sphynx"] + ["Manx"] * 99_999})
    schema = "feature { name: 'breed' type: BYTES domain: 'breed' } string_domain { name: 'breed' value: 'Manx' }"
    checks = judged(table, schema)
    assert [(check.tier, check.verdict) for check in checks] == [(Tier.HARD, Verdict.PASS), (Tier.SOFT, Verdict.FAIL)]
    assert checks[1].observed == "0.001% of the values are not in the domain"


def test_the_share_of_unknown_values_leaves_missing_ones_out() -> None:
    table = pa.table({"breed": ["Manx", None, "Sphynx", None]})
    schema = "feature { name: 'breed' type: BYTES string_domain { value: 'Manx' value: 'Manx' } }"
    assert judged(table, schema)[-1].numbers == {"rows": 4, "unknown_share": 0.5}


def test_unknown_values_of_no_known_share_block(schema_text: str) -> None:
    found = anomalies_pb2.Anomalies()
    reason = found.anomaly_info["breed"].reason.add()
    reason.type = anomalies_pb2.AnomalyInfo.ENUM_TYPE_UNEXPECTED_STRING_VALUES
    some = Measured(3, measured(pa.table({"breed": ["a"]})).statistics, {}, None, None, NO_LABELS)
    [check] = judge(Held("train", some, parse(schema_text, "schema.pbtxt"), USUAL), found)
    assert (check.tier, check.observed) == (Tier.HARD, "values not in the domain")


def test_an_anomaly_without_reasons_blocks(cats: Cats, schema_text: str) -> None:
    found = anomalies_pb2.Anomalies()
    found.anomaly_info["breed"].short_description = "Strange"
    checks = judge(Held("eval", measured(cats(5, 1)), parse(schema_text, "schema.pbtxt"), USUAL), found)
    assert told(checks) == [("column breed in eval", "hard", "FAIL", "column breed in eval: Strange")]


def test_what_the_schema_asks_of_all_rows_blocks(cats: Cats, schema_text: str) -> None:
    checks = judged(cats(500, 1), schema_text + "dataset_constraints { min_examples_count: 1000 }")
    reason = "all rows in train: The dataset has 500 examples, which is fewer than expected"
    assert told(checks) == [("all rows in train", "hard", "FAIL", reason)]


def test_serving_need_not_have_what_its_environment_leaves_out(cats: Cats, schema_text: str) -> None:
    known = 'default_environment: "TRAINING" default_environment: "SERVING" '
    text = known + schema_text.replace('name: "adopted"', 'name: "adopted" not_in_environment: "SERVING"')
    table = cats(500, 1).drop(["adopted"])
    found = {
        environment: [check.subject for check in judged(table, text, replace(USUAL, environment=environment))]
        for environment in ("", "TRAINING", "SERVING")
    }
    missing = ["column adopted in train"]
    assert found == {"": missing, "TRAINING": missing, "SERVING": ["split train"]}
