"""The answer in sentences: one for each way in which a run can end."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benison.report.conclusion import conclude, why_missing
from benison.report.gather import gather
from benison.report.page import render
from benison.report.scorecard import lines

Write = Callable[[dict[str, Any]], Path]


def outcome(documents: dict[str, Any], word: str, reason: str, number: int | None) -> dict[str, Any]:
    documents["run"]["verdict"] = word
    documents["run"]["tasks"]["pusher"]["parameters"] = {"verdict": word}
    documents["pushed"].update(outcome=word, reason=reason, number=number)
    return documents


def headline(folder: Path) -> str:
    return conclude(gather(folder)).headline


def test_pushed_names_the_new_number_and_the_old_one(census: ModuleType, write_run: Write) -> None:
    expected = "Pushed: the challenger is champion number 7 now, in the place of number 6."
    assert headline(write_run(census.pushed())) == expected


def test_the_first_push_replaces_nobody(census: ModuleType, write_run: Write) -> None:
    assert headline(write_run(census.first())) == "Pushed: the challenger is champion number 1 now, the first one."


def test_unchanged_says_that_the_champion_stays(census: ModuleType, write_run: Write) -> None:
    documents = outcome(census.pushed(), "unchanged", "the package is champion already", 6)
    found = conclude(gather(write_run(documents)))
    assert found.headline == "Unchanged: this very model is the champion already, so champion number 6 stays."
    assert found.because == "the package is champion already"


def test_superseded_says_who_serves(census: ModuleType, write_run: Write) -> None:
    documents = outcome(census.pushed(), "superseded", "champion 6 was trained on newer spans", 6)
    expected = "Superseded: this model was champion before its successor, so champion number 6 stays."
    assert headline(write_run(documents)) == expected


def test_blocked_counts_the_checks_that_stand_against_it(census: ModuleType, write_run: Write) -> None:
    found = conclude(gather(write_run(census.blocked())))
    assert found.headline == "Blocked: 1 hard check does not pass, and champion number 6 stays."
    assert len(found.reasons) == 1
    against = ("span 1", "champion 6, trained on span 1")
    figures = ("0.313", "0.272")
    assert found.warnings == tuple(
        f"column hours_per_week: PSI {psi}, p 3.1e-41 against {where}"
        for psi, where in zip(figures, against, strict=True)
    )


def test_blocked_without_a_champion_says_that_there_is_none(census: ModuleType, write_run: Write) -> None:
    documents = outcome(census.first(), "blocked", "2 hard checks do not pass", None)
    checks = documents["evaluation"]["checks"]
    for one in checks[:2]:
        one["verdict"] = "INCONCLUSIVE"
    documents["blessing"].update(blessed=False, verdict="INCONCLUSIVE", reasons=[one["reason"] for one in checks[:2]])
    expected = "Blocked: 2 hard checks do not pass, and there is still no champion."
    assert headline(write_run(documents)) == expected


def test_failed_says_what_broke_its_hint_and_what_did_not_run(census: ModuleType, write_run: Write) -> None:
    found = conclude(gather(write_run(census.failed())))
    assert found.headline == "Failed: trainer broke off, so nothing was decided and nothing pushed."
    assert found.reasons == (
        "trainer: ModelCodeError: model.py:14: expected a Keras model, got NameError: name 'Dens' is not defined "
        "(did you mean Dense?)",
        "evaluator, infra-validator and pusher did not run, because trainer failed.",
    )


def test_a_pusher_that_broke_off_may_have_pushed(census: ModuleType, write_run: Write) -> None:
    documents = census.failed()
    tasks = documents["run"]["tasks"]
    tasks["pusher"], tasks["trainer"] = tasks["trainer"], census.pushed()["run"]["tasks"]["trainer"]
    documents["training"] = census.pushed()["training"]
    expected = "Failed: pusher broke off, so whether anything was pushed is only known from the registry's log."
    assert headline(write_run(documents)) == expected


def test_cancelled_decides_nothing(census: ModuleType, write_run: Write) -> None:
    documents = census.failed()
    documents["run"]["state"] = "cancelled"
    documents["run"]["tasks"]["trainer"].update(state="cancelled", error=None)
    found = gather(write_run(documents))
    assert conclude(found).headline == "Cancelled: the run was stopped, so nothing was decided and nothing pushed."
    assert why_missing(found, "trainer") == "trainer was cancelled."
    assert why_missing(found, "evaluator") == "evaluator did not run, because trainer was cancelled."


def test_a_run_that_goes_on_says_how_far_it_is(census: ModuleType, write_run: Write) -> None:
    documents = census.failed()
    documents["run"].update(state="running", ended=None)
    documents["run"]["tasks"]["trainer"].update(state="running", ended=None, error=None)
    documents["run"]["tasks"]["evaluator"]["state"] = "waiting"
    found = gather(write_run(documents))
    assert conclude(found).headline == "Running: 4 of 8 tasks done."
    assert why_missing(found, "trainer") == "trainer is still running."
    assert why_missing(found, "evaluator") == "evaluator has not started yet."


def test_a_run_whose_decision_is_gone_is_never_called_pushed(census: ModuleType, write_run: Write) -> None:
    folder = write_run(census.pushed())
    (folder / "tasks/pusher/pushed_model/pushed.json").unlink()
    found = conclude(gather(folder))
    assert found.outcome == "unknown"
    assert found.headline == "Unknown: the run ended, but its decision cannot be read; the registry's log has it."
    assert found.doubts[0].startswith("pusher: pushed.json could not be read")


@pytest.mark.parametrize(
    ("document", "changes", "said"),
    [
        ("training", {"snapshot": "other"}, "The documents speak of different snapshots: snapshot.json has "),
        ("training", {"package": "other"}, "The documents speak of different packages: training.json has "),
        ("blessing", {"champion": "other"}, "The documents speak of different champions: champion.json has "),
        ("blessing", {"evaluation": "other"}, "evaluation.json is not the one that the blessing was given for."),
        (
            "blessing",
            {"blessed": False, "verdict": "FAIL", "reasons": ["no"]},
            "The model was pushed without a blessing.",
        ),
        ("pushed", {"outcome": "blocked"}, "The run's record says pushed, pushed.json says blocked."),
    ],
)
def test_documents_that_do_not_belong_together_are_told(
    census: ModuleType, write_run: Write, document: str, changes: dict[str, Any], said: str
) -> None:
    documents = census.pushed()
    documents[document].update({key: census.digest(to) if to == "other" else to for key, to in changes.items()})
    [doubt] = conclude(gather(write_run(documents))).doubts
    assert doubt.startswith(said)


def test_a_blessing_against_the_checks_is_told(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    documents["evaluation"]["checks"][0]["verdict"] = "ERROR"
    doubts = conclude(gather(write_run(documents))).doubts
    assert doubts == ("The model is blessed although a hard check does not pass.",)


def test_warnings_of_drift_come_last_and_only_the_first_six_are_listed(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    checks = documents["checks"]["checks"]
    drifted = next(one for one in checks if one["name"].startswith("drift_") and one["verdict"] == "FAIL")
    checks += [{**drifted, "name": "history", "subject": f"column {n}", "reason": f"band of {n}"} for n in range(7)]
    folder = write_run(documents)
    evidence = gather(folder)
    assert conclude(evidence).warnings[:7] == tuple(f"band of {n}" for n in range(7))
    assert drifted["reason"] in conclude(evidence).warnings[7:]
    terminal = lines(evidence)
    assert [line for line in terminal if "band of" in line] == [f"  - band of {n}" for n in range(6)]
    left = len(conclude(evidence).warnings) - 6
    assert f"  - {left} more: see the report" in terminal
    listed = re.search(r'class="warnings".*?</ul>', str(render(evidence)), re.DOTALL)
    assert listed is not None
    assert listed[0].count("<li>") == 7
    assert f">{left} more</a>" in listed[0]
