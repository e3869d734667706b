from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from benison.core import digests
from benison.core.errors import RefusedError, RegistryError
from benison.core.verdicts import Verdict
from benison.registry.log import Champion, Promote
from benison.registry.testing import SAID, Bench, provenance


def test_promotes_the_first_blessed_version(bench: Bench) -> None:
    champion = bench.crown("one")
    assert champion == bench.registry.state().champion == Champion(3, digests.of_tree(bench.package("one")))
    entry = bench.registry.log()[-1].entry
    assert isinstance(entry, Promote)
    assert (entry.superior, entry.forced, entry.replaces, entry.compared_with) == (True, False, None, None)
    assert (entry.who, entry.when, entry.why) == ("ci", "2026-11-20T12:00:00Z", "nightly run")
    assert set(entry.evidence) == {"evaluation", "policy"}


def test_says_whom_a_promotion_replaces_and_was_compared_with(bench: Bench) -> None:
    first = bench.crown("one")
    second = bench.crown("two")
    entry = bench.registry.log()[-1].entry
    assert (entry.replaces, entry.compared_with) == (first, first)
    assert bench.registry.state().champion == second


def test_refuses_a_version_without_a_blessing(bench: Bench) -> None:
    one = bench.add("one")
    with pytest.raises(RefusedError, match=f"version {digests.short(one)}: expected a blessing, got no blessing"):
        bench.registry.promote(one, **SAID)
    assert bench.registry.state().champion is None


def test_refuses_a_version_whose_last_word_is_no(bench: Bench) -> None:
    one = bench.add("one")
    bench.bless(one, evaluation="first")
    bench.bless(one, Verdict.FAIL, evaluation="second")
    with pytest.raises(RefusedError, match=r"got not blessed: auc \+0.01 < allowed \+0.02\n\nhint: force it"):
        bench.registry.promote(one, **SAID)


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR])
def test_takes_nothing_but_pass_for_a_blessing(bench: Bench, verdict: Verdict) -> None:
    one = bench.add("one")
    bench.bless(one, verdict)
    with pytest.raises(RefusedError, match="expected a blessing"):
        bench.registry.promote(one, **SAID)
    assert bench.registry.state().challenger is None


def test_refuses_a_blessing_against_another_champion_and_names_both(bench: Bench) -> None:
    first = bench.crown("one")
    stale = bench.add("stale")
    bench.bless(stale)
    second = bench.crown("two")
    message = (
        f"version {digests.short(stale)}: expected champion {first.number} \\({digests.short(first.package)}\\), "
        f"which it was compared with, got champion {second.number} \\({digests.short(second.package)}\\)"
    )
    with pytest.raises(RefusedError, match=message):
        bench.registry.promote(stale, **SAID)
    assert bench.registry.state().champion == second


def test_refuses_a_blessing_against_the_same_package_under_another_number(bench: Bench) -> None:
    bench.crown("one")
    stale = bench.add("stale")
    bench.bless(stale)
    bench.crown("two")
    bench.registry.rollback(**SAID)
    with pytest.raises(RefusedError, match=r"expected champion 3 \("):
        bench.registry.promote(stale, **SAID)


def test_refuses_a_version_that_was_trained_on_older_spans(bench: Bench) -> None:
    bench.crown("new", (3, 4))
    old = bench.add("old", (2, 3))
    bench.bless(old)
    message = "expected training on spans up to 4 or newer, as the champion 3 .*, got spans up to 3"
    with pytest.raises(RefusedError, match=message):
        bench.registry.promote(old, **SAID)


def test_refuses_the_champion_itself_even_by_force(bench: Bench) -> None:
    bench.crown("one")
    for force in (False, True):
        with pytest.raises(RegistryError, match=r"got the champion already, 3 \(.*\)\n\nhint: nothing is to be done"):
            bench.registry.promote("champion", force=force, **SAID)


@pytest.mark.parametrize("words", [{"who": " "}, {"why": ""}, {"who": "\n"}])
def test_wants_to_know_who_and_why(bench: Bench, words: dict[str, str]) -> None:
    one = bench.add("one")
    bench.bless(one)
    with pytest.raises(RegistryError, match=f"{next(iter(words))}: expected some words, got none"):
        bench.registry.promote(one, force=True, **{**SAID, **words})


def test_records_force_and_what_it_overruled(bench: Bench) -> None:
    bench.crown("one")
    two = bench.add("two")
    bench.bless(two, Verdict.FAIL)
    bench.registry.promote(two, force=True, who="ann", when=SAID["when"], why="hot fix\x1b[31m")
    entry = bench.registry.log()[-1].entry
    assert isinstance(entry, Promote)
    assert entry.forced
    assert entry.overruled.endswith("expected a blessing, got not blessed: auc +0.01 < allowed +0.02")
    assert (entry.who, entry.why) == ("ann", "hot fix [31m")
    assert bench.registry.state().champion == Champion(6, two)


def test_does_not_record_force_where_nothing_was_overruled(bench: Bench) -> None:
    one = bench.add("one")
    bench.bless(one)
    entry = bench.registry.promote(one, force=True, **SAID).entry
    assert isinstance(entry, Promote)
    assert (entry.forced, entry.overruled, entry.by_hand) == (False, "", True)


def test_writes_every_moment_in_utc(bench: Bench) -> None:
    east = datetime(2026, 11, 20, 14, 30, tzinfo=timezone(timedelta(hours=2)))
    bench.registry.register(bench.package("one"), provenance("one"), who="ci", when=east, why="test")
    assert bench.registry.log()[0].entry.when == "2026-11-20T12:30:00Z"
    with pytest.raises(ValueError, match="a moment without a time zone"):
        bench.registry.promote(bench.add("two"), who="ci", when=datetime(2026, 11, 20), why="test")


def test_goes_by_numbers_where_a_clock_goes_backwards(bench: Bench) -> None:
    bench.crown("one")
    two = bench.add("two")
    bench.bless(two)
    bench.registry.promote(two, who="ci", when=datetime(2026, 11, 19, 13, tzinfo=UTC), why="battery")
    assert bench.registry.state().champion == Champion(6, two)


def test_blesses_once_on_the_same_evidence(bench: Bench) -> None:
    one = bench.add("one")
    assert bench.bless(one, evaluation="a") is not None
    assert bench.bless(one, evaluation="a") is None
    assert bench.bless(one, Verdict.FAIL, evaluation="a") is not None
    assert bench.bless(one, evaluation="a") is not None
    assert bench.bless(one, evaluation="b") is not None
    assert [one.entry.action for one in bench.registry.log()].count("bless") == 4
