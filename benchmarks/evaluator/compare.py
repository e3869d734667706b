"""Metrics by slice: TFMA, fairlearn and scikit-learn beside Benison. `make bench-evaluator` runs it."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
# fairlearn lies in a folder of its own, since Benison does not need it.
PEERS = HERE.parent.parent / ".bench" / "evaluator"
ROWS = {"eighteen": 1_000_000, "fairness": 20_000}
TFMA_SECONDS = 120.0
TFMA_FIRST = 4_000
QUICK = ("ours", "ours_one_model", "ours_sums", "scikit_learn", "fairlearn")
TFMA = ("tfma", "tfma_one_model")


def run(side: str, kind: str, rows: int) -> dict[str, Any]:
    """Runs a side once, in a process of its own."""
    command = [sys.executable, str(HERE / "sides.py"), side, kind, str(rows)]
    paths = os.pathsep.join([str(HERE.parent.parent), str(PEERS)])
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{side}, {kind}, failed\n{done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def tfma(side: str, kind: str) -> dict[str, Any]:
    """TFMA on as many rows as it manages in about two minutes: it has a start of its own, so more rows favour it."""
    first = run(side, kind, TFMA_FIRST)
    rows = min(int(TFMA_FIRST * TFMA_SECONDS / first["seconds"]), ROWS[kind])
    return run(side, kind, rows) if rows > TFMA_FIRST else first


def compare(kind: str, rounds: int) -> dict[str, Any]:
    """Every side on one kind of table; ours and the quick ones in turn."""
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in QUICK}
    for _ in range(rounds):
        for side, one in found.items():
            one.append(run(side, kind, ROWS[kind]))
    found |= {side: [tfma(side, kind)] for side in TFMA}
    return {side: _summary(one) for side, one in found.items()}


def _summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    rates = [one["rows"] / one["seconds"] for one in rounds]
    return {
        "rows": rounds[0]["rows"],
        "slices": rounds[0]["slices"],
        "seconds": statistics.median(one["seconds"] for one in rounds),
        "cpu_seconds": statistics.median(one["cpu_seconds"] for one in rounds),
        "rows_per_second": statistics.median(rates),
        "range": [min(rates), max(rates)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kind", choices=ROWS, help="one of the two tables; both, where it is left out")
    asked = parser.parse_args()
    print(f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {asked.rounds} rounds")
    for kind in [asked.kind] if asked.kind else ROWS:
        found = compare(kind, asked.rounds)
        print(f"\n{kind}: {found['ours']['slices']} slices\n")
        print("| side | rows | s | CPU s | rows/s | ours is | ours_sums is |\n|---|---|---|---|---|---|---|")
        for side, one in found.items():
            ratios = (found[of]["rows_per_second"] / one["rows_per_second"] for of in ("ours", "ours_sums"))
            cells = f"{one['rows']:,} | {one['seconds']:.3f} | {one['cpu_seconds']:.3f} | {one['rows_per_second']:,.0f}"
            print(f"| {side} | {cells} | {' | '.join(f'{ratio:,.1f} times' for ratio in ratios)} |")
        print(json.dumps({"kind": kind, "sides": found}))


if __name__ == "__main__":
    main()
