"""The component whole, on a snapshot on disk; TFDV reads what it wrote."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2

from benison.components.example_validator.parse import parse
from benison.components.example_validator.profile import profile, statistics
from benison.components.example_validator.run import run
from benison.components.example_validator.validate import anomalies, judge, unknown_shares
from benison.core import digests, documents
from benison.core.errors import ConfigError, DataError
from benison.core.examples import read_split
from benison.core.verdicts import Tier, Verdict

Cats = Callable[[int, int], pa.Table]

CENSUS = Path(__file__).resolve().parents[3] / "examples" / "census"


def ran(snapshot: Any, name: str = "out") -> dict[str, Any]:
    run(**snapshot.inputs(), **snapshot.outputs(name))
    content: dict[str, Any] = snapshot.read("checks", name)
    return content


def failed(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (check["name"], check["subject"], check["tier"]) for check in content["checks"] if check["verdict"] == "FAIL"
    ]


def test_a_first_snapshot_passes_and_says_that_there_is_no_champion(snapshot: Any) -> None:
    content = ran(snapshot)
    assert (content["verdict"], content["snapshot"]) == ("PASS", snapshot.digest)
    [undecided] = [check for check in content["checks"] if check["verdict"] != "PASS"]
    assert (undecided["name"], undecided["tier"], undecided["verdict"]) == ("drift", "soft", "INCONCLUSIVE")
    assert undecided["reason"] == "no champion to compare with"
    assert snapshot.read("validation") == {
        "kind": "validation", "format": 1, "verdict": "PASS", "snapshot": snapshot.digest, "blocked_by": [],
    }  # fmt: skip


def test_writes_what_tfdv_reads_and_says(snapshot: Any, schema_text: str) -> None:
    ran(snapshot)
    for split, artifact in (("train", "examples"), ("eval", "examples"), ("holdout", "holdout")):
        found = tfdv.load_stats_binary(str(snapshot.root / f"out/statistics/Split-{split}/FeatureStats.pb"))
        rows = read_split(snapshot.root / artifact, split)
        assert found == statistics(rows, parse(schema_text, "schema.pbtxt"))
        assert found.datasets[0].num_examples == len(rows)
        said = anomalies_pb2.Anomalies.FromString(
            (snapshot.root / f"out/anomalies/Split-{split}/SchemaDiff.pb").read_bytes()
        )
        assert said == tfdv.validate_statistics(found, parse(schema_text, "schema.pbtxt"))


def test_the_profile_is_that_of_train_with_its_label(snapshot: Any) -> None:
    ran(snapshot)
    content = snapshot.read("profile")
    kinds = {"weight": "numeric", "age": "numeric", "breed": "categorical", "adopted": "categorical"}
    assert (content["snapshot"], content["spans"], content["rows"]) == (snapshot.digest, [2], 600)
    assert content["features"] == profile(read_split(snapshot.root / "examples", "train"), kinds)


def test_equal_inputs_give_equal_bytes(snapshot: Any) -> None:
    ran(snapshot, "first")
    ran(snapshot, "second")
    assert digests.of_tree(snapshot.root / "first") == digests.of_tree(snapshot.root / "second")


def test_an_empty_split_blocks(snapshot: Any, cats: Cats) -> None:
    snapshot.rewrite("eval", cats(5, 1).slice(0, 0))
    content = ran(snapshot)
    assert (content["verdict"], failed(content)) == ("FAIL", [("rows", "split eval", "hard")])
    assert snapshot.read("validation")["blocked_by"] == [
        "split eval has 0 rows, at least 1 is needed",
        "split eval has no rows, so nothing could be held to the schema",
    ]


def test_nothing_but_empty_splits_still_gets_a_verdict(snapshot: Any, cats: Cats) -> None:
    for split in ("train", "eval", "holdout"):
        snapshot.rewrite(split, cats(5, 1).slice(0, 0))
    assert ran(snapshot)["verdict"] == "FAIL"
    assert snapshot.read("profile")["rows"] == 0


def test_a_label_of_one_class_blocks(snapshot: Any, cats: Cats) -> None:
    snapshot.rewrite("holdout", cats(200, 5).set_column(4, "adopted", pa.array(["no"] * 200)))
    assert failed(ran(snapshot)) == [("label_classes", "split holdout", "hard")]


def test_rows_of_train_in_holdout_block(snapshot: Any) -> None:
    snapshot.rewrite("holdout", read_split(snapshot.root / "examples", "train").slice(0, 200))
    assert failed(ran(snapshot)) == [("leakage", "train and holdout", "hard")]


def test_a_timestamp_is_listed_as_not_profiled(snapshot: Any, cats: Cats) -> None:
    for seed, (split, rows) in enumerate({"train": 600, "eval": 200, "holdout": 200}.items()):
        when = pa.array(range(rows)).cast(pa.timestamp("us"))
        snapshot.rewrite(split, cats(rows, seed).append_column("when", when))
    checks = [check for check in ran(snapshot)["checks"] if check["name"] == "profiled"]
    assert [check["reason"] for check in checks] == ["column when is not profiled: timestamp[us]"]


def keep(snapshot: Any, reference: str, profile: dict[str, Any]) -> None:
    """An entry of the history."""
    whole = {"kind": "profile", "format": 1, **profile}
    entry = {"snapshot": reference, "accepted_at": "2026-11-20T10:00:00Z", "profile": whole}
    path = snapshot.root / "history" / f"{digests.as_folder_name(reference)}.json"
    documents.write(path, "history_entry", entry)


def test_a_shift_against_the_champions_snapshot_warns_and_leaves_the_validation_as_it_was(
    snapshot: Any, cats: Cats
) -> None:
    ran(snapshot, "before")
    reference = digests.of_bytes(b"span 1")
    kinds = {"weight": "numeric", "age": "numeric", "breed": "categorical", "adopted": "categorical"}
    older = cats(2000, 9).set_column(1, "age", pa.array([age // 2 for age in cats(2000, 9)["age"].to_pylist()]))
    content = {"snapshot": reference, "spans": [1], "rows": 2000, "features": profile(older, kinds)}
    keep(snapshot, reference, content)
    snapshot.champion(reference)
    found = ran(snapshot, "after")
    assert (found["verdict"], failed(found)) == (
        "PASS",
        [("drift", "column age", "soft"), ("history_rows", "split train", "soft")],
    )
    assert digests.of_tree(snapshot.root / "before/validation") == digests.of_tree(snapshot.root / "after/validation")


def test_a_champion_whose_profile_is_not_in_the_history_is_said(snapshot: Any) -> None:
    reference = digests.of_bytes(b"long ago")
    snapshot.champion(reference)
    [undecided] = [check for check in ran(snapshot)["checks"] if check["verdict"] != "PASS"]
    assert undecided["verdict"] == "INCONCLUSIVE"
    assert undecided["reason"] == f"no champion to compare with: history has no profile of its snapshot {reference}"


def test_a_profile_under_another_snapshots_name_is_refused(snapshot: Any) -> None:
    reference, other = digests.of_bytes(b"span 1"), digests.of_bytes(b"span 0")
    content = {"snapshot": other, "spans": [7], "rows": 0, "features": {}}
    keep(snapshot, reference, content)
    snapshot.champion(reference)
    with pytest.raises(DataError, match=f"expected the profile of {reference}, got that of {other}"):
        ran(snapshot)


def test_examples_and_holdout_of_two_snapshots_are_refused(snapshot: Any) -> None:
    path = snapshot.root / "holdout" / "snapshot.json"
    content = documents.read(path, "snapshot")
    documents.write(path, "snapshot", {**content, "digest": digests.of_bytes(b"span 1")})
    with pytest.raises(DataError) as caught:
        ran(snapshot)
    assert str(caught.value) == (
        f"holdout: expected the snapshot of examples, {snapshot.digest}, got {digests.of_bytes(b'span 1')}"
        "\n\nhint: examples and holdout must come from one run of example_gen"
    )


def test_a_project_without_a_schema_is_refused(snapshot: Any) -> None:
    (snapshot.root / "bundle/project/schema.pbtxt").unlink()
    with pytest.raises(ConfigError) as caught:
        ran(snapshot)
    assert str(caught.value) == (
        "schema.pbtxt: expected a schema of the data in the project, got No such file or directory"
        "\n\nhint: name it under data.schema in benison.yaml; benison init DIR --data FILE --label COLUMN drafts one"
    )


def test_a_schema_that_is_not_text_is_refused(snapshot: Any) -> None:
    (snapshot.root / "bundle/project/schema.pbtxt").write_bytes(b"feature \xff")
    with pytest.raises(ConfigError, match=r"schema.pbtxt: expected UTF-8 text, got byte 0xff"):
        ran(snapshot)


@pytest.mark.parametrize("span", [1, 2, 3, 4])
def test_every_span_of_the_census_is_what_its_schema_says(span: int) -> None:
    options = csv.ConvertOptions(strings_can_be_null=True, null_values=[""])
    with gzip.open(CENSUS / "data" / f"span-{span}.csv.gz") as file:
        table = csv.read_csv(file, convert_options=options)
    schema = parse((CENSUS / "schema.pbtxt").read_text(), "schema.pbtxt")
    checks = judge("train", anomalies(statistics(table, schema), schema), unknown_shares(table, schema))
    assert [(check.tier, check.verdict) for check in checks] == [(Tier.HARD, Verdict.PASS)]
    assert [feature.name for feature in schema.feature] == table.column_names
