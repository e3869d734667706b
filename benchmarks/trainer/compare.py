"""Rows a second of a training: Benison's loop, `model.fit` on arrays, a TFRecord pipeline."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
KINDS = ("small", "wide")
SIDES = ("ours", "numpy_fit", "tfrecord")


def run(side: str, kind: str, rows: int, folder: Path) -> dict[str, Any]:
    """Runs a side once, undisturbed."""
    command = [sys.executable, str(HERE / "sides.py"), side, kind, str(rows), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent.parent)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{side}, {kind}, failed\n{done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    found: dict[tuple[str, str], list[dict[str, Any]]] = {(kind, side): [] for kind in KINDS for side in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        # Not counted: the first of them writes the TFRecord file.
        run("tfrecord", "small", 2_000, Path(folder))
        for _ in range(asked.rounds):
            for (kind, side), rounds in found.items():
                rounds.append(run(side, kind, asked.rows, Path(folder)))
    _print(found, asked.rows, asked.rounds)


def _print(found: dict[tuple[str, str], list[dict[str, Any]]], rows: int, rounds: int) -> None:
    device = next(iter(found.values()))[0]["device"]
    print(f"{rows:,} rows, medians of {rounds} rounds, on {device}, {os.cpu_count()} cores ({platform.machine()})")
    print(f"{'model':6} {'side':10} {'rows/s':>10} {'range':>20} {'loss':>7} {'ours is':>10}")
    table: dict[str, Any] = {"rows": rows, "rounds": rounds, "device": device, "cores": os.cpu_count(), "sides": []}
    for kind in KINDS:
        for side in SIDES:
            speeds = [one["examples_per_second"] for one in found[kind, side]]
            ratios = [
                mine["examples_per_second"] / theirs["examples_per_second"]
                for mine, theirs in zip(found[kind, "ours"], found[kind, side], strict=True)
            ]
            middle, ratio = statistics.median(speeds), statistics.median(ratios)
            loss = statistics.median(one["loss"] for one in found[kind, side])
            spread = f"{min(speeds):,.0f} to {max(speeds):,.0f}"
            print(f"{kind:6} {side:10} {middle:10,.0f} {spread:>20} {loss:7.4f} {ratio:8.2f} x")
            figures = {"examples_per_second": middle, "ours_to_it": ratio, "loss": loss}
            table["sides"].append({"model": kind, "side": side, **figures})
    print(json.dumps(table))


if __name__ == "__main__":
    main()
