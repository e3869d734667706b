"""What it costs to show that a holdout is one: the trainer's keys of 10 million rows, the evaluator's question of them.

python benchmarks/holdout_overlap.py --rows 10000000
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benison.components.evaluator.overlap import Holdout, Seen, disjoint
from benison.config.validation import Bounds
from benison.sources.trained_on import trained_on

GROUP = 1 << 17
WORDS = np.array([f"word {number}" for number in range(50)], object)


def batch(random: np.random.Generator, rows: int, first: int) -> pa.Table:
    """20 columns: 9 real, 5 whole, 4 of words, a text of its own for each row, a label."""
    columns = {f"real {n}": random.normal(size=rows) for n in range(9)}
    columns |= {f"whole {n}": random.integers(0, 1000, rows) for n in range(5)}
    columns |= {f"words {n}": pa.array(WORDS[random.integers(0, 50, rows)], pa.string()) for n in range(4)}
    columns["order"] = pa.array([f"order-{number}" for number in range(first, first + rows)])
    columns["label"] = pa.array(np.where(random.random(rows) < 0.5, "yes", "no"))
    return pa.table(columns)


def write(folder: Path, split: str, rows: int, seed: int, first: int) -> Path:
    """One split, in row groups as example_gen makes them."""
    path = folder / f"Split-{split}" / "data-00000.parquet"
    path.parent.mkdir(parents=True)
    random, done = np.random.default_rng(seed), 0
    with pq.ParquetWriter(path, batch(random, 1, 0).schema, compression="zstd", compression_level=3) as writer:
        while done < rows:
            some = batch(random, min(GROUP, rows - done), first + done)
            writer.write_table(some)
            done += some.num_rows
    return path


def peak_mb() -> float:
    """The process's largest memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Prints seconds and memory of both sides."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="of train and eval; the holdout has a fifth")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, "train", rows * 3 // 4, 1, 0)
        write(root, "eval", rows - rows * 3 // 4, 2, rows * 3 // 4)
        path = write(root, "holdout", rows // 5, 3, rows)
        before, start, cpu = peak_mb(), time.perf_counter(), time.process_time()
        seen = trained_on(root, ("order",), root / "keys")
        seconds, size = time.perf_counter() - start, sum(file.stat().st_size for file in (root / "keys").iterdir())
        print(f"keys of {rows:,} rows and as many entities: {seconds:.1f} s, {time.process_time() - cpu:.1f} s of CPU")
        print(f"memory {before:.0f} -> {peak_mb():.0f} MB; files {size / 2**20:.0f} MB")
        table = pq.read_table(path)
        start, cpu = time.perf_counter(), time.process_time()
        (check,) = disjoint({"challenger": Seen(seen, root / "keys")}, Holdout(table, ("order",), Bounds(0.0, 0.01)))
        took = f"{time.perf_counter() - start:.1f} s, {time.process_time() - cpu:.1f} s of CPU"
        print(f"asked of {rows // 5:,} rows of a holdout: {took}; {check.observed}")


if __name__ == "__main__":
    main()
