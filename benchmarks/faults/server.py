"""What faults around the champion cost those whom the champion answers.

    python -m benchmarks.faults.server                       # each fault for ten seconds; four minutes
    python -m benchmarks.faults.server --seconds 30

Steady requests go to a real server before a fault and while it lasts; printed are, of the champion's units alone, how
many failed and how long answers took. One table in Markdown; exits with 1 where a request of the champion's failed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.faults.callers import Seen, asked
from benison.delivery.traffic import Role, Traffic
from benison.registry.log import Champion
from benison.registry.registry import Registry
from benison.registry.testing import SAID, provenance
from serving.tests import made
from serving.tests.running import MODEL, Shop, shop

SALT = "faults"
SETTINGS: dict[str, Any] = {"unit": "customer", "timeout_ms": 2000}
Act = Callable[[Shop], None]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        name: For the table.
        answers: How the challenger fails, as `made.Scaling` has it; empty: it does not.
        percent: The share of units that it answers.
        shadow: The share that it gets copies of.
        act: What is done to the server when the fault begins.
    """

    name: str
    answers: str = ""
    percent: float = 0.0
    shadow: float = 0.0
    act: Act = field(default=lambda shop: None)


def _unreachable(shop: Shop) -> None:
    shop.traffic.rename(shop.traffic.with_suffix(".gone"))


def _full(shop: Shop) -> None:
    """Files may not grow any more, which fails as a full disk does."""
    resource.prlimit(shop.server.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))


FAULTS = (
    Fault("challenger raises errors, 25% live", "error", percent=25),
    Fault("challenger answers NaN, 25% live", "nan", percent=25),
    Fault("challenger takes 0.1 s and more, 25% live", "late", percent=25),
    Fault("challenger hangs, 25% live", "slow", percent=25),
    Fault("challenger hangs, copies of all requests", "slow", shadow=100),
    Fault("registry cannot be reached", act=_unreachable),
    Fault("request log cannot be written", act=_full),
)


@dataclass
class Bench:
    """Packages, and a server for each fault."""

    folder: Path
    packages: dict[str, str] = field(default_factory=dict)

    def package(self, level: float, answers: str) -> str:
        """The digest of a package that answers so."""
        name = f"{level}-{answers or 'sound'}"
        if name not in self.packages:
            registry = Registry.create(str(self.folder / "registry"), MODEL)
            saved = made.scaling(self.folder / "saved" / name, level, answers)
            self.packages[name] = registry.register(saved, provenance(name), **SAID)
        return self.packages[name]

    @contextmanager
    def serving(self, fault: Fault) -> Iterator[Shop]:
        """A server of the champion, and of a challenger where the fault has one."""
        champion = self.package(0.5, "")
        challenger = self.package(0.25, fault.answers) if fault.answers else None
        own = Path(tempfile.mkdtemp(dir=self.folder))
        with shop(own, self.folder / "registry", SETTINGS) as found:
            found.say(1, champion)
            if challenger is not None:
                split = {"percent": fault.percent, "shadow": fault.shadow, "salt": SALT}
                found.say(2, champion, challenger=challenger, **split)
            yield found


def measured(bench: Bench, fault: Fault, seconds: float, per_second: float) -> tuple[Seen, Seen]:
    """What the champion's units saw before a fault and while it lasted."""
    split = Traffic(Champion(1, "sha256:" + "0" * 64), "sha256:" + "1" * 64, fault.percent, fault.shadow, SALT)

    def is_champions(unit: str) -> bool:
        return split.role(unit) is Role.CHAMPION

    with bench.serving(fault) as running:
        port = running.server.port
        asked(port, "sound", 2.0, per_second, is_champions)  # the first answers load what is loaded late
        before = asked(port, "sound", seconds, per_second, is_champions)
        fault.act(running)
        during = asked(port, fault.answers or "sound", seconds, per_second, is_champions)
    return before, during


def _line(fault: Fault, before: Seen, during: Seen) -> str:
    figures = [f"{seen.quantile(level):.1f}" for level in (0.5, 0.99) for seen in (before, during)]
    return f"| {fault.name} | {during.requests:,} | {during.failed} | {' | '.join(figures)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="before each fault, and while it lasts")
    parser.add_argument("--per-second", type=float, default=50.0, help="requests")
    said = parser.parse_args()
    print("| fault | champion's requests | failed | p50 before, ms | p50 during | p99 before | p99 during |")
    print(f"|{'---|' * 7}", flush=True)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for fault in FAULTS:
            before, during = measured(bench, fault, said.seconds, said.per_second)
            failed += before.failed + during.failed
            print(_line(fault, before, during), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
