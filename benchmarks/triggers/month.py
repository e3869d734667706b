"""A month of a fleet's triggers: how long a decision takes, how large logs become, and what kills leave behind.

    python -m benchmarks.triggers.month --days 30 --models 20 --folder /dev/shm/fleet
    python -m benchmarks.triggers.month --days 2 --models 20 --kills 60

With kills the fleet lives in a process that SIGKILL ends at random moments; the next one goes on from what is on disk.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.triggers.fleet import BEGIN, CRONS, TICK, TICKS_A_DAY, Fleet, size_of
from benison.registry.log import Promote, utc
from benison.registry.registry import Registry
from benison.registry.stores import LocalStore
from benison.submit.timing import timing_of
from benison.triggers.entries import Cause, Finished, Run, Started
from benison.triggers.ledger import Ledger


class Looked(NamedTuple):
    """A look: whether it decided about a run, how many seconds it took, and how many of the processor."""

    decided: bool
    wall: float
    cpu: float


def names(models: int, job: int = 0, jobs: int = 1) -> list[str]:
    """The models that one of some processes manages."""
    return [f"model-{number:02}" for number in range(models)][job::jobs]


def live(folder: Path, days: int, own: list[str]) -> None:
    """Lives so many days, from wherever the clock stands, and writes down the looks of each."""
    fleet, clock, looks = Fleet(folder, own), folder / f"{own[0]}.clock", list[Looked]()
    for number in range(int(clock.read_text()) if clock.exists() else 0, days * TICKS_A_DAY):
        for look, wall, cpu in fleet.tick(number):
            looks.append(Looked(any(isinstance(entry, Run) for _, entry in look.done), wall, cpu))
        if (number + 1) % TICKS_A_DAY == 0:
            with (folder / f"{own[0]}.looks").open("a") as file:
                file.write(json.dumps(looks) + "\n")
            looks.clear()
        fresh = clock.with_suffix(".new")
        fresh.write_text(str(number + 1))
        fresh.replace(clock)


def process(folder: Path, asked: argparse.Namespace, job: int) -> subprocess.Popen[bytes]:
    """A process that lives its part of the fleet's days."""
    own = [sys.executable, "-m", "benchmarks.triggers.month", "--live", str(job), "--folder", str(folder)]
    words = [*own, "--models", str(asked.models), "--days", str(asked.days), "--jobs", str(asked.jobs)]
    return subprocess.Popen(words, stdout=subprocess.PIPE)


def killed(folder: Path, asked: argparse.Namespace) -> int:
    """Lives in a process that is killed at random moments, then in one that is not; how many kills hit."""
    chance, hit = random.Random(asked.seed), 0
    while True:
        begun = process(folder, asked, 0)
        assert begun.stdout is not None
        begun.stdout.readline()
        if hit < asked.kills:
            time.sleep(chance.random() * asked.kill_within)
            begun.send_signal(signal.SIGKILL)
        begun.communicate()
        if begun.returncode == 0:
            return hit
        if begun.returncode != -signal.SIGKILL:
            raise SystemExit(f"the fleet left with {begun.returncode}")
        hit += 1


def wrong(folder: Path, models: int, days: int) -> list[str]:
    """What is lost, run twice or torn; empty: nothing."""
    return [what for name in names(models) for what in _wrong(folder, name, days)]


def _wrong(folder: Path, name: str, days: int) -> list[str]:
    ledger = Ledger(LocalStore(folder / "registry"), name)
    ledger.verify()
    said = [entry for _, entry in ledger.entries()]
    causes = Counter((one.source, one.key) for one in said if isinstance(one, Cause))
    runs = {number: one for number, one in ledger.entries() if isinstance(one, Run)}
    answered = Counter(cause for run in runs.values() for cause in run.causes)
    steps = [Counter(one.run for one in said if isinstance(one, kind)) for kind in (Started, Finished)]
    marks = sorted(path.name for path in (folder / "runs" / name).iterdir())
    registry = Registry.open(str(folder / "registry"), name)
    registry.verify_log()
    promoted = sum(isinstance(one.entry, Promote) for one in registry.log())
    checks = {
        "every time is one cause": causes == Counter(_times(days)),
        "every cause has one run": set(answered.values()) <= {1} and len(answered) == len(causes),
        "every run was started and ended once": all(one == Counter(runs.keys()) for one in steps),
        "what was carried out was decided": marks == sorted(f"{run.key}-training" for run in runs.values()),
        "every daily training is champion once": promoted == sum("daily" in source for source, _ in causes),
    }
    return [f"{name}: {what}" for what, holds in checks.items() if not holds]


def _times(days: int) -> list[tuple[str, str]]:
    """All that schedules bring after the first look, as the ledger names it."""
    last = BEGIN + (days * TICKS_A_DAY - 1) * TICK
    return [
        (f"schedule:{name}", utc(moment))
        for name, cron in CRONS.items()
        for moment in timing_of(cron).next(BEGIN, days * 25)
        if moment <= last
    ]


def told(seconds: list[float]) -> str:
    """Median and the 99th percentile, in milliseconds."""
    if len(seconds) < 2:
        return "none"
    return f"{1000 * statistics.median(seconds):.1f} / {1000 * statistics.quantiles(seconds, n=100)[98]:.1f}"


def cells(looks: list[Looked]) -> list[str]:
    """Those of looks that decided, then of those that did not."""
    parts = [[one for one in looks if one.decided is asked] for asked in (True, False)]
    return [told([getattr(one, of) for one in part]) for part in parts for of in ("wall", "cpu")]


def opened(folder: Path) -> dict[str, float]:
    """Seconds until a manager that knows nothing has read a ledger, and of the processor."""
    began, worked = time.perf_counter(), time.process_time()
    Ledger(LocalStore(folder / "registry"), names(1)[0]).state()
    return {"opened_s": time.perf_counter() - began, "opened_cpu_s": time.process_time() - worked}


def lived(folder: Path, asked: argparse.Namespace) -> list[list[Looked]]:
    """Lives all days in some processes at once; the looks by day."""
    jobs = [process(folder, asked, job) for job in range(asked.jobs)]
    if left := [code for job in jobs if (code := job.wait())]:
        raise SystemExit(f"the fleet left with {left}")
    return looks_of(folder, asked.days)


def looks_of(folder: Path, days: int) -> list[list[Looked]]:
    """What was written down, by day."""
    found: list[list[Looked]] = [[] for _ in range(days)]
    for file in sorted(folder.glob("*.looks")):
        for day, line in enumerate(file.read_text().splitlines()):
            found[day] += [Looked(*look) for look in json.loads(line)]
    return found


def measured(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Lives the days, and prints a line for some of them."""
    looks, days = lived(folder, asked), asked.days
    print("| day | decided, ms (median / 99%) | of the processor | decided nothing | of the processor |")
    print("|---|---|---|---|---|")
    for day in sorted({0, 1, days // 2, days - 1}):
        print(f"| {day + 1} | {' | '.join(cells(looks[day]))} |")
    files, content = size_of(folder / "registry" / "model-00" / "triggers")
    runs = sum(one.decided for day in looks for one in day)
    return {"runs": runs, "entries_of_a_model": files, "bytes_of_a_model": content, **opened(folder)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--models", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=1, help="so many processes share the models")
    parser.add_argument("--kills", type=int, default=0, help="so many, of one process that has all models")
    parser.add_argument("--kill-within", type=float, default=2.0, help="seconds that a process has at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--live", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.live is not None:
        print("begun", flush=True)
        live(asked.folder, asked.days, names(asked.models, asked.live, asked.jobs))
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as place:
        folder = Path(place)
        result = {"kills": killed(folder, asked)} if asked.kills else measured(folder, asked)
        print(json.dumps({**result, "wrong": wrong(folder, asked.models, asked.days)}))


if __name__ == "__main__":
    main()
