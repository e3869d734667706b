"""What comes along for the validator alone: reference tables, serving examples, the moment of reading."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from benison.core import digests, documents
from benison.core.errors import DataError
from components.example_gen.tests.place import ROWS, Place


def referring(place: Path, **data: Any) -> Place:
    """A project with a table of cities."""
    keys = [{"columns": ["city"], "table": "cities", "references": ["name"]}]
    return Place(place, validation={"foreign_keys": keys}, references={"cities": "cities.csv", "idle": "x.csv"}, **data)


def test_the_columns_that_foreign_keys_name_come_along_for_the_validator(tmp_path: Path) -> None:
    place = referring(tmp_path, path="span-1.csv")
    place.write("span-1.csv", ROWS)
    place.write("cities.csv", [{"people": 7, "name": f"c{n}"} for n in range(4)])
    place.run()
    context = documents.read(place.references / "context.json", "references")
    assert {path.name for path in place.references.iterdir()} == {"Table-cities", "context.json"}
    assert pq.read_table(place.references / "Table-cities" / "data.parquet").to_pydict() == {
        "name": ["c0", "c1", "c2", "c3"]
    }
    assert (context["read_at"], context["serving"], list(context["tables"])) == (None, None, ["cities"])
    table = context["tables"]["cities"]
    digests.verify_tree(place.references / "Table-cities", table["digest"])
    assert (table["rows"], table["sources"][0]["path"]) == (4, "cities.csv")


def test_a_column_that_the_table_does_not_have_is_told(tmp_path: Path) -> None:
    place = referring(tmp_path, path="span-1.csv")
    place.write("span-1.csv", ROWS)
    place.write("cities.csv", [{"people": 7, "nane": "c1"}])
    with pytest.raises(
        DataError, match=r"cities\.csv: expected a column 'name', got none\n\nhint: did you mean nane\?"
    ):
        place.run()
    assert not place.examples.exists()


def test_serving_examples_come_along_with_the_types_of_the_features_and_without_a_label(tmp_path: Path) -> None:
    place = Place(tmp_path, path="span-1.csv", serving={"path": "served/*.jsonl"})
    place.write("span-1.csv", ROWS)
    (tmp_path / "served").mkdir()
    for number in (1, 2):
        lines = [json.dumps({"city": number, "age": 30 + number}) + "\n"] * number
        (tmp_path / "served" / f"{number}.jsonl").write_text("".join(lines))
    place.run()
    serving = documents.read(place.references / "context.json", "references")["serving"]
    found = pq.read_table(place.references / "Serving" / "data.parquet").to_pydict()
    assert found == {"age": [31, 32, 32], "city": ["1", "2", "2"]}
    assert (serving["rows"], len(serving["sources"])) == (3, 2)


def test_the_moment_of_reading_is_kept_only_where_freshness_is_asked(tmp_path: Path) -> None:
    for asked in ({}, {"freshness": {"max_age": "3d"}}):
        place = Place(tmp_path, validation=asked, path="span-1.csv", time="day")
        place.write("span-1.csv", ROWS)
        place.run()
        read_at = documents.read(place.references / "context.json", "references")["read_at"]
        assert (read_at is not None) == bool(asked)
    assert abs(datetime.now(UTC) - datetime.fromisoformat(read_at)) < timedelta(minutes=10)
