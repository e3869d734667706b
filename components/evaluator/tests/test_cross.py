import math
import re
from typing import Any

import pytest

from benison.components.evaluator.compare import Measured
from benison.components.evaluator.cross import check, crossed, difference
from benison.core.errors import ConfigError
from benison.eval_config import CrossSlicing, EvalConfig, Slicing
from benison.measures.intervals import UNKNOWN, Interval, mover
from benison.measures.proportions import wilson
from benison.metrics.bound import Estimate

KEYS: list[tuple[tuple[str, str], ...]] = [
    (),
    (("sex", "Female"),),
    (("sex", "Male"),),
    (("grade", "1"), ("sex", "Female")),
    (("grade", "2"), ("sex", "Female")),
]
FEMALE = Slicing((), (("sex", "Female"),))


def config(*crosses: CrossSlicing) -> EvalConfig:
    return EvalConfig("y", (Slicing(),), ("recall",), crosses=crosses)


def pairs(*crosses: CrossSlicing) -> list[tuple[str, str]]:
    measured = [Measured(keys, str(number), 10, 5, {}) for number, keys in enumerate(KEYS)]
    return [(one.baseline.name, one.comparison.name) for one in crossed(config(*crosses), measured)]


@pytest.mark.parametrize(
    ("cross", "expected"),
    [
        (CrossSlicing(FEMALE, (Slicing(("sex",)),)), [("1", "1"), ("1", "2")]),
        (CrossSlicing(Slicing(), (FEMALE,)), [("0", "1")]),
        (CrossSlicing(Slicing(("sex",)), (Slicing(("grade",), (("sex", "Female"),)),)),
         [("1", "3"), ("1", "4"), ("2", "3"), ("2", "4")]),
        (CrossSlicing(Slicing(("sex", "grade"))), [("3", "0"), ("3", "1"), ("3", "2"),
                                                   ("4", "0"), ("4", "1"), ("4", "2")]),
    ],
)  # fmt: skip
def test_slices_are_paired_as_tfma_pairs_them(cross: CrossSlicing, expected: list[tuple[str, str]]) -> None:
    assert pairs(cross) == expected
    assert pairs(cross, cross) == expected


def test_the_difference_of_two_shares_is_newcombe_s() -> None:
    one, two = Estimate(0.8, wilson(56, 70, 0.95)), Estimate(0.6, wilson(48, 80, 0.95))
    found, theirs = difference(one, two), mover(0.8, one.interval, 0.6, two.interval, 0.0)
    assert found.value == pytest.approx(0.2)
    assert found.interval == theirs


def test_without_an_interval_of_both_there_is_none() -> None:
    found = difference(Estimate(0.8, Interval(0.7, 0.9)), Estimate(math.nan, UNKNOWN, "0 positives"))
    assert math.isnan(found.value)
    assert not found.interval.known
    assert found.note == "0 positives"


@pytest.mark.parametrize(
    ("cross", "said"),
    [
        (CrossSlicing(Slicing((), (("sex", "Femal"),))), "cross_slicing_specs.0.baseline_spec): expected a slice of "
         "slicing_specs, got 'sex=Femal'\n\nhint: a comparison cuts nothing itself: add the same to slicing_specs"),
        (CrossSlicing(FEMALE, (FEMALE, Slicing(("grade",)))), "cross_slicing_specs.0.slicing_specs.1): expected a "
         "slice of slicing_specs, got 'grade'"),
    ],
)  # fmt: skip
def test_a_comparison_that_finds_no_slice_is_an_error(cross: CrossSlicing, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"eval_config.json ({said}")):
        check(config(cross), KEYS, "eval_config.json")


def test_more_pairs_than_anybody_reads_are_an_error() -> None:
    many: list[Any] = [(("zip", str(code)),) for code in range(120)]
    with pytest.raises(ConfigError, match="at most 10,000 pairs, got 14,400"):
        check(config(CrossSlicing(Slicing(("zip",)), (Slicing(("zip",)),))), many, "eval_config.json")
