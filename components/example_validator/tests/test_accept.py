import ast
import math
from pathlib import Path
from typing import Any

import pytest

from benison.components.example_validator.accept import apply, failing, proposed, refusal
from benison.config import acceptances
from benison.config.acceptances import Acceptance
from benison.core.errors import ConfigError, DataError
from benison.core.verdicts import Check, Tier, Verdict

DRIFT = Check(
    "drift_from_previous",
    "column fare",
    Tier.HARD,
    Verdict.FAIL,
    "PSI 1.200, p 1e-9",
    "PSI <= 0.1",
    "column fare: PSI 1.200 > 1; if the change is right, benison data accept says so",
    {"psi": 1.2, "psi_raw": 1.3, "jensen_shannon_raw": 0.4, "p_value": 1e-9},
)
HISTORY = Check(
    "history",
    "column fare",
    Tier.HARD,
    Verdict.FAIL,
    "mean 12 away",
    "4 robust standard deviations",
    "column fare: mean is 31.2, allowed to 20; minimum is 2, allowed from 3",
    {"mean": 31.2, "mean_beyond": 11.2, "minimum": 2.0, "minimum_beyond": -1.0, "std": 4.0, "points": 8},
)
VOLUME = Check(
    "volume", "span 7", Tier.HARD, Verdict.FAIL, "100 rows", "0.2 to 5", "few rows", {"ratio": 0.125, "factor": 8.0}
)
COLUMNS = ("fare", "tip")


def said(**fields: Any) -> Acceptance:
    usual: dict[str, Any] = {"check": DRIFT.name, "subject": "column fare", "why": "new tariff", "who": "ann@host"}
    return Acceptance(**{**usual, "when": "2026-11-21T09:30:00Z", "measure": "psi", "at_most": 1.25, **fields})


NOTHING = said(measure="", at_most=math.inf)


def verdict(check: Check, *accepted: Acceptance, snapshot: str = "") -> Verdict:
    [found] = apply([check], accepted, COLUMNS, snapshot)
    return found.verdict


def test_within_the_accepted_bound_a_check_passes_and_says_who_accepted_it() -> None:
    [found] = apply([DRIFT], [said()], COLUMNS)
    assert (found.verdict, found.tier) == (Verdict.PASS, Tier.HARD)
    assert found.reason == "column fare: PSI 1.200 > 1; psi accepted up to 1.25 by ann@host on 2026-11-21: new tariff"
    assert found.allowed == "PSI <= 0.1; psi accepted up to 1.25 by ann@host on 2026-11-21"
    assert found.numbers == DRIFT.numbers


def test_beyond_the_accepted_bound_it_fails_and_says_so() -> None:
    [found] = apply([DRIFT], [said(at_most=1.1)], COLUMNS)
    assert found.verdict is Verdict.FAIL
    assert found.reason.endswith("not within what was accepted: psi accepted up to 1.1 by ann@host on 2026-11-21")


def test_other_checks_columns_and_figures_are_not_accepted_with_it() -> None:
    assert verdict(DRIFT, said(check="drift_from_champion")) is Verdict.FAIL
    assert verdict(DRIFT, said(subject="column tip")) is Verdict.FAIL
    assert verdict(DRIFT, said(measure="jensen_shannon", at_most=9)) is Verdict.FAIL


@pytest.mark.parametrize("answer", [Verdict.INCONCLUSIVE, Verdict.ERROR])
def test_what_could_not_be_checked_stays_so(answer: Verdict) -> None:
    check = Check(**{**vars(DRIFT), "verdict": answer})
    assert verdict(check, said()) is answer
    assert f"it is {answer}" in refusal(check)


def test_an_acceptance_of_one_snapshot_is_of_no_other() -> None:
    once = said(snapshot=f"sha256:{7:064}")
    assert verdict(DRIFT, once, snapshot=f"sha256:{7:064}") is Verdict.PASS
    assert verdict(DRIFT, once, snapshot=f"sha256:{8:064}") is Verdict.FAIL


def test_every_figure_that_left_its_band_has_to_be_accepted() -> None:
    mean = said(check="history", measure="mean", at_most=32)
    minimum = said(check="history", measure="minimum", at_most=math.inf, at_least=1.5)
    assert [(one.measure, one.sign) for one in failing(HISTORY)] == [("mean", 1), ("minimum", -1)]
    assert verdict(HISTORY, mean) is Verdict.FAIL
    assert verdict(HISTORY, mean, minimum) is Verdict.PASS


def test_what_is_proposed_lets_the_check_pass_and_no_more_than_the_margin_beyond_it() -> None:
    for check in (DRIFT, HISTORY, VOLUME):
        assert verdict(check, *proposed(check, NOTHING, 0.1)) is Verdict.PASS
    bounds = [(one.measure, one.bound) for one in proposed(HISTORY, NOTHING, 0.1)]
    assert bounds == [("mean", "up to 34.4"), ("minimum", "down to 1.8")]
    assert [one.bound for one in proposed(VOLUME, NOTHING, 0.1)] == ["down to 0.112"]


def test_where_there_is_no_figure_the_very_words_are_accepted() -> None:
    kind = Check(**{**vars(DRIFT), "numbers": {}, "observed": "categorical"})
    [found] = proposed(kind, NOTHING, 0.1)
    assert found.observed == "categorical"
    assert verdict(kind, found) is Verdict.PASS
    assert verdict(Check(**{**vars(kind), "observed": "datetime"}), found) is Verdict.FAIL


@pytest.mark.parametrize(
    ("check", "hint"),
    [
        ("rows", "nothing can be trained"),
        ("label_classes", "without both classes"),
        ("columns", "the model cannot be fed"),
        ("finite", "NaN and infinity"),
    ],
)
def test_hard_facts_cannot_be_accepted(check: str, hint: str) -> None:
    with pytest.raises(
        DataError, match=rf"{check} split train: expected something that can be accepted.*\n\nhint: {hint}"
    ):
        proposed(Check(**{**vars(DRIFT), "name": check, "subject": "split train"}), said(), 0.1)


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        (
            "column fair",
            "accepted.yaml: expected a column of the data or of the schema, got 'fair'\n\nhint: did you mean fare",
        ),
        ("fare", "expected what a check drift_from_previous is of, got 'fare'"),
    ],
)
def test_an_acceptance_of_nothing_that_is_known_is_an_error(subject: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        apply([DRIFT], [said(subject=subject)], COLUMNS)


def test_an_acceptance_that_was_not_needed_is_fine() -> None:
    passed = Check(**{**vars(DRIFT), "verdict": Verdict.PASS})
    others = said(check="history", subject="column tip"), said(check="volume", subject="span 3", measure="ratio")
    assert apply([passed, VOLUME], [said(), *others], COLUMNS) == (passed, VOLUME)


@pytest.mark.parametrize("subject", ["columns fare, tip in span 3", "column fare in span 3 and span 1", "span 2"])
def test_a_subject_of_an_earlier_run_is_known(subject: str) -> None:
    assert apply([VOLUME], [said(subject=subject)], COLUMNS) == (VOLUME,)


def names_of_checks(module: ast.Module) -> set[str]:
    """The names that checks are made with, as far as they stand in the module itself."""
    constants: dict[str, str] = {}
    for line in module.body:
        if isinstance(line, ast.Assign):
            targets = line.targets[0].elts if isinstance(line.targets[0], ast.Tuple) else line.targets
            values = line.value.elts if isinstance(line.value, ast.Tuple) else [line.value]
            pairs = zip(targets, values, strict=False)
            constants |= {
                ast.unparse(name): str(value.value) for name, value in pairs if isinstance(value, ast.Constant)
            }
    calls = [one for one in ast.walk(module) if isinstance(one, ast.Call) and ast.unparse(one.func) == "Check"]
    first = [one.args[0] for one in calls if one.args]
    found = [one.value if isinstance(one, ast.Constant) else constants.get(ast.unparse(one)) for one in first]
    return {name for name in found if isinstance(name, str)}


def test_every_check_of_the_component_can_be_accepted_or_is_refused_with_a_reason() -> None:
    modules = Path(apply.__code__.co_filename).parent.glob("*.py")
    made = set().union(*(names_of_checks(ast.parse(path.read_text())) for path in modules))
    known = {*acceptances.JUDGED_BY, *acceptances.OF_SCHEMA, *acceptances.REFUSED}
    assert {"history", "schema", "volume", "rows"} <= made
    assert made - known == set()


def failed(name: str, **numbers: float) -> Check:
    return Check(name, "column fare", Tier.HARD, Verdict.FAIL, "observed", "allowed", "reason", numbers)


@pytest.mark.parametrize(
    ("accepted", "later"),
    [
        (failed("volume", ratio=7.0), failed("volume", ratio=0.001)),
        (failed("volume", ratio=0.1), failed("volume", ratio=100.0)),
        (failed("freshness", age_hours=60.0), failed("freshness", age_hours=-8760.0)),
        (failed("history", mean=60.0, mean_beyond=8.0), failed("history", mean=40.0, mean_beyond=-8.0)),
        (failed("history", mean=40.0, mean_beyond=-8.0), failed("history", mean=60.0, mean_beyond=8.0)),
        (failed("reach", widths_above=4.0, widths=4.0), failed("reach", widths_below=4.0, widths=4.0)),
        (
            failed("reach", widths_above=4.0, widths=4.0),
            failed("reach", widths_above=4.0, widths_below=3.5, widths=4.0),
        ),
        (failed("feature_auc", auc=0.96), failed("feature_auc", auc=1.0)),
        (failed("label_missing", missing_share=0.92), failed("label_missing", missing_share=1.0)),
    ],
)
def test_what_is_accepted_on_one_side_accepts_nothing_on_the_other(accepted: Check, later: Check) -> None:
    acceptances = proposed(accepted, NOTHING, 0.1)
    assert verdict(accepted, *acceptances) is Verdict.PASS
    assert verdict(later, *acceptances) is Verdict.FAIL


@pytest.mark.parametrize("share", [0.001, 0.5, 0.92, 0.999_999, 1.0])
@pytest.mark.parametrize("margin", [0.0, 0.1])
def test_the_bound_of_a_share_covers_what_was_seen_and_only_1_covers_1(share: float, margin: float) -> None:
    [found] = proposed(failed("label_missing", missing_share=share), NOTHING, margin)
    assert share <= found.at_most <= 1
    assert (found.at_most == 1) is (share == 1)
