"""Statistics of a CSV file: TFDV's own ways beside Benison's, time and memory. `make bench-statistics` runs it."""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv

HERE = Path(__file__).resolve().parent
TAXI = HERE.parent / "tfx_round" / "data" / "simple.csv.gz"
# These get noise, so that rows that are repeated are not the same again.
NOISY = ("fare", "trip_miles", "trip_seconds", "tips")
CHUNK = 150_020
SAMPLE_SECONDS = 0.05


def taxi_rows(rows: int, file: Path) -> None:
    """Writes a CSV of taxi rides, repeated with seeded noise."""
    with gzip.open(TAXI) as source:
        rides = csv.read_csv(io.BytesIO(source.read()))
    rng = np.random.default_rng(1)
    times = -(-min(rows, CHUNK) // len(rides))
    with csv.CSVWriter(file, rides.schema) as writer:
        for start in range(0, rows, CHUNK):
            chunk = pa.concat_tables([rides] * times).combine_chunks().slice(0, min(CHUNK, rows - start))
            for name in NOISY:
                place = chunk.column_names.index(name)
                values = np.round(chunk[name].to_numpy() * rng.lognormal(0, 0.1, len(chunk)), 2)
                chunk = chunk.set_column(
                    place, name, pa.array(values, from_pandas=True).cast(rides[name].type, safe=False)
                )
            writer.write_table(chunk)


@dataclass(frozen=True)
class Taken:
    """What one run took.

    Attributes:
        seconds: By the clock, without imports.
        cpu_seconds: Of all its processes; of the sides that start in memory with the reading.
    """

    seconds: float
    cpu_seconds: float


def run(side: str, file: Path) -> Taken:
    """Runs a side once, undisturbed."""
    with _started(side, file) as process:
        return _taken(process, side)


def peak_memory(side: str, file: Path) -> float:
    """The peak of all processes of a run together in MiB, pages that they share counted once.

    A run of its own: to look at the memory of a process takes its time.
    """
    peak = 0.0
    with _started(side, file) as process:
        while process.poll() is None:
            peak = max(peak, _memory(process.pid))
            time.sleep(SAMPLE_SECONDS)
        _taken(process, side)
    return peak


def _started(side: str, file: Path) -> subprocess.Popen[str]:
    command = [sys.executable, str(HERE / "sides.py"), side, str(file)]
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=quiet)


def _taken(process: subprocess.Popen[str], side: str) -> Taken:
    said = process.communicate()[0]
    if process.returncode:
        raise SystemExit(f"{side} failed with exit code {process.returncode}")
    seconds, cpu_seconds = json.loads(said.splitlines()[-1])
    return Taken(seconds, cpu_seconds)


def _memory(pid: int) -> float:
    """Memory of a process and all below it in MiB; pages that they share count once."""
    total, left = 0.0, [pid]
    while left:
        one = left.pop()
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            left += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="of all sides but TFDV's CSV path, which runs once")
    parser.add_argument("--skip-csv", action="store_true", help="leave out TFDV's CSV path, which takes minutes")
    parser.add_argument("--skip-tenfold", action="store_true", help="leave out the file ten times the size")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "taxi.csv"
        taxi_rows(asked.rows, file)
        sides = ["ours", "ours_in_memory", "tfdv_dataframe", "tfdv_dataframe_in_memory"]
        found: dict[str, list[Taken]] = {side: [] for side in sides}
        for _ in range(asked.rounds):
            for side in sides:
                found[side].append(run(side, file))
        if not asked.skip_csv:
            found["tfdv_csv"] = [run("tfdv_csv", file)]
        memory = {side: peak_memory(side, file) for side in found}
        _print(found, memory, asked.rows)
        if not asked.skip_tenfold:
            taxi_rows(10 * asked.rows, file)
            ten = run("ours", file)
            peak = peak_memory("ours", file)
            print(f"ours, ten times the rows: {ten.seconds:.2f} s, {peak:.0f} MiB, ", end="")
            print(f"{peak / memory['ours']:.2f} times the memory")


def _print(found: dict[str, list[Taken]], memory: dict[str, float], rows: int) -> None:
    middle = {side: statistics.median(one.seconds for one in runs) for side, runs in found.items()}
    print(f"{rows:,} rows\n{'side':26} {'s, median':>10} {'range':>16} {'CPU s':>7} {'MiB':>6} {'rows/s':>10}")
    for side, runs in found.items():
        seconds = [one.seconds for one in runs]
        cpu = statistics.median(one.cpu_seconds for one in runs)
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
        print(
            f"{side:26} {middle[side]:10.2f} {spread:>16} {cpu:7.2f} {memory[side]:6.0f} {rows / middle[side]:10,.0f}"
        )
    pairs = [("tfdv_csv", "ours"), ("tfdv_dataframe", "ours"), ("tfdv_dataframe_in_memory", "ours_in_memory")]
    for theirs, mine in pairs:
        if theirs in middle:
            print(f"{theirs} takes {middle[theirs] / middle[mine]:.1f} times as long as {mine}")


if __name__ == "__main__":
    main()
