"""The oracle: what one machine measures of the same rows."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from benison.components.example_validator import beam
from benison.components.example_validator.cells import split_cells
from benison.components.example_validator.measure import Asked, measure, types_held
from benison.components.example_validator.parse import parse
from benison.components.example_validator.run import run
from benison.core.examples import split_files
from components.example_validator.tests.alike import assert_alike


@pytest.mark.slow
def test_statistics_by_beam_are_those_of_one_machine(
    snapshot: Any, schema_text: str, tmp_path: Path, cats: Any
) -> None:
    snapshot.rewrite("train", cats(700, 3), {1: 300, 2: 400})
    folder = snapshot.root / "examples"
    columns = pq.read_schema(split_files(folder, "train")[0]).remove_metadata()
    cells = [cell for _, cell in split_cells(folder, "train", [(1, 300), (2, 400)])]
    asked = Asked(columns, parse(schema_text, "schema.pbtxt"))
    found = beam.statistics(cells, types_held(cells, asked), asked.schema, ["--runner=DirectRunner"], tmp_path / "beam")
    ours = dict(measure(cells, asked, workers=1))
    assert set(found) == set(ours) == {"split train", "span 1", "span 2"}
    for group, one in ours.items():
        assert_alike(one.statistics, found[group])


@pytest.mark.slow
def test_a_project_can_ask_for_beam(snapshot: Any) -> None:
    run(**snapshot.inputs(), **snapshot.outputs("memory"))
    project = snapshot.root / "bundle/project/benison.yaml"
    project.write_text(project.read_text() + "validation: {engine: beam, beam_options: [--runner=DirectRunner]}\n")
    run(**snapshot.inputs(), **snapshot.outputs("beam"))
    assert snapshot.read("checks", "beam") == snapshot.read("checks", "memory")
    assert snapshot.read("profile", "beam") == snapshot.read("profile", "memory")
    assert sorted(path.name for path in (snapshot.root / "beam/statistics").iterdir()) == [
        "Span-2", "Split-eval", "Split-holdout", "Split-train", "profile.json",
    ]  # fmt: skip
    assert [path.name for path in (snapshot.root / "beam").iterdir() if path.name.startswith(".")] == []
