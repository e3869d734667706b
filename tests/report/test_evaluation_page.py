"""The report of ready predictions, read back by a parser."""

from __future__ import annotations

import itertools
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli import answered

Evaluated = Callable[..., Path]
SLICED = ("--slice", "sex", "--slice", "city")
BESIDE = (*SLICED, "--baseline", "linear")
POLICY = "gate: {min_rows: 100, checks: [{metric: auc, tolerance: 0.01, slices: all}, {metric: recall, at_least: 0.5}]}"


def parse(folder: Path) -> ET.Element:
    return ET.fromstring((folder / "evaluation.html").read_text().removeprefix("<!DOCTYPE html>\n"))


def document(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "evaluation.json").read_text())
    return content


def text(element: ET.Element | None) -> str:
    assert element is not None
    return " ".join("".join(element.itertext()).split()).replace("\u2212", "-")


def sections(page: ET.Element) -> list[str]:
    return [str(one.get("id")) for one in page.iter("section")]


def table(page: ET.Element, caption: str) -> list[list[str]]:
    found = next(one for one in page.iter("table") if text(one.find("caption")).startswith(caption))
    return [[text(cell) for cell in row] for row in found.findall("./tbody/tr")]


@pytest.fixture(scope="module", params=["alone", "beside", "judged"])
def folder(request: pytest.FixtureRequest, evaluated: Evaluated) -> Path:
    words = {"alone": (SLICED, ""), "beside": (BESIDE, ""), "judged": (BESIDE, POLICY)}
    given, policy = words[request.param]
    return evaluated(*given, policy=policy)


@pytest.fixture(scope="module")
def beside(evaluated: Evaluated) -> Path:
    return evaluated(*BESIDE)


@pytest.fixture(scope="module")
def judged(evaluated: Evaluated) -> Path:
    return evaluated(*BESIDE, policy=POLICY)


def test_slices_stand_in_the_order_of_harm_and_say_whether_they_are_worse(beside: Path) -> None:
    shown = table(parse(beside), "AUC of boosted and linear by slice")
    gains = {one["slice"]: one["metrics"]["auc"]["gain"]["champion"] for one in document(beside)["slices"]}
    names = [row[0].split()[0] for row in shown]
    assert names[:2] == ["overall", "sex=Female"]
    assert set(names) == set(gains)
    for name, row in zip(names, shown, strict=True):
        gain = gains[name]
        if gain["lower"] is None:
            expected = "not known"
        else:
            expected = "worse" if gain["upper"] < 0 else "better" if gain["lower"] > 0 else "not told apart"
        assert row[-1] == expected, name
        assert row[2].startswith(f"{gain['value']:+.4f}")
    order = ["worse", "not told apart", "better", "not known"]
    ranks = [order.index(row[-1]) for row in shown[1:]]
    assert ranks == sorted(ranks)
    assert {0, 2, 3} <= set(ranks)


def test_alone_the_worst_off_slice_comes_first(evaluated: Evaluated) -> None:
    folder = evaluated(*SLICED)
    shown = [row[0].split()[0] for row in table(parse(folder), "AUC by slice")]
    known = [one for one in document(folder)["slices"][1:] if one["metrics"]["auc"]["challenger"]["lower"] is not None]
    values = sorted((one["metrics"]["auc"]["challenger"]["value"], one["slice"]) for one in known)
    assert shown == ["overall", *(name for _, name in values), "city=Jena"]


def test_every_figure_of_every_slice_is_there(folder: Path) -> None:
    shown = text(parse(folder).find("body"))
    for one in document(folder)["slices"]:
        for metric in one["metrics"].values():
            value = metric["challenger"]["value"]
            said = "undefined" if value is None else f"{value:,.0f}" if value >= 10 else f"{value:.4f}"
            assert said in shown


def test_models_are_called_by_their_own_names(folder: Path) -> None:
    shown = text(parse(folder).find("body"))
    assert "boosted" in shown
    assert "Challenger" not in shown
    assert "champion yet" not in shown


def test_there_are_only_parts_that_have_something_to_say(beside: Path, judged: Path) -> None:
    assert sections(parse(beside)) == ["metrics", "slices", "fairness", "curves", "origin"]
    assert sections(parse(judged)) == ["checks", "metrics", "slices", "fairness", "curves", "origin"]


def test_without_slices_there_is_no_part_on_them(evaluated: Evaluated) -> None:
    assert sections(parse(evaluated())) == ["metrics", "curves", "origin"]


def test_every_check_of_a_policy_is_shown_and_the_reasons_name_their_slice(judged: Path) -> None:
    page, content = parse(judged), document(judged)
    shown = [text(row[0]) for one in page.iter("table") if one.get("class") == "checks" for row in one.iter("tr")]
    for check in content["checks"]:
        assert f"{check['name']} {check['subject']}" in shown
    assert text(page.find(".//h1")).startswith("Fail: ")
    reasons = page.find(".//div[@class='reasons']")
    assert "sex=Female: auc_gain over champion -0.0" in text(reasons)
    assert "challenger is boosted and champion is linear" in text(page.find(".//section[@id='checks']"))


def test_predictions_that_are_none_are_a_doubt_before_everything_else(evaluated: Evaluated) -> None:
    content = answered.rows(400)
    content[3]["boosted"] = "1.7"
    page = parse(evaluated("--leave-out-invalid", content=content))
    doubts = page.find(".//div[@class='doubts']")
    assert "among 400 predictions of boosted are 0 NaN and 1 outside of 0 to 1" in text(doubts)
    assert "checks" in sections(page)


def test_the_curves_of_a_slice_can_be_chosen(beside: Path) -> None:
    part = parse(beside).find(".//section[@id='curves']")
    assert part is not None
    drawn = document(beside)["plots"]["slices"]
    names = ["All rows", *(one["slice"] for one in drawn[1:])]
    picker = next(one for one in part.iter("div") if one.get("class") == "picker")
    assert [one.tag for one in picker] == ["input", "label", "div"] * len(drawn)
    assert [text(one) for one in picker.iter("label")] == names
    assert [one.get("for") for one in picker.iter("label")] == [one.get("id") for one in picker.iter("input")]
    assert [one.get("checked") for one in picker.iter("input")] == ["checked", *[None] * (len(drawn) - 1)]
    assert "1 slice with fewer than 20 rows of a class" in text(part)


def test_confusion_matrices_are_those_of_the_document(beside: Path) -> None:
    page, drawn = parse(beside), document(beside)["plots"]["slices"][0]["models"]
    for name, role in (("boosted", "challenger"), ("linear", "champion")):
        _, true, false, others, missed = drawn[role]["matrices"][4]
        positive, negative = table(page, f"{name}: confusion matrix, positive above 0.5")
        assert positive == [
            "Positive",
            f"{true:.0f} {true / (true + missed):.1%}",
            f"{missed:.0f} {missed / (true + missed):.1%}",
        ]
        assert negative[1].startswith(f"{false:.0f} ")
        assert negative[2].startswith(f"{others:.0f} ")
    assert len(table(page, "boosted: confusion matrices by threshold")) == 9


def test_where_it_comes_from_is_told(beside: Path) -> None:
    told = text(parse(beside).find(".//section[@id='origin']"))
    for words in ("people.csv1,500 rows sha256:", "column linear, its baseline", "'yes' is positive, 'no' is not"):
        assert words in told


def test_nothing_is_loaded_and_nothing_in_the_data_runs(evaluated: Evaluated) -> None:
    evil = "<script>document.title='owned'</script>"
    content = [{**row, "city": evil if row["city"] == "Bonn" else row["city"]} for row in answered.rows(600)]
    folder = evaluated("--slice", "city", content=content)
    raw = (folder / "evaluation.html").read_text()
    assert "<script" not in raw
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", raw)


def test_structure_for_screen_readers(folder: Path) -> None:
    page = parse(folder)
    levels = [int(element.tag[1]) for element in page.iter() if re.fullmatch("h[1-6]", element.tag)]
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    links = [element.get("href", "") for tag in ("a", "use") for element in page.iter(tag)]
    assert {link[1:] for link in links} <= set(ids)
    for one in page.iter("table"):
        assert text(one.find("caption"))
        assert {head.get("scope") for head in one.iter("th")} <= {"col", "row"}


def test_figures_that_were_counted_say_so_beside_the_metrics(evaluated: Evaluated, beside: Path) -> None:
    page = parse(evaluated(*BESIDE, "--engine", "tables"))
    told = "Rows were counted as they were read, in 10,000 buckets of predictions"
    assert told in text(page.find(".//section[@id='metrics']"))
    assert sections(page) == sections(parse(beside))
    assert told not in text(parse(beside))
