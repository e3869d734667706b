"""The component whole, on a snapshot on disk; TFDV reads what it wrote."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2

from benison.components.example_validator.measure import Asked, Cell, Measured, measure
from benison.components.example_validator.parse import parse
from benison.components.example_validator.run import run
from benison.components.example_validator.schema import Held, anomalies, judge
from benison.config import Label
from benison.config.validation import SchemaRules
from benison.core import digests, documents
from benison.core.errors import ConfigError, DataError
from benison.core.examples import read_split
from benison.core.profiles import Profile
from benison.core.verdicts import Tier, Verdict
from components.example_validator.tests.alike import assert_alike

Cats = Callable[[int, int], pa.Table]

NO_SPAN_BEFORE = "no span before to compare with: accepted runs leave one, and data.window: 2 reads one"
NO_SPAN = "span 2 has 1,000 rows; there is no past span to compare with; accepted snapshots become the past"
NO_HISTORY = "all columns: too little history, 0 comparable spans; 5 comparable spans are needed to judge"
PLACES = (("train", "examples"), ("eval", "examples"), ("holdout", "holdout"))
CENSUS = Path(__file__).resolve().parents[3] / "examples" / "census"


def ran(snapshot: Any, name: str = "out") -> dict[str, Any]:
    run(**snapshot.inputs(), **snapshot.outputs(name))
    content: dict[str, Any] = snapshot.read("checks", name)
    return content


def looked_at(table: pa.Table, schema: Any = None) -> Measured:
    """Rows measured in one go."""
    label = Label("adopted", "yes", "no")
    cell = Cell(("rows",), lambda: iter(table.combine_chunks().to_batches()))
    [(_, found)] = measure([cell], Asked(table.schema, schema, label), workers=1)
    return found


def undecided(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (check["name"], check["tier"], check["reason"])
        for check in content["checks"]
        if check["verdict"] == "INCONCLUSIVE"
    ]


def failed(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (check["name"], check["subject"], check["tier"]) for check in content["checks"] if check["verdict"] == "FAIL"
    ]


def test_a_first_snapshot_passes_and_says_that_there_is_no_champion(snapshot: Any) -> None:
    content = ran(snapshot)
    assert (content["verdict"], content["snapshot"]) == ("PASS", snapshot.digest)
    assert failed(content) == []
    assert undecided(content) == [
        ("volume", "soft", NO_SPAN),
        (
            "drift_from_previous",
            "soft",
            NO_SPAN_BEFORE,
        ),
        ("drift_from_champion", "soft", "no champion to compare with"),
        ("history", "soft", NO_HISTORY),
    ]
    assert snapshot.read("validation") == {
        "kind": "validation", "format": 1, "verdict": "PASS", "snapshot": snapshot.digest, "blocked_by": [],
    }  # fmt: skip


def test_writes_what_tfdv_reads_and_says(snapshot: Any, schema_text: str) -> None:
    ran(snapshot)
    for split, artifact in PLACES:
        found = tfdv.load_stats_binary(str(snapshot.root / f"out/statistics/Split-{split}/FeatureStats.pb"))
        rows = read_split(snapshot.root / artifact, split)
        assert_alike(found, looked_at(rows, parse(schema_text, "schema.pbtxt")).statistics)
        assert found.datasets[0].num_examples == len(rows)
        said = anomalies_pb2.Anomalies.FromString(
            (snapshot.root / f"out/anomalies/Split-{split}/SchemaDiff.pb").read_bytes()
        )
        assert said == tfdv.validate_statistics(found, parse(schema_text, "schema.pbtxt"))


def test_the_profile_is_that_of_train_and_of_each_span(snapshot: Any, cats: Cats) -> None:
    older, newer = cats(300, 7), cats(450, 8)
    snapshot.rewrite("train", pa.concat_tables([older, newer]), {1: 300, 2: 450})
    ran(snapshot)
    content = snapshot.read("profile")
    others = [
        read_split(snapshot.root / place, split) for place, split in (("examples", "eval"), ("holdout", "holdout"))
    ]
    assert content["snapshot"] == snapshot.digest
    assert content["train"] == plain(looked_at(pa.concat_tables([older, newer])))
    assert content["spans"] == [
        {"span": 1, **plain(looked_at(older))},
        {"span": 2, **plain(looked_at(pa.concat_tables([newer, *others])))},
    ]
    for span, rows in ((1, 300), (2, 850)):
        found = tfdv.load_stats_binary(str(snapshot.root / f"out/statistics/Span-{span}/FeatureStats.pb"))
        assert found.datasets[0].num_examples == rows


def plain(found: Measured) -> Any:
    """A profile with figures rounded as far as the order of adding up leaves them alone."""
    return json.loads(json.dumps(found.profile().to_json()), parse_float=lambda text: pytest.approx(float(text)))


def test_rows_that_the_snapshot_does_not_tell_of_are_refused(snapshot: Any, cats: Cats) -> None:
    snapshot.rewrite("eval", cats(200, 1), {2: 150})
    with pytest.raises(DataError, match=r"Split-eval: expected 150 rows, as in snapshot\.json, got 200"):
        ran(snapshot)


def test_the_page_shows_the_data(snapshot: Any) -> None:
    ran(snapshot)
    page = (snapshot.root / "out/report.html").read_text()
    assert page.startswith("<!DOCTYPE html>") and "Pass: nothing blocks" in page


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
    assert snapshot.read("profile")["train"]["rows"] == 0


def test_a_label_of_one_class_blocks(snapshot: Any, cats: Cats) -> None:
    snapshot.rewrite("holdout", cats(200, 5).set_column(4, "adopted", pa.array(["no"] * 200)))
    assert failed(ran(snapshot)) == [("label_classes", "split holdout", "hard")]


def test_rows_of_train_in_holdout_block(snapshot: Any) -> None:
    snapshot.rewrite("holdout", read_split(snapshot.root / "examples", "train").slice(0, 200))
    assert failed(ran(snapshot)) == [("leakage", "train and holdout", "hard")]


def keep(snapshot: Any, reference: str, profile: dict[str, Any]) -> None:
    """An entry of the history."""
    whole = {"kind": "profile", "format": 1, **profile}
    entry = {"snapshot": reference, "accepted_at": "2026-11-20T10:00:00Z", "profile": whole}
    path = snapshot.root / "history" / f"{digests.as_folder_name(reference)}.json"
    documents.write(path, "history_entry", entry)


def past(snapshot: str, rows: pa.Table, span: int = 1) -> dict[str, Any]:
    """The profile of a snapshot of one span."""
    found = looked_at(rows).profile()
    return Profile(snapshot, found, {span: found}).to_json()


def test_a_shift_against_the_champions_snapshot_warns_and_leaves_the_validation_as_it_was(
    snapshot: Any, cats: Cats
) -> None:
    ran(snapshot, "before")
    reference = digests.of_bytes(b"span 1")
    older = cats(2000, 9).set_column(1, "age", pa.array([age // 2 for age in cats(2000, 9)["age"].to_pylist()]))
    keep(snapshot, reference, past(reference, older))
    snapshot.champion(reference)
    found = ran(snapshot, "after")
    assert (found["verdict"], failed(found)) == (
        "PASS",
        [
            ("volume", "span 2", "soft"),
            ("drift_from_previous", "column age", "soft"),
            ("drift_from_champion", "column age", "soft"),
        ],
    )
    assert digests.of_tree(snapshot.root / "before/validation") == digests.of_tree(snapshot.root / "after/validation")
    [compared] = [
        one for one in snapshot.read("comparisons", "after")["comparisons"]
        if (one["column"], one["against"]) == ("age", "champion")
    ]  # fmt: skip
    assert (compared["reference"], sum(compared["before"]), sum(compared["now"])) == (
        "champion 3, trained on span 1", 2000, 600,
    )  # fmt: skip


def test_the_newest_span_is_compared_with_the_one_before_and_held_to_its_history(snapshot: Any, cats: Cats) -> None:
    in_spans(snapshot)
    for span in range(1, 8):
        reference = digests.of_bytes(b"span %d" % span)
        keep(snapshot, reference, past(reference, cats(1000, span), span))
    heavier = cats(600, 90).set_column(0, "weight", pa.array([9.0] * 600))
    snapshot.rewrite("train", pa.concat_tables([cats(500, 20), heavier]), {8: 500, 9: 600})
    for split, seed in (("eval", 30), ("holdout", 31)):
        snapshot.rewrite(split, cats(200, seed), {8: 0, 9: 200})
    found = ran(snapshot)
    assert ("drift_from_previous", "column weight", "soft") in failed(found)
    assert ("history", "column weight", "hard") in failed(found)
    compared = snapshot.read("comparisons")["comparisons"]
    assert {one["reference"] for one in compared} == {"span 8"}
    bands = [one for one in snapshot.read("bands")["bands"] if (one["column"], one["measure"]) == ("weight", "mean")]
    assert [point["span"] for point in bands[0]["points"]] == list(range(1, 9))


def test_tables_serving_examples_and_the_time_come_with_the_references(snapshot: Any, cats: Cats) -> None:
    asks(snapshot, "validation: {foreign_keys: [{columns: breed, table: breeds}], freshness: {max_age: 2d}}")
    asks(snapshot, "data: {path: data.csv, time: seen, references: {breeds: breeds.csv}, serving: {path: s.csv}}")
    for seed, (split, rows) in enumerate({"train": 600, "eval": 200, "holdout": 200}.items()):
        seen = pa.array([f"2026-11-{10 + row % 9}" for row in range(rows)])
        snapshot.rewrite(split, cats(rows, seed).append_column("seen", seen))
    served = cats(300, 50)
    served = served.set_column(0, "weight", pa.array([None if row % 2 else 4.5 for row in range(300)], pa.float64()))
    refers_to(snapshot, read_at="2026-11-21T00:00:00Z", breeds=pa.table({"breed": ["Manx", "Persian"]}), serving=served)
    found = {(check["name"], check["subject"]): check for check in ran(snapshot)["checks"]}
    assert found["freshness", "span 2"]["verdict"] == "FAIL"
    assert found["skew", "column weight"]["verdict"] == "FAIL"
    assert found["skew", "column age"]["verdict"] == "PASS"
    [strangers] = [check for (name, _), check in found.items() if name == "foreign_key"]
    assert (strangers["verdict"], strangers["numbers"]["outside_rows"] > 100) == ("FAIL", True)
    serving = tfdv.load_stats_binary(str(snapshot.root / "out/statistics/Serving/FeatureStats.pb"))
    assert serving.datasets[0].num_examples == 300
    assert (snapshot.root / "out/anomalies/Serving/SchemaDiff.pb").is_file()


def asks(snapshot: Any, section: str) -> None:
    """Puts a section into benison.yaml, in the place of one that is there."""
    project = snapshot.root / "bundle/project/benison.yaml"
    name = section.partition(":")[0]
    kept = [line for line in project.read_text().splitlines() if not line.startswith(f"{name}:")]
    project.write_text("\n".join([*kept, section, ""]))


def refers_to(snapshot: Any, read_at: str, breeds: pa.Table, serving: pa.Table) -> None:
    """A reference table and examples from serving."""
    source = {"span": 1, "path": "some.csv", "size": 1, "rows": 1, "version": "", "query": None}
    source["digest"] = snapshot.digest
    context: dict[str, Any] = {"read_at": read_at}
    for folder, table in (("Table-breeds", breeds), ("Serving", serving)):
        (snapshot.root / "references" / folder).mkdir()
        pq.write_table(table, snapshot.root / "references" / folder / "data.parquet")
    held = {"rows": len(breeds), "digest": snapshot.digest, "sources": [source]}
    context |= {"tables": {"breeds": held}, "serving": {**held, "rows": len(serving)}}
    documents.write(snapshot.root / "references" / "context.json", "references", context)


def in_spans(snapshot: Any) -> None:
    project = snapshot.root / "bundle/project/benison.yaml"
    project.write_text(project.read_text().replace("path: data.csv", 'path: "data-{span}.csv", window: 2'))


def test_a_champion_whose_profile_is_not_in_the_history_is_said(snapshot: Any) -> None:
    reference = digests.of_bytes(b"long ago")
    snapshot.champion(reference)
    reason = f"no champion to compare with: history has no profile of its snapshot {reference}"
    assert ("drift_from_champion", "soft", reason) in undecided(ran(snapshot))


def test_a_profile_under_another_snapshots_name_is_refused(snapshot: Any, cats: Cats) -> None:
    reference, other = digests.of_bytes(b"span 1"), digests.of_bytes(b"span 0")
    keep(snapshot, reference, past(other, cats(10, 1)))
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
    found = looked_at(table, schema)
    rules = SchemaRules(unknown=0.01, missing=0, severity={}, environment="", serving_environment="", columns={})
    checks = judge(Held("train", found, schema, rules), anomalies(found.statistics, schema))
    assert [(check.tier, check.verdict) for check in checks] == [(Tier.HARD, Verdict.PASS)]
    assert [feature.name for feature in schema.feature] == table.column_names
