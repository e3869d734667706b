"""Validations: the word on the data that our trainer waits for, from our ExampleValidator or from TFX's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2

from benison.core import documents
from benison.core.errors import DataError
from benison.core.examples import split_folder
from benison.core.verdicts import Verdict
from benison.tfx.asked import Artifact
from benison.tfx.examples import Snapshot

DOCUMENT = "validation.json"
_DIFF, _STATISTICS = "SchemaDiff.pb", "FeatureStats.pb"


def validation_of(anomalies: Artifact, snapshot: Mapping[str, Any], into: Path) -> Path:
    """The folder with validation.json.

    Args:
        anomalies: Of TFX's type ExampleAnomalies. TFX's own ExampleValidator gives no verdict; here an anomaly in
            train or eval is a FAIL, unless it is of severity WARNING.
        snapshot: snapshot.json, of the examples.
        into: Where TFX's word comes to lie as one of ours.

    Raises:
        DataError: A split was not validated.
    """
    if (anomalies.path / DOCUMENT).exists():
        return anomalies.path
    found = [reason for split in ("train", "eval") for reason in _reasons(anomalies, split)]
    verdict = Verdict.FAIL if found else Verdict.PASS
    said = {"verdict": str(verdict), "snapshot": snapshot["digest"], "blocked_by": found}
    documents.write(into / DOCUMENT, "validation", said, durable=False)
    return into


def _reasons(anomalies: Artifact, split: str) -> Iterator[str]:
    proto = _read(anomalies, split, _DIFF, anomalies_pb2.Anomalies)
    if proto.data_missing:
        yield f"{split}: there are no rows"
    named = dict(proto.anomaly_info)
    if proto.HasField("dataset_anomaly_info"):
        named["the data"] = proto.dataset_anomaly_info
    for name, found in sorted(named.items()):
        if found.severity != anomalies_pb2.AnomalyInfo.WARNING:
            yield f"{split}, {name}: {found.short_description or 'an anomaly'}: {found.description}"


def require_statistics(statistics: Artifact, snapshot: Snapshot, names: Mapping[str, str]) -> None:
    """Makes sure that StatisticsGen's statistics are of these examples.

    Args:
        statistics: Of TFX's type ExampleStatistics.
        snapshot: The examples.
        names: What TFX calls each of our splits.

    Raises:
        DataError: They are of others.
    """
    for split, name in names.items():
        if name not in statistics.splits:
            continue
        proto = _read(statistics, name, _STATISTICS, statistics_pb2.DatasetFeatureStatisticsList)
        counted = sum(dataset.num_examples for dataset in proto.datasets)
        rows = snapshot.document["splits"][split]["rows"]
        if counted != rows:
            where, hint = f"input 'statistics', split {name}", "give it the StatisticsGen of the same examples"
            raise DataError(
                where, expected=f"statistics of {rows:,} rows, as in examples", got=f"{counted:,}", hint=hint
            )


def _read(artifact: Artifact, split: str, name: str, kind: Any) -> Any:
    path = split_folder(artifact.path, split) / name
    try:
        return kind.FromString(path.read_bytes())
    except (OSError, DecodeError) as error:
        got = "another file" if path.is_file() else f"splits {', '.join(artifact.splits) or 'none'}"
        raise DataError(f"{artifact.place}, split {split}", expected=name, got=got) from error
