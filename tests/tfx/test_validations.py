"""The word of TFX's ExampleValidator, and its StatisticsGen's figures; protos as TFDV writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2

from benison.core import digests, documents
from benison.core.errors import DataError
from benison.tfx.asked import Artifact
from benison.tfx.examples import Snapshot, names_of
from benison.tfx.validations import require_statistics, validation_of

DIGEST = digests.of_bytes(b"snapshot")
NONE = anomalies_pb2.Anomalies()


def found(severity: int, *, dataset: bool = False) -> Any:
    one = anomalies_pb2.AnomalyInfo(severity=severity, short_description="New values", description="Ulm is new")
    return (
        anomalies_pb2.Anomalies(dataset_anomaly_info=one)
        if dataset
        else anomalies_pb2.Anomalies(anomaly_info={"city": one})
    )


def written(folder: Path, **by_split: Any) -> Artifact:
    for split, proto in by_split.items():
        (folder / f"Split-{split}").mkdir(parents=True)
        (folder / f"Split-{split}" / "SchemaDiff.pb").write_bytes(proto.SerializeToString())
    return Artifact(folder, "/there", splits=tuple(by_split))


@pytest.mark.parametrize(
    ("train", "held", "verdict", "reasons"),
    [
        (NONE, NONE, "PASS", []),
        (found(anomalies_pb2.AnomalyInfo.WARNING), NONE, "PASS", []),
        (found(anomalies_pb2.AnomalyInfo.ERROR), NONE, "FAIL", ["train, city: New values: Ulm is new"]),
        (NONE, found(anomalies_pb2.AnomalyInfo.ERROR), "FAIL", ["eval, city: New values: Ulm is new"]),
        (
            found(anomalies_pb2.AnomalyInfo.ERROR, dataset=True),
            NONE,
            "FAIL",
            ["train, the data: New values: Ulm is new"],
        ),
        (anomalies_pb2.Anomalies(data_missing=True), NONE, "FAIL", ["train: there are no rows"]),
    ],
)
def test_an_error_that_tfx_found_is_a_fail(
    tmp_path: Path, train: Any, held: Any, verdict: str, reasons: list[str]
) -> None:
    folder = validation_of(written(tmp_path / "found", train=train, eval=held), {"digest": DIGEST}, tmp_path / "said")
    said = documents.read(folder / "validation.json", "validation")
    assert (said["verdict"], said["blocked_by"], said["snapshot"]) == (verdict, reasons, DIGEST)


def test_our_own_word_counts_as_it_is(tmp_path: Path) -> None:
    own = {"verdict": "FAIL", "snapshot": DIGEST, "blocked_by": ["for a reason"]}
    artifact = written(tmp_path / "found", train=NONE, eval=NONE)
    documents.write(artifact.path / "validation.json", "validation", own)
    assert validation_of(artifact, {"digest": DIGEST}, tmp_path / "said") == artifact.path


def test_a_split_that_was_not_validated_is_never_a_pass(tmp_path: Path) -> None:
    artifact = written(tmp_path / "found", train=NONE)
    with pytest.raises(DataError, match=r"/there, split eval: expected SchemaDiff\.pb, got splits train"):
        validation_of(artifact, {"digest": DIGEST}, tmp_path / "said")


def statistics(folder: Path, **rows: int) -> Artifact:
    for split, count in rows.items():
        (folder / f"Split-{split}").mkdir(parents=True)
        one = statistics_pb2.DatasetFeatureStatistics(num_examples=count)
        proto = statistics_pb2.DatasetFeatureStatisticsList(datasets=[one])
        (folder / f"Split-{split}" / "FeatureStats.pb").write_bytes(proto.SerializeToString())
    return Artifact(folder, splits=tuple(rows))


def snapshot(**rows: int) -> Snapshot:
    document = {"splits": {split: {"rows": count} for split, count in rows.items()}}
    return Snapshot(Path(), Path(), Path(), document, {})


def test_statistics_of_these_examples_are_let_through(tmp_path: Path) -> None:
    artifact = statistics(tmp_path, train=6, test=2)
    require_statistics(artifact, snapshot(train=6, eval=1, holdout=2), names_of("test"))


def test_statistics_of_other_examples_are_refused(tmp_path: Path) -> None:
    artifact = statistics(tmp_path, train=6, eval=1, test=3)
    message = "input 'statistics', split test: expected statistics of 2 rows, as in examples, got 3"
    with pytest.raises(DataError, match=message):
        require_statistics(artifact, snapshot(train=6, eval=1, holdout=2), names_of("test"))


def test_a_file_that_is_no_proto_is_told(tmp_path: Path) -> None:
    artifact = statistics(tmp_path, train=6)
    (tmp_path / "Split-train" / "FeatureStats.pb").write_bytes(b"\xff\xff")
    with pytest.raises(DataError, match=r"split train: expected FeatureStats\.pb, got another file"):
        require_statistics(artifact, snapshot(train=6, eval=1, holdout=2), names_of("holdout"))
