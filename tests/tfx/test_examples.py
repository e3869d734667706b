"""What TFX's ExampleGen wrote, read as a snapshot; the oracle is the rows that were written."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benison import config as configuration
from benison.core.errors import ConfigError, DataError
from benison.core.examples import read_split
from benison.tfx.asked import Artifact
from benison.tfx.examples import Snapshot, require_references, snapshot_of
from tests.tfx.shop import examples, project, rows, splits


def read(tmp_path: Path, *artifacts: Artifact, holdout: str = "holdout", name: str = "read") -> Snapshot:
    folder = tmp_path / "project"
    folder = folder if folder.exists() else project(folder)
    return snapshot_of(artifacts, configuration.read(folder), folder, holdout, tmp_path / name)


def as_kept(rows: Any) -> list[dict[str, Any]]:
    """Rows as a snapshot keeps them: the label is text."""
    return [{**row, "bought": str(row["bought"])} for row in rows]


def test_every_row_is_there_in_its_split_and_order_with_what_is_missing(tmp_path: Path) -> None:
    written = splits()
    found = read(tmp_path, examples(tmp_path / "examples", written))
    for split, folder in (("train", found.examples), ("eval", found.examples), ("holdout", found.holdout)):
        table = read_split(folder, split)
        assert table.select(["age", "city", "order", "bought"]).to_pylist() == as_kept(written[split])
    assert not (found.examples / "Split-holdout").exists()
    assert {split: part["rows"] for split, part in found.document["splits"].items()} == {
        split: len(some) for split, some in written.items()
    }
    assert found.document["split_by"]["by"] == "given"
    assert found.document["split_by"]["shares"] == [pytest.approx(len(some) / 1100) for some in written.values()]


def test_the_same_rows_are_the_same_snapshot_wherever_they_lie(tmp_path: Path) -> None:
    one, two = (read(tmp_path, examples(tmp_path / name, splits()), name=f"read {name}") for name in ("a", "b"))
    other = read(tmp_path, examples(tmp_path / "c", {**splits(), "holdout": rows(4, 300)}), name="read c")
    assert one.document == two.document
    assert one.document["digest"] != other.document["digest"]


def test_float32_is_read_as_it_was_kept(tmp_path: Path) -> None:
    written = {split: [{**row, "age": 0.1} for row in some] for split, some in splits().items()}
    found = read(tmp_path, examples(tmp_path / "examples", written))
    assert set(read_split(found.examples, "train")["age"].to_pylist()) == {0.10000000149011612}


def test_several_artifacts_are_the_spans_of_a_window(tmp_path: Path) -> None:
    older = examples(tmp_path / "older", {split: rows(seed, 50) for seed, split in enumerate(splits(), 5)}, span=3)
    newer = examples(tmp_path / "newer", splits(), span=4)
    found = read(tmp_path, newer, older)
    assert found.document["spans"] == [3, 4]
    assert found.document["splits"]["train"]["spans"] == [{"span": 3, "rows": 50}, {"span": 4, "rows": 600}]
    assert read_split(found.examples, "train")["order"].to_pylist()[50] == 1_000_000


def test_a_holdout_may_have_another_name(tmp_path: Path) -> None:
    written = splits()
    found = read(
        tmp_path,
        examples(tmp_path / "examples", {"test" if k == "holdout" else k: v for k, v in written.items()}),
        holdout="test",
    )
    assert read_split(found.holdout, "holdout")["order"].to_pylist() == [row["order"] for row in written["holdout"]]


@pytest.mark.parametrize("split", ["train", "eval"])
def test_a_split_that_training_looks_at_is_no_holdout(tmp_path: Path, split: str) -> None:
    message = f"parameter 'holdout': expected a split that training never looks at, got '{split}', which the Trainer is"
    with pytest.raises(ConfigError, match=re.escape(message)):
        read(tmp_path, examples(tmp_path / "examples", splits()), holdout=split)


def test_examples_without_a_holdout_are_told_how_to_get_one(tmp_path: Path) -> None:
    artifact = examples(tmp_path / "examples", {split: some for split, some in splits().items() if split != "holdout"})
    with pytest.raises(
        DataError, match=r"(?s)examples: expected a split 'holdout', got splits train, eval\n\nhint: .*hash_buckets=6"
    ):
        read(tmp_path, artifact)


def test_a_split_that_no_row_fell_into_is_told_as_that(tmp_path: Path) -> None:
    artifact = examples(tmp_path / "examples", splits())
    (artifact.path / "Split-holdout" / "data_tfrecord-00000-of-00001.gz").unlink()
    with pytest.raises(DataError, match="hint: ExampleGen cut it, but no row fell into it"):
        read(tmp_path, artifact)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [("payload_format", "FORMAT_PARQUET", "FORMAT_TF_EXAMPLE"), ("file_format", "tfrecords", "tfrecords_gzip")],
)
def test_what_is_no_tfrecord_of_examples_is_refused(tmp_path: Path, name: str, value: str, wanted: str) -> None:
    artifact = examples(tmp_path / "examples", splits())
    artifact = replace(artifact, properties={**artifact.properties, name: value})
    with pytest.raises(DataError, match=re.escape(f"examples ({name}): expected {wanted}, got {value}")):
        read(tmp_path, artifact)


def test_a_span_that_comes_twice_is_refused(tmp_path: Path) -> None:
    artifact = examples(tmp_path / "examples", splits(), span=2)
    with pytest.raises(DataError, match="input 'examples': expected one artifact for each span, got span 2 twice"):
        read(tmp_path, artifact, artifact)


def test_no_examples_at_all_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="input 'examples': expected an artifact, got none"):
        read(tmp_path)


def test_a_label_that_no_row_has_is_told(tmp_path: Path) -> None:
    written = {split: [{**row, "bought": "yes"} for row in some] for split, some in splits().items()}
    with pytest.raises(DataError, match="label column 'bought', row 1: expected '1' or '0', got 'yes'"):
        read(tmp_path, examples(tmp_path / "examples", written))


def test_what_rows_are_held_against_must_have_been_read(tmp_path: Path) -> None:
    found = read(tmp_path, examples(tmp_path / "examples", splits()))
    folder = tmp_path / "project"
    require_references(configuration.read(folder), found)
    text = (folder / "benison.yaml").read_text()
    (folder / "benison.yaml").write_text(
        text.replace("shop.csv}", "shop.csv, serving: seen.csv}").replace(
            "serving: seen.csv", "serving: {path: seen.csv}"
        )
    )
    message = "benison.yaml (data.serving): expected examples with what it names, got rows alone, as TFX's ExampleGen"
    with pytest.raises(ConfigError, match=re.escape(message)):
        require_references(configuration.read(folder), found)
