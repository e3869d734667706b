"""Months of flights as projects of their own, validated by the components as a pipeline runs them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa

from benchmarks.twelve_months import nyc
from benison.components.example_gen import run as example_gen
from benison.components.example_validator import run as example_validator
from benison.components.example_validator.infer import infer_table
from benison.core import documents
from benison.core.verdicts import Check

PROJECT = Path(__file__).parents[2] / "benchmarks" / "twelve_months" / "project"
ROWS, MONTH = 4_000, 8


def sampled() -> dict[int, pd.DataFrame]:
    """Some flights of each month up to the one that is corrupted."""
    return {
        month: rows.sample(ROWS, random_state=8).sort_index() for month, rows in nyc.months().items() if month <= MONTH
    }


class Flights:
    """A project whose months before `MONTH` are accepted, month by month."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.months = folder, sampled()
        self.project = folder / "bundle" / "project"
        shutil.copytree(PROJECT, self.project)
        (folder / "data").mkdir()
        for name in ("airlines", "airports", "planes"):
            nyc.table(name).to_csv(folder / "data" / f"{name}.csv", index=False)
        self.no_champion = folder / "champion"
        documents.write(self.no_champion / "champion.json", "champion", {"champion": None, "reference": None})
        self.history = folder / "history"
        self.history.mkdir()

    def accept(self) -> None:
        """The schema is inferred from the first month; every month but the last becomes history."""
        first = pa.Table.from_pandas(self.months[1], preserve_index=False)
        (self.project / "schema.pbtxt").write_text(infer_table(first))
        for month in range(1, MONTH):
            self.write(month, self.months[month])
            self._keep(month, self.validated(month, self.folder / f"month-{month}"))

    def write(self, month: int, rows: pd.DataFrame) -> None:
        """Puts a month where the project looks for it."""
        rows.to_csv(self.folder / "data" / f"flights-{month:02}.csv.gz", index=False)

    def validated(self, month: int, run: Path) -> list[Check]:
        """The checks of a month, the newest one of the window."""
        bundle = self.folder / "bundle"
        made = {name: run / name for name in ("examples", "holdout", "references")}
        example_gen.run(data_root=str(self.folder), span=month, bundle=bundle, **made)
        said = {name: run / name for name in ("statistics", "anomalies", "validation")}
        inputs = {"bundle": bundle, "champion": self.no_champion, "history": self.history}
        example_validator.run(**inputs, **made, **said, report=run / "report.html")
        content = json.loads((run / "anomalies" / "checks.json").read_text())
        return [Check.from_json(check) for check in content["checks"]]

    def _keep(self, month: int, checks: list[Check]) -> None:
        profile = json.loads((self.folder / f"month-{month}" / "statistics" / "profile.json").read_text())
        snapshot = profile["snapshot"]
        entry = {"snapshot": snapshot, "accepted_at": f"2013-{month + 1:02}-01T00:00:00Z", "profile": profile}
        documents.write(self.history / f"{snapshot.replace(':', '-')}.json", "history_entry", entry)
