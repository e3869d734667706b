"""The oracle is the rows themselves: Python's own sets of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.components.trainer.run import run
from benison.core import documents, key_sets
from benison.core.errors import DataError
from benison.core.key_sets import TrainedOn
from benison.sources.keys import content_keys
from benison.sources.trained_on import trained_on
from components.trainer.tests.conftest import visits


def write(root: Path, split: str, *tables: pa.Table) -> None:
    folder = root / f"Split-{split}"
    folder.mkdir(parents=True)
    for number, table in enumerate(tables):
        pq.write_table(table, folder / f"data-{number:05d}.parquet")


def as_rows(*tables: pa.Table) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for table in tables for row in table.to_pylist()]


def test_holds_the_rows_of_train_and_eval_and_no_others(tmp_path: Path) -> None:
    one, two, held = visits(300, 1), visits(200, 2), visits(100, 3)
    write(tmp_path, "train", one, two, one[:50])
    write(tmp_path, "eval", held)
    found = trained_on(tmp_path, (), tmp_path / "keys")
    assert found.entities is None
    assert found.rows.columns == tuple(one.column_names)
    assert (found.rows.rows, found.rows.left_out) == (650, 0)
    assert found.rows.keys == len(set(as_rows(one, two, held)))
    keys = set(key_sets.read(found.rows, tmp_path / "keys").tolist())
    assert keys >= set(content_keys(held, held.column_names).tolist())
    assert not keys & set(content_keys(visits(500, 4), held.column_names).tolist())


def test_holds_the_entities_that_are_named_and_leaves_out_rows_that_name_none(tmp_path: Path) -> None:
    train, held = visits(300, 1), visits(100, 2)
    write(tmp_path, "train", train)
    write(tmp_path, "eval", held)
    found = trained_on(tmp_path, ("city", "age"), tmp_path / "keys").entities
    named = [(row["city"], row["age"]) for row in [*train.to_pylist(), *held.to_pylist()]]
    whole = [pair for pair in named if None not in pair]
    assert found is not None
    assert found.columns == ("city", "age")
    assert (found.rows, found.left_out, found.keys) == (len(whole), 400 - len(whole), len(set(whole)))


def test_an_entity_that_the_data_lack_is_not_recorded(tmp_path: Path) -> None:
    for split in ("train", "eval"):
        write(tmp_path, split, visits(10, 1))
    assert trained_on(tmp_path, ("city", "user"), tmp_path / "keys").entities is None


def test_a_split_that_is_not_there_is_named(tmp_path: Path) -> None:
    write(tmp_path, "train", visits(10, 1))
    with pytest.raises(DataError, match=r"Split-eval: expected Parquet files, got none"):
        trained_on(tmp_path, (), tmp_path / "keys")


def test_rows_are_the_same_however_they_lie_in_files(tmp_path: Path) -> None:
    table, held = visits(400, 1), visits(50, 2)
    for name, parts in (("one", [table]), ("other", [table[200:], table[:200]])):
        write(tmp_path / name, "train", *parts)
        write(tmp_path / name, "eval", held)
    found = [trained_on(tmp_path / name, (), tmp_path / name / "keys") for name in ("one", "other")]
    assert found[0] == found[1]


@pytest.mark.slow
def test_a_training_leaves_it_beside_its_package(make_task: Callable[..., Any], tmp_path: Path) -> None:
    settings = "data: {path: visits.csv, splits: {key: [city]}}"
    task = make_task(tmp_path, epochs=1)
    path = task.bundle / "project" / "benison.yaml"
    path.write_text(path.read_text().replace("data: {path: visits.csv}", settings))
    run(**task.folders)
    said = TrainedOn.from_json(documents.read(task.model / "training.json", "training")["trained_on"])
    seen = set(as_rows(*(pq.read_table(task.examples / f"Split-{split}") for split in ("train", "eval"))))
    assert (said.rows.rows, said.rows.keys) == (550, len(seen))
    assert said.entities is not None
    assert (said.entities.columns, said.entities.keys) == (("city",), 4)
    folder = key_sets.beside(task.model / "Format-Serving")
    assert [len(key_sets.read(one, folder)) for one in said.key_sets] == [len(seen), 4]
    assert all(np.all(np.diff(key_sets.read(one, folder)) > 0) for one in said.key_sets)
