from typing import Any

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.components.example_validator.edit_schema import Seen, conformed, raised, summary
from benison.core.errors import DataError
from components.example_validator.tests.measuring import statistics

OF = 'feature { name: "a" type: %s presence { min_fraction: 1 min_count: 1 } value_count { min: 1 max: 1 } %s }'
TOWNS = ' string_domain { name: "towns" value: "Ulm" value: "Jena" }'
OTHER = ' feature { name: "other" type: INT int_domain { max: 3 } }'


def parsed(text: str) -> Any:
    return text_format.Parse(text, schema_pb2.Schema())


def seen(where: str = "train", **columns: Any) -> Seen:
    return Seen(where, statistics(pa.table(columns)))


def anomalies(schema: Any, *rows: Seen) -> set[str]:
    return {name for one in rows for name in tfdv.validate_statistics(one.statistics, schema).anomaly_info}


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        (OF % ("BYTES", 'domain: "towns"') + TOWNS, ["Ulm", "Mainz"], ["string_domain towns: value + 'Mainz'"]),
        (
            OF % ("BYTES", 'string_domain { value: "Ulm" }'),
            ["Ulm", "Bonn"],
            ["feature a: string_domain.value + 'Bonn'"],
        ),
        (
            OF % ("INT", "int_domain { min: 0 max: 50 }"),
            [-1, 100],
            ["feature a: int_domain.max 50 -> 110", "feature a: int_domain.min 0 -> -2"],
        ),
        (OF % ("FLOAT", "float_domain { max: 50 }"), [1.0, 312.0], ["feature a: float_domain.max 50.0 -> 344.0"]),
        (
            OF % ("FLOAT", ""),
            [1.0, None] * 5,
            ["feature a: presence.min_fraction 1.0 -> 0.45"],
        ),
        (
            OF % ("INT", "int_domain { max: 9 }"),
            [1.5, 2.0],
            [
                "feature a: float_domain.max none -> 9.0",
                "feature a: int_domain.max 9 -> none",
                "feature a: type INT -> FLOAT",
            ],
        ),
        (
            OF % ("BYTES", 'domain: "towns"') + TOWNS,
            [1, 2],
            ["feature a: domain towns -> none", "feature a: type BYTES -> INT"],
        ),
        (OF % ("INT", "int_domain { max: 9 }"), ["a", "b"], None),
        (OF % ("INT", "bool_domain {}"), [0, 1, 2], None),
        (
            OF % ("BYTES", "unique_constraints { min: 1 max: 2 }"),
            ["a", "b", "c"],
            ["feature a: unique_constraints.max 2 -> 4"],
        ),
    ],
)
def test_tfdv_no_longer_complains_of_what_was_accepted(text: str, values: list[Any], said: list[str] | None) -> None:
    before, rows = parsed(text), seen(a=values)
    assert anomalies(before, rows) == {"a"}
    after = conformed(before, "a", [rows], margin=0.1)
    assert anomalies(after, rows) == set()
    assert said is None or summary(before, after) == said


def test_only_the_column_that_was_named_is_changed() -> None:
    before, rows = parsed(OF % ("INT", "int_domain { max: 5 }") + OTHER), seen(a=[9], other=[9])
    after = conformed(before, "a", [rows], margin=0)
    assert anomalies(before, rows) == {"a", "other"}
    assert anomalies(after, rows) == {"other"}
    assert after.feature[1] == before.feature[1]


def test_all_rows_that_complain_are_taken_together() -> None:
    before = parsed(OF % ("BYTES", 'domain: "towns"') + TOWNS)
    rows = [seen("train", a=["Bonn"]), seen("holdout", a=["Mainz"]), seen("eval", a=["Ulm"])]
    after = conformed(before, "a", rows, margin=0.1)
    assert anomalies(after, *rows) == set()
    assert sorted(after.string_domain[0].value) == ["Bonn", "Jena", "Mainz", "Ulm"]


def test_a_new_column_gets_a_domain_only_where_values_repeat() -> None:
    before = parsed(OF % ("INT", ""))
    rows = seen(a=[1] * 40, colour=["red", "blue"] * 20, name=[f"name {n}" for n in range(40)])
    for column, domain in (("colour", "colour"), ("name", "")):
        after = conformed(before, column, [rows], margin=0.1)
        assert (after.feature[-1].name, after.feature[-1].domain) == (column, domain)
        assert summary(before, after)[0] == f"feature {column}: new"


def test_a_column_that_is_gone_is_called_deprecated() -> None:
    before = parsed(OF % ("INT", "") + ' feature { name: "b" type: INT presence { min_fraction: 1 min_count: 1 } }')
    after = conformed(before, "b", [seen(a=[1])], margin=0.1)
    assert summary(before, after) == ["feature b: lifecycle_stage none -> DEPRECATED"]


def test_bounds_of_rows_can_be_accepted() -> None:
    before = parsed(OF % ("INT", "") + " dataset_constraints { min_examples_count: 100 }")
    after = conformed(before, "", [seen(a=[1] * 50)], margin=0.1)
    assert summary(before, after) == ["dataset_constraints: min_examples_count 100 -> 45"]


def test_a_comparator_s_threshold_rises_beyond_what_was_seen() -> None:
    drift = "drift_comparator { infinity_norm { threshold: 0.25 } jensen_shannon_divergence { threshold: 0.5 } }"
    before = parsed(OF % ("BYTES", drift))
    after = raised(before, "a", "drift_comparator", 0.3, 0.25, margin=0.1)
    assert summary(before, after) == ["feature a: drift_comparator.infinity_norm.threshold 0.25 -> 0.33"]


def test_where_there_is_nothing_to_accept_it_says_so() -> None:
    with pytest.raises(DataError, match="schema, column a: expected an anomaly, got none"):
        conformed(parsed(OF % ("INT", "")), "a", [seen(a=[1])], margin=0.1)
