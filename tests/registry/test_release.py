"""The rules of promotion: approval by somebody else, blessings that grow old, force that is forbidden."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from benison.config import Release
from benison.core import digests
from benison.core.errors import RefusedError, RegistryError
from benison.core.verdicts import Verdict
from benison.registry.log import Approve, Champion, Govern, Promote
from benison.registry.testing import NOON, SAID, Bench, digest

ANN: dict[str, Any] = {"who": "ann@desk", "when": NOON, "why": "looked at the report"}


def governed(bench: Bench, **rules: Any) -> Bench:
    bench.registry.govern(Release(**rules), **SAID)
    return bench


def test_rules_are_kept_in_the_log_once(bench: Bench) -> None:
    rules = Release(approval="required", force="forbidden", valid_days=7)
    assert bench.registry.govern(Release(), **SAID) is None
    logged = bench.registry.govern(rules, **SAID)
    assert logged is not None
    assert isinstance(logged.entry, Govern)
    assert bench.registry.govern(rules, **SAID) is None
    assert bench.registry.state().release == rules
    assert bench.registry.govern(Release(), **SAID) is not None
    assert bench.registry.state().release == Release()


def test_a_blessed_version_waits_for_somebody_else_s_approval(bench: Bench) -> None:
    one = governed(bench, approval="required").add("one")
    bench.bless(one)
    with pytest.raises(
        RefusedError, match=rf"expected an approval of its blessing, got none\n\nhint: .* approve {digests.short(one)} "
    ):
        bench.registry.promote(one, **SAID)
    logged = bench.registry.approve(one, **ANN)
    assert logged is not None
    assert isinstance(logged.entry, Approve)
    assert (logged.entry.blessing, logged.entry.who) == (3, "ann@desk")
    assert bench.registry.approve(one, **{**ANN, "who": "bob"}) is None
    bench.registry.promote(one, by_hand=False, **SAID)
    assert bench.registry.state().champion == Champion(5, one)


@pytest.mark.parametrize("who", ["ci", "ci@laptop", "CI@other"])
def test_who_trained_it_cannot_approve_it_from_any_machine(bench: Bench, who: str) -> None:
    bench.bless(governed(bench, approval="required").add("one"))
    with pytest.raises(RefusedError, match="expected somebody else than who trained it or had it judged, got ci"):
        bench.registry.approve("challenger", **{**ANN, "who": who})


def test_an_approval_is_of_one_blessing(bench: Bench) -> None:
    one = governed(bench, approval="required").add("one")
    bench.bless(one, evaluation="first")
    bench.registry.approve(one, **ANN)
    bench.bless(one, evaluation="second")
    with pytest.raises(RefusedError, match="expected an approval of its blessing"):
        bench.registry.promote(one, **SAID)
    assert bench.registry.approve(one, **ANN) is not None
    bench.registry.promote(one, **SAID)


@pytest.mark.parametrize("verdict", [None, Verdict.FAIL, Verdict.INCONCLUSIVE])
def test_only_a_blessing_can_be_approved(bench: Bench, verdict: Verdict | None) -> None:
    one = bench.add("one")
    if verdict:
        bench.bless(one, verdict)
    with pytest.raises(
        RefusedError, match=f"expected a blessing to approve, got {(verdict and f'verdict {verdict}') or 'none'}"
    ):
        bench.registry.approve(one, **ANN)


def test_a_way_back_is_no_way_round_an_approval(bench: Bench) -> None:
    bench.crown("one")
    two = governed(bench, approval="required").add("two")
    bench.bless(two)
    with pytest.raises(RefusedError, match="was champion or is blessed and approved, got neither"):
        bench.registry.rollback(two, **SAID)


@pytest.mark.parametrize(("days", "promoted"), [(0, True), (7, True), (7.01, False), (-0.9, True), (-1.1, False)])
def test_a_blessing_grows_old(bench: Bench, days: float, promoted: bool) -> None:
    one = governed(bench, valid_days=7).add("one")
    bench.bless(one)
    asked = {**SAID, "when": NOON + timedelta(days=days)}
    if promoted:
        bench.registry.promote(one, **asked)
    else:
        said = "which is yet to come" if days < 0 else "got one of 2026-11-20T12:00:00Z\n"
        with pytest.raises(RefusedError, match=f"expected a blessing of the last 7 days, .*{said}"):
            bench.registry.promote(one, **asked)


def test_force_can_be_forbidden(bench: Bench) -> None:
    one = governed(bench, force="forbidden").add("one")
    with pytest.raises(RefusedError, match="got --force, which is forbidden here"):
        bench.registry.promote(one, force=True, **SAID)
    bench.bless(one)
    entry = bench.registry.promote(one, force=True, **SAID).entry
    assert isinstance(entry, Promote)
    assert not entry.forced


def test_a_blessing_by_another_policy_is_none(bench: Bench) -> None:
    one = bench.add("one")
    bench.bless(one)
    with pytest.raises(RefusedError, match="got one by another policy than the one in force"):
        bench.registry.promote(one, policy=digest("another"), **SAID)
    bench.registry.promote(one, policy=digest("gate"), **SAID)


def test_what_was_rolled_back_comes_back_by_force_alone_and_says_so(bench: Bench) -> None:
    bench.crown("one")
    two = bench.crown("two").package
    bench.registry.rollback(**SAID)
    with pytest.raises(
        RefusedError, match="got one that was rolled back since\n\nhint: no run brings it back: force it"
    ):
        bench.registry.promote(two, **SAID)
    bench.registry.promote(two, force=True, **SAID)
    assert two not in bench.registry.state().rolled_back


def test_a_superior_model_becomes_the_reference_however_late_it_is_promoted(bench: Bench) -> None:
    first = bench.crown("one")
    for word, superior in (("two", False), ("three", True)):
        bench.bless(bench.add(word), superior=superior)
        bench.registry.promote("challenger", by_hand=False, **SAID)
        reference = bench.registry.state().reference
        assert reference == (bench.registry.state().champion if superior else first)


def test_an_unknown_version_cannot_be_approved(bench: Bench) -> None:
    bench.add("one")
    with pytest.raises(RegistryError, match="got none"):
        bench.registry.approve("challenger", **ANN)
