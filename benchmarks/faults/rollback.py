"""From the first bad answer to none: how long the default plan leaves a bad challenger its traffic.

    python -m benchmarks.faults.rollback                     # 20 rollouts a cell; minutes

The controller itself, on a clock that is turned: requests come at random at a steady rate, and are answered as its log
says. The challenger is bad from its first answer, or breaks in the middle of the step of 25%. Printed are the median
and the longest time until its traffic is taken, and how many requests it had in the median rollout. Servers follow
within `poll_seconds`, which comes on top.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benison.components.rollout.control import Controller
from benison.components.rollout.tests.live import Arm, World
from benison.config.rollout import ERROR_RATE, SLOW_SHARE, Guardrail, Phase, Rollout
from benison.core.verdicts import Tier
from benison.registry.registry import Registry
from benison.registry.testing import Bench, MemoryStore

PLAN = Rollout(
    strategy="canary",
    phases=(Phase(1, 0, 30), Phase(5, 0, 120), Phase(25, 0, 120)),
    watch_minutes=60,
    guardrails=(
        Guardrail(ERROR_RATE, Tier.HARD, 0.01, at_most=0.05),
        Guardrail(SLOW_SHARE, Tier.HARD, 0.05, over_ms=50, at_most=0.5),
    ),
)
RATES = (10, 100, 1000)
BEGINS = {"first": False, "late": True}
SOUND = Arm()
FAULTS = {
    "every request fails": Arm(errors=1.0),
    "every tenth fails": Arm(errors=0.1),
    "2% fail, 0.5% of the champion's": Arm(errors=0.02),
    "ten times as slow": Arm(latency_ms=200.0),
    "twice as slow": Arm(latency_ms=40.0),
    "no answers": Arm(silent=True),
}
_HOURS = 8.0
_LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class Cell:
    """One kind of rollout.

    Attributes:
        fault: Of `FAULTS`.
        per_second: Requests.
        breaks_late: Whether the challenger is sound until it has had 25% for an hour.
    """

    fault: str
    per_second: int
    breaks_late: bool


@dataclass(frozen=True)
class Ended:
    """How a rollout of a bad challenger ended.

    Attributes:
        seconds: From the first moment at which it was bad and had traffic until it had none; infinite: it kept it.
        answers: How many requests it had meanwhile.
    """

    seconds: float
    answers: float


def ended(cell: Cell, seed: int) -> Ended:
    """One rollout."""
    with tempfile.TemporaryDirectory() as folder:
        world = _world(Path(folder), cell.per_second, seed)
    fault = FAULTS[cell.fault]
    world.arms["challenger"] = SOUND if cell.breaks_late else fault
    world.begin(PLAN)
    controller = world.controller()
    _until(world, controller, 25.0 if cell.breaks_late else 1.0)
    if cell.breaks_late:
        _pass(world, controller, 3600.0)
        world.arms["challenger"] = fault
    return _seen(world, controller, cell.per_second)


def _world(folder: Path, per_second: int, seed: int) -> World:
    bench = Bench(Registry(MemoryStore(), "census"), folder / "packages")
    bench.crown("first")
    challenger = bench.add("second", (2,))
    bench.bless(challenger)
    world = World(bench, challenger, {"champion": SOUND, "challenger": SOUND}, per_second)
    world.random = np.random.default_rng(seed)
    return world


def _percent(world: World) -> float:
    running = world.log.state().running
    return running.percent if running else 0.0


def _step(world: World, controller: Controller) -> None:
    world.wait(_LOOK_SECONDS)
    while (look := controller.look()) is not None and look.acted:
        pass
    recent = world.time.timestamp() - 300
    world.batches = [one for one in world.batches if one[0] > recent]


def _until(world: World, controller: Controller, percent: float) -> None:
    while _percent(world) < percent:
        _step(world, controller)


def _pass(world: World, controller: Controller, seconds: float) -> None:
    for _ in range(int(seconds / _LOOK_SECONDS)):
        _step(world, controller)


def _seen(world: World, controller: Controller, per_second: int) -> Ended:
    began, answers = world.time, 0.0
    while (taken := (world.time - began).total_seconds()) < _HOURS * 3600:
        percent = _percent(world)
        if percent == 0:
            return Ended(taken, answers)
        answers += percent / 100 * per_second * _LOOK_SECONDS
        _step(world, controller)
        if world.champion == world.challenger and world.log.state().running is None:
            break
    return Ended(float("inf"), answers)


def _shown(seconds: float) -> str:
    if not np.isfinite(seconds):
        return "kept it"
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def _line(cell: Cell, found: Sequence[Ended]) -> str:
    seconds = [one.seconds for one in found]
    middle, longest = float(np.median(seconds)), max(seconds)
    answers = float(np.median([one.answers for one in found]))
    begin = "an hour into 25%" if cell.breaks_late else "from its first answer, at 1%"
    figures = f"{_shown(middle)} | {_shown(longest)} | {answers:,.0f}"
    return f"| {cell.fault} | {begin} | {cell.per_second:,} | {figures} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollouts", type=int, default=20, help="of each cell")
    parser.add_argument("--begins", nargs="+", choices=BEGINS, default=list(BEGINS), help="when it is bad")
    parser.add_argument("--processes", type=int, default=2)
    said = parser.parse_args()
    cells = [
        Cell(fault, rate, late)
        for begins in said.begins
        for late in [BEGINS[begins]]
        for fault in FAULTS
        for rate in RATES
    ]
    print("| the challenger | is so | requests/s | median | longest | requests it had, median |")
    print(f"|{'---|' * 6}", flush=True)
    with ProcessPoolExecutor(said.processes, multiprocessing.get_context("spawn")) as pool:
        runs = {cell: [pool.submit(ended, cell, seed) for seed in range(said.rollouts)] for cell in cells}
        for cell, waiting in runs.items():
            print(_line(cell, [one.result() for one in waiting]), flush=True)


if __name__ == "__main__":
    main()
