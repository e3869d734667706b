from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from benison.components.example_validator.association import association, hanley_mcneil
from benison.components.example_validator.reach import reach
from benison.config.bounds import NEVER, Bounds
from benison.core.profiles import RowsProfile
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.tallies import ColumnTally

USUAL = Bounds(0.1, NEVER)
Array = npt.NDArray[Any]


def rows_of(values: Array, labels: Array) -> RowsProfile:
    tally = ColumnTally.of(pa.float64())
    tally.add(pa.array(values), labels.astype(np.int8))
    positives = int(labels.sum())
    return RowsProfile(len(values), None, None, positives, len(values) - positives, {"fare": tally.profile()})


def drawn(seed: int, count: int, gap: float) -> tuple[Array, Array]:
    chance = np.random.default_rng(seed)
    labels = chance.random(count) < 0.3
    return chance.standard_normal(count) + gap * labels, labels


def asked(now: RowsProfile, then: RowsProfile, bounds: Bounds = USUAL) -> list[Check]:
    return list(association(6, now, then, ["fare"], bounds, 0.01))


def test_a_profile_knows_the_auc_of_a_column_alone() -> None:
    values, labels = drawn(1, 3000, 0.7)
    assert rows_of(values, labels).columns["fare"].label_auc == pytest.approx(roc_auc_score(labels, values), abs=1e-3)


def test_shuffled_labels_are_seen_though_their_share_is_the_same() -> None:
    then, (values, labels) = rows_of(*drawn(1, 3000, 0.8)), drawn(2, 3000, 0.8)
    shuffled = rows_of(values, np.random.default_rng(3).permutation(labels))
    [check] = asked(shuffled, then)
    assert (check.tier, check.verdict, check.subject) == (Tier.SOFT, Verdict.FAIL, "column fare")
    assert "alone tells the label with AUC 0.499, in span 6 with 0.694: 0.194 apart" in check.reason
    [blocking] = asked(shuffled, then, Bounds(0.1, 0.15))
    assert blocking.tier is Tier.HARD


def test_the_same_association_passes_and_few_rows_are_no_finding() -> None:
    then = rows_of(*drawn(1, 3000, 0.8))
    assert asked(rows_of(*drawn(2, 3000, 0.8)), then)[0].verdict is Verdict.PASS
    [few] = asked(rows_of(*drawn(4, 20, 0.0)), then)
    assert few.numbers["shift"] > 0.1
    assert few.verdict is Verdict.PASS


def test_false_alarms_are_as_rare_as_the_level_says() -> None:
    found = [
        asked(rows_of(*drawn(s, 400, 0.8)), rows_of(*drawn(s + 1000, 400, 0.8)), Bounds(0, NEVER)) for s in range(300)
    ]
    assert sum(check.verdict is Verdict.FAIL for [check] in found) <= 9


def test_without_both_classes_nothing_is_said_to_be_well() -> None:
    values, labels = drawn(1, 100, 0.8)
    [check] = asked(rows_of(values, np.zeros(100, bool)), rows_of(values, labels))
    assert (check.verdict, check.subject) == (Verdict.INCONCLUSIVE, "all columns")


@pytest.mark.slow
def test_the_variance_is_that_of_simulated_areas() -> None:
    chance = np.random.default_rng(5)
    labels = np.repeat([0, 1], [60, 40])
    found = [roc_auc_score(labels, chance.standard_normal(100) + labels) for _ in range(2000)]
    assert hanley_mcneil(float(np.mean(found)), 40, 60) == pytest.approx(np.var(found), rel=0.15)


def reached(now: RowsProfile, *past: RowsProfile, model: str = "fare", block: float = NEVER) -> list[Check]:
    return list(reach(now, past, [model], Bounds(3, block)))


def test_a_number_that_stands_for_missing_reaches_beyond_all_that_was() -> None:
    values, labels = drawn(1, 1000, 0.0)
    then = rows_of(values, labels)
    assert reached(rows_of(*drawn(2, 1000, 0.0)), then)[0].verdict is Verdict.PASS
    [check] = reached(rows_of(np.append(values, -999.0), np.append(labels, False)), then)
    assert (check.tier, check.verdict) == (Tier.SOFT, Verdict.FAIL)
    width = values.max() - values.min()
    assert check.numbers["widths"] == pytest.approx((values.min() + 999) / width)
    [blocking] = reached(rows_of(np.append(values, 1e6), np.append(labels, False)), then, block=10)
    assert blocking.tier is Tier.HARD


def test_other_columns_only_warn_and_counters_are_left_out() -> None:
    values, labels = drawn(1, 1000, 0.0)
    far = rows_of(np.append(values, 1e6), np.append(labels, False))
    assert reached(far, rows_of(values, labels), model="tip", block=10)[0].tier is Tier.SOFT
    first, second = (rows_of(np.arange(start, start + 1000.0), labels) for start in (0, 50_000))
    assert reached(second, first, model="tip") == []
    assert reached(second, first)[0].verdict is Verdict.FAIL


def test_spans_without_the_column_are_no_reference() -> None:
    values, labels = drawn(1, 100, 0.0)
    now = rows_of(values, labels)
    assert reached(now, replace(now, columns={})) == []


def test_missing_values_make_a_figure_less_sure() -> None:
    def sparse(seed: int) -> RowsProfile:
        chance = np.random.default_rng(seed)
        labels = chance.random(20_000) < 0.3
        tally = ColumnTally.of(pa.float64())
        values = pa.array(chance.standard_normal(20_000), mask=chance.random(20_000) > 0.003)
        tally.add(values, labels.astype(np.int8))
        return RowsProfile(20_000, None, None, int(labels.sum()), int((~labels).sum()), {"fare": tally.profile()})

    failed = [asked(sparse(seed), sparse(seed + 10_000))[0].verdict is Verdict.FAIL for seed in range(60)]
    # At the level of 0.01; with the rows that have no value counted it was every second one.
    assert sum(failed) <= 3


def test_a_feature_that_tells_the_label_perfectly_and_then_turned_round_is_no_chance() -> None:
    labels = np.arange(100) < 30
    [check] = asked(rows_of(-labels.astype(float), labels), rows_of(labels.astype(float), labels))
    assert check.numbers["p_value"] == 0
    assert check.verdict is Verdict.FAIL


def test_a_feature_whose_auc_is_gone_is_not_passed_over() -> None:
    then, now = (rows_of(*drawn(seed, 3000, 0.8)) for seed in (1, 2))
    lost = ColumnTally.of(pa.float64())
    lost.add(pa.nulls(3000, pa.float64()), np.zeros(3000, np.int8))
    before = replace(then, columns={"fare": then.columns["fare"], "miles": then.columns["fare"]})
    after = replace(now, columns={"fare": now.columns["fare"], "miles": lost.profile()})
    found = {one.subject: one for one in association(6, after, before, ["fare", "miles"], USUAL, 0.01)}
    assert found["column fare"].verdict is Verdict.PASS
    assert found["column miles"].verdict is Verdict.INCONCLUSIVE
    assert found["column miles"].reason == (
        "column miles has an AUC in span 6 and none here: it has no numbers, or those of one class only"
    )


def test_a_constant_column_has_its_own_size_for_a_width() -> None:
    constant = [rows_of(np.ones(50), np.zeros(50, bool))]
    for value, verdict in ((-999.0, Verdict.FAIL), (2.0, Verdict.PASS), (0.0, Verdict.PASS)):
        now = rows_of(np.array([1.0] * 49 + [value]), np.zeros(50, bool))
        [check] = reach(now, constant, {"fare"}, Bounds(3, NEVER))
        assert check.verdict is verdict


def test_a_side_that_does_not_fail_is_no_figure_to_accept() -> None:
    past = [rows_of(np.arange(11.0), np.zeros(11, bool))]
    [check] = reach(rows_of(np.array([-999.0, 5, 12]), np.zeros(3, bool)), past, {"fare"}, Bounds(3, NEVER))
    assert check.numbers["widths_below"] == pytest.approx(99.9)
    assert "widths_above" not in check.numbers
