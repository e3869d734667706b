from typing import Any

import pytest

from benison.components.example_validator.labels import labels
from benison.components.example_validator.measure import LabelCounts
from benison.config import Label
from benison.config.validation import LabelRules
from benison.core.verdicts import Check, Tier, Verdict

ADOPTED = Label("adopted", "yes", "no")
NONE_OTHER = LabelRules(0.0, 0.0)


def counts(positives: int = 100, negatives: int = 300, missing: int = 0, **unknown: int) -> LabelCounts:
    return LabelCounts(positives, negatives, missing, unknown, sum(unknown.values()))


def by_name(found: LabelCounts, rules: LabelRules = NONE_OTHER) -> dict[str, Check]:
    return {check.name: check for check in labels("split train", found, ADOPTED, rules)}


def test_labels_of_both_classes_pass() -> None:
    checks = by_name(counts())
    assert {(check.tier, check.verdict) for check in checks.values()} == {(Tier.HARD, Verdict.PASS)}
    assert checks["label_classes"].reason == (
        "split train has rows of adopted no: 300, yes: 100; allowed >= 2 rows of each class"
    )


@pytest.mark.parametrize(("missing", "verdict"), [(0, "PASS"), (4, "PASS"), (5, "FAIL")])
def test_missing_labels_block_beyond_their_share(missing: int, verdict: str) -> None:
    check = by_name(counts(100, 300 - missing, missing), LabelRules(0.01, 0.0))["label_missing"]
    assert check.verdict == verdict
    assert check.numbers == {"missing_share": missing / 400, "missing": missing, "rows": 400}


def test_a_single_missing_label_blocks_where_none_is_allowed() -> None:
    assert by_name(counts(100, 299, 1))["label_missing"].reason == (
        "split train: 1 of 400 rows (0.25%) have no adopted; allowed <= 0.00%; "
        "fill them in, leave the rows out, or raise validation.label.missing"
    )


def test_unknown_labels_are_named_with_the_value_they_were_meant_to_be() -> None:
    check = by_name(counts(100, 292, maybe=2, Yes=6))["label_unknown"]
    assert check.verdict is Verdict.FAIL
    assert check.reason == (
        "split train: 8 of 400 rows (2.00%) have a adopted other than 'yes' and 'no': 'Yes' (6), 'maybe' (2); "
        "allowed <= 0.00%; 'Yes': did you mean yes?"
    )


def test_unknown_labels_that_resemble_none_ask_for_configuration() -> None:
    many: Any = {f"{letter}{letter}{letter}": 1 for letter in "abcdefg"}
    reason = by_name(counts(100, 293, **many))["label_unknown"].reason
    assert reason.endswith(
        "'aaa' (1), 'bbb' (1), 'ccc' (1), 'ddd' (1), 'eee' (1) and others; allowed <= 0.00%; "
        "name the right values under label: in benison.yaml, or raise validation.label.unknown"
    )


def test_a_tolerated_share_of_unknown_labels_passes() -> None:
    assert by_name(counts(100, 296, maybe=4), LabelRules(0.0, 0.01))["label_unknown"].verdict is Verdict.PASS


@pytest.mark.parametrize(("positives", "negatives"), [(0, 400), (1, 399), (399, 1)])
def test_a_class_of_fewer_than_two_rows_blocks(positives: int, negatives: int) -> None:
    check = by_name(counts(positives, negatives))["label_classes"]
    assert (check.tier, check.verdict) == (Tier.HARD, Verdict.FAIL)
    assert check.numbers == {"positives": positives, "negatives": negatives}


def test_nothing_is_asked_of_no_rows() -> None:
    assert by_name(counts(0, 0)) == {}
