"""How often data that did not change are called changed: simulated spans, through the code that judges in the pipeline.

python benchmarks/false_alarms.py drift     # span against the span before it
python benchmarks/false_alarms.py history   # span against the bands of the spans before it
python benchmarks/false_alarms.py factors   # by how much few points widen a band
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from unchanged import COLUMNS, LABEL, drawn, profiled

from benison.components.example_validator.drift import PREVIOUS, Reference, drift
from benison.components.example_validator.history import history
from benison.components.example_validator.past import Past
from benison.config.validation import validation_of
from benison.core.sections import Section
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.bands import FACTORS, FEWEST_POINTS, deviation

FEWEST, MOST = 50, 100_000
USUAL = validation_of(Section("benison.yaml", {}, {}, ("validation",)))
FIRST_JUDGED = 6
Random = np.random.Generator
# The distance of each column of the next span from the usual, given those of the span before and its number.
Moves = Callable[[Random, dict[str, float], int], dict[str, float]]


@dataclass
class Alarms:
    """Spans by what was said of them."""

    spans: int = 0
    blocked: int = 0
    warned: int = 0

    def add(self, checks: Sequence[Check]) -> None:
        """One more span."""
        failed = {check.tier for check in checks if check.verdict is Verdict.FAIL}
        self.spans += 1
        self.blocked += Tier.HARD in failed
        self.warned += failed == {Tier.SOFT}

    def __str__(self) -> str:
        return f"{self.spans:,} | {self.blocked / self.spans:.2%} | {self.warned / self.spans:.2%}"


def some_rows(random: Random) -> int:
    """From 50 to 100,000, small numbers as often as large ones."""
    return int(math.exp(random.uniform(math.log(FEWEST), math.log(MOST))))


def about(random: Random, rows: int) -> int:
    """Nearly as many."""
    return max(FEWEST, int(rows * random.uniform(0.8, 1.25)))


def drift_alarms(spans: int, seed: int, *, like: bool) -> Alarms:
    """Two samples of the same, compared column by column.

    Args:
        spans: How many times.
        seed: Of the random numbers.
        like: Whether both have about as many rows.
    """
    random, alarms = np.random.default_rng([seed, like]), Alarms()
    for _ in range(spans):
        rows = some_rows(random)
        before = Reference(PREVIOUS, "span 1", profiled(drawn(random, rows)))
        now = drawn(random, about(random, rows) if like else some_rows(random))
        alarms.add(drift(before, now, USUAL.drift, COLUMNS)[0])
    return alarms


def still(random: Random, before: dict[str, float], span: int) -> dict[str, float]:
    """Spans differ by chance alone."""
    return {}


def by_itself(random: Random, before: dict[str, float], span: int) -> dict[str, float]:
    """Each column of each span lies elsewhere, a fifth of a standard deviation away."""
    return {name: random.normal() for name in COLUMNS}


def skewed(random: Random, before: dict[str, float], span: int) -> dict[str, float]:
    """Likewise, but never far below, and farther above: exponentially distributed."""
    return {name: random.exponential() - 1 for name in COLUMNS}


def lingering(random: Random, before: dict[str, float], span: int) -> dict[str, float]:
    """Likewise, and what one span has the next one has nearly too: autocorrelation 0.8."""
    kept = 0.8 if before else 0.0
    return {name: kept * before.get(name, 0.0) + math.sqrt(1 - kept**2) * random.normal() for name in COLUMNS}


def growing(random: Random, before: dict[str, float], span: int) -> dict[str, float]:
    """All grow by 5% from span to span."""
    return dict.fromkeys(COLUMNS, (1.05**span - 1) / 0.2)


MOVES: dict[str, Moves] = {
    "by chance alone": still,
    "each by itself": by_itself,
    "skewed": skewed,
    "autocorrelated, 0.8": lingering,
    "growing by 5% a span": growing,
}


def history_alarms(sequences: int, seed: int, moves: Moves) -> dict[str, Alarms]:
    """Sequences of spans, of which those from the sixth on are judged by the ones before them.

    Args:
        sequences: How many; of each, twenty spans are judged.
        seed: Of the random numbers.
        moves: How spans differ.

    Returns:
        By how many spans there were before.
    """
    random = np.random.default_rng(seed)
    found = {"5 to 9": Alarms(), "10 to 24": Alarms()}
    for _ in range(sequences):
        rows, past, away = some_rows(random), list[Past](), dict[str, float]()
        for span in range(1, FIRST_JUDGED + 20):
            away = moves(random, away, span)
            now = profiled(drawn(random, about(random, rows), away))
            if span >= FIRST_JUDGED:
                checks, _ = history(now, span, past, USUAL.history, COLUMNS, LABEL)
                found["5 to 9" if len(past) < 10 else "10 to 24"].add(checks)
            past.append(Past(span, "", now))
    return found


def factors(millions: float) -> Iterator[str]:
    """What `FACTORS` should be: how many deviations of n normal points the next one exceeds as rarely as 4 sigma."""
    random, rare = np.random.default_rng(7), math.erfc(4 / math.sqrt(2))
    yield "| points | factor | in the code |"
    yield "|---|---|---|"
    for points, now in enumerate(FACTORS, FEWEST_POINTS):
        ratios = np.concatenate([_ratios(random, points) for _ in range(max(1, int(millions * 10)))])
        yield f"| {points} | {np.quantile(ratios, 1 - rare) / 4:.2f} | {now} |"


def _ratios(random: Random, points: int) -> np.ndarray:
    drawn_points = random.normal(size=(100_000, points + 1))
    middle = np.median(drawn_points[:, :-1], axis=1)
    spread = np.apply_along_axis(deviation, 1, drawn_points[:, :-1])
    return np.asarray(np.abs(drawn_points[:, -1] - middle) / spread)


def drift_table(spans: int, seed: int) -> Iterator[str]:
    """The table, line by line."""
    yield "| rows | spans | blocked | only warned |"
    yield "|---|---|---|---|"
    yield f"| both about as many | {drift_alarms(spans, seed, like=True)} |"
    yield f"| each its own number | {drift_alarms(spans, seed, like=False)} |"


def history_table(spans: int, seed: int) -> Iterator[str]:
    """The table, line by line."""
    yield "| how spans differ | spans before | spans | blocked | only warned |"
    yield "|---|---|---|---|---|"
    for name, moves in MOVES.items():
        for before, alarms in history_alarms(spans // 20, seed, moves).items():
            yield f"| {name} | {before} | {alarms} |"


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", choices=("drift", "history", "factors"))
    parser.add_argument("--spans", type=int, default=1000, help="how many are judged for each line")
    parser.add_argument("--seed", type=int, default=20)
    asked = parser.parse_args()
    started = time.monotonic()
    tables = {"drift": drift_table, "history": history_table}
    lines = factors(0.5) if asked.what == "factors" else tables[asked.what](asked.spans, asked.seed)
    for line in lines:
        print(line, flush=True)
    print(f"\n{time.monotonic() - started:.0f} s, seed {asked.seed}", file=sys.stderr)


if __name__ == "__main__":
    main()
