"""The report's part on serving."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from benison.report import infra
from benison.report.consistency import contradictions
from benison.report.gather import gather

Write = Callable[[dict[str, Any]], Path]


def text(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def drawn(folder: Path) -> ET.Element:
    return ET.fromstring(f"<div>{infra.render(gather(folder))}</div>")


def test_every_figure_stands_beside_the_champions_and_its_ratio(census: ModuleType, write_run: Write) -> None:
    part = drawn(write_run(census.pushed()))
    assert "asked 6,012 rows of the holdout as JSON" in text(part)
    assert "of single rows, 200 a second, in 5 rounds of 60: the median round" in text(part)
    body = part.find(".//tbody")
    assert body is not None
    assert [[text(cell) for cell in row] for row in body] == [
        ["seconds to load", "0.41", "-", "-"],
        ["median latency, ms", "1.21 [1.1, 1.4]", "-", "-"],
        ["99% of requests within, ms", "3.2 [2.8, 4.1]", "3 [2.7, 4.4]", "1.07 [0.9, 1.21]"],
        ["requests a second, one after another", "1,042 [980, 1,100]", "-", "-"],
        ["most memory, MB", "612.3", "-", "-"],
        ["size on disk, MB", "0.41", "0.4", "-"],
    ]


def test_where_nothing_was_measured_it_says_why(census: ModuleType, write_run: Write) -> None:
    assert "There is no model to serve." in text(drawn(write_run(census.blocked_at_data())))


def test_a_task_that_did_not_run_is_told_of(census: ModuleType, write_run: Write) -> None:
    assert "infra-validator did not run, because trainer failed." in text(drawn(write_run(census.failed())))


def test_a_run_of_a_pipeline_without_it_says_nothing_of_it(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    del documents["infra"], documents["run"]["tasks"]["infra-validator"]
    folder = write_run(documents)
    assert (text(drawn(folder)), infra.summary(gather(folder))) == ("", "")


def test_figures_of_another_package_are_a_doubt(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    documents["infra"]["package"] = "sha256:" + "ab" * 32
    (said,) = contradictions(gather(write_run(documents)))
    assert "infra.json has abababababab" in said
