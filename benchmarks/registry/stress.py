"""Writers at once and writers killed, many times over: one winner in each round, the old state or the new one.

    python -m benchmarks.registry.stress                                     # about two minutes
    python -m benchmarks.registry.stress --rounds 1000 --kills 600           # the whole; hours

Races 16 processes for the champion's place, on disk and on moto's S3 server on loopback; then kills writers at every
call to the file system and at random moments. It ends with an error at the first thing that is not as it should be, and
prints a line of JSON for each part.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.registry.crowds import race
from tests.registry.kills import ACTS
from tests.sources.s3_server import new_bucket, s3_server

PROCESSES = 16
# moto looks through every key of a bucket at each request for a list, so that a long log there is the server's trouble.
LOG_ROUNDS = 20


def on_disk(rounds: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        return race(f"{folder}/registry", Path(folder), PROCESSES, rounds)


def in_buckets(rounds: int) -> int:
    """As many rounds, each twenty in a registry of its own."""
    entries = 0
    for first in range(0, rounds, LOG_ROUNDS):
        with s3_server() as endpoint, tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            uri = new_bucket(endpoint, f"models-{first}", patch).uri("registry")
            many = min(LOG_ROUNDS, rounds - first)
            entries += race(uri, Path(folder), PROCESSES, many, blessings_race_too=False)
            print(f"S3: {first + many} rounds, {entries} entries", file=sys.stderr, flush=True)
    return entries


def killed(act: str, *arguments: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        program = [sys.executable, "-m", "tests.registry.kills", folder, act, *arguments]
        found: dict[str, Any] = json.loads(subprocess.run(program, stdout=subprocess.PIPE, check=True).stdout)
        return found


def parts(rounds: int, s3_rounds: int, kills: int) -> Iterator[dict[str, Any]]:
    """What was done, part by part."""
    for where, act, many in (("disk", on_disk, rounds), ("S3", in_buckets, s3_rounds)):
        if many:
            yield {"part": f"race on {where}", "processes": PROCESSES, "rounds": many, "entries": act(many)}
    for act in ACTS:
        yield {"part": f"{act} killed at every call", **killed(act)}
        if kills:
            at_random = killed(act, str(-(-kills // len(ACTS))), "7")
            yield {"part": f"{act} killed at random moments", "kills": at_random["kills"], "new": at_random["new"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="of the race on disk")
    parser.add_argument("--s3-rounds", type=int, help="of the race in a bucket; as many by default, or 10")
    parser.add_argument("--kills", type=int, default=60, help="at random moments")
    asked = parser.parse_args()
    s3_rounds = asked.s3_rounds if asked.s3_rounds is not None else (asked.rounds if asked.rounds > 40 else 10)
    total, began = 0, time.perf_counter()
    for part in parts(asked.rounds, s3_rounds, asked.kills):
        seconds, began = time.perf_counter() - began, time.perf_counter()
        total += part.get("kills", 0)
        print(json.dumps({**part, "seconds": round(seconds, 1)}), flush=True)
    print(json.dumps({"kills": total, "each": "left the old state or the new one, and the next attempt completed"}))


if __name__ == "__main__":
    main()
