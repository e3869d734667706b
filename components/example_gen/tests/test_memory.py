"""Memory holds batches and not the data: ten times the rows, the same peak."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from components.example_gen.tests.place import Place

PIECE = 250_000
PROGRAM = """
import resource, sys
from pathlib import Path
from benison.components.example_gen.run import run
root = Path(sys.argv[1])
artifacts = {name: root / name for name in ("examples", "holdout", "references")}
run(data_root=str(root), span=0, bundle=root / "bundle", **artifacts)
# Of this program alone: what getrusage says of a process counts the one that started it as well.
status = Path("/proc/self/status").read_text().split()
print(status[status.index("VmHWM:") + 1], resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def pieces(rows: int) -> Iterator[pa.Table]:
    for start in range(0, rows, PIECE):
        draw = np.random.default_rng(start)
        at = np.datetime64("2026-01-01T00:00:00") + draw.integers(0, 10**7, PIECE).astype("timedelta64[s]")
        yield pa.table(
            {
                "id": np.arange(start, start + PIECE),
                "age": draw.integers(18, 80, PIECE),
                "fare": np.round(draw.exponential(20, PIECE), 2),
                "city": pa.array(draw.choice(["Ulm", "Bonn", "Jena"], PIECE).tolist()),
                "at": pa.array(np.datetime_as_string(at).tolist()),
                "y": draw.integers(0, 2, PIECE),
            }
        )


def write_csv(path: Path, rows: int) -> None:
    with path.open("wb") as file:
        for number, piece in enumerate(pieces(rows)):
            pyarrow.csv.write_csv(piece, file, pyarrow.csv.WriteOptions(include_header=number == 0))


def write_parquet(path: Path, rows: int) -> None:
    tables = pieces(rows)
    first = next(tables)
    with pq.ParquetWriter(path, first.schema) as file:
        for piece in (first, *tables):
            file.write_table(piece, row_group_size=1 << 17)


def peaks(folder: Path, rows: int, kind: str, **splits: Any) -> tuple[int, int]:
    """Of the process and of its largest worker, in kilobytes."""
    folder.mkdir()
    place = Place(folder, path=f"rows.{kind}", format=kind, splits=splits)
    place.configure()
    {"csv": write_csv, "parquet": write_parquet}[kind](folder / f"rows.{kind}", rows)
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(folder)], capture_output=True, text=True, check=True)
    own, workers = map(int, done.stdout.split())
    return own, workers


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("splits", [{"by": "hash", "key": ["id"]}, {"by": "time", "time": "at"}], ids=["hash", "time"])
def test_ten_times_the_rows_take_the_same_memory(tmp_path: Path, kind: str, splits: dict[str, Any]) -> None:
    small, _ = peaks(tmp_path / "small", 500_000, kind, **splits)
    large, workers = peaks(tmp_path / "large", 5_000_000, kind, **splits)
    assert large < 1.2 * small
    assert workers < 1.2 * small
