"""The page, read back by a parser: what it must say, and what must never be in it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benison import report
from benison.report.gather import gather
from benison.report.page import render

Write = Callable[[dict[str, Any]], Path]


def parse(text: str) -> ET.Element:
    """The page's tree; it is well-formed, so a strict parser will do."""
    return ET.fromstring(text.removeprefix("<!DOCTYPE html>\n"))


def page_of(folder: Path) -> ET.Element:
    return parse(render(gather(folder)))


def text(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def part(page: ET.Element, anchor: str) -> ET.Element:
    found = page.find(f".//section[@id='{anchor}']")
    assert found is not None, anchor
    return found


def rows(table: ET.Element) -> Iterator[list[str]]:
    """The cells of every row of a table that is not a note over its whole width."""
    for row in table.findall("./tbody/tr"):
        cells = [text(cell) for cell in row]
        if len(cells) > 1:
            yield cells


def checks_on_disk(folder: Path) -> list[dict[str, Any]]:
    """Every check, from the documents themselves."""
    record = json.loads((folder / "run.json").read_text())
    found: list[dict[str, Any]] = []
    for task, output, name in (
        ("example-validator", "anomalies", "checks.json"),
        ("evaluator", "evaluation", "evaluation.json"),
        ("infra-validator", "infra_evaluation", "infra.json"),
        ("pusher", "blessing", "blessing.json"),
    ):
        outputs = record["tasks"][task]["outputs"]
        if output in outputs:
            checks = json.loads((folder.parent / outputs[output]["path"] / name).read_text())["checks"]
            found += [one for one in checks if one not in found] if name == "blessing.json" else checks
    return found


def test_every_check_is_shown_with_what_was_observed_and_what_is_allowed(folder: Path) -> None:
    shown = [tuple(cells) for table in part(page_of(folder), "checks").iter("table")
             if table.get("class") == "checks" for cells in rows(table)]  # fmt: skip
    expected = [
        (f"{one['name']} {one['subject']}", one["verdict"], one["observed"], one["allowed"])
        for one in checks_on_disk(folder)
    ]
    assert expected
    assert Counter(shown) == Counter(expected)


def test_what_does_not_pass_comes_first_in_its_tier_and_says_why(folder: Path) -> None:
    section = part(page_of(folder), "checks")
    on_disk = {f"{one['name']} {one['subject']}": one for one in checks_on_disk(folder)}
    shown = [cells[0] for table in section.iter("table") if table.get("class") == "checks" for cells in rows(table)]
    order = [(on_disk[name]["tier"] == "soft", on_disk[name]["verdict"] == "PASS") for name in shown]
    assert order == sorted(order)
    for one in on_disk.values():
        assert one["verdict"] == "PASS" or " ".join(one["reason"].split()) in text(section)


def test_slices_that_are_not_judged_are_listed_with_their_counts(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    section = part(page_of(write_run(documents)), "checks")
    shown = [cells for table in section.iter("table") for cells in rows(table) if len(cells) == 4]
    for one in documents["evaluation"]["not_judged"]:
        assert [one["slice"], str(one["rows"]), str(one["positives"]), one["reason"]] in shown


@pytest.mark.parametrize("folder", ["pushed", "blocked", "first", "blocked_at_data", "failed"], indirect=True)
def test_nothing_outside_of_the_file_is_referred_to(folder: Path) -> None:
    written = render(gather(folder))
    page = parse(written)
    references = [
        value
        for element in page.iter()
        for name, value in element.attrib.items()
        if name in {"href", "src", "srcset", "action", "data", "xlink:href", "style"} or "url(" in value
    ]
    assert references
    trained = (folder / "tasks/trainer/model/model_card.json").exists()
    beside = {"model_card.html"} if trained else set()
    assert {one for one in references if not one.startswith("#")} == {"data:,"} | beside
    assert not re.search(r"https?:|//[a-z]|@import|url\(|@font-face", written)
    assert {element.tag for element in page.iter()}.isdisjoint({"script", "img", "iframe", "object", "embed", "base"})
    policy = page.find(".//meta[@http-equiv='Content-Security-Policy']")
    assert policy is not None
    assert policy.get("content", "").startswith("default-src 'none'")


HOSTILE = "<script>alert('&amp;')</script>\"><img src=x onerror=alert(1)>"


def test_a_hostile_value_stays_text_wherever_it_stands(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    one = documents["evaluation"]["slices"][1]
    one.update(slice=HOSTILE, keys={"sex": HOSTILE})
    documents["evaluation"]["not_judged"][0].update(slice=HOSTILE, reason=HOSTILE)
    columns = documents["profile"]["spans"][0]["columns"]
    columns["sex"]["values"] = {HOSTILE: 7328}
    columns[HOSTILE] = columns.pop("age")
    next(one for one in documents["comparisons"]["comparisons"] if "values" in one).update(
        values=[HOSTILE, *map(str, range(7))], column=HOSTILE, reference=HOSTILE, verdict="FAIL"
    )
    documents["bands"]["bands"][0].update(column=HOSTILE, season=HOSTILE)
    documents["snapshot"]["sources"][0]["path"] = HOSTILE
    documents["run"]["parameters"].update(who=HOSTILE, commit=HOSTILE)
    documents["training"]["hyperparameters"] = {HOSTILE: HOSTILE}
    documents["pushed"]["reason"] = HOSTILE
    documents["checks"]["checks"][0].update(subject=HOSTILE, observed=HOSTILE, allowed=HOSTILE, reason=HOSTILE)
    documents["blessing"]["checks"][0] = documents["checks"]["checks"][0]
    page = page_of(write_run(documents))
    assert {element.tag for element in page.iter()}.isdisjoint({"script", "img"})
    assert all(not name.startswith("on") for element in page.iter() for name in element.attrib)
    assert HOSTILE in text(part(page, "checks"))
    assert HOSTILE in text(part(page, "metrics"))
    assert HOSTILE in text(part(page, "data"))
    assert HOSTILE in text(part(page, "lineage"))


def test_characters_that_act_instead_of_showing_are_replaced(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    documents["run"]["parameters"]["who"] = "ada\x1b[31m\u202eevil\x00\ud800"
    written = render(gather(write_run(documents)))
    assert "ada\ufffd[31m\ufffdevil\ufffd\ufffd" in written
    assert written.encode()


def test_the_verdict_stands_before_everything_else(folder: Path) -> None:
    page = page_of(folder)
    assert next(element.tag for element in page.iter() if element.tag in ("h1", "section")) == "h1"
    assert [text(one) for one in page.iter("h1")] == [text(next(page.iter("h1")))]
    assert text(next(page.iter("title"))).startswith("census: ")


def test_a_pushed_run_says_which_champion_took_whose_place(census: ModuleType, write_run: Write) -> None:
    page = page_of(write_run(census.pushed()))
    expected = "Pushed: The challenger is champion number 7 now, in the place of number 6."
    assert text(next(page.iter("h1"))) == expected
    header = next(page.iter("header"))
    assert "Champion 7 (1f0c2b9ad4e3) replaces 6 (a8ca0043d2df)." in text(header)
    assert "+0.0031" in text(header).replace("\u2212", "-")


def test_a_blocked_run_gives_its_reasons_beside_the_verdict(census: ModuleType, write_run: Write) -> None:
    documents = census.blocked()
    header = text(next(page_of(write_run(documents)).iter("header")))
    assert "1 hard check does not pass, and champion number 6 stays." in header
    assert header.count(documents["blessing"]["reasons"][0]) == 1, "said once, although pushed.json repeats it"


def test_a_first_run_has_no_champion_beside_the_challenger(census: ModuleType, write_run: Write) -> None:
    page = page_of(write_run(census.first()))
    metrics = part(page, "metrics")
    assert "the challenger alone, since there is no champion yet" in text(metrics)
    assert not [head for head in metrics.iter("th") if "hampion" in text(head)]
    assert "There was nothing to compare columns with." in text(part(page, "data"))
    assert "There are no accepted spans to learn from yet." in text(part(page, "data"))
    shown = [cells for table in part(page, "checks").iter("table") for cells in rows(table)]
    assert ["auc_gain_over_champion", "all", "no champion yet"] in shown


def test_a_run_that_failed_says_what_broke_and_what_did_not_run_because_of_it(
    census: ModuleType, write_run: Write
) -> None:
    page = page_of(write_run(census.failed()))
    header = text(next(page.iter("header")))
    assert "Failed: Trainer broke off, so nothing was decided and nothing pushed." in header
    assert "trainer: ModelCodeError: model.py:14: expected a Keras model" in header
    assert "did you mean Dense?" in header
    assert "evaluator did not run, because trainer failed." in text(part(page, "metrics"))
    assert "trainer failed." in text(part(page, "training"))
    lineage = text(part(page, "lineage"))
    assert "NameError: Dens" in lineage
    assert "20261120-191822-5f3a/tasks/trainer/log.txt" in lineage
    assert "Champion afterwards as before" in " ".join(lineage.replace("afterwards", "afterwards ").split())


def test_training_tells_its_speed_as_a_whole_and_per_epoch(census: ModuleType, write_run: Write) -> None:
    training = part(page_of(write_run(census.pushed())), "training")
    said = "3.1 s, 36,250 rows/s, 7.06 ms a step, 2.1% of it waiting for rows; 701 MB of memory at most"
    assert said in text(training)
    assert "CPU, float32, micro-batches of 256 rows" in text(training)
    table = next(training.iter("table"))
    assert next(iter(rows(table)))[4:] == ["0.20", "35,001", "7.31", "2.1%", "701", "-"]


def test_what_is_not_known_of_a_tfx_modules_training_is_said(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    documents["training"].update(curves=None, best_epoch=None, speed=None, deterministic=False)
    section = part(page_of(write_run(documents)), "training")
    assert "The project's TFX module trained by its run_fn, on 7,328 rows of train" in text(section)
    assert "How the loss went down is not known here" in text(section)
    assert ", not deterministic" in text(section)
    assert section.find(".//svg") is None


def test_data_that_is_blocked_shows_that_nothing_was_trained_or_measured(census: ModuleType, write_run: Write) -> None:
    page = page_of(write_run(census.blocked_at_data()))
    training = text(part(page, "training"))
    assert "Nothing was trained: the data did not pass its hard checks" in training
    assert "2,104 values Femal" in training
    assert "There was no model to measure." in text(part(page, "metrics"))
    assert page.find(".//section[@id='curves']") is None


def test_metrics_stand_side_by_side_with_their_intervals(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    table = next(part(page_of(write_run(documents)), "metrics").iter("table"))
    shown = {cells[0]: cells[1:] for cells in rows(table)}
    auc = documents["evaluation"]["slices"][0]["metrics"]["auc"]

    def said(one: dict[str, float], sign: str = "") -> str:
        found = f"{one['value']:{sign}.4f} [{one['lower']:{sign}.4f}, {one['upper']:{sign}.4f}]"
        return found.replace("-", "\u2212")

    assert shown["AUC"] == [
        said(auc["challenger"]),
        said(auc["champion"]),
        said(auc["reference"]),
        said(auc["gain"]["champion"], "+"),
        said(auc["gain"]["reference"], "+"),
        "DeLong",
    ]
    assert shown["Example count"][0] == "2,441", "an exact figure needs no interval"


def test_a_value_that_is_not_defined_says_so(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    found = documents["evaluation"]["slices"][0]["metrics"]["precision"]
    found["challenger"] = {"value": None, "lower": None, "upper": None}
    found["note"] = "no prediction is positive"
    table = next(part(page_of(write_run(documents)), "metrics").iter("table"))
    shown = {cells[0]: cells[1:] for cells in rows(table)}
    assert shown["Precision"][0] == "undefined"
    assert shown["Precision"][-1] == "no prediction is positive"


def test_a_slice_too_small_is_shown_but_has_no_verdict(census: ModuleType, write_run: Write) -> None:
    section = part(page_of(write_run(census.pushed())), "metrics")
    forest = next(table for table in section.iter("table") if table.get("class") == "forest")
    verdicts = {cells[0].split(" ")[0]: cells[-1] for cells in rows(forest)}
    assert verdicts["sex=Female"] == "PASS"
    assert verdicts["race=Other"] == "not judged"


def test_a_slice_that_the_policy_names_keeps_its_verdict_though_it_is_small(
    census: ModuleType, write_run: Write
) -> None:
    documents = census.pushed()
    documents["evaluation"]["checks"].append(
        census.check("auc_gain_over_champion", "race=Other", "INCONCLUSIVE", observed="not judged", allowed=">= 0")
    )
    documents["blessing"]["checks"].append(documents["evaluation"]["checks"][-1])
    section = part(page_of(write_run(documents)), "metrics")
    forest = next(table for table in section.iter("table") if table.get("class") == "forest")
    assert {cells[0]: cells[-1] for cells in rows(forest)}["race=Other 19 rows, 2 positive"] == "INCONCLUSIVE"


def test_the_worst_of_several_checks_is_the_verdict_on_a_slice(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    for verdict, tier in (("INCONCLUSIVE", "hard"), ("ERROR", "soft"), ("FAIL", "hard")):
        documents["evaluation"]["checks"].append(census.check("auc", "sex=Male", verdict, tier))
    documents["blessing"]["checks"] += documents["evaluation"]["checks"][-3:]
    section = part(page_of(write_run(documents)), "metrics")
    forest = next(table for table in section.iter("table") if table.get("class") == "forest")
    assert {cells[0].split(" ")[0]: cells[-1] for cells in rows(forest)}["sex=Male"] == "FAIL"


def test_drift_stands_beside_its_column(census: ModuleType, write_run: Write) -> None:
    data = part(page_of(write_run(census.pushed())), "data")
    cards = [(text(next(card.iter("b"))), text(card)) for card in data.iter("figure")]
    drifted = [said for name, said in cards if name == "hours_per_week"]
    assert [("PSI 0.313, p 3.1e-41" in said, "PSI 0.272, p 3.1e-41" in said) for said in drifted] == [
        (True, False),
        (False, True),
    ]
    assert all("FAIL warns" in said for said in drifted)
    assert not any("FAIL" in said for name, said in cards if name == "age")


def test_a_failed_check_of_the_data_comes_with_its_way_out(census: ModuleType, write_run: Write) -> None:
    checks = text(part(page_of(write_run(census.blocked_at_data())), "checks"))
    assert "benison data accept schema 'split train' --why '...'" in checks
    assert "benison data accept drift_from_previous 'column hours_per_week' --why '...'" in checks
    assert "benison data accept auc" not in checks, "what a model lacks is not accepted so"


def test_accepted_exceptions_stand_with_the_data(census: ModuleType, write_run: Write) -> None:
    folder = write_run(census.pushed())
    project = folder / "tasks/bundle/bundle/project"
    (project / "accepted.yaml").write_text(
        "accepted:\n"
        "  - {check: skew, subject: column age, why: <b>older</b>, who: ada@desk, when: '2026-11-21T09:30:00Z',"
        " measure: psi, at_most: 0.4}\n"
    )
    data = text(part(page_of(folder), "data"))
    assert "Accepted exceptions 1" in data
    assert "psi up to 0.4<b>older</b>ada@desk21 November 2026, 09:30:00 UTC" in data


def test_tasks_and_splits_stand_in_the_order_in_which_they_come(census: ModuleType, write_run: Write) -> None:
    page = page_of(write_run(census.pushed()))
    tables = {text(table.find("caption")): table for table in page.iter("table")}  # type: ignore[arg-type]
    tasks = [cells[0] for cells in rows(tables["When each task ran, since the start of the run"])]
    assert tasks[0] == "bundle"
    assert tasks[-4:] == ["trainer", "evaluator", "infra-validator", "pusher"]
    splits = [cells[0] for cells in rows(tables["Rows per split, and how many of them are positive"])]
    assert splits == ["train", "eval", "holdout"]
    cards = [text(next(card.iter("b"))) for card in part(page, "data").iter("figure")]
    assert cards[0] == "hours_per_week", "what moved stands first"
    columns = [cells[0] for cells in rows(tables["Columns of span 2"])]
    assert columns[:2] == ["income categorical, the label", "age numeric"], "the label, then the others by name"


def test_lineage_names_every_identity_in_full(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    lineage = text(part(page_of(write_run(documents)), "lineage"))
    training, run = documents["training"], documents["run"]
    for identity in (
        run["id"],
        run["parameters"]["commit"],
        run["parameters"]["bundle_digest"],
        documents["snapshot"]["digest"],
        documents["evaluation"]["policy"],
        training["package"],
        training["model_digest"],
        documents["champion"]["champion"]["package"],
        documents["champion"]["reference"]["package"],
        run["tasks"]["trainer"]["outputs"]["model"]["digest"],
    ):
        assert identity in lineage
    assert "reused from 20261120-184401-91bc" in lineage


def test_documents_that_contradict_each_other_are_a_warning_beside_the_verdict(
    census: ModuleType, write_run: Write
) -> None:
    documents = census.pushed()
    documents["blessing"]["evaluation"] = census.digest("another evaluation")
    header = text(next(page_of(write_run(documents)).iter("header")))
    assert "Do not rely on this report" in header
    assert "evaluation.json is not the one that the blessing was given for." in header


def test_a_document_that_is_gone_is_told_and_the_rest_is_shown(census: ModuleType, write_run: Write) -> None:
    folder = write_run(census.pushed())
    (folder / "tasks/evaluator/evaluation/evaluation.json").unlink()
    page = page_of(folder)
    assert "evaluator: evaluation.json could not be read" in text(next(page.iter("header")))
    assert "What evaluator left cannot be read." in text(part(page, "metrics"))
    assert "Snapshot of span 2" in text(part(page, "data"))


def test_equal_evidence_gives_equal_bytes(folder: Path) -> None:
    assert render(gather(folder)) == render(gather(folder))


def test_the_report_is_written_beside_the_record(census: ModuleType, write_run: Write) -> None:
    folder = write_run(census.pushed())
    path = report.write(folder)
    assert path == folder / "report.html"
    assert path.read_text() == render(gather(folder))
    assert [found.name for found in folder.iterdir() if "report" in found.name] == ["report.html"]
