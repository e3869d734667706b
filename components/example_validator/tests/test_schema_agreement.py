"""Anomalies of what is measured here are those of what TFDV measures itself, whatever is wrong with rows or schema."""

from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from hypothesis import HealthCheck, Phase, event, given, settings
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.components.example_validator import comparators
from benison.components.example_validator.measure import Asked, Cell, Measured, measure
from benison.components.example_validator.schema import Held, anomalies, is_comparator, judge, reasons
from benison.components.example_validator.severity import TIERS, kind_of
from benison.config.validation import SchemaRules
from benison.core.verdicts import Verdict
from components.example_validator.tests import measuring

USUAL = SchemaRules(0.01, 0.0, {}, "", "", {})
TYPES = {"INT": pa.int64(), "FLOAT": pa.float64(), "BYTES": pa.string()}
DOMAINS = {
    "INT": ["", "int_domain { min: 0 max: 3 }", "int_domain { is_categorical: true }", "bool_domain {}"],
    "FLOAT": ["", "float_domain { min: 0 max: 3 }", "float_domain { disallow_inf: true disallow_nan: true }"],
    "BYTES": [
        "",
        "string_domain { value: 'a' value: 'b' }",
        "domain: 'letters'",
        "bool_domain { true_value: 'a' false_value: 'b' }",
        "int_domain {}",
        "float_domain {}",
    ],
}
PRESENCES = ["", "presence { min_fraction: 1 }", "presence { min_fraction: 0.5 min_count: 3 }"]
COUNTS = ["", "value_count { min: 1 max: 1 }", "value_count { min: 2 }", "shape { dim { size: 1 } }"]
UNIQUES = ["", "unique_constraints { min: 2 max: 3 }"]
COMPARATORS = [
    "",
    "drift_comparator { infinity_norm { threshold: 0.1 } }",
    "drift_comparator { jensen_shannon_divergence { threshold: 0.1 } }",
    "skew_comparator { infinity_norm { threshold: 0.1 } }",
    "skew_comparator { jensen_shannon_divergence { threshold: 0.1 } }",
]
ENVIRONMENTS = ["", "", "in_environment: 'SERVING'", "not_in_environment: 'SERVING'"]
CONSTRAINTS = [
    "",
    "min_examples_count: 5",
    "max_examples_count: 5",
    "num_examples_drift_comparator { min_fraction_threshold: 0.5 max_fraction_threshold: 1.5 }",
]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "INT": st.sampled_from([-7, 0, 1, 2, 3, 4, 2**40]),
    "FLOAT": st.sampled_from([-0.5, 0.0, 1.0, 2.5, 3.5, 1e6, float("inf"), float("-inf")]),
    "BYTES": st.sampled_from(["a", "b", "c", "", "7", "1.5", "\u00e4"]),
}
COLUMNS = ["apple", "pear", "plum", "quince"]


@st.composite
def schemas(draw: st.DrawFn) -> Any:
    names = draw(st.lists(st.sampled_from(COLUMNS), unique=True, min_size=1))
    text = "default_environment: 'TRAINING' default_environment: 'SERVING' "
    text += "string_domain { name: 'letters' value: 'a' value: 'c' } "
    for name in names:
        kind = draw(st.sampled_from(list(TYPES)))
        choices = [DOMAINS[kind], PRESENCES, COUNTS, UNIQUES, COMPARATORS, ENVIRONMENTS]
        said = " ".join(draw(st.sampled_from(choice)) for choice in choices)
        text += f"feature {{ name: '{name}' type: {kind} {said} }} "
    text += f"dataset_constraints {{ {draw(st.sampled_from(CONSTRAINTS))} }}"
    return text_format.Parse(text, schema_pb2.Schema())


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    names = draw(st.lists(st.sampled_from(COLUMNS), unique=True, min_size=1))
    rows = draw(st.integers(1, 12))
    columns = {}
    for name in sorted(names):
        kind = draw(st.sampled_from(list(TYPES)))
        values = st.none() | VALUES[kind] if draw(st.booleans()) else VALUES[kind]
        columns[name] = pa.array(draw(st.lists(values, min_size=rows, max_size=rows)), TYPES[kind])
    return pa.table(columns)


def measured(table: pa.Table, schema: Any) -> Measured:
    """In two cells, which are merged."""
    batches = table.combine_chunks().to_batches()
    halves = [batch.slice(start, 6) for batch in batches for start in (0, 6) if start < len(batch)]
    cells = [Cell(("train",), lambda batch=batch: iter([batch])) for batch in halves]  # type: ignore[misc]
    [(_, found)] = list(measure(cells, Asked(table.schema, schema), workers=1))
    return found


def of_tfdv(table: pa.Table, schema: Any) -> Any:
    """TFDV's own statistics of the columns, in the types that the schema says they have where their values allow it."""
    declared = {feature.name: feature.type for feature in schema.feature}
    columns = [_as_declared(table[name].combine_chunks(), declared.get(name)) for name in table.column_names]
    return measuring.statistics(pa.table(columns, names=table.column_names), schema)


def _as_declared(column: Any, declared: int | None) -> Any:
    number = {schema_pb2.INT: pa.int64(), schema_pb2.FLOAT: pa.float64()}.get(declared)
    try:
        if number is not None and not pa.types.is_floating(column.type):
            return column.cast(number)
        return column.cast(pa.string()) if declared == schema_pb2.BYTES and column.type == pa.int64() else column
    except pa.ArrowInvalid:
        return column


def same(found: Any, expected: Any) -> bool:
    """Equal but for the order of what is listed by column, of which TFDV has none."""
    for anomalies_proto in (found, expected):
        anomalies_proto.drift_skew_info.sort(key=lambda info: list(info.path.step))
    return bool(found == expected)


_ALL = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
_anything = given(schemas(), tables(), tables(), tables(), st.sampled_from(["", "TRAINING", "SERVING"]))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(_ALL, max_examples=80)
@_anything
def test_agrees_with_tfdv(schema: Any, now: pa.Table, previous: pa.Table, serving: pa.Table, environment: str) -> None:
    agrees(schema, now, previous, serving, environment)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(_ALL, max_examples=400)
@_anything
def test_agrees_with_tfdv_more_often(
    schema: Any, now: pa.Table, previous: pa.Table, serving: pa.Table, environment: str
) -> None:
    agrees(schema, now, previous, serving, environment)


def agrees(schema: Any, now: pa.Table, previous: pa.Table, serving: pa.Table, environment: str) -> None:
    """Whether the anomalies are TFDV's, and the checks those of the anomalies."""
    rows = {"statistics": now, "previous": previous, "serving": serving}
    ours = {name: measured(table, schema) for name, table in rows.items()}
    theirs = [of_tfdv(table, schema) for table in rows.values()]
    found = anomalies(
        ours["statistics"].statistics,
        schema,
        environment=environment,
        previous=ours["previous"].statistics,
        serving=ours["serving"].statistics,
    )
    expected = tfdv.validate_statistics(theirs[0], schema, environment or None, theirs[1], theirs[2])
    assert same(found, expected)
    judged_as_it_should_be(Held("train", ours["statistics"], schema, USUAL), found)


def judged_as_it_should_be(held: Held, found: Any) -> None:
    """Each anomaly is a check of its tier, or, of unknown values, at least one that does not pass."""
    own = [kind_of(reason.type) for _, reason in reasons(found) if not is_comparator(reason)]
    for kind in {kind_of(reason.type) for _, reason in reasons(found)}:
        event(kind)
    failed = [check for check in judge(held, found) if check.verdict is not Verdict.PASS]
    assert len(failed) == len(own)
    assert [check.tier for check in failed] == [TIERS[kind] for kind in own]
    assert all(check.numbers and "; " in check.reason for check in failed)
    compared = comparators.judge(held, found, previous=True, serving=True)
    above = [reason for _, reason in reasons(found) if is_comparator(reason)]
    assert len([check for check in compared if check.verdict is not Verdict.PASS]) >= len(above)


@pytest.mark.parametrize("listed", [999, 1000, 1500])
@pytest.mark.parametrize("strangers", [1, 2500])
def test_unknown_values_cannot_hide_behind_more_known_ones_than_tfdv_looks_at(listed: int, strangers: int) -> None:
    known = [f"k{number}" for number in range(listed)]
    domain = " ".join(f"value: '{value}'" for value in known)
    schema = text_format.Parse(
        f"feature {{ name: 'zip' type: BYTES string_domain {{ {domain} }} }}", schema_pb2.Schema()
    )
    table = pa.table({"zip": known * 10 + [f"u{number}" for number in range(strangers)]})
    [(_, found)] = measure([Cell(("train",), lambda: iter(table.to_batches()))], Asked(table.schema, schema))
    checks = judge(Held("train", found, schema, USUAL), anomalies(found.statistics, schema))
    [check] = [check for check in checks if check.verdict is not Verdict.PASS]
    assert check.numbers["unknown_share"] == pytest.approx(strangers / len(table))
