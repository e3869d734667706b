"""A small snapshot of cats, their schema, and the artifacts that the component reads."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.core import digests, documents

SCHEMA = """
feature { name: "weight" type: FLOAT float_domain { min: 0 max: 30 } presence { min_fraction: 0.8 min_count: 1 } }
feature { name: "age" type: INT int_domain { min: 0 max: 40 } presence { min_fraction: 1 min_count: 1 } }
feature { name: "breed" type: BYTES domain: "breed" presence { min_count: 1 } }
feature { name: "indoor" type: INT bool_domain {} }
feature { name: "adopted" type: BYTES string_domain { value: "yes" value: "no" } presence { min_fraction: 1 } }
feature { name: "chip" type: INT }
string_domain { name: "breed" value: "Manx" value: "Persian" value: "Siamese" }
"""
PROJECT = """
name: cats
data: {path: data.csv}
label: {column: adopted, positive: "yes", negative: "no"}
features: {weight: numeric, age: numeric, breed: categorical}
model: {}
gate: {checks: [{metric: auc, at_least: 0.6}]}
"""
SPLITS = {"train": 600, "eval": 200, "holdout": 200}


def cats(rows: int, seed: int) -> pa.Table:
    """Rows that fulfil the schema; one weight and one breed in ten are missing."""
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "weight": pa.array(rng.gamma(9, 0.5, rows), mask=rng.random(rows) < 0.1),
            "age": pa.array(rng.integers(0, 20, rows)),
            "breed": pa.array(
                rng.choice(["Manx", "Persian", "Siamese"], rows, p=[0.5, 0.3, 0.2]).astype(object),
                type=pa.string(),
                mask=rng.random(rows) < 0.1,
            ),
            "indoor": pa.array(rng.random(rows) < 0.6),
            "adopted": pa.array(np.where(np.arange(rows) % 4 == 0, "yes", "no").astype(object), type=pa.string()),
            "chip": pa.array(np.arange(rows) + 1_000_000 * seed),
        }
    )


_INPUTS = ("bundle", "examples", "holdout", "references", "champion", "history")


@dataclass
class Snapshot:
    """The artifacts around one run of the component."""

    root: Path
    digest: str

    def inputs(self) -> dict[str, Path]:
        return {name: self.root / name for name in _INPUTS}

    def outputs(self, name: str = "out") -> dict[str, Path]:
        folders = {kind: self.root / name / kind for kind in ("statistics", "anomalies", "validation")}
        return {**folders, "report": self.root / name / "report.html"}

    def rewrite(self, split: str, table: pa.Table, spans: dict[int, int] | None = None) -> None:
        """Puts other rows into a split: all of span 2, unless said otherwise."""
        folder = self.root / ("holdout" if split == "holdout" else "examples") / f"Split-{split}"
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / "data-00000.parquet", row_group_size=250)
        for artifact in ("examples", "holdout"):
            path = self.root / artifact / "snapshot.json"
            content = documents.read(path, "snapshot") if path.exists() else _described(self.digest)
            counts = [{"span": span, "rows": rows} for span, rows in (spans or {2: len(table)}).items()]
            content["splits"][split] |= {"rows": len(table), "spans": counts}
            content["spans"] = sorted(spans or [2])
            documents.write(path, "snapshot", {key: content[key] for key in content if key not in ("kind", "format")})

    def read(self, kind: str, name: str = "out") -> dict[str, Any]:
        places = {"profile": "statistics", "validation": "validation"}
        return documents.read(self.root / name / places.get(kind, "anomalies") / f"{kind}.json", kind)

    def champion(self, snapshot: str) -> None:
        """Names a champion that was trained on this snapshot."""
        digest = digests.of_bytes(b"champion")
        entry = {"package": digest, "number": 3, "spans": [1], "snapshot": snapshot, "model_digest": digest}
        entry |= {"folder": "champion", "trained_on": None}
        documents.write(self.root / "champion" / "champion.json", "champion", {"champion": entry, "reference": entry})


@pytest.fixture(name="cats")
def _cats() -> Callable[[int, int], pa.Table]:
    return cats


@pytest.fixture
def schema_text() -> str:
    return SCHEMA


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    """A snapshot of span 2 without faults, and no champion yet."""
    made = Snapshot(tmp_path, digests.of_bytes(b"span 2"))
    project = tmp_path / "bundle" / "project"
    project.mkdir(parents=True)
    (project / "benison.yaml").write_text(PROJECT)
    (project / "schema.pbtxt").write_text(SCHEMA)
    for seed, (split, rows) in enumerate(SPLITS.items()):
        made.rewrite(split, cats(rows, seed))
    documents.write(tmp_path / "champion" / "champion.json", "champion", {"champion": None, "reference": None})
    nothing: dict[str, Any] = {"read_at": None, "tables": {}, "serving": None}
    documents.write(tmp_path / "references" / "context.json", "references", nothing)
    (tmp_path / "history").mkdir()
    return made


def _described(digest: str) -> dict[str, Any]:
    splits = {
        split: {
            "rows": rows,
            "positives": rows // 4,
            "negatives": rows - rows // 4,
            "spans": [{"span": 2, "rows": rows}],
            "digest": digest,
        }
        for split, rows in SPLITS.items()
    }
    source = {"span": 2, "path": "span-2.csv", "size": 1, "rows": sum(SPLITS.values()), "version": "", "query": None}
    return {
        "digest": digest,
        "spans": [2],
        "sources": [{**source, "digest": digest}],
        "splits": splits,
        "split_by": {"by": "hash", "key": [], "time": "", "shares": [0.6, 0.2, 0.2]},
        "columns": [
            {"name": name, "type": "string"} for name in ("weight", "age", "breed", "indoor", "adopted", "chip")
        ],
        "label": {"column": "adopted", "positive": "yes", "negative": "no"},
    }
