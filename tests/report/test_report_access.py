"""Whether everybody can read the page: structure for screen readers, contrast for eyes."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from importlib import resources
from pathlib import Path

import pytest

from benison.report.gather import gather
from benison.report.page import render


@pytest.fixture(scope="module")
def page(folder: Path) -> ET.Element:
    return ET.fromstring(render(gather(folder)).removeprefix("<!DOCTYPE html>\n"))


def test_headings_form_an_outline_without_gaps(page: ET.Element) -> None:
    levels = [int(element.tag[1]) for element in page.iter() if re.fullmatch("h[1-6]", element.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_table_has_a_caption_and_every_head_a_scope(page: ET.Element) -> None:
    tables = list(page.iter("table"))
    assert tables
    for table in tables:
        caption = table.find("caption")
        assert caption is not None
        assert "".join(caption.itertext()).strip()
        assert {head.get("scope") for head in table.iter("th")} <= {"col", "row"}
        assert all("role" in cell.attrib for tag in ("tr", "th", "td") for cell in table.iter(tag))


def test_every_image_is_told_in_words_or_hidden(page: ET.Element) -> None:
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for image in page.iter("svg"):
        if image.get("aria-hidden") == "true":
            continue
        assert image.get("role") == "img"
        named = image.get("aria-labelledby", "").split()
        told = {element.get("id"): element.text for element in image if element.tag in ("title", "desc")}
        assert list(told) == named
        assert all(told.values())


def test_links_lead_to_parts_that_are_there(page: ET.Element) -> None:
    ids = {element.get("id") for element in page.iter()}
    links = [element.get("href", "") for tag in ("a", "use") for element in page.iter(tag)]
    assert links
    assert {link[1:] for link in links if link != "model_card.html"} <= ids
    assert next(page.iter("a")).get("href") == "#checks", "the first link skips the header"


def test_verdicts_are_words_and_not_only_colours(page: ET.Element) -> None:
    badges = [element for element in page.iter("span") if (element.get("class") or "").startswith("badge")]
    assert badges
    assert all("".join(badge.itertext()).strip() for badge in badges)


def _luminance(color: str) -> float:
    """Relative luminance after WCAG 2.2."""
    parts = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_right() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_and_marks_stand_out_from_the_paper(scheme: int) -> None:
    style = resources.files("benison.pages").joinpath("style.css").read_text()
    palette = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", style.split(":root {")[1 + scheme].split("}")[0]))
    for ink in ("ink", "soft", "challenger", "champion", "pass", "fail", "open", "error", "same", "again"):
        for ground in ("paper", "tint"):
            assert _contrast(palette[ink], palette[ground]) >= 4.5, (ink, ground)
    assert _contrast(palette["rule"], palette["paper"]) >= 2.5
    assert _contrast(palette["challenger-tint"], palette["champion"]) >= 3
    for ink in ("challenger", "fail", "open", "pass", "error"):
        for zone in ("pass-zone", "warn-zone"):
            assert _contrast(palette[ink], palette[zone]) >= 3, (ink, zone)
