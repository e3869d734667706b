"""Kills a training at random moments until it is done, and holds the model against one that was left alone.

    python benchmarks/kill_training.py --kills 20

Each round starts the trainer component alone, in a process of its own, and sends it SIGTERM or SIGKILL in turn at a
seeded moment of its training; it is started again with the same checkpoints, and after some kills it may end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benison.core import digests, documents

ROWS = {"train": 40_000, "eval": 4_000}
MODEL = """\
import keras


def build_model(features, hyperparameters):
    inputs = {feature.name: feature.input() for feature in features}
    hidden = keras.layers.Concatenate()([feature.encode(inputs[feature.name]) for feature in features])
    hidden = keras.layers.Dropout(0.2)(keras.layers.Dense(32, activation="relu")(hidden))
    hidden = keras.layers.BatchNormalization()(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.002), "binary_crossentropy")
    return model


def callbacks(hyperparameters):
    return [keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.5)]
"""
CONFIG = """\
name: killed
data: {path: rows.csv}
label: {column: answer, positive: "yes", negative: "no"}
features: {a: numeric, b: numeric, c: categorical}
model: {epochs: EPOCHS, batch_size: 64, patience: 99, seed: 3, checkpoint_minutes: 0.005}
gate:
  checks: [{metric: auc, at_least: 0.5}]
"""


def task(folder: Path, epochs: int) -> dict[str, Path]:
    """The trainer's input artifacts."""
    project = folder / "bundle" / "project"
    project.mkdir(parents=True)
    (project / "benison.yaml").write_text(CONFIG.replace("EPOCHS", str(epochs)))
    (project / "model.py").write_text(MODEL)
    (project / "schema.pbtxt").write_text('feature { name: "a" type: FLOAT }\n')
    documents.write(folder / "bundle" / "bundle.json", "bundle", {"digest": digests.of_tree(project)})
    snapshot = _examples(folder / "examples")
    verdict = {"verdict": "PASS", "snapshot": snapshot, "blocked_by": []}
    documents.write(folder / "validation" / "validation.json", "validation", verdict)
    return {name: folder / name for name in ("bundle", "examples", "validation")}


def _examples(folder: Path) -> str:
    splits = {}
    for seed, (split, rows) in enumerate(ROWS.items()):
        table = _rows(rows, seed)
        path = folder / f"Split-{split}" / "data-00000.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(table, path)
        yes = table["answer"].to_pylist().count("yes")
        counts = {"rows": rows, "positives": yes, "negatives": rows - yes, "spans": [{"span": 1, "rows": rows}]}
        splits[split] = {**counts, "digest": digests.of_tree(path.parent)}
    nothing = {"rows": 0, "positives": 0, "negatives": 0, "spans": [], "digest": digests.of_bytes(b"")}
    source = {"span": 1, "path": "rows.csv", "size": 1, "rows": 1, "version": "", "query": None}
    content = {
        "digest": digests.of_json(splits),
        "spans": [1],
        "sources": [{**source, "digest": digests.of_bytes(b"rows")}],
        "splits": {**splits, "holdout": nothing},
        "split_by": {"by": "hash", "key": ["a"], "time": "", "shares": [0.6, 0.2, 0.2]},
        "columns": [{"name": "a", "type": "float64"}],
        "label": {"column": "answer", "positive": "yes", "negative": "no"},
    }
    documents.write(folder / "snapshot.json", "snapshot", content)
    return str(content["digest"])


def _rows(rows: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    a, b, c = rng.normal(size=rows), rng.normal(size=rows), rng.choice(["x", "y", "z"], rows)
    answer = np.where(rng.random(rows) < 1 / (1 + np.exp(-a * b - (c == "x"))), "yes", "no")
    return pa.table({"a": a, "b": b, "c": c, "answer": answer})


def start(inputs: dict[str, Path], model: Path, checkpoints: Path) -> subprocess.Popen[str]:
    """A process of the trainer component alone."""
    shutil.rmtree(model, ignore_errors=True)
    folders = {**inputs, "model": model, "checkpoint-root": checkpoints}
    options = [word for name, path in folders.items() for word in (f"--{name}", str(path))]
    command = [sys.executable, "-m", "benison.components.trainer", *options]
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=quiet)


def digest_of(model: Path) -> str:
    """What the model is."""
    return str(documents.read(model / "training.json", "training")["model_digest"])


def killed(process: subprocess.Popen[str], how: signal.Signals, rng: random.Random) -> str:
    """Sends a signal at a random moment of the training; returns what the process has said."""
    lines, wanted = [], rng.randint(1, 4)
    assert process.stderr
    for line in process.stderr:
        lines.append(line)
        if sum("epoch" in one or "checkpoint" in one for one in lines) >= wanted:
            break
    # Anywhere in the steps that follow, rather than at a line of the log.
    time.sleep(rng.uniform(0, 0.3))
    process.send_signal(how)
    return "".join(lines) + process.communicate()[1]


def chain(inputs: dict[str, Path], folder: Path, kills: int, rng: random.Random) -> dict[str, Any]:
    """Kills one training several times, with SIGTERM and SIGKILL in turn, then lets it end."""
    ended, went_on = [], 0
    for number in range(kills):
        how = (signal.SIGTERM, signal.SIGKILL)[number % 2]
        process = start(inputs, folder / "model", folder / "checkpoints")
        went_on += "going on after" in killed(process, how, rng)
        ended.append((how.name, process.returncode))
        if process.returncode == 0:
            break
    else:
        last = start(inputs, folder / "model", folder / "checkpoints")
        said = last.communicate()[1]
        went_on += "going on after" in said
        if last.returncode:
            raise SystemExit(f"the retry failed with exit code {last.returncode}\n{said}")
    left = len(list((folder / "checkpoints").rglob("*.npz")))
    return {"ended": ended, "went_on": went_on, "digest": digest_of(folder / "model"), "left": left}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="of each signal")
    parser.add_argument("--in-a-row", type=int, default=4, help="kills of one training")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = task(folder, asked.epochs)
        alone = start(inputs, folder / "alone", folder / "none")
        if alone.wait():
            raise SystemExit("the training that was left alone failed")
        digest = digest_of(folder / "alone")
        found: list[dict[str, Any]] = []
        while min(told := _kills(found).values()) < asked.kills:
            kills = min(asked.in_a_row, 2 * (asked.kills - min(told)))
            found.append(chain(inputs, folder / f"chain-{len(found)}", kills, rng))
            print(json.dumps(found[-1]), file=sys.stderr)
    same = sum(one["digest"] == digest for one in found)
    tally = {
        "trainings": len(found),
        "same_model_as_the_one_left_alone": same,
        "kills": _kills(found),
        "exit_codes": sorted({f"{how} {code}" for one in found for how, code in one["ended"]}),
        "went_on_from_a_checkpoint": sum(one["went_on"] for one in found),
        "checkpoints_left": sum(one["left"] for one in found),
    }
    print(json.dumps(tally, indent=1))
    if same != len(found):
        raise SystemExit(1)


def _kills(found: list[dict[str, Any]]) -> dict[str, int]:
    """How many processes each signal has ended; one that was done before it arrived does not count."""
    ended = [how for one in found for how, code in one["ended"] if code]
    return {how.name: ended.count(how.name) for how in (signal.SIGTERM, signal.SIGKILL)}


if __name__ == "__main__":
    main()
