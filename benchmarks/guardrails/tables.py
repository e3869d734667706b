"""False rollbacks, and harm found, by Benison's guardrails and by other controllers' rules on the same streams.

python -m benchmarks.guardrails.tables             # at 10 and 100 requests a second
python -m benchmarks.guardrails.tables --whole     # 1 to 1,000; 143 s on two cores
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.guardrails.rules import RULES, Ends
from benchmarks.guardrails.streams import ERRORS, REVENUE, SLOW, TRAFFIC, Metric, Streams, draw
from benison.measures.sequential import BLOCK_SECONDS

ALPHA, OF_FOUR = 0.01, 0.0025
HARMS: tuple[tuple[Metric, Sequence[float]], ...] = (
    (ERRORS, (1.5, 2, 5, 50)),
    (SLOW, (1.5, 2, 5)),
    (REVENUE, (0.95, 0.7)),
)
# Rollouts at a time, for memory.
PART = 250


def judged(
    seed: list[int], metric: Metric, traffic: str, rate: float, worse: float, rollouts: int, alpha: float
) -> Iterator[tuple[Streams, dict[str, Ends]]]:
    """Streams, and where each rule ends each rollout."""
    random = np.random.default_rng(seed)
    for start in range(0, rollouts, PART):
        streams = draw(random, metric, traffic, rate, worse, min(PART, rollouts - start))
        yield streams, {name: rule(streams, alpha) for name, rule in RULES.items()}


def false_rollbacks(rates: Sequence[float], rollouts: int) -> Iterator[str]:
    """The challenger is exactly as bad as is allowed: as the champion, and for revenue 2% less."""
    yield f"| metric, traffic | requests/s | {' | '.join(RULES)} |"
    yield f"|{'---|' * (2 + len(RULES))}"
    for number, (metric, traffic) in enumerate(_nulls()):
        for rate in rates:
            parts = [
                ends for _, ends in judged([1, number, int(rate)], metric, traffic, rate, metric.ratio, rollouts, ALPHA)
            ]
            found = {name: np.concatenate([part[name] for part in parts]) for name in RULES}
            yield f"| {metric.name}, {traffic} | {rate:g} | {' | '.join(_share(found[name]) for name in RULES)} |"


def _nulls() -> list[tuple[Metric, str]]:
    return [
        *((ERRORS, traffic) for traffic in TRAFFIC),
        (SLOW, "heavy tails of each"),
        (SLOW, "AR(1) 0.8 of each"),
        (REVENUE, "independent"),
        (REVENUE, "bursts of each"),
        (REVENUE, "time of day"),
    ]


def _share(ends: Ends) -> str:
    return "" if (ends == -2).all() else f"{np.mean(ends >= 0):.1%}"


def found_harm(rates: Sequence[float], rollouts: int) -> Iterator[str]:
    """How often harm is found, and the median time until it is where it is found in half of the rollouts or more."""
    yield f"| harm | requests/s | requests of the challenger until found | {' | '.join(RULES)} |"
    yield f"|{'---|' * (3 + len(RULES))}"
    for number, (metric, harms) in enumerate(HARMS):
        for worse in harms:
            for rate in rates:
                yield _harm(number, metric, worse, rate, rollouts)


def _harm(number: int, metric: Metric, worse: float, rate: float, rollouts: int) -> str:
    seed = [2, number, int(100 * worse), int(rate)]
    parts = list(judged(seed, metric, "independent", rate, worse, rollouts, OF_FOUR))
    found = {name: np.concatenate([ends[name] for _, ends in parts]) for name in RULES}
    served = np.concatenate([np.cumsum(streams.challenger.requests, axis=-1) for streams, _ in parts])
    spent = served[np.arange(len(served)), found["Benison"]][found["Benison"] >= 0]
    usual = f"{np.median(spent):,.0f}" if 2 * spent.size >= len(served) else ""
    cells = " | ".join(_time(found[name]) for name in RULES)
    harm = f"{metric.base:.0%} to {metric.base * worse:.1%}" if metric.sign > 0 else f"{worse - 1:+.0%}"
    return f"| {metric.name} {harm} | {rate:g} | {usual} | {cells} |"


def _time(ends: Ends) -> str:
    if (ends == -2).all():
        return ""
    found = np.where(ends >= 0, (ends + 1) * BLOCK_SECONDS / 60, np.inf)
    return f"{np.mean(ends >= 0):.0%}" + (f", {np.median(found):.0f} min" if np.isfinite(np.median(found)) else "")


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rollouts", type=int, default=1_000, help="how many are drawn for each cell")
    parser.add_argument(
        "--whole", action="store_true", help="1, 10, 100 and 1,000 requests a second instead of 10 and 100"
    )
    asked = parser.parse_args()
    rates = (1, 10, 100, 1000) if asked.whole else (10, 100)
    started = time.monotonic()
    for table in (false_rollbacks, found_harm):
        for line in table(rates, asked.rollouts):
            print(line, flush=True)
        print()
    print(f"{asked.rollouts:,} rollouts for each cell, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
