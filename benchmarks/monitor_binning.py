"""How many cells a second one core counts into the bins of a window: ``python benchmarks/monitor_binning.py``."""

from __future__ import annotations

import json
import time

import numpy as np
import pyarrow as pa

from benison.monitoring.grid import Bins

ROWS, ROUNDS = 2_000_000, 7


def cells_per_second(bins: Bins, column: pa.Array) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        bins.count(column)
        best = min(best, time.perf_counter() - began)
    return len(column) / best


def main() -> None:
    random = np.random.default_rng(0)
    edges = tuple(np.quantile(random.normal(size=10_000), np.arange(11) / 10).tolist())
    numbers = Bins("numeric", edges, (), (1,) * 13)
    texts = Bins("categorical", values=("at", "ch", "de", "fr"), reference=(1,) * 6)
    found = {
        "numbers": cells_per_second(numbers, pa.array(random.normal(size=ROWS))),
        "texts": cells_per_second(texts, pa.array(random.choice(["at", "de", "ch", "fr", "it"], ROWS))),
    }
    print(json.dumps({name: f"{speed / 1e6:.1f} million" for name, speed in found.items()}))


if __name__ == "__main__":
    main()
