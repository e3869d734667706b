"""Everything that the evaluator is given, as the components before it write it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from benison.cards import card as cards
from benison.components.evaluator.run import run
from benison.core import digests, documents, key_sets
from benison.core.key_sets import TrainedOn
from benison.sources.keys import content_keys

EXAMPLES = documents.SCHEMAS / "examples" / "valid"
GATE: dict[str, Any] = {
    "min_rows": 200,
    "min_positives": 20,
    "checks": [
        {"metric": "auc", "at_least": 0.6},
        {"metric": "auc", "tolerance": 0.02},
        {"metric": "recall", "tolerance": 0.3, "slices": "all", "tier": "soft"},
    ],
}
EVALUATION: dict[str, Any] = {
    "modelSpecs": [{"labelKey": "income"}],
    "slicingSpecs": [{}, {"featureKeys": ["sex"]}, {"featureKeys": ["race", "sex"]}],
    "metricsSpecs": [{"metrics": [{"className": "AUC"}, {"className": "Precision"}, {"className": "ExampleCount"}]}],
}


def an_example(kind: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((EXAMPLES / f"{kind}.json").read_text())
    return {key: value for key, value in content.items() if key not in ("kind", "format")}


@dataclass
class World:
    """Everything that the component is given, as the components before it write it."""

    root: Path
    gate: dict[str, Any] = field(default_factory=lambda: json.loads(json.dumps(GATE)))
    metrics: str = ""
    engine: dict[str, Any] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=lambda: json.loads(json.dumps(EVALUATION)))

    def holdout(self, table: pa.Table) -> None:
        folder = self.root / "holdout" / "Split-holdout"
        folder.mkdir(parents=True)
        pq.write_table(table, folder / "data-00000.parquet")
        documents.write(self.root / "holdout" / "snapshot.json", "snapshot", an_example("snapshot"))

    def trained_on(self, artifact: str, table: pa.Table | None) -> dict[str, Any]:
        """Writes what a model in an artifact was trained on; None: on rows like those of the holdout, but others."""
        folder = key_sets.beside(self.root / artifact / "package")
        columns = ("age", "sex", "income") if table is None else tuple(table.column_names)
        keys = np.array([3, 1, 2], np.uint64) if table is None else content_keys(table, columns)
        return TrainedOn(key_sets.write(keys, columns, 0, folder), None).to_json()

    def challenger(
        self,
        package: Path,
        model_digest: str = "sha256:" + "c" * 64,
        trained_on: pa.Table | None = None,
        base: Path | None = None,
    ) -> str:
        folder = self.root / "model"
        folder.mkdir()
        (folder / "Format-Serving").symlink_to(package)
        digest = digests.of_tree(package)
        said = {**an_example("training"), "package": digest, "model_digest": model_digest}
        if base is not None:
            said["base_model"] = {"package": digests.of_tree(base), "features": [], "weights": 1, "new_weights": []}
        said["trained_on"] = self.trained_on("model", trained_on)
        documents.write(folder / "training.json", "training", said)
        self.card(digest)
        return digest

    def card(self, package: str) -> None:
        """The trainer's card, of which the evaluator knows by the package alone that it is the challenger's."""
        card = json.loads((EXAMPLES / "model_card-2.json").read_text())
        card["model_details"]["version"]["name"] = package
        cards.write(self.root / "model", card)

    def champion(self, *, recorded: bool = True, **packages: Path) -> None:
        """Champion and reference; the same package is there once."""
        (self.root / "champion").mkdir()
        entries: dict[str, Any] = {"champion": None, "reference": None}
        for number, (role, package) in enumerate(packages.items()):
            folder = "champion" if package == packages["champion"] else role
            link = self.root / "champion" / folder
            if not link.exists():
                link.symlink_to(package)
            entries[role] = {
                "package": digests.of_tree(package),
                "number": 7 - number,
                "spans": [1],
                "snapshot": "sha256:" + "5" * 64,
                "model_digest": "sha256:" + str(number) * 64,
                "folder": folder,
                "trained_on": self.trained_on("champion", None) if recorded else None,
            }
        documents.write(self.root / "champion" / "champion.json", "champion", entries)

    def run(self) -> dict[str, Any]:
        project = self.root / "bundle" / "project"
        project.mkdir(parents=True, exist_ok=True)
        settings = {
            "name": "income",
            "data": {"path": "people.csv"},
            "label": {"column": "income", "positive": ">50K", "negative": "<=50K"},
            "features": {"age": "numeric", "sex": "categorical"},
            "model": {},
            "gate": self.gate,
            **({"metrics": self.metrics} if self.metrics else {}),
            **({"evaluation": self.engine} if self.engine else {}),
        }
        (project / "benison.yaml").write_text(yaml.safe_dump(settings))
        (project / "eval_config.json").write_text(json.dumps(self.evaluation))
        given = {name: self.root / name for name in ("bundle", "holdout", "model", "champion")}
        run(**given, predictions=self.root / "predictions", evaluation=self.root / "evaluation")
        return documents.read(self.root / "evaluation" / "evaluation.json", "evaluation")
