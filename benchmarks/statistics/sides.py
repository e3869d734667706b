"""The sides of the comparison, each run in a process of its own: ``python sides.py SIDE FILE`` prints what it took."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow.csv as csv
import tensorflow_data_validation as tfdv

from benison.components.example_validator.measure import Asked, Cell, measure
from benison.config.data import Table
from benison.sources.columns import Columns
from benison.sources.dataset import open_table


def ours(file: Path) -> float:
    """From the CSV file to statistics and the whole profile."""
    start = time.perf_counter()
    table = Table("taxi", str(file), "csv")
    with (
        tempfile.TemporaryDirectory() as scratch,
        open_table(table, str(file.parent), Columns(), Path(scratch)) as data,
    ):
        cells = [Cell(("rows",), partial(data.batches, part)) for part in data.parts]
        [(_, found)] = measure(cells, Asked(data.schema, time="trip_start_timestamp"))
        found.profile()
    return time.perf_counter() - start


def ours_in_memory(file: Path) -> float:
    """The same from Arrow batches that lie in memory."""
    batches = csv.read_csv(file).combine_chunks().to_batches(max_chunksize=1 << 16)
    start = time.perf_counter()
    some = [batches[first : first + 4] for first in range(0, len(batches), 4)]
    cells = [Cell(("rows",), partial(iter, few)) for few in some]
    [(_, found)] = measure(cells, Asked(batches[0].schema, time="trip_start_timestamp"))
    found.profile()
    return time.perf_counter() - start


def tfdv_csv(file: Path) -> float:
    """TFDV's CSV path, Beam on one machine."""
    start = time.perf_counter()
    tfdv.generate_statistics_from_csv(str(file))
    return time.perf_counter() - start


def tfdv_dataframe(file: Path) -> float:
    """TFDV's DataFrame path, pandas' reading included."""
    start = time.perf_counter()
    tfdv.generate_statistics_from_dataframe(pd.read_csv(file))
    return time.perf_counter() - start


def tfdv_dataframe_in_memory(file: Path) -> float:
    """The same for a DataFrame that lies in memory."""
    frame = pd.read_csv(file)
    start = time.perf_counter()
    tfdv.generate_statistics_from_dataframe(frame)
    return time.perf_counter() - start


SIDES = {one.__name__: one for one in (ours, ours_in_memory, tfdv_csv, tfdv_dataframe, tfdv_dataframe_in_memory)}


def _cpu_seconds() -> float:
    """Of this process and the ones it started, reading into memory included."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    before = _cpu_seconds()
    seconds = SIDES[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps([seconds, _cpu_seconds() - before]))
