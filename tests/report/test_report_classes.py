"""The report's confusion matrices of several classes, read back by a parser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli import answered
from tests.cli.commands import call
from tests.report.test_evaluation_page import document, parse, sections, table, text


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    source = answered.write(tmp_path / "animals.csv", answered.animals())
    options = ("--task", "multiclass", "--label", "animal", "--prediction", "wide_{class}", "--slice", "camera")
    more = ("--baseline", "small_{class}", "--output", str(tmp_path / "report"))
    assert call(capsys, "evaluate", "--predictions", str(source), *options, *more).code == 0
    return tmp_path / "report"


def test_confusion_matrices_are_those_of_the_document_with_their_shares_and_sums(folder: Path) -> None:
    page, said = parse(folder), document(folder)
    assert "curves" in sections(page)
    first = said["plots"]["slices"][0]
    classes = said["holdout"]["classes"]
    assert [one["name"] for one in classes] == ["cat", "dog", "owl"]
    for model, role in (("wide", "challenger"), ("small", "champion")):
        cells = first["models"][role]["answers"]
        assert [sum(row) for row in cells] == [one["rows"] for one in classes]
        shown = table(page, f"{model}: rows of each class, by the class that is answered")
        for one, row, line in zip(classes, cells, shown, strict=True):
            parts = [f"{cell:,.0f} {cell / sum(row):.1%}" for cell in row]
            assert line == [one["name"], *parts, f"{sum(row):,.0f}"]
        answered_so = [f"{sum(column):,.0f}" for column in zip(*cells, strict=True)]
        assert ["All", *answered_so, "900"] in [[text(cell) for cell in row] for row in page.iter("tr")]


def test_cells_are_shaded_by_their_share_and_slices_can_be_chosen(folder: Path) -> None:
    page = parse(folder)
    spans = [one for one in page.iter("span") if "shade-" in str(one.get("class"))]
    assert len(spans) == 2 * 9 * 3
    for one in spans:
        share = float(text(one).split()[-1].rstrip("%"))
        assert str(one.get("class")).split()[0] == f"shade-{round(share / 20)}"
    labels = [text(one) for one in page.iter("label")]
    assert labels == ["All rows", "camera=day", "camera=night"]


def test_words_are_those_of_several_classes(folder: Path) -> None:
    page = parse(folder)
    assert "the class with the highest prediction at @top_1" in text(page)
    assert "cat 457, dog 333, owl 110" in text(page)
    for word in ("answered positive", "ROC", "numbers"):
        assert word not in text(page.find("body"))


def test_of_more_classes_than_anybody_reads_there_is_no_matrix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"c{number}" for number in range(31)]
    lines = [",".join(["y", *(f"p_{name}" for name in names)])]
    for row in range(62):
        lines.append(",".join([names[row % 31], *("1" if at == row % 31 else "0" for at in range(31))]))
    (tmp_path / "many.csv").write_text("\n".join(lines) + "\n")
    options = ("--task", "multiclass", "--label", "y", "--prediction", "p_{class}", "--json")
    answer = call(capsys, "evaluate", "--predictions", str(tmp_path / "many.csv"), *options)
    said = json.loads(answer.out)
    assert said["plots"] == {} and said["slices"][0]["metrics"]["categorical_accuracy"]["challenger"]["value"] == 1.0
    assert not any("[c" in name for name in said["slices"][0]["metrics"])
