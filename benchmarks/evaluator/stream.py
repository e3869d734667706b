"""Rows a second at which predictions are counted from Parquet into tables, and the memory that this takes.

`python benchmarks/evaluator/stream.py` writes 100 million rows, two models and three columns to cut by (1.8 GB), and
counts them in one process and in one for each core, each time in a process of its own.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[2]
GROUP = 1 << 20
COLUMNS = {"device": 2, "country": 5, "segment": 10}
SAMPLE_SECONDS = 0.25


def write(rows: int, file: Path) -> None:
    """Labels, 20% of them positive, the probabilities of two models, and values to cut by."""
    random = np.random.default_rng(1)
    with pq.ParquetWriter(file, batch(random, 0).schema, use_dictionary=["label", *COLUMNS]) as writer:
        for start in range(0, rows, GROUP):
            writer.write_batch(batch(random, min(GROUP, rows - start)))


def batch(random: np.random.Generator, rows: int) -> pa.RecordBatch:
    positive = random.random(rows) < 0.2
    shared = random.normal(size=rows)
    scores = {
        name: 1 / (1 + np.exp(1.5 - lift * positive - 0.7 * shared - 0.7 * random.normal(size=rows)))
        for name, lift in (("new", 2.0), ("old", 1.8))
    }
    values = {
        name: pa.array([f"{name} {number}" for number in range(count)]).take(pa.array(random.integers(0, count, rows)))
        for name, count in COLUMNS.items()
    }
    return pa.RecordBatch.from_pydict({"label": positive.astype(np.int64), **scores, **values})


class Memory:
    """The most that this process and those it forks hold at once: what they share counts once."""

    def __init__(self) -> None:
        self.most = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self.most = max(self.most, held())


def held() -> int:
    """Bytes that this process and its children hold, by proportional set size."""
    own = Path("/proc/self")
    children = (own / "task" / str(os.getpid()) / "children").read_text().split()
    total = 0
    for process in (own, *(Path("/proc") / child for child in children)):
        try:
            lines = (process / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def measure(file: Path, workers: int, sums: int) -> dict[str, Any]:
    """Counts a file; imports are over before the clock starts, and are not part of the memory."""
    from benison.components.evaluator.tables.read import count
    from benison.components.evaluator.tables.tables import SUMS
    from benison.components.evaluator.tables.tally import Wanted
    from benison.eval_config import Slicing
    from benison.sources.columns import Columns
    from benison.sources.dataset import open_files

    slicings = (Slicing(), *(Slicing((name,)) for name in COLUMNS))
    wanted = Wanted("label", None, ("new", "old"), ((0, 1),), slicings, "stream.py", sums=SUMS[:sums])
    before = held()
    with tempfile.TemporaryDirectory() as scratch, Memory() as memory:
        started = time.perf_counter()
        with open_files(file.name, "parquet", str(file.parent), Columns(), Path(scratch)) as dataset:
            opened, cpu = time.perf_counter(), sum(os.times()[:4])
            tables = count(dataset, wanted, workers)
            seconds, cpu = time.perf_counter() - opened, sum(os.times()[:4]) - cpu
    return {
        "workers": workers,
        "sums": SUMS[:sums],
        "rows": tables.rows,
        "slices": len(tables.slices),
        "opened_seconds": opened - started,
        "counted_seconds": seconds,
        "cpu_seconds": cpu,
        "rows_per_second": tables.rows / seconds,
        "rows_per_cpu_second": tables.rows / cpu,
        "megabytes_above_imports": (memory.most - before) / 1e6,
    }


def main() -> None:
    """Writes the file and lets each process measure itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where the file is written")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, len(os.sched_getaffinity(0))])
    parser.add_argument("--sums", type=int, nargs="+", default=[3, 1], help="predictions, then log losses and errors")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.measure, *asked.workers, *asked.sums)))
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        file = Path(folder) / "rows.parquet"
        write(asked.rows, file)
        print(json.dumps({"rows": asked.rows, "megabytes": file.stat().st_size / 1e6}))
        for workers, sums in itertools.product(asked.workers, asked.sums):
            command = [sys.executable, __file__, "--measure", str(file), "--workers", f"{workers}", "--sums", f"{sums}"]
            environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
            print(done.stdout, end="", flush=True)


if __name__ == "__main__":
    main()
