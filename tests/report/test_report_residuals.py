"""The report's residuals, read back by a parser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import answered
from tests.cli.commands import call
from tests.report.test_evaluation_page import document, parse, sections, table, text

Captured = pytest.CaptureFixture[str]


def evaluated(folder: Path, capsys: Captured, content: list[dict[str, str]], *more: str) -> Path:
    source = answered.write(folder / "prices.csv", content)
    options = ("--task", "regression", "--label", "price", "--prediction", "forest", "--output", str(folder / "report"))
    assert call(capsys, "evaluate", "--predictions", str(source), *options, *more).code == 0
    return folder / "report"


@pytest.fixture
def folder(tmp_path: Path, capsys: Captured) -> Path:
    content = answered.prices()
    for row in content[:12]:
        row["town"] = "Jena"
    content[20]["line"] = "1000000"
    return evaluated(tmp_path, capsys, content, "--baseline", "line", "--slice", "town")


def test_quantiles_and_what_lies_beyond_are_those_of_the_document(folder: Path) -> None:
    page, drawn = parse(folder), document(folder)["plots"]["slices"][0]["models"]
    assert "curves" in sections(page)
    for row, role, name in zip(
        table(page, "Residuals: prediction minus label"), ("challenger", "champion"), ("forest", "line"), strict=True
    ):
        residuals = drawn[role]["residuals"]
        columns = residuals["columns"]
        beyond = [f"{columns[at]:.0f} ({columns[at] / 800:.1%})" for at in (0, -1)]
        assert row == [name, *(f"{one:+.4g}" for one in residuals["quantiles"]), *beyond]
    assert drawn["champion"]["residuals"]["columns"][-1] >= 1


def test_parts_are_told_in_figures(folder: Path) -> None:
    page, drawn = parse(folder), document(folder)["plots"]["slices"][0]["models"]["champion"]
    shown = table(page, "line: residuals by prediction")
    assert [row[0] for row in shown] == [str(part) for part in range(1, 11)]
    assert [row[-1] for row in shown] == [f"{part[2]}" for part in drawn["by_prediction"]]
    assert shown[0][3] == " to ".join(f"{one:+.4g}" for one in drawn["by_prediction"][0][3:5])


def test_slices_can_be_chosen_and_words_are_those_of_numbers(folder: Path) -> None:
    part = parse(folder).find(".//section[@id='curves']")
    told = text(part)
    assert part is not None
    assert text(part.find("h2")) == "Residuals"
    assert "A residual is prediction minus label: above 0 the model said too much" in told
    assert [text(one) for one in part.iter("label")] == ["All rows", "town=Bonn", "town=Ulm"]
    assert "Not drawn: 1 slice with fewer than 20 rows." in told
    for word in ("ROC", "positive", "onfusion", "threshold"):
        assert word not in told
    assert [text(one.find("figcaption/b")) for one in part.iter("figure")] == [
        "Residuals", "Residuals by prediction", "Predictions",
    ] * 3  # fmt: skip


def test_a_page_of_one_row_and_of_none_is_there(tmp_path: Path, capsys: Captured) -> None:
    one = evaluated(tmp_path, capsys, answered.prices(1))
    assert len(table(parse(one), "Residuals: prediction minus label")) == 1
    content = [{**row, "forest": "nan" if at % 2 else "1", "line": "1" if at % 2 else "nan"}
               for at, row in enumerate(answered.prices(60))]  # fmt: skip
    (tmp_path / "none").mkdir()
    words = ("--baseline", "line", "--leave-out-invalid")
    part = parse(evaluated(tmp_path / "none", capsys, content, *words)).find(".//section[@id='curves']")
    assert part is not None and list(part.iter("figure")) == []


def test_every_drawing_is_named_once_and_says_what_it_shows(folder: Path) -> None:
    page = parse(folder)
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    titles = [text(one.find("title")) for one in page.iterfind(".//section[@id='curves']//figure/svg")]
    assert titles[:3] == ["Residuals, all rows", "Residuals by prediction, all rows", "Predictions, all rows"]
    assert len(set(titles)) == 9
