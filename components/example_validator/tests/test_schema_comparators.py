"""The oracle of distances is TFDV's own list of them; that of what it passes over is the schema."""

from collections import Counter
from dataclasses import replace

import pyarrow as pa
import pytest

from benison.components.example_validator.comparators import judge
from benison.components.example_validator.parse import parse
from benison.components.example_validator.schema import Held, anomalies
from benison.components.example_validator.schema import judge as judge_schema
from benison.config.validation import SchemaRules
from benison.core.verdicts import Check, Tier, Verdict
from components.example_validator.tests.measuring import measured

USUAL = SchemaRules(0.01, 0.0, {}, "", "", {})
SCHEMA = """
feature { name: "breed" type: BYTES drift_comparator { infinity_norm { threshold: 0.1 } }
          skew_comparator { infinity_norm { threshold: 0.3 } } }
feature { name: "weight" type: FLOAT drift_comparator { jensen_shannon_divergence { threshold: 0.2 } } }
"""
FEW = "dataset_constraints { num_examples_drift_comparator { min_fraction_threshold: 0.5 } }"


def cats(manx: int, persian: int, heavier: float = 0.0) -> pa.Table:
    rows = manx + persian
    weights = [row % 10 + heavier for row in range(rows)]
    return pa.table({"breed": ["Manx"] * manx + ["Persian"] * persian, "weight": weights})


def judged(
    now: pa.Table,
    previous: pa.Table | None = None,
    serving: pa.Table | None = None,
    text: str = SCHEMA,
    rules: SchemaRules = USUAL,
) -> list[Check]:
    schema = parse(text, "schema.pbtxt")
    found = measured(now, schema)
    others = [measured(other, schema).statistics if other is not None else None for other in (previous, serving)]
    said = anomalies(found.statistics, schema, previous=others[0], serving=others[1])
    held = Held("span 7", found, schema, rules)
    assert Counter(check.name for check in judge_schema(held, said)) == {"schema": 1}
    return judge(held, said, previous=previous is not None, serving=serving is not None)


def told(checks: list[Check]) -> list[tuple[str, str, str, str]]:
    return [(one.name, one.subject, str(one.tier), str(one.verdict)) for one in checks]


def test_each_comparator_is_a_check_with_its_distance_and_threshold() -> None:
    checks = judged(cats(500, 500), cats(800, 200, heavier=100.0), cats(550, 450))
    assert told(checks) == [
        ("schema_drift", "column breed in span 7", "soft", "FAIL"),
        ("schema_skew", "column breed in span 7", "soft", "PASS"),
        ("schema_drift", "column weight in span 7", "soft", "FAIL"),
    ]
    assert checks[0].numbers == pytest.approx({"distance": 0.3, "threshold": 0.1, "rows": 1000})
    assert checks[1].numbers == pytest.approx({"distance": 0.05, "threshold": 0.3, "rows": 1000})
    assert checks[0].reason == (
        "column breed in span 7: L-infinity distance to the span before 0.3 > 0.1, the schema's threshold; "
        "if it is right, benison data accept changes the schema"
    )
    assert checks[1].reason == "column breed in span 7: L-infinity distance to serving examples 0.05 <= 0.3"


def test_the_severity_of_a_comparator_is_the_user_s() -> None:
    rules = replace(USUAL, severity={"COMPARATOR_L_INFTY_HIGH": Tier.HARD})
    checks = judged(cats(500, 500), cats(800, 200), cats(550, 450), rules=rules)
    assert [str(check.tier) for check in checks] == ["hard", "hard", "soft"]


def test_a_comparator_without_a_reference_is_said_though_tfdv_passes_over_it() -> None:
    checks = judged(cats(500, 500), cats(500, 500))
    assert told(checks)[1] == ("schema_skew", "column breed in span 7", "soft", "INCONCLUSIVE")
    assert checks[1].reason == (
        "column breed in span 7: the schema has a skew_comparator, "
        "but there are no statistics of serving examples to compare with"
    )
    assert [verdict for *_, verdict in told(judged(cats(500, 500)))] == ["INCONCLUSIVE"] * 3


def test_a_column_that_the_span_before_lacks_is_inconclusive() -> None:
    [drift, *_] = judged(cats(500, 500), cats(500, 500).drop(["breed"]), cats(500, 500))
    assert (drift.name, drift.verdict, drift.observed) == (
        "schema_drift",
        Verdict.INCONCLUSIVE,
        "previous data missing",
    )


def test_a_distance_that_tfdv_does_not_measure_of_numbers_is_not_taken_for_zero() -> None:
    text = 'feature { name: "weight" type: FLOAT drift_comparator { infinity_norm { threshold: 0.1 } } }'
    now, previous = (table.select(["weight"]) for table in (cats(50, 50), cats(50, 50, heavier=1e6)))
    [check] = judged(now, previous, text=text)
    assert (check.verdict, check.observed) == (Verdict.INCONCLUSIVE, "not measured")


@pytest.mark.parametrize(("rows", "verdict"), [(1000, "PASS"), (1900, "PASS"), (2100, "FAIL")])
def test_rows_against_the_span_before_as_the_schema_asks(rows: int, verdict: str) -> None:
    checks = judged(cats(500, 500), cats(rows // 2, rows // 2), cats(500, 500), text=SCHEMA + FEW)
    assert told(checks)[0] == ("schema_drift", "all rows in span 7", "soft", verdict)


def test_a_version_comparator_is_said_not_to_be_asked() -> None:
    text = SCHEMA + FEW.replace("drift", "version")
    [check, *_] = judged(cats(500, 500), cats(500, 500), cats(500, 500), text=text)
    assert (check.verdict, check.subject) == (Verdict.INCONCLUSIVE, "all rows in span 7")
