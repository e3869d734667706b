"""What example_gen hands on, and what becomes of it: folders of Parquet, labels that nobody knows."""

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison import cli
from benison.core.documents import read
from benison.core.examples import read_split

sys.path.insert(0, str(Path(__file__).parent))
import small_project


def leave(project: Path, span: int) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main(["run", str(project), "--span", str(span)])
    assert isinstance(left.value.code, int)
    return left.value.code


def artifact(project: Path, task: str, name: str) -> Path:
    """Of the newest run."""
    run: dict[str, Any] = json.loads(sorted((project / "runs").glob("*/run.json"))[-1].read_text())
    return project / "runs" / str(run["tasks"][task]["outputs"][name]["path"])


def change(project: Path, name: str, old: str, new: str) -> None:
    text = (project / name).read_text()
    assert old in text
    (project / name).write_text(text.replace(old, new))


@pytest.mark.slow
def test_a_window_of_folders_of_parquet_goes_all_the_way(tmp_path: Path) -> None:
    project = small_project.make(tmp_path / "project")
    change(project, "benison.yaml", "path: data/span-{span}.csv", "path: data/week-{span}\n  format: parquet")
    for span in (1, 2):
        rows = [{**row, "age": int(row["age"])} for row in small_project.rows(span)]
        (project / "data" / f"week-{span}").mkdir()
        for part in range(3):
            path = project / "data" / f"week-{span}" / f"part-{part}.parquet"
            pq.write_table(pa.Table.from_pylist(rows[part::3]), path)
    assert leave(project, 2) == 0
    snapshot = read(artifact(project, "example-gen", "examples") / "snapshot.json", "snapshot")
    assert (snapshot["spans"], len(snapshot["sources"])) == ([1, 2], 6)
    train = snapshot["splits"]["train"]
    orders = read_split(artifact(project, "example-gen", "examples"), "train", ["order"])["order"].to_pylist()
    spans = [one["span"] for one in train["spans"] for _ in range(one["rows"])]
    assert [int(order.partition("-")[0]) for order in orders] == spans


def without_labels(project: Path, every: int) -> None:
    rows = small_project.rows(1)
    for row in rows[::every]:
        row["bought"] = ""
    small_project.write_csv(project / "data" / "span-1.csv", rows)


@pytest.mark.slow
def test_rows_without_a_label_block_the_training(tmp_path: Path) -> None:
    project = small_project.make(tmp_path / "project")
    without_labels(project, every=10)
    assert leave(project, 1) == 1
    assert (artifact(project, "trainer", "model") / "not_trained.json").is_file()
    blessing = read(artifact(project, "pusher", "blessing") / "blessing.json", "blessing")
    assert any("label" in reason for reason in blessing["reasons"])


@pytest.mark.slow
def test_rows_without_a_label_that_are_allowed_are_used_by_nobody(tmp_path: Path) -> None:
    project = small_project.make(tmp_path / "project")
    without_labels(project, every=10)
    change(project, "benison.yaml", "label: {", "validation: {label: {missing: 0.2}}\nlabel: {")
    always = "type: BYTES presence { min_fraction: 1 min_count: 1 } shape { dim { size: 1 } }"
    change(project, "schema.pbtxt", f'"bought" {always}', '"bought" type: BYTES presence { min_count: 1 }')
    assert leave(project, 1) == 0
    splits = read(artifact(project, "example-gen", "examples") / "snapshot.json", "snapshot")["splits"]
    known = {split: part["positives"] + part["negatives"] for split, part in splits.items()}
    assert all(known[split] < part["rows"] for split, part in splits.items())
    training = read(artifact(project, "trainer", "model") / "training.json", "training")
    evaluation = read(artifact(project, "evaluator", "evaluation") / "evaluation.json", "evaluation")
    assert training["rows"] == {"train": known["train"], "eval": known["eval"]}
    assert evaluation["holdout"]["rows"] == known["holdout"]
