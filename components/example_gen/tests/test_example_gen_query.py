"""The component over a query: what it asked is in the snapshot, and the same question gives the same snapshot."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from benison.components.example_gen.run import run
from benison.core import digests, documents
from benison.core.errors import DataError
from components.example_gen.tests.place import CONFIG, ROWS, Place

SQL = """-- people of a span with their city's size
select people.*, cities.size
from people join cities using (city)
where id >= ($span - 1) * $step and id < $span * $step
"""
QUERY = {
    "file": "people.sql",
    "tables": {"people": "people-*.csv", "cities": {"path": "cities.jsonl"}},
    "parameters": {"step": 100},
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.write("people-1.csv", ROWS[:250])
    place.write("people-2.csv", ROWS[250:])
    sizes = [json.dumps({"city": f"c{number}", "size": number * 1000}) for number in range(5)]
    (tmp_path / "cities.jsonl").write_text("\n".join(sizes))
    (tmp_path / "bundle" / "project" / "people.sql").write_text(SQL)
    config = {**CONFIG, "data": {"query": QUERY, "window": 2}}
    (tmp_path / "bundle" / "project" / "benison.yaml").write_text(json.dumps(config))
    return place


def asked(place: Place, span: int) -> dict[str, Any]:
    artifacts = {"examples": place.examples, "holdout": place.holdout, "references": place.references}
    for artifact in artifacts.values():
        shutil.rmtree(artifact, ignore_errors=True)
    run(data_root=str(place.folder), span=span, bundle=place.folder / "bundle", **artifacts)
    return documents.read(place.examples / "snapshot.json", "snapshot")


def test_the_rows_of_a_window_are_those_that_the_query_gives(place: Place) -> None:
    snapshot = asked(place, 3)
    assert snapshot["spans"] == [2, 3]
    assert sorted(number for ids in place.ids().values() for number in ids) == list(range(100, 300))


def test_the_snapshot_says_what_was_asked_of_what(place: Place) -> None:
    newest = asked(place, 3)["sources"][1]
    assert (newest["span"], newest["path"], newest["rows"]) == (3, "people.sql", 100)
    query = newest["query"]
    assert (query["engine"], query["sql"], query["parameters"]) == ("duckdb", SQL, {"span": 3, "step": 100})
    files = [(table["name"], file["path"], file["digest"]) for table in query["tables"] for file in table["files"]]
    assert files == [
        (table, name, digests.of_file(place.folder / name))
        for table, name in (("people", "people-1.csv"), ("people", "people-2.csv"), ("cities", "cities.jsonl"))
    ]


def test_the_same_question_gives_the_same_snapshot(place: Place) -> None:
    assert asked(place, 3) == asked(place, 3)


def test_a_query_that_could_not_be_asked_again_is_refused(place: Place) -> None:
    (place.folder / "bundle" / "project" / "people.sql").write_text(f"{SQL} and random() < 0.5")
    with pytest.raises(DataError, match="expected a query that gives the same rows tomorrow"):
        asked(place, 3)
