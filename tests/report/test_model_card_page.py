"""The model card's page: all that an auditor asks, equal to the documents, and nothing that acts."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benison import report
from benison.report import card
from benison.report.gather import gather

Write = Callable[[dict[str, Any]], Path]
HOSTILE = "<script>alert('&amp;')</script>\"><img src=x onerror=alert(1)>"


def page_of(folder: Path) -> ET.Element:
    evidence = gather(folder)
    assert evidence.card is not None
    return ET.fromstring(card.render(evidence, evidence.card, "report.html").removeprefix("<!DOCTYPE html>\n"))


@pytest.fixture
def documents(census: ModuleType) -> dict[str, Any]:
    found: dict[str, Any] = census.pushed()
    return found


def text(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def part(page: ET.Element, anchor: str) -> ET.Element:
    found = page.find(f".//section[@id='{anchor}']")
    assert found is not None, anchor
    return found


def rows(element: ET.Element) -> list[list[str]]:
    return [[text(cell) for cell in row] for row in element.findall(".//tbody/tr")]


def shown(estimate: dict[str, Any]) -> str:
    bounds = "" if estimate["lower"] is None else f" [{estimate['lower']:.4f}, {estimate['upper']:.4f}]"
    return f"{estimate['value']:.4f}{bounds}"


def test_it_lies_beside_the_report_and_each_leads_to_the_other(documents: dict[str, Any], write_run: Write) -> None:
    written = report.write(write_run(documents))
    beside = written.with_name("model_card.html")
    assert 'href="model_card.html"' in written.read_text()
    assert 'href="report.html"' in beside.read_text()
    assert 'href="report.html#training"' in beside.read_text()


@pytest.mark.parametrize("kind", ["blocked_at_data", "failed"])
def test_where_nothing_was_trained_there_is_no_card(census: ModuleType, write_run: Write, kind: str) -> None:
    written = report.write(write_run(getattr(census, kind)()))
    assert not written.with_name("model_card.html").exists()
    assert "model_card" not in written.read_text()


def test_what_people_say_stands_under_its_heading(documents: dict[str, Any], write_run: Write) -> None:
    page = page_of(write_run(documents))
    said = {
        "overview": ["Who earns more than 50,000 dollars?", "Ada (ada@example.org); Bob", "Apache-2.0", "Ada (2026)"],
        "use": ["students", "to learn"],
        "out-of-scope": ["decisions"],
        "limitations": ["data of 1994", "small and fast"],
    }
    for anchor, words in said.items():
        for word in words:
            assert word in text(part(page, anchor))
    assert rows(part(page, "limitations")) == [["unequal errors", "measured by slice"], ["misuse", "nothing is stated"]]
    assert "Out of scope: " not in text(page)
    assert "decisions" not in text(part(page, "limitations"))
    assert "Not stated; add" not in text(page)
    links = [link.get("href") for link in part(page, "overview").iter("a")]
    assert links == ["https://example.org/adult"], "only the web is linked"


def test_what_nobody_said_is_said_to_be_missing(documents: dict[str, Any], write_run: Write) -> None:
    documents["model_card"]["considerations"] = {}
    details = documents["model_card"]["model_details"]
    documents["model_card"]["model_details"] = {key: details[key] for key in ("name", "documentation", "version")}
    for split in documents["model_card"]["model_parameters"]["data"]:
        del split["sensitive"]
    page = page_of(write_run(documents))
    where = {
        "overview": ("overview", "owners", "licenses", "references", "citations"),
        "use": ("users", "use_cases"),
        "out-of-scope": ("out_of_scope",),
        "data": ("sensitive",),
        "groups": ("sensitive",),
        "limitations": ("limitations", "tradeoffs", "ethical_considerations"),
    }
    for anchor, keys in where.items():
        for key in keys:
            assert f"Not stated; add {key}: under model_card: in benison.yaml." in text(part(page, anchor))
    tiles = {text(one[0]): text(one[1]) for one in page.findall(".//dl[@class='glance']/div")}
    assert tiles["Not stated"] == "12 parts"


def test_every_slice_is_drawn_with_its_rows_value_interval_and_whether_it_is_judged(
    documents: dict[str, Any], write_run: Write
) -> None:
    section = part(page_of(write_run(documents)), "performance")
    tables = {text(table[0]): table for table in section.iter("table")}
    for metric, name in (
        ("auc", "AUC"),
        ("binary_crossentropy", "Binary crossentropy"),
        ("calibration", "Calibration"),
    ):
        table = tables[f"{name} by slice, drawn beside its value on all rows"]
        expected = []
        for one in documents["evaluation"]["slices"]:
            counted = f"{one['slice']} {one['rows']:,} rows, {one['positives']:,} positive"
            value = shown(one["metrics"][metric]["challenger"])
            expected.append([counted, "", value, "judged" if one["judged"] else "too small"])
        assert rows(table) == expected
        assert len(table.findall("./tbody/tr/td/svg")) == len(expected)


def test_features_and_columns_are_listed(documents: dict[str, Any], write_run: Write) -> None:
    page = page_of(write_run(documents))
    assert rows(part(page, "features")) == [
        ["age", "age", "numeric", "log, normalise standard",
         "fill 0, offset 38.5, quantiles of 3 values, scale 13", "2"],
        ["job", "occupation", "categorical", "min count 5", "vocabulary of 2 values", "1"],
        ["hired", "hired", "date", "parts month, weekday and hour", "mean 0, std 1", "1"],
    ]  # fmt: skip
    assert ["age", "int64", "feature", "sensitive"] in rows(part(page, "data"))
    assert ["sex", "string", "not seen by the model", "sensitive"] in rows(part(page, "data"))


def test_the_challenger_stands_beside_champion_and_reference(documents: dict[str, Any], write_run: Write) -> None:
    section = part(page_of(write_run(documents)), "comparison")
    assert "champion number 6 (trained on span 1) and reference number 4 (trained on span 1)" in text(section)
    found = documents["evaluation"]["slices"][0]["metrics"]["auc"]
    row = next(row for row in rows(section) if row[0] == "AUC")
    assert row[1:4] == [shown(found[role]) for role in ("challenger", "champion", "reference")]
    assert row[4].startswith(f"{found['gain']['champion']['value']:+.4f} [")


def test_a_first_model_has_nothing_to_be_compared_with(census: ModuleType, write_run: Write) -> None:
    section = part(page_of(write_run(census.first())), "comparison")
    assert text(section) == "ComparisonThere was no champion to compare with when the model was measured."


def test_groups_of_sensitive_columns_stand_side_by_side_with_how_far_they_are_apart(
    documents: dict[str, Any], write_run: Write
) -> None:
    section = part(page_of(write_run(documents)), "groups")
    assert [text(one) for one in section.iter("h3")] == ["By sex", "By race", "By several together"]
    by_name = {one["slice"]: one for one in documents["evaluation"]["slices"]}
    women, men = by_name["sex=Female"], by_name["sex=Male"]
    first = rows(section)[0]
    rates = ("false_positive_rate", "recall", "precision", "calibration", "auc")
    assert first == [
        "Female",
        "807",
        f"{88 / 807:.1%}",
        *(shown(women["metrics"][rate]["challenger"]) for rate in rates),
    ]
    values = {rate: [one["metrics"][rate]["challenger"]["value"] for one in (women, men)] for rate in rates}
    lines = [text(line) for line in section.findall("ul")[0]]
    assert [line.partition(" between ")[0] for line in lines] == [
        f"{name} differs by {max(values[rate]) - min(values[rate]):.4f}"
        for rate, name in zip(rates, ("False positive rate", "Recall", "Precision", "Calibration", "AUC"), strict=True)
    ]
    assert "Other" not in text(section.findall("ul")[1]), "a group that is too small is no end of a difference"
    unwatched = (
        "age is called sensitive, and eval_config.json names no slices by it: how the model does by it is not known."
    )
    assert unwatched in text(section)


def test_what_the_evaluation_found_stands_with_the_limitations(census: ModuleType, write_run: Write) -> None:
    documents = census.blocked()
    page = page_of(write_run(documents))
    assert text(page.findall(".//h1")[0]).startswith("Gate on the model: FAIL")
    section = text(part(page, "limitations"))
    against = next(one for one in documents["evaluation"]["checks"] if one["verdict"] == "FAIL")
    assert f"A hard check is FAIL on sex=Female: {against['reason']}" in section
    for one in documents["evaluation"]["not_judged"]:
        assert f"Too small to be judged: {one['slice']}, {one['reason']}" in section


def test_a_model_that_nobody_measured_says_so(documents: dict[str, Any], write_run: Write) -> None:
    folder = write_run(documents)
    (folder / "tasks/evaluator/evaluation/evaluation.json").unlink()
    page = page_of(folder)
    assert text(page.findall(".//h1")[0]).startswith("Not measured")
    for anchor in ("performance", "comparison", "groups"):
        assert "What evaluator left cannot be read." in text(part(page, anchor))
    assert "Nobody has measured the model." in text(part(page, "limitations"))
    assert "evaluator: evaluation.json could not be read" in text(page.findall(".//div[@class='doubts']")[0])


def test_a_card_of_another_package_is_a_reason_not_to_rely_on_it(documents: dict[str, Any], write_run: Write) -> None:
    documents["model_card"]["model_details"]["version"]["name"] = "sha256:" + "0" * 64
    [doubts] = page_of(write_run(documents)).findall(".//div[@class='doubts']")
    assert "different packages: " in text(doubts)
    assert "model_card.json has 000000000000" in text(doubts)


def test_a_tfx_modules_features_are_said_to_be_its_own(documents: dict[str, Any], write_run: Write) -> None:
    documents["features"]["features"] = []
    assert "The TFX module makes its features itself" in text(part(page_of(write_run(documents)), "features"))


def test_provenance_has_every_digest(documents: dict[str, Any], write_run: Write) -> None:
    section = text(part(page_of(write_run(documents)), "provenance"))
    training, evaluation = documents["training"], documents["evaluation"]
    for key in ("package", "model_digest", "bundle", "snapshot"):
        assert training[key] in section
    assert evaluation["policy"] in section
    assert documents["run"]["parameters"]["commit"] in section


def test_a_hostile_value_stays_text_wherever_it_stands(documents: dict[str, Any], write_run: Write) -> None:
    said = documents["model_card"]
    said["model_details"].update(
        name=HOSTILE, overview=HOSTILE, owners=[{"name": HOSTILE, "contact": HOSTILE}],
        licenses=[{"custom_text": HOSTILE}], references=[{"reference": "javascript:alert(1)"}],
        citations=[{"citation": HOSTILE}],
    )  # fmt: skip
    for key in ("users", "use_cases", "limitations", "tradeoffs"):
        said["considerations"][key] = [{"description": HOSTILE}, {"description": f"Out of scope: {HOSTILE}"}]
    said["considerations"]["ethical_considerations"] = [{"name": HOSTILE, "mitigation_strategy": HOSTILE}]
    for split in said["model_parameters"]["data"]:
        split["sensitive"]["sensitive_data"] = ["sex", HOSTILE]
    said["model_parameters"].update(model_architecture=HOSTILE, input_format=HOSTILE, output_format=HOSTILE)
    documents["features"]["features"][1].update(name=HOSTILE, columns=[HOSTILE])
    documents["features"]["features"][1]["fitted"]["vocabulary"] = [HOSTILE]
    documents["evaluation"]["slices"][1].update(slice=HOSTILE, keys={"sex": HOSTILE})
    documents["evaluation"]["not_judged"][0].update(slice=HOSTILE, reason=HOSTILE)
    page = page_of(write_run(documents))
    assert {element.tag for element in page.iter()}.isdisjoint({"script", "img"})
    assert all(not name.startswith("on") for element in page.iter() for name in element.attrib)
    assert not [one for one in page.iter("a") if one.get("href", "").startswith("javascript")]
    for anchor in ("overview", "use", "out-of-scope", "features", "training", "performance", "groups", "limitations"):
        assert HOSTILE in text(part(page, anchor))


@pytest.mark.parametrize("folder", ["pushed", "blocked", "first"], indirect=True)
def test_it_is_built_so_that_everybody_can_read_it(folder: Path) -> None:
    page = page_of(folder)
    levels = [int(element.tag[1]) for element in page.iter() if re.fullmatch("h[1-6]", element.tag)]
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = {element.get("id") for element in page.iter()}
    inside = [link.get("href", "") for link in page.iter("a") if link.get("href", "").startswith("#")]
    assert {link[1:] for link in inside} <= ids
    for table in page.iter("table"):
        caption = table.find("caption")
        assert caption is not None and text(caption)
    for image in page.iter("svg"):
        assert image.get("aria-hidden") == "true" or image.get("role") == "img"
