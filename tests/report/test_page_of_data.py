"""The page of the data alone: whole, self-contained, quiet, and safe whatever stands in the data."""

from __future__ import annotations

import copy
import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benison.components.example_validator.report import page
from benison.core.profiles import Profile
from benison.core.verdicts import Check, Tier, Verdict

HOSTILE = "<script>alert('&amp;')</script>\"><img src=x onerror=alert(1)>"
NOTHING: tuple[dict[str, Any], dict[str, Any]] = ({"comparisons": []}, {"bands": [], "span": 1})


SOUND = Check("rows", "span 1", Tier.HARD, Verdict.PASS, "5", ">= 1", "5 >= 1")
UNKNOWN = Check("rows", "span 1", Tier.HARD, Verdict.INCONCLUSIVE, "-", ">= 1", "nobody knows")


def parse(text: str) -> ET.Element:
    return ET.fromstring(text.removeprefix("<!DOCTYPE html>\n"))


def text(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


@pytest.fixture
def documents(census: ModuleType) -> dict[str, Any]:
    """What the validator knows of the pushed run."""
    found = {name: copy.deepcopy(one) for name, one in census.pushed().items()}
    checks = [Check.from_json(one) for one in found["checks"]["checks"]]
    return {**{name: found[name] for name in ("snapshot", "profile", "comparisons", "bands")}, "checks": checks}


def rendered(documents: dict[str, Any]) -> str:
    return page(
        documents["snapshot"],
        documents["checks"],
        Profile.from_json(documents["profile"]),
        documents["comparisons"],
        documents["bands"],
    )


def failed(name: str, tier: Tier = Tier.HARD) -> Check:
    return Check(
        name, "column sex in train", tier, Verdict.FAIL, "2%", "1%", f"{name}: 2% is not <= 1%", {"share": 0.02}
    )


def test_the_answer_comes_first_and_anomalies_before_the_rest(documents: dict[str, Any]) -> None:
    documents["checks"].insert(0, failed("schema"))
    found = parse(rendered(documents))
    assert "benison data accept schema 'column sex in train'" in text(found)
    assert text(next(found.iter("h1"))) == "Fail: 1 hard check does not pass"
    assert "schema: 2% is not <= 1%" in text(next(found.iter("header")))
    anchors = [section.get("id") for section in found.iter("section")]
    assert anchors == ["anomalies", "drift", "history", "columns", "snapshot"]


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ([failed("skew", Tier.SOFT)], "Inconclusive: No hard check was made"),
        ([failed("a"), failed("b")], "Fail: 2 hard checks do not pass"),
        ([SOUND], "Pass: Nothing blocks"),
        ([SOUND, failed("skew", Tier.SOFT)], "Pass: Nothing blocks, and 1 check warns"),
        (
            [Check("rows", "span 1", Tier.HARD, Verdict.INCONCLUSIVE, "-", "-", "?")],
            "Inconclusive: 1 hard check does not pass",
        ),
    ],
)
def test_the_headline_says_what_the_checks_come_to(documents: dict[str, Any], checks: list[Check], said: str) -> None:
    documents["checks"] = checks
    assert text(next(parse(rendered(documents)).iter("h1"))) == said


def test_a_file_that_was_only_profiled_has_a_page_too(documents: dict[str, Any]) -> None:
    found = parse(page(None, [], Profile.from_json(documents["profile"]), *NOTHING))
    assert text(next(found.iter("h1"))) == "12,211 rows profiled, nothing was checked"
    assert [section.get("id") for section in found.iter("section")] == ["columns"]


def test_nothing_outside_of_the_file_is_referred_to(documents: dict[str, Any]) -> None:
    written = rendered(documents)
    found = parse(written)
    references = {one.get(name) for one in found.iter() for name in ("href", "src", "style") if one.get(name)}
    assert {one for one in references if one and not one.startswith("#")} == {"data:,"}
    assert not re.search(r"https?:|//[a-z]|@import|url\(|@font-face", written)
    ids = {one.get("id") for one in found.iter()}
    assert {one[1:] for one in references if one and one.startswith("#")} <= ids


def test_a_hostile_value_stays_text_wherever_it_stands(documents: dict[str, Any]) -> None:
    documents["checks"].append(Check(HOSTILE, HOSTILE, Tier.HARD, Verdict.FAIL, HOSTILE, HOSTILE, HOSTILE, {"x": 1.0}))
    documents["snapshot"]["sources"][0].update(
        path=HOSTILE,
        version=HOSTILE,
        query={"engine": HOSTILE, "engine_version": HOSTILE, "sql": HOSTILE, "parameters": {HOSTILE: HOSTILE}},
    )
    documents["snapshot"]["split_by"]["key"] = [HOSTILE]
    columns = documents["profile"]["spans"][0]["columns"]
    columns["sex"]["values"] = {HOSTILE: 7328}
    columns[HOSTILE] = columns.pop("age")
    documents["comparisons"]["comparisons"][0].update(column=HOSTILE, reference=HOSTILE)
    for one in documents["comparisons"]["comparisons"]:
        if "values" in one:
            one.update(values=[f"{HOSTILE}{index}" for index in range(len(one["values"]))])
    documents["bands"]["bands"][0].update(column=HOSTILE, season=HOSTILE)
    found = parse(rendered(documents))
    assert {element.tag for element in found.iter()}.isdisjoint({"script", "img"})
    assert all(not name.startswith("on") for element in found.iter() for name in element.attrib)
    for section in found.iter("section"):
        assert HOSTILE in text(section), section.get("id")


def test_headings_images_and_tables_are_told_to_those_who_do_not_see_them(documents: dict[str, Any]) -> None:
    documents["checks"].insert(0, failed("schema"))
    found = parse(rendered(documents))
    levels = [int(element.tag[1]) for element in found.iter() if re.fullmatch("h[1-6]", element.tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = [element.get("id") for element in found.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    told = [image for image in found.iter("svg") if image.get("role") == "img"]
    assert told
    assert all(next(image.iter("desc")).text for image in told)
    assert all(image.get("role") == "img" or image.get("aria-hidden") == "true" for image in found.iter("svg"))
    assert all(text(table.find("caption")) for table in found.iter("table"))  # type: ignore[arg-type]


def test_three_hundred_columns_fit_on_a_page_of_some_megabytes(documents: dict[str, Any]) -> None:
    span = documents["profile"]["spans"][0]
    span["columns"] = {f"{name}_{copy}": one for copy in range(30) for name, one in span["columns"].items()}
    for key, document in (("comparisons", documents["comparisons"]), ("bands", documents["bands"])):
        document[key] = [{**one, "column": f"{one['column']}_{copy}"} for copy in range(100) for one in document[key]]
    documents["checks"] = [failed(f"check_{index}") for index in range(3000)]
    written = rendered(documents)
    assert len(written) < 3_000_000
    assert "2,800 more checks in checks.json." in written


def test_equal_data_gives_equal_bytes(documents: dict[str, Any]) -> None:
    assert rendered(documents) == rendered(copy.deepcopy(documents))


@pytest.fixture(scope="module")
def chromium(beside: Callable[[str], ModuleType], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with beside("chromium").Chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 600, 961, 1400])
def test_it_is_quiet_and_fits_every_screen(
    chromium: Any, documents: dict[str, Any], tmp_path: Path, width: int
) -> None:
    long = "VeryLongColumnNameWithoutASpace" * 8
    documents["checks"].insert(0, failed("schema"))
    documents["checks"].append(
        Check("drift", f"column {long}", Tier.SOFT, Verdict.FAIL, long, long, long, {"psi": 1.0})
    )
    columns = documents["profile"]["spans"][0]["columns"]
    columns[long] = columns.pop("age")
    documents["comparisons"]["comparisons"][1]["column"] = long
    documents["bands"]["bands"][0]["column"] = long
    path = tmp_path / "report.html"
    path.write_text(rendered(documents))
    view = chromium.show(path, width=width)
    assert view.complaints == []
    view.value("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert view.value("document.documentElement.scrollWidth") == width
    chromium.close_pages()
