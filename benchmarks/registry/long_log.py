"""How long a registry with a log of many entries takes to open, to read whole, and to be changed.

    python benchmarks/registry/long_log.py --entries 100000

Writes such a log below a temporary folder, without waiting for the disk, then opens it in fresh processes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benison.core import chain, digests, documents
from benison.core.verdicts import Verdict
from benison.registry import log
from benison.registry.fold import fold
from benison.registry.log import Bless, Champion, Entry, Promote, Register, Rollback
from benison.registry.registry import Registry
from benison.registry.snapshots import Snapshot
from benison.registry.testing import SAID, Bench, digest

WHO: dict[str, Any] = {"who": "ci@build", "when": "2026-11-20T12:00:00Z", "why": "trained on spans 1, 2, 3"}
REAL = 30
ROUNDS = 7
_ROUND = 10


def entries(real: list[str]) -> Iterator[Entry]:
    """Rounds of a model's life without end: each registered and judged, one in three champion, sometimes rolled back.

    Args:
        real: Versions whose packages are there, already registered and champion in turn, the last one now.
    """
    champion = Champion(3 * len(real), real[-1])
    before, number = champion, 3 * len(real)
    for word in itertools.count():
        package, origin = digest(f"package {word}"), {name: digest(f"{name} {word}") for name in ("snapshot", "model")}
        origin["bundle"] = digest("bundle")
        yield Register(package=package, spans=(1, 2, 3), evidence=origin, **WHO)
        proof = {name: digest(f"{name} {word}") for name in ("evaluation", "checks", "training", "model_card")}
        verdict = Verdict.FAIL if word % 3 else Verdict.PASS
        reasons = ("auc: +0.0012 < allowed +0.0020",) if word % 3 else ()
        yield Bless(package=package, verdict=verdict, reasons=reasons, evidence=proof, compared_with=champion, **WHO)
        number += 2
        if word % 3 == 0:
            yield Promote(package=package, superior=False, by_hand=False, evidence=proof, replaces=champion, **WHO)
            number += 1
            before, champion = champion, Champion(number, package)
        if word % _ROUND == 9:
            yield Rollback(package=before.package, replaces=champion, **WHO)
            number += 1
            before, champion = champion, Champion(number, before.package)


def write(root: Path, many: int) -> None:
    """A registry with so many entries, the first ones with real packages."""
    bench = Bench(Registry.create(str(root), "census"), root.parent / "packages")
    real = [bench.crown(f"real {word}").package for word in range(REAL)]
    previous = bench.registry.log()[-1].digest
    folder, texts = root / "census" / "log", [path.read_text() for path in sorted((root / "census/log").iterdir())]
    for number, entry in enumerate(itertools.islice(entries(real), many - len(texts)), len(texts) + 1):
        content = {"kind": log.KIND, "format": 1, "number": number, "writer": f"{number:032x}", "previous": previous}
        raw = documents.encode({**content, "entry": log.to_json(entry)})
        (folder / f"{number:012d}.json").write_bytes(raw)
        previous = digests.of_bytes(raw)
        texts.append(raw.decode())
        if number % chain.SEGMENT == 0:
            segments = folder.with_name("log_segments")
            segments.mkdir(exist_ok=True)
            content = {"kind": chain.SEGMENT_KIND, "format": 1, "entries": texts}
            (segments / f"{number:012d}.json").write_bytes(documents.encode(content))
            texts = []


def opened(root: Path) -> dict[str, float]:
    """Opens it as a command does, and looks at the champion; times in seconds."""
    answers = []
    for _ in range(ROUNDS):
        program = [sys.executable, "-c", _OPEN, str(root)]
        answers.append(json.loads(subprocess.run(program, capture_output=True, text=True, check=True).stdout))
    return {name: statistics.median(answer[name] for answer in answers) for name in answers[0]}


_OPEN = """
import json, sys, time
from benison.registry import stores
from benison.registry.registry import Registry
got = [0]
plain = stores.LocalStore.copy_to
def counted(*arguments):
    got[0] += 1
    return plain(*arguments)
stores.LocalStore.copy_to = counted
wall, cpu = time.perf_counter(), time.process_time()
registry = Registry.open(sys.argv[1], "census")
state = registry.state()
answer = {"open_s": time.perf_counter() - wall, "open_cpu_s": time.process_time() - cpu, "objects_read": got[0]}
wall = time.perf_counter()
state.versions[state.champion.package].blessing
answer["champion_s"] = time.perf_counter() - wall
print(json.dumps(answer))
"""


def changed(root: Path) -> dict[str, float]:
    """The times in seconds of changes by one who has opened it, the disk waited for; medians."""
    bench = Bench(Registry.open(str(root), "census"), root.parent / "packages")
    bench.registry.state()
    took: dict[str, list[float]] = {"register": [], "bless": [], "promote": [], "rollback": []}

    def timed(name: str, act: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        answer = act()
        took[name].append(time.perf_counter() - started)
        return answer

    for number in range(ROUNDS):
        bench.package(word := f"new {number}")
        package = timed("register", partial(bench.add, word, (9,)))
        timed("bless", partial(bench.bless, package))
        timed("promote", partial(bench.registry.promote, package, **SAID))
        timed(
            "rollback", partial(bench.registry.rollback, bench.registry.state().reigns[number].champion.package, **SAID)
        )
    return {f"{name}_s": statistics.median(each) for name, each in took.items()}


def measured(root: Path, many: int) -> Iterator[dict[str, Any]]:
    """A table's rows: without snapshots, and with one that stands in the middle of the last thousand."""
    write(root, many)
    yield {"entries": many, "snapshot": "none", **opened(root)}
    started = time.perf_counter()
    Registry.open(str(root), "census").log()
    whole = time.perf_counter() - started
    keep_snapshot(root, many - many % chain.SEGMENT)
    yield {"entries": many, "snapshot": "the last", **opened(root), "log_s": whole, **changed(root)}


def keep_snapshot(root: Path, number: int) -> None:
    """As the writer of that entry would have."""
    registry = Registry.open(str(root), "census")
    logged = registry.log()[:number]
    segments = [digests.of_file(path) for path in sorted((root / "census/log_segments").glob("*.json"))]
    if logged:
        registry.snapshots.put(Snapshot(number, logged[-1].digest, tuple(segments), fold(logged)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, nargs="+", default=[500, 10_500, 100_500])
    for many in parser.parse_args().entries:
        with tempfile.TemporaryDirectory() as folder:
            for row in measured(Path(folder) / "registry", many):
                print(json.dumps({name: round(one, 4) if isinstance(one, float) else one for name, one in row.items()}))


if __name__ == "__main__":
    main()
