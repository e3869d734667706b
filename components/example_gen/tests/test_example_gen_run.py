"""The component as a pipeline calls it: files in, two artifacts out."""

import gzip
import inspect
import shutil
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.components.example_gen.component import example_gen
from benison.components.example_gen.run import run
from benison.core import digests
from benison.core.errors import ConfigError, DataError, StorageError
from benison.core.examples import binary_labels, read_split
from components.example_gen.tests.place import ROWS, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    for span in (1, 2, 3, 4):
        place.write(f"span-{span}.csv", ROWS[(span - 1) * 100 : span * 100])
    return place


def test_splits_partition_the_rows_of_the_window(place: Place) -> None:
    snapshot = place.run()
    ids = place.ids()
    assert sorted(chain(*ids.values())) == list(range(200, 400))
    assert all(part == sorted(part) for part in ids.values())
    assert snapshot["spans"] == [3, 4]
    assert {split: part["rows"] for split, part in snapshot["splits"].items()} == {s: len(ids[s]) for s in ids}


def test_the_holdout_is_in_its_own_artifact_alone(place: Place) -> None:
    place.run()
    assert {path.name for path in place.examples.iterdir()} == {"Split-train", "Split-eval", "snapshot.json"}
    assert {path.name for path in place.holdout.iterdir()} == {"Split-holdout", "snapshot.json"}


def test_the_snapshot_says_what_lies_there(place: Place) -> None:
    snapshot = place.run(span=2)
    for split, artifact in (("train", place.examples), ("eval", place.examples), ("holdout", place.holdout)):
        said = snapshot["splits"][split]
        labels = binary_labels(read_split(artifact, split), "y", positive="1", negative="0")
        assert (said["rows"], said["positives"]) == (len(labels), labels.sum())
        assert said["negatives"] == len(labels) - labels.sum()
        digests.verify_tree(artifact / f"Split-{split}", said["digest"])
    shutil.copytree(place.holdout / "Split-holdout", place.examples / "Split-holdout")
    (place.examples / "snapshot.json").unlink()
    digests.verify_tree(place.examples, snapshot["digest"])
    assert snapshot["sources"] == [
        {
            "span": span,
            "path": f"span-{span}.csv",
            "size": (place.folder / f"span-{span}.csv").stat().st_size,
            "digest": digests.of_file(place.folder / f"span-{span}.csv"),
            "rows": 100,
            "version": "",
            "query": None,
        }
        for span in (1, 2)
    ]
    assert snapshot["columns"] == [
        {"name": "age", "type": "int64"},
        {"name": "city", "type": "string"},
        {"name": "day", "type": "string"},
        {"name": "id", "type": "int64"},
        {"name": "y", "type": "string"},
    ]
    assert snapshot["label"] == {"column": "y", "positive": "1", "negative": "0"}
    assert snapshot["split_by"] == {
        "by": "hash",
        "key": ["age", "city", "day", "id", "y"],
        "time": "",
        "shares": [0.6, 0.2, 0.2],
    }


def test_the_same_data_is_the_same_snapshot_and_a_changed_value_another(place: Place) -> None:
    first = place.run()
    assert place.run() == first
    place.write("span-4.csv", [*ROWS[300:399], {**ROWS[399], "age": 1}])
    assert place.run()["digest"] != first["digest"]


def test_the_name_of_the_file_is_no_part_of_the_content(place: Place) -> None:
    first = place.run(span=2)
    for span in (1, 2):
        shutil.copy(place.folder / f"span-{span}.csv", place.folder / f"week-{span + 8:02d}.csv")
    second = place.run("week-{span:02d}.csv")
    assert second["spans"] == [9, 10]
    assert second["digest"] == first["digest"]


def test_a_row_keeps_its_split_whatever_the_window(tmp_path: Path) -> None:
    found: dict[int, set[str]] = {}
    for window in (1, 2, 4):
        place = Place(tmp_path, window=window)
        for span in (1, 2, 3, 4):
            place.write(f"span-{span}.csv", ROWS[(span - 1) * 100 : span * 100])
        for newest in (1, 2, 3, 4):
            place.run(span=newest)
            for split, ids in place.ids().items():
                for row in ids:
                    found.setdefault(row, set()).add(split)
    assert len(found) == 400
    assert all(len(splits) == 1 for splits in found.values())


def test_a_key_keeps_an_entity_together(tmp_path: Path) -> None:
    place = Place(tmp_path, splits={"by": "hash", "key": ["city", "age"]}, window=4)
    for span in (1, 2, 3, 4):
        place.write(f"span-{span}.csv", ROWS[(span - 1) * 100 : span * 100])
    assert place.run()["split_by"]["key"] == ["age", "city"]
    entities = {split: {(ROWS[n]["city"], ROWS[n]["age"]) for n in ids} for split, ids in place.ids().items()}
    assert sum(map(len, entities.values())) == len(set.union(*entities.values())) == 70


def test_by_time_the_newest_rows_are_the_holdout(tmp_path: Path) -> None:
    place = Place(tmp_path, splits={"by": "time", "time": "day"}, window=1)
    place.write("span-1.csv", ROWS[:120])
    assert place.run()["split_by"] == {"by": "time", "key": [], "time": "day", "shares": [0.6, 0.2, 0.2]}
    months = {split: {int(ROWS[n]["day"][5:7]) for n in ids} for split, ids in place.ids().items()}
    assert months == {"train": {1, 2, 3, 4, 5, 6, 7}, "eval": {8, 9, 10}, "holdout": {11, 12}}


def test_an_empty_split_is_written_and_counted(place: Place) -> None:
    place.write("span-4.csv", ROWS[:1] * 3)
    place = Place(place.folder, window=1)
    snapshot = place.run()
    assert sorted(part["rows"] for part in snapshot["splits"].values()) == [0, 0, 3]
    assert all(len(ids) in (0, 3) for ids in place.ids().values())


def test_one_file_without_a_number_is_span_one(tmp_path: Path) -> None:
    place = Place(tmp_path, path="all.csv.gz", window=1)
    place.write("all.csv", ROWS)
    (tmp_path / "all.csv.gz").write_bytes(gzip.compress((tmp_path / "all.csv").read_bytes()))
    snapshot = place.run("all.csv.gz")
    assert (snapshot["spans"], snapshot["sources"][0]["path"]) == ([1], "all.csv.gz")
    assert sum(map(len, place.ids().values())) == 400


def test_a_number_may_stand_in_a_folder_s_name(place: Place) -> None:
    for span in (1, 2):
        (place.folder / f"week-{span}").mkdir()
        shutil.copy(place.folder / f"span-{span}.csv", place.folder / f"week-{span}" / "rows.csv")
    (place.folder / "week-latest").mkdir()
    snapshot = place.run("week-{span}/rows.csv")
    assert [source["path"] for source in snapshot["sources"]] == ["week-1/rows.csv", "week-2/rows.csv"]


@pytest.mark.parametrize(
    ("pattern", "span", "message"),
    [
        ("span-{span}.csv", 9, "{folder}/span-{span}.csv: expected span 9, got none\n\nhint: there are spans 1 to 4"),
        (
            "part-{span}.csv",
            0,
            "{folder}/part-{span}.csv: expected a file, got none\n\nhint: the first would be {folder}/part-1.csv",
        ),
        ("spam-1.csv", 0, "{folder}/spam-1.csv: expected a file, got none\n\nhint: did you mean span-1.csv?"),
        (
            "span-1.csv",
            2,
            "{folder}/span-1.csv: expected span 1, or 0, where the path has no {span}, got span 2\n\n"
            "hint: put {span} into data.path where the number stands",
        ),
    ],
)
def test_data_that_is_not_there_is_an_error_and_nothing_is_written(
    place: Place, pattern: str, span: int, message: str
) -> None:
    with pytest.raises(DataError) as error:
        place.run(pattern, span)
    assert str(error.value) == message.replace("{folder}", str(place.folder))
    assert not place.examples.exists()
    assert not place.holdout.exists()


@pytest.mark.parametrize(
    ("rows", "data", "message"),
    [
        (
            [{**row, "y": "1.O" if n % 3 == 2 else "" if n < 6 else row["y"]} for n, row in enumerate(ROWS)],
            {},
            "span-1.csv, label column 'y', row 3: expected '1' or '0', got '1.O'\n\n"
            "hint: no row has '1', which benison.yaml names under label:",
        ),
        (
            [{"id": 1, "age": 1, "city": "a", "yy": 1}],
            {},
            "span-1.csv: expected a column 'y', which benison.yaml names under label, got none\n\n"
            "hint: did you mean yy?",
        ),
        (
            ROWS,
            {"splits": {"by": "hash", "key": ["idd"]}},
            "span-1.csv: expected a column 'idd', which benison.yaml names under data.splits, got none\n\n"
            "hint: did you mean id?",
        ),
        (
            ROWS,
            {"splits": {"by": "time", "time": "date"}},
            "span-1.csv: expected a column 'date', which benison.yaml names under data.splits, got none\n\n"
            "hint: known here: age, city, day, id, y",
        ),
        (
            ROWS,
            {"splits": {"by": "time", "time": "city"}},
            "span-1.csv, row 1, column 'city': expected an ISO 8601 time such as 2026-11-20 or 2026-11-20T14:30:00Z, "
            "or a number, got 'c0'",
        ),
    ],
)
def test_rows_that_cannot_be_used_are_an_error_and_nothing_is_written(
    tmp_path: Path, rows: list[dict[str, Any]], data: dict[str, Any], message: str
) -> None:
    place = Place(tmp_path, window=1, **data)
    place.write("span-1.csv", rows)
    with pytest.raises(DataError) as error:
        place.run()
    assert str(error.value) == message
    assert {path.name for path in tmp_path.iterdir()} == {"bundle", "span-1.csv"}


def test_the_second_span_of_a_window_is_named_with_its_own_rows(tmp_path: Path) -> None:
    place = Place(tmp_path, splits={"by": "time", "time": "day"})
    place.write("span-1.csv", ROWS[:100])
    place.write("span-2.csv", [*ROWS[:2], {**ROWS[2], "day": "soon"}])
    with pytest.raises(DataError, match=r"^span-2\.csv, row 3, column 'day': expected an ISO 8601 time"):
        place.run()


def test_rows_without_a_known_label_stay_in_and_are_counted_as_neither(place: Place) -> None:
    labels: list[Any] = ["", 7, 0, 1, *[0] * 16]
    place.write("span-4.csv", [{**row, "y": label} for row, label in zip(ROWS[:20], labels, strict=True)])
    splits = Place(place.folder, window=1).run()["splits"].values()
    assert [sum(part[what] for part in splits) for what in ("rows", "positives", "negatives")] == [20, 1, 17]


def test_a_span_is_a_range_of_rows_in_every_split(tmp_path: Path) -> None:
    place = Place(tmp_path, window=3)
    sizes = {1: 40, 2: 90, 3: 10}
    for span, size in sizes.items():
        place.write(f"span-{span}.csv", [{**row, "id": 1000 * span + row["id"]} for row in ROWS[:size]])
    snapshot = place.run()
    for split, ids in place.ids().items():
        said = snapshot["splits"][split]["spans"]
        assert [one["span"] for one in said] == [1, 2, 3]
        assert [number // 1000 for number in ids] == [one["span"] for one in said for _ in range(one["rows"])]
    rows = {span: sum(part["spans"][span - 1]["rows"] for part in snapshot["splits"].values()) for span in sizes}
    assert rows == sizes


def test_a_window_of_folders_of_parquet_is_the_same_snapshot_as_one_of_files(tmp_path: Path) -> None:
    place = Place(tmp_path)
    types = {"id": pa.int64(), "age": pa.int64(), "city": pa.string(), "day": pa.string(), "y": pa.string()}
    for span in (1, 2):
        rows = [{**row, "y": str(row["y"])} for row in ROWS[(span - 1) * 100 : span * 100]]
        place.write(f"span-{span}.csv", rows)
        table = pa.Table.from_pylist(rows, pa.schema(list(types.items())))
        (tmp_path / f"week-{span}").mkdir()
        for part, (start, end) in enumerate([(0, 30), (30, 31), (31, 100)]):
            pq.write_table(table[start:end], tmp_path / f"week-{span}" / f"part-{part}.parquet", row_group_size=7)
    whole = place.run()
    parts = Place(tmp_path, path="week-{span}", format="parquet").run()
    assert [(source["span"], source["path"], source["rows"]) for source in parts["sources"]] == [
        (span, f"week-{span}/part-{part}.parquet", rows) for span in (1, 2) for part, rows in enumerate([30, 1, 69])
    ]
    assert {**parts, "sources": []} == {**whole, "sources": []}


def test_nothing_is_left_beside_the_artifacts(place: Place) -> None:
    place.run()
    assert not [path for path in place.folder.iterdir() if path.name.startswith(".")]


def test_a_second_run_into_the_same_folders_leaves_nothing_of_the_first(place: Place) -> None:
    (place.examples / "Split-train").mkdir(parents=True)
    (place.examples / "Split-train" / "data-00007.parquet").write_bytes(b"old")
    first = place.run()
    place.run(span=2, clean=False)
    assert place.run(clean=False) == first
    digests.verify_tree(place.examples / "Split-train", first["splits"]["train"]["digest"])


def test_an_artifact_that_cannot_be_written_is_an_error(place: Place) -> None:
    place.examples = place.folder / "span-1.csv" / "examples"
    with pytest.raises(StorageError, match="expected a folder with room that can be written, got a file in the place"):
        place.run()


def test_the_component_hands_over_what_run_takes() -> None:
    assert set(inspect.signature(run).parameters) == set(inspect.signature(example_gen.python_func).parameters)


def test_a_slice_on_an_unknown_column_is_told_before_anything_is_trained(place: Place) -> None:
    place.slice_by("ctiy")
    with pytest.raises(ConfigError, match=r"got 'ctiy'\n\nhint: did you mean city\?"):
        place.run()
    assert not place.examples.exists()
