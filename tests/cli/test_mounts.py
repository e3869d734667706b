"""What containers see of a project: its folder, and the data beside it."""

from pathlib import Path

import pytest

from benison.cli import project as projects
from benison.cli.mounts import mounts_of
from tests.pipelines import small_project


@pytest.mark.parametrize("path", ["../data/span-{span}.csv", "{root}/data/span-{span}.csv"])
def test_data_outside_of_the_project_are_mounted_however_they_are_named(tmp_path: Path, path: str) -> None:
    small_project.make(tmp_path / "shop")
    (tmp_path / "data").mkdir()
    file = tmp_path / "shop" / "benison.yaml"
    said = path.replace("{root}", str(tmp_path))
    file.write_text(file.read_text().replace("data/span-{span}.csv", f'"{said}"'))
    assert tmp_path / "data" in mounts_of(projects.find(tmp_path / "shop")).read
