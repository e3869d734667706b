from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benison.core import digests, documents
from benison.core.errors import DataError, IntegrityError, RegistryError
from benison.registry.log import Bless, Champion, Promote
from benison.registry.testing import SAID, digest
from benison.registry.verification import verify

World = Any


def test_makes_the_first_blessed_model_champion_and_reference(world: World) -> None:
    first = world.round("one", [1])
    assert first.push() == "pushed"
    assert world.log == ["register", "bless", "promote"]
    state = world.registry.state()
    assert state.champion == state.reference == Champion(3, first.package)
    assert first.pushed() == {
        "kind": "pushed",
        "format": 1,
        "outcome": "pushed",
        "reason": f"champion 3 ({digests.short(first.package)}) is the first",
        "package": first.package,
        "number": 3,
        "champion_before": None,
        "champion_after": first.package,
        "registry": str(world.root / "registry"),
    }
    assert first.markers() == ["BLESSED"]


def test_keeps_the_documents_that_the_word_rests_on(world: World) -> None:
    played = world.round("one", [1])
    played.push()
    [blessed] = [one.entry for one in world.registry.log() if isinstance(one.entry, Bless)]
    kept = {
        "evaluation": "evaluation/evaluation",
        "checks": "anomalies/checks",
        "training": "model/training",
        "infra": "infra_evaluation/infra",
    }
    for name, what in kept.items():
        file = played.folder / f"{what}.json"
        assert world.registry.evidence.get(blessed.evidence[name]) == file.read_bytes()


def test_writes_down_everything_that_the_word_rests_on(world: World) -> None:
    world.round("one", [1]).push()
    second = world.round("two", [2])
    assert second.push() == "pushed"
    blessing = second.blessing()
    evaluation = second.folder / "evaluation" / "evaluation.json"
    assert (blessing["blessed"], blessing["verdict"], blessing["reasons"]) == (True, "PASS", [])
    assert (blessing["package"], blessing["model_digest"]) == (second.package, digest("weights of two"))
    assert (blessing["champion"], blessing["champion_number"]) == (second.champion["champion"]["package"], 3)
    assert blessing["snapshot"] == digest("spans [2]")
    assert blessing["evaluation"] == digests.of_file(evaluation)
    assert blessing["policy"] == second.said("evaluation/evaluation")["policy"]
    measured = ["rows", "auc", "auc_gain_champion", "lives", "same_answers", "p99_ms_over_champion"]
    own = ["data_validation", "model_evaluation", "policy_in_force", "evaluated_this_package"]
    own += ["infra_validation", "compared_with_champion", "not_older_than_champion", "not_rolled_back"]
    assert [check["name"] for check in blessing["checks"]] == [*measured, *own]
    entries = [one.entry for one in world.registry.log()[3:]]
    assert {entry.who for entry in entries} == {"nightly@ci"}
    assert [entry.why for entry in entries] == [
        "trained on spans 2",
        "14 of 14 hard checks pass",
        "blessed: no worse than the champion",
    ]
    for entry in entries[1:]:
        assert entry.evidence["evaluation"] == blessing["evaluation"]
        assert entry.evidence["policy"] == blessing["policy"]
        assert entry.evidence["checks"] == digests.of_file(second.folder / "anomalies" / "checks.json")


def test_records_where_the_package_came_from(world: World) -> None:
    first = world.round("one", [1, 2])
    first.push(commit="feedbee")
    shown = world.registry.show("champion")
    origin = shown.manifest.provenance
    assert (origin.commit, origin.bundle, origin.spans) == ("feedbee", digest("bundle"), (1, 2))
    assert (origin.snapshot, origin.model_digest) == (digest("spans [1, 2]"), digest("weights of one"))
    assert origin.hyperparameters == {"units": 16}
    assert origin.evaluation == digests.of_file(first.folder / "evaluation" / "evaluation.json")
    assert shown.manifest.by == "nightly@ci"


def test_registers_an_unblessed_model_too_and_says_why_it_is_none(world: World) -> None:
    world.round("one", [1]).push()
    second = world.round("two", [2]).judged("FAIL")
    assert second.push() == "blocked"
    assert world.log[3:] == ["register", "bless"]
    entry = world.registry.log()[-1].entry
    assert isinstance(entry, Bless)
    assert (entry.blessed, entry.reasons) == (False, ("auc_gain_reference of overall is FAIL",))
    assert second.markers() == ["NOT_BLESSED"]
    assert second.blessing()["reasons"] == ["auc_gain_reference of overall is FAIL"]
    pushed = second.pushed()
    assert pushed["reason"] == "not blessed: auc_gain_reference of overall is FAIL"
    assert (pushed["number"], pushed["champion_before"]) == (3, pushed["champion_after"])
    assert world.registry.state().champion.number == 3


@pytest.mark.parametrize("verdict", ["FAIL", "INCONCLUSIVE", "ERROR"])
def test_blesses_on_nothing_but_pass_of_every_hard_check(world: World, verdict: str) -> None:
    first = world.round("one", [1]).judged(verdict)
    assert first.push() == "blocked"
    assert first.blessing()["verdict"] == verdict
    assert world.registry.state().champion is None


@pytest.mark.parametrize("verdict", ["FAIL", "INCONCLUSIVE", "ERROR"])
def test_only_warns_on_soft_checks(world: World, verdict: str) -> None:
    first = world.round("one", [1]).judged(verdict, "soft")
    assert first.push() == "pushed"
    warned = {one["name"]: one["verdict"] for one in first.blessing()["checks"] if one["tier"] == "soft"}
    assert warned == {"auc_gain_reference": verdict}


def test_blocks_without_a_model_and_says_what_stopped_the_training(world: World) -> None:
    world.round("one", [1]).push()
    second = world.round("two", [2]).not_trained()
    assert second.push() == "blocked"
    blessing = second.blessing()
    assert (blessing["verdict"], blessing["package"], blessing["model_digest"]) == ("ERROR", None, None)
    assert blessing["reasons"] == [
        "rows 12 is not >= 1000",
        "no model: the validation of the data is FAIL, not PASS",
        "there is no model: the validation of the data is FAIL, not PASS",
    ]
    assert second.markers() == ["NOT_BLESSED"]
    assert second.pushed()["reason"].startswith("not blessed: rows 12 is not >= 1000; no model")
    assert second.pushed()["reason"].endswith("; and 1 more")
    assert world.log == ["register", "bless", "promote"]


def test_changes_nothing_when_nothing_changed(world: World) -> None:
    world.round("one", [1]).push()
    for _ in range(2):
        again = world.round("one", [1])
        assert again.push() == "unchanged"
        assert again.pushed()["reason"] == f"it is champion 3 ({digests.short(again.package)}) already"
        assert again.pushed()["number"] == 3
    assert world.log == ["register", "bless", "promote"]


def test_says_no_where_the_champion_itself_does_not_fulfil_the_policy_any_more(world: World) -> None:
    world.round("one", [1]).push()
    for _ in range(2):
        again = world.round("one", [1]).judged("FAIL")
        assert again.push() == "blocked"
        said = f"it is champion 3 ({digests.short(again.package)}) already, and stays, but is not blessed any more: "
        assert again.pushed()["reason"] == said + "auc_gain_reference of overall is FAIL"
    assert world.log == ["register", "bless", "promote", "bless"]
    assert world.registry.state().champion.number == 3


def write_again(played: Any) -> None:
    """The same model trained once more: other bytes, the same weights."""
    (played.folder / "model" / "Format-Serving" / "fingerprint.pb").write_bytes(b"another minute")
    package = digests.of_tree(played.folder / "model" / "Format-Serving")
    played.said("model/training")["package"] = played.said("evaluation/evaluation")["challenger"]["package"] = package
    played.said("infra_evaluation/infra")["package"] = package


def test_changes_nothing_when_the_same_model_is_written_again(world: World) -> None:
    world.round("one", [1]).push()
    again = world.round("one", [1])
    write_again(again)
    assert again.push() == "unchanged"
    assert again.pushed()["reason"].endswith(") already, written again: the same project, data and weights")
    assert again.pushed()["package"] != again.pushed()["champion_after"]
    world.round("two", [2]).push()
    late = world.round("one", [1])
    write_again(late)
    assert late.push() == "superseded"
    assert world.log == ["register", "bless", "promote"] * 2


@pytest.mark.parametrize("what", ["bundle", "snapshot", "model_digest"])
def test_takes_the_same_weights_from_another_project_or_other_data_for_another_model(world: World, what: str) -> None:
    world.round("one", [1]).push()
    again = world.round("one", [1])
    write_again(again)
    again.said("model/training")[what] = digest("other")
    if what == "snapshot":
        again.said("anomalies/checks")[what] = again.said("statistics/profile")[what] = digest("other")
        again.said("infra_evaluation/infra")[what] = digest("other")
        for part in ("holdout", "challenger"):
            again.said("evaluation/evaluation")[part][what] = digest("other")
    assert again.push() == "pushed"


def test_does_not_repeat_the_word_on_a_blocked_model(world: World) -> None:
    world.round("one", [1]).push()
    for _ in range(3):
        assert world.round("two", [2]).judged("FAIL").push() == "blocked"
    assert world.log == ["register", "bless", "promote", "register", "bless"]


def test_does_not_put_an_older_champion_back(world: World) -> None:
    world.round("one", [1]).push()
    world.round("two", [2]).push()
    again = world.round("one", [1])
    assert again.push() == "superseded"
    assert again.pushed()["reason"].startswith("it was champion before; champion 6 (")
    assert again.pushed()["reason"].endswith("is trained on newer data: up to span 2, not 1")
    assert again.markers() == ["NOT_BLESSED"]
    assert world.log == ["register", "bless", "promote"] * 2
    assert world.registry.state().champion.number == 6


def test_blocks_a_model_on_older_data_that_was_never_champion(world: World) -> None:
    world.round("two", [1, 2]).push()
    late = world.round("one", [1])
    assert late.push() == "blocked"
    assert late.pushed()["reason"] == "not blessed: trained on spans up to 1, which is older than the champion's 2"


def test_promotes_a_former_champion_again_where_it_wins_on_the_same_data(world: World) -> None:
    world.round("one", [1]).push()
    world.round("other", [1]).push()
    again = world.round("one", [1])
    assert again.push() == "pushed"
    assert world.log == [*["register", "bless", "promote"] * 2, "bless", "promote"]


def test_does_not_undo_what_a_person_rolled_back(world: World) -> None:
    world.round("one", [1]).push()
    world.round("two", [2]).push()
    world.registry.rollback(**{**SAID, "who": "ann", "why": "complaints"})
    again = world.round("two", [2])
    assert again.push() == "blocked"
    reason = "this model was rolled back by ann in entry 7: complaints; promote it with --force if it is to come back"
    assert again.blessing()["reasons"] == [reason]
    world.registry.promote(again.package, force=True, **SAID)
    assert world.round("two", [2]).push() == "unchanged"


def test_knows_a_rolled_back_model_by_its_weights_when_it_is_written_again(world: World) -> None:
    world.round("one", [1]).push()
    world.round("two", [2]).push()
    world.registry.rollback(**SAID)
    again = world.round("two", [2])
    write_again(again)
    assert again.push() == "blocked"
    assert "rolled back" in again.pushed()["reason"]


def test_makes_a_superior_model_the_reference(world: World) -> None:
    first = world.round("one", [1])
    first.push()
    second = world.round("two", [2])
    second.push()
    assert world.registry.state().reference.package == first.package
    third = world.round("three", [3]).superior()
    third.push()
    assert world.registry.state().reference.package == third.package
    entries = [one.entry for one in world.registry.log() if isinstance(one.entry, Promote)]
    assert [entry.superior for entry in entries] == [True, False, True]
    assert entries[-1].why == "blessed: superior to the champion"


def kept(world: World) -> dict[str, Any]:
    """The history, by the digests of the snapshots."""
    return {snapshot: json.loads(raw) for snapshot, raw in world.registry.history.entries().items()}


def test_keeps_the_profile_of_accepted_data_whatever_becomes_of_the_model(world: World) -> None:
    pushed, blocked = world.round("one", [1]), world.round("two", [2]).judged("FAIL")
    assert (pushed.push(), blocked.push(), world.round("one", [1]).push()) == ("pushed", "blocked", "unchanged")
    assert set(kept(world)) == {digest("spans [1]"), digest("spans [2]")}
    for played in (pushed, blocked):
        profile = documents.read(played.folder / "statistics" / "profile.json", "profile")
        assert kept(world)[profile["snapshot"]]["profile"] == profile


def test_keeps_nothing_of_data_that_was_not_accepted(world: World) -> None:
    refused = world.round("one", [1]).not_trained()
    unproven, contradicted, of_other_data = (world.round("two", [2]) for _ in range(3))
    unproven.said("anomalies/checks")["checks"][0]["tier"] = "soft"
    contradicted.said("anomalies/checks")["checks"][0]["verdict"] = "FAIL"
    of_other_data.said("statistics/profile")["snapshot"] = digest("other")
    for played in (refused, unproven, contradicted, of_other_data):
        assert played.push() == "blocked"
    assert kept(world) == {}


def test_keeps_the_moment_at_which_data_was_accepted_first(world: World) -> None:
    world.round("one", [1]).push()
    first = kept(world)
    world.round("other", [1]).push()
    assert kept(world) == first
    (entry,) = first.values()
    assert abs(datetime.now(UTC) - datetime.fromisoformat(entry["accepted_at"])) < timedelta(minutes=10)


def test_blocks_when_the_champion_moved_since_the_evaluation_and_names_both(world: World) -> None:
    world.round("one", [1]).push()
    slow, quick = world.round("slow", [2]), world.round("quick", [2])
    assert quick.push() == "pushed"
    assert slow.push() == "blocked"
    (reason,) = slow.blessing()["reasons"]
    before, now = slow.champion["champion"]["package"], quick.package
    assert reason == (
        f"it was compared with champion 3 ({digests.short(before)}), "
        f"and the champion is 6 ({digests.short(now)}): run the pipeline again"
    )


def test_knows_the_champion_by_its_number_too(world: World) -> None:
    world.round("one", [1]).push()
    slow = world.round("slow", [2])
    world.round("two", [1]).push()
    world.registry.rollback(**SAID)
    assert world.registry.state().champion == Champion(7, slow.champion["champion"]["package"])
    assert slow.push() == "blocked"
    assert slow.blessing()["reasons"][0].startswith("it was compared with champion 3 (")


def test_comes_to_the_same_bytes_when_a_push_is_repeated(world: World) -> None:
    world.round("one", [1]).push()
    second = world.round("two", [2])
    assert second.push() == "pushed"
    assert second.push(to="again") == "pushed"
    assert digests.of_tree(second.folder / "out") == digests.of_tree(second.folder / "again")
    assert world.log == ["register", "bless", "promote"] * 2


def test_names_nobody_where_nobody_is_named(world: World) -> None:
    world.round("one", [1]).push(who=" ", commit="")
    assert world.registry.log()[-1].entry.who == "unnamed"
    assert world.registry.show("champion").manifest.provenance.commit == ""


def test_replaces_a_marker_of_an_earlier_attempt(world: World) -> None:
    first = world.round("one", [1])
    (first.folder / "out" / "blessing").mkdir(parents=True)
    (first.folder / "out" / "blessing" / "NOT_BLESSED").write_bytes(b"")
    first.push()
    assert first.markers() == ["BLESSED"]


def test_refuses_a_link_in_the_package(world: World) -> None:
    first = world.round("one", [1])
    (first.folder / "model" / "Format-Serving" / "link").symlink_to("/etc/passwd")
    with pytest.raises(DataError, match="expected plain files and folders, got a link or a special file"):
        first.push()
    assert not (world.root / "registry" / "census").exists()


def test_refuses_a_folder_that_is_no_registry(world: World) -> None:
    first = world.round("one", [1])
    (world.root / "registry" / "registry.json").unlink()
    (world.root / "registry" / "thesis.tex").write_text("important")
    with pytest.raises(RegistryError, match=r"got a folder with thesis\.tex"):
        first.push()


def test_refuses_a_document_that_is_damaged(world: World) -> None:
    first = world.round("one", [1]).write()
    path = first.folder / "evaluation" / "evaluation.json"
    first.write = lambda: first
    path.write_text(json.dumps({**json.loads(path.read_text()), "verdict": "MAYBE"}))
    with pytest.raises(DataError, match=r"evaluation\.json: expected a document of kind evaluation, format 1, got"):
        first.push()


def test_refuses_an_evaluation_of_ready_predictions(world: World) -> None:
    first = world.round("one", [1]).write()
    examples = (documents.SCHEMAS / "examples" / "valid").glob("evaluation*.json")
    ready = next(text for text in map(Path.read_text, sorted(examples)) if "predictions" in json.loads(text))
    (first.folder / "evaluation" / "evaluation.json").write_text(ready)
    first.write = lambda: first
    with pytest.raises(IntegrityError, match="got an evaluation of ready predictions, which no package stands behind"):
        first.push()
    assert not list((world.root / "registry").glob("**/log/*"))


def test_leaves_a_registry_that_is_sound(world: World) -> None:
    for n in range(1, 4):
        world.round(f"model {n}", [n]).push()
        world.round(f"rejected {n}", [n]).judged("FAIL").push()
    found = verify(world.registry)
    assert (found.problems, found.unfinished, found.versions, found.profiles) == ((), (), 6, 3)
