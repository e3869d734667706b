"""One round ExampleGen to Pusher, TFX 1.21 and Benison in turn, each in a fresh container.

Both sides read the same CSV, train the same layers for 1,000 steps of 40 rows, evaluate one slice and push. The time is
that of the whole `docker run`: process start, imports and shutdown included.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import platform
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Side:
    """One of the two.

    Attributes:
        name: For the table.
        image: The image it runs in.
        command: What runs in the container; /out is empty and may be written.
        mounts: What it sees, as ``host:container``.
        pushed: A pattern that its output matches once the model is pushed.
    """

    name: str
    image: str
    command: str
    mounts: tuple[str, ...]
    pushed: str


@dataclass(frozen=True)
class Round:
    """What one run took: seconds on the clock, and of both cores together."""

    wall: float
    cpu: float


def prepare(folder: Path) -> None:
    """Writes taxi.csv: the shipped rows, whose tip becomes the label `big_tip`, over a fifth of the fare."""
    with (
        gzip.open(HERE / "data" / "simple.csv.gz", "rt", newline="") as source,
        (folder / "taxi.csv").open("w", newline="") as target,
    ):
        rows = csv.DictReader(source)
        kept = [name for name in rows.fieldnames or () if name not in ("tips", "pickup_census_tract")]
        writer = csv.DictWriter(target, [*kept, "big_tip"], extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "big_tip": int(float(row["tips"]) > 0.2 * float(row["fare"]))} for row in rows)


def sides(data: Path, benison: str, tfx: str) -> list[Side]:
    """The two commands."""
    ours = "benison run /project --registry /out/registry --runs /out/runs"
    theirs = "env TF_USE_LEGACY_KERAS=1 PYTHONPATH=/side python3 /side/round.py /data /out"
    own_files = tuple(f"{path}:/project/{path.name}:ro" for path in sorted((HERE / "project").iterdir()))
    return [
        Side(
            "TFX 1.21 LocalDagRunner", tfx, theirs, (f"{data}:/data:ro", f"{HERE}/tfx_side:/side:ro"), "outcome: pushed"
        ),
        Side("Benison", benison, ours, (*own_files, f"{data}:/project/data:ro"), "Pushed:"),
    ]


def run(side: Side) -> Round:
    """Runs one side once, on an empty output folder.

    Raises:
        RuntimeError: It failed or pushed nothing.
    """
    with tempfile.TemporaryDirectory() as output:
        Path(output).chmod(0o777)
        mounts = [part for mount in (*side.mounts, f"{output}:/out") for part in ("--volume", mount)]
        timed = f"TIMEFORMAT='cpu %U %S'; time {side.command}"
        command = [
            "docker",
            "run",
            "--rm",
            "--network",
            "none",
            "--user",
            "0",
            *mounts,
            side.image,
            "bash",
            "-c",
            timed,
        ]
        started = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wall = time.perf_counter() - started
    if done.returncode or not re.search(side.pushed, done.stdout):
        raise RuntimeError(f"{side.name} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    user, system = re.findall(r"^cpu ([\d.]+) ([\d.]+)$", done.stdout, re.MULTILINE)[-1]
    return Round(wall, float(user) + float(system))


def table(found: dict[str, list[Round]]) -> str:
    """Each side's median and range, and how many times as long the first takes."""
    lines = ["| side | wall s, median | wall s, range | CPU s, median |", "|---|---|---|---|"]
    for name, rounds in found.items():
        walls = sorted(one.wall for one in rounds)
        lines.append(
            f"| {name} | {median(walls):.1f} | {walls[0]:.1f} to {walls[-1]:.1f} "
            f"| {median(one.cpu for one in rounds):.1f} |"
        )
    slower, faster = (median(one.wall for one in rounds) for rounds in found.values())
    return "\n".join([*lines, "", f"TFX takes {slower / faster:.1f} times as long as Benison."])


def main() -> None:
    """Runs the sides in turn and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of each side, after one that warms the disk's cache")
    parser.add_argument("--benison", required=True, help="Benison's image")
    parser.add_argument("--tfx", required=True, help="TFX's image")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        Path(folder).chmod(0o755)
        both = sides(Path(folder), asked.benison, asked.tfx)
        found: dict[str, list[Round]] = {side.name: [] for side in both}
        for turn in range(asked.rounds + 1):
            for side in both:
                one = run(side)
                print(f"{side.name}: {one.wall:.1f} s{'' if turn else ', warming up'}", flush=True)
                found[side.name] += [one] if turn else []
    print(f"\n{os.cpu_count()} cores, {platform.machine()}, {asked.rounds} rounds each\n\n{table(found)}")


if __name__ == "__main__":
    main()
