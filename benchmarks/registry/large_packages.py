"""How long packages of very many files, or of very many bytes, take to be registered, promoted and served.

python benchmarks/registry/large_packages.py                 # 100,000 files, then 5 GB; needs 15 GB of disk
python benchmarks/registry/large_packages.py --files 10000 --gigabytes 0
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benison.registry.registry import Registry
from benison.registry.serving_folder import materialize
from benison.registry.testing import SAID, Bench, package
from benison.registry.verification import verify

FOLDERS = 100


def many_files(folder: Path, many: int) -> None:
    """So many files of a kilobyte each, all different."""
    package(folder, "many")
    for number in range(FOLDERS):
        (folder / "assets" / f"{number:03}").mkdir(parents=True)
    for number in range(many):
        place = folder / "assets" / f"{number % FOLDERS:03}" / f"vocabulary {number}.txt"
        place.write_bytes(f"{number}\n".encode() * 128)


def many_bytes(folder: Path, gigabytes: float) -> None:
    """A file with a hole that is so large."""
    package(folder, "large")
    with (folder / "variables" / "variables.data-00000-of-00001").open("r+b") as file:
        file.truncate(int(gigabytes * 1e9))


def measured(build: Callable[[Path, Any], None], size: float) -> dict[str, float]:
    """Seconds of each thing that is done with a package, the disk waited for."""
    with tempfile.TemporaryDirectory() as name:
        folder, took = Path(name), {}
        bench = Bench(Registry.create(str(folder / "registry"), "census"), folder / "packages")
        bench.crown("small")
        build(folder / "packages" / "hostile", size)

        def timed(what: str, act: Callable[[], Any]) -> Any:
            started = time.perf_counter()
            answer = act()
            took[what] = round(time.perf_counter() - started, 2)
            return answer

        added = timed("register", lambda: bench.add("hostile"))
        timed("register_again", lambda: bench.add("hostile"))
        bench.bless(added)
        timed("promote", lambda: bench.registry.promote(added, **SAID))
        timed("materialize", lambda: materialize(bench.registry, folder / "srv"))
        timed("rollback", lambda: bench.registry.rollback(**SAID))
        assert timed("verify", lambda: verify(bench.registry)).sound
        return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--gigabytes", type=float, default=5)
    asked = parser.parse_args()
    if asked.files:
        print(json.dumps({"files": asked.files, **measured(many_files, asked.files)}), flush=True)
    if asked.gigabytes:
        print(json.dumps({"gigabytes": asked.gigabytes, **measured(many_bytes, asked.gigabytes)}), flush=True)


if __name__ == "__main__":
    main()
