from __future__ import annotations

from pathlib import Path

import pytest

from benison.core.errors import DataError
from benison.registry.registry import Registry
from benison.tfx.fingerprints import fingerprint
from benison.tfx.registries import standing
from tests.tfx.shop import project


def of(tmp_path: Path, path: str = "shop.csv", more: str = "", span: int = 0) -> str:
    folder = tmp_path / "project"
    text = (folder if folder.exists() else project(folder)) / "benison.yaml"
    text.write_text(text.read_text().replace("path: shop.csv", f"path: {path}{more}"))
    return fingerprint(folder, str(tmp_path), span)


def test_it_is_of_the_bytes_and_not_of_the_time(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text("age\n1\n")
    before = of(tmp_path)
    (tmp_path / "shop.csv").write_text("age\n1\n")
    assert of(tmp_path) == before
    (tmp_path / "shop.csv").write_text("age\n2\n")
    assert of(tmp_path) != before


def test_a_new_span_is_other_data_and_an_older_one_is_not(tmp_path: Path) -> None:
    for span in (1, 2):
        (tmp_path / f"week-{span}.csv").write_text(f"age\n{span}\n")
    newest, second = of(tmp_path, "'week-{span}.csv'"), of(tmp_path, span=2)
    assert newest == second
    (tmp_path / "week-3.csv").write_text("age\n3\n")
    assert of(tmp_path) != newest
    assert of(tmp_path, span=2) == second


def test_of_a_query_nobody_can_tell(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text("age\n1\n")
    assert of(tmp_path, more=", serving: {path: shop.csv}") != of(tmp_path)


def test_data_that_are_not_there_are_told_as_the_pipeline_is_defined(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"shop\.csv: expected a file, got none"):
        of(tmp_path)


def test_a_log_that_has_grown_is_another_standing(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    assert standing(str(tmp_path / "registry"), folder) == "0"
    Registry.create(str(tmp_path / "registry"), "shop")
    assert standing(str(tmp_path / "registry"), folder) == "0"
