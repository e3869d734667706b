from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benison import report
from benison.report.search import render


def drawn(search: dict[str, Any]) -> ET.Element:
    return ET.fromstring(f"<div>{render(search)}</div>")


def text(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def rows(part: ET.Element) -> list[list[str]]:
    body = part.find(".//tbody")
    assert body is not None
    return [[text(cell) for cell in row] for row in body]


def test_every_trial_is_told_the_best_first_and_what_failed_last_with_its_reason(census: ModuleType) -> None:
    part = drawn(census.searched()["training"]["search"])
    assert text(part).startswith(
        "The hyperparameters are those of trial 3 of 5, the best by loss on eval at its best epoch: Bayesian search "
        "with seed 1, 1,805.2 s. It ended before 20 trials, when 30 minutes were over. 1 trial failed. 2 trials had "
        "been done by an earlier attempt at the task."
    )
    heads = ["Trial", "hidden", "rate", "Loss, eval", "AUC, eval", "Best epoch", "Seconds"]
    assert [text(cell) for cell in part.findall(".//thead//th")] == heads
    assert rows(part) == [
        ["3, best", "[64]", "0.01", "0.3162", "0.9052", "11 of 14", "10.0"],
        ["1", "[64]", "0.002", "0.3301", "undefined", "9 of 14", "10.0"],
        ["5", "[64, 32]", "0.0002345", "0.3350", "0.8999", "14 of 14", "10.0"],
        ["2", "[64, 32]", "0.001", "0.3415", "0.8990", "4 of 8", "10.0"],
        ["4", "[64, 32]", "1", "failed", "-", "-", "1.5"],
        ["model.py (epoch 1, step 12): expected a finite loss, got nan"],
    ]


def test_a_dot_is_a_trial_and_the_line_never_rises_above_the_lowest_loss(census: ModuleType) -> None:
    part = drawn(census.searched()["training"]["search"])
    dots = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in part.iter("circle")]
    (line,) = (one for one in part.iter() if one.attrib.get("class") == "eval line")
    points = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
    # Downwards is larger in a drawing: trials 1, 2, 3 and 5, of which the first and the third were the best so far.
    assert [x for x, _ in points] == [x for x, _ in dots]
    assert [y for _, y in points] == [dots[0][1], dots[0][1], dots[2][1], dots[2][1]]
    assert dots[2][1] == max(y for _, y in dots)


@pytest.mark.parametrize(
    ("ended_by", "said"),
    [
        ("trials", "It ended with 20 trials, as it was asked."),
        ("space", "It ended before 20 trials, since nothing new was left to try."),
    ],
)
def test_a_search_says_what_ended_it_and_one_trial_makes_no_chart(census: ModuleType, ended_by: str, said: str) -> None:
    search = census.searched()["training"]["search"]
    part = drawn({**search, "ended_by": ended_by, "objective": "eval_auc", "trials": search["trials"][2:3]})
    assert said in text(part)
    assert "the best by AUC on eval at its best epoch" in text(part)
    assert part.find(".//svg") is None


def test_by_auc_the_highest_comes_first(census: ModuleType) -> None:
    search = census.searched()["training"]["search"]
    search["trials"][0]["eval_auc"] = 0.91
    part = drawn({**search, "objective": "eval_auc", "best": 1})
    assert [row[0] for row in rows(part)[:4]] == ["1, best", "3", "5", "2"]


def test_the_report_has_it_where_there_was_one(census: ModuleType, write_run: Callable[[dict[str, Any]], Path]) -> None:
    assert "Loss on eval by trial" in report.write(write_run(census.searched())).read_text()


def test_the_report_has_nothing_of_it_where_there_was_none(
    census: ModuleType, write_run: Callable[[dict[str, Any]], Path]
) -> None:
    assert "Every trial" not in report.write(write_run(census.pushed())).read_text()
