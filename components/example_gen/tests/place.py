"""A folder with a project, its data, and the artifacts of a run of example_gen."""

import json
import shutil
from pathlib import Path
from typing import Any

from benison.components.example_gen.run import run
from benison.core import documents
from benison.core.examples import read_split

ROWS: list[dict[str, Any]] = [
    {"id": n, "age": n % 70, "city": f"c{n % 5}", "day": f"2026-{n % 12 + 1:02d}-01", "y": n % 3 // 2}
    for n in range(400)
]
CONFIG: dict[str, Any] = {
    "name": "people",
    "data": {"path": "span-{span}.csv", "window": 2},
    "label": {"column": "y", "positive": 1, "negative": 0},
    "features": {"age": "numeric", "city": "categorical"},
    "model": {},
    "gate": {"checks": [{"metric": "auc", "at_least": 0.6}]},
}


class Place:
    """A folder with a project, its data, and the artifacts of a run."""

    def __init__(self, folder: Path, validation: dict[str, Any] | None = None, **data: Any) -> None:
        self.folder, self.examples, self.holdout = folder, folder / "examples", folder / "holdout"
        self.references = folder / "references"
        self.data, self.validation = {**CONFIG["data"], **data}, validation or {}
        (folder / "bundle" / "project").mkdir(parents=True, exist_ok=True)
        self.slice_by("city")

    def slice_by(self, column: str) -> None:
        config = {"slicingSpecs": [{"featureKeys": [column]}], "metricsSpecs": [{"metrics": [{"className": "AUC"}]}]}
        (self.folder / "bundle" / "project" / "eval_config.json").write_text(json.dumps(config))

    def write(self, name: str, rows: list[dict[str, Any]]) -> None:
        lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
        (self.folder / name).write_text("\n".join(lines) + "\n")

    def configure(self, path: str = "") -> None:
        data = {"format": "csv", **self.data, "path": path or self.data["path"]}
        data = data if "{span" in data["path"] else {**data, "window": 1}
        config = {**CONFIG, "data": data, "validation": self.validation}
        (self.folder / "bundle" / "project" / "benison.yaml").write_text(json.dumps(config))

    def run(self, path: str = "", span: int = 0, *, clean: bool = True) -> dict[str, Any]:
        self.configure(path)
        for artifact in (self.examples, self.holdout, self.references) if clean else ():
            shutil.rmtree(artifact, ignore_errors=True)
        root, bundle = str(self.folder), self.folder / "bundle"
        artifacts = {"examples": self.examples, "holdout": self.holdout, "references": self.references}
        run(data_root=root, span=span, bundle=bundle, **artifacts)
        assert (self.examples / "snapshot.json").read_bytes() == (self.holdout / "snapshot.json").read_bytes()
        return documents.read(self.examples / "snapshot.json", "snapshot")

    def ids(self) -> dict[str, list[int]]:
        where = {"train": self.examples, "eval": self.examples, "holdout": self.holdout}
        return {split: read_split(artifact, split, ["id"])["id"].to_pylist() for split, artifact in where.items()}
