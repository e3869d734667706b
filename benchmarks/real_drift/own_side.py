"""Our monitor as it stands: a registry with a champion, a request log in files, and a look at the end of every day."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from benison import config as configuration
from benison.components.monitor.run import watcher_of
from benison.components.monitor.watch import Watcher
from benison.core.profiles import ColumnProfile, Profile, RowsProfile
from benison.core.verdicts import Verdict
from benison.delivery.request_log import schema_of
from benison.measures.numbers import NEITHER
from benison.measures.tallies import ColumnTally
from benison.registry.registry import Registry
from benison.registry.testing import NOON, Bench, provenance

OWN = ("time", "part", "label", "score")
DATA = ("drift", "score_drift", "missing", "skew")


def profile_of(column: pa.Array) -> ColumnProfile:
    tally = ColumnTally.of(column.type)
    tally.add(column, np.full(len(column), NEITHER, np.int8))
    return tally.profile()


def features_of(rows: pd.DataFrame) -> pa.StructArray:
    """The features of some rows as a client would send them."""
    table = pa.Table.from_pandas(rows.drop(columns=list(OWN)), preserve_index=False).combine_chunks()
    arrays = [one.chunk(0) if one.num_chunks else pa.array([], one.type) for one in table.columns]
    return pa.StructArray.from_arrays(arrays, names=table.column_names)


def watcher(rows: pd.DataFrame, folder: Path) -> tuple[Watcher, Bench]:
    """A monitor of a champion that was trained on the first part, or on the reference where that is all there is."""
    first = rows[rows["part"] == "train"]
    trained = features_of(first if len(first) else rows[rows["part"] == "reference"])
    columns = {field.name: profile_of(trained.field(field.name)) for field in trained.type}
    counted = RowsProfile(len(trained), None, None, 0, 0, columns)
    bench = Bench(Registry.create(str(folder / "registry"), "census"), folder / "packages")
    bench.crown("first")
    bench.registry.history.put(Profile(provenance("first").snapshot, counted, {1: counted}).to_json(), NOON)
    (folder / "requests").mkdir()
    (folder / "benison.yaml").write_text(yaml.safe_dump(said(columns, folder / "requests", len(rows))))
    return watcher_of(configuration.read(folder), bench.registry), bench


def said(columns: dict[str, ColumnProfile], requests: Path, rows: int) -> dict[str, Any]:
    """The defaults, but for windows of a day, and for half hours that are all rows there are."""
    kinds = {name: "numeric" if one.kind == "numeric" else "categorical" for name, one in columns.items()}
    return {
        "name": "census",
        "data": {"path": "rows.csv"},
        "label": {"column": "label", "positive": "1", "negative": "0"},
        "features": kinds,
        "model": {"seed": 7, "hyperparameters": {"units": [8]}},
        "gate": {"checks": [{"metric": "auc", "at_least": 0.5}]},
        "serving": {"requests": {"folder": str(requests)}},
        "monitor": {"window_minutes": 1440, "min_rows": 40},
    }


def log(rows: pd.DataFrame, folder: Path, package: str, number: int) -> None:
    """Writes a day of the request log, whose file is as old as the day."""
    many, begin = len(rows), rows["time"].iloc[0].floor("D")
    columns: dict[str, Any] = {
        "request_id": [f"{begin:%F}-{row}" for row in range(many)],
        "row": np.zeros(many, np.int32),
        "unit_id": [""] * many,
        "time": rows["time"].to_numpy().astype("datetime64[us]"),
        "role": ["champion"] * many,
        "package": [package] * many,
        "number": np.full(many, number),
        "score": rows["score"].to_numpy(),
        "status": np.full(many, 200, np.int16),
        "error": [""] * many,
        "latency_ms": np.full(many, 5.0),
    }
    features = features_of(rows)
    schema = schema_of(features.type)
    arrays = [features if one.name == "features" else pa.array(columns[one.name]).cast(one.type) for one in schema]
    file = folder / f"{begin:%Y-%m-%d}" / "day.parquet"
    file.parent.mkdir()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), file)
    written = begin.timestamp() + 86_400
    os.utime(file, (written, written))


def watch(rows: pd.DataFrame, folder: Path) -> Iterator[dict[str, Any]]:
    """Lives through all days, and tells each: what failed, what is open, how long the look took."""
    looking, bench = watcher(rows, folder)
    champion = bench.registry.state().champion
    assert champion is not None
    lived = rows[rows["part"] != "train"]
    for day, of in lived.groupby(lived["time"].dt.floor("D")):
        log(of, folder / "requests", champion.package, champion.number)
        end = datetime.fromisoformat(str(day)).replace(tzinfo=UTC) + timedelta(days=1, minutes=2)
        began = time.process_time()
        watched = looking.look(end)
        seconds = time.process_time() - began
        findings = [one for window in watched.windows for one in window.findings]
        yield {
            "day": f"{day:%Y-%m-%d}",
            "rows": len(of),
            "failed": [[one.kind, one.subject] for one in findings if one.verdict is Verdict.FAIL],
            "unsure": sum(one.verdict is Verdict.INCONCLUSIVE and one.kind in DATA for one in findings),
            "asked": sum(one.kind in DATA for one in findings),
            "open": [[*one.key, one.severity, one.id, bool(one.settled)] for one in watched.opened],
            "seconds": seconds,
        }


def main() -> None:
    rows = pd.read_parquet(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for day in watch(rows, Path(folder)):
            print(json.dumps(day))


if __name__ == "__main__":
    main()
