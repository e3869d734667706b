"""infra: in benison.yaml: what a model must prove in a process of its own before it serves. All of it is optional."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benison.config import behaviour as behaviours
from benison.config.behaviour import Behaviour
from benison.config.paths import inside
from benison.core import digests
from benison.core.sections import Section
from benison.core.spelling import nearest
from benison.core.verdicts import Tier

# What is measured, and whether more of it is better.
METRICS: Mapping[str, bool] = {
    "p50_ms": False,
    "p95_ms": False,
    "p99_ms": False,
    "requests_per_second": True,
    "load_seconds": False,
    "first_answer_seconds": False,
    "peak_memory_mb": False,
    "size_mb": False,
}
LATENCIES = ("p50_ms", "p95_ms", "p99_ms", "requests_per_second")
STARTS = ("load_seconds", "first_answer_seconds")
# With so many rounds the smallest and the largest are bounds of the median, each of which holds with 97%.
LEAST_ROUNDS = 5


@dataclass(frozen=True)
class InfraCheck:
    """One line of ``infra.checks``: what a figure must hold.

    Attributes:
        metric: One of `METRICS`.
        tier: Hard blocks, soft warns.
        limit: The figure must not be beyond it; NaN: it is not asked of the figure itself.
        ratio: Neither may its ratio to the champion's be; NaN: not asked.
    """

    metric: str
    tier: Tier
    limit: float
    ratio: float

    @property
    def at_least(self) -> bool:
        """Whether the limits are lower ones."""
        return METRICS[self.metric]


@dataclass(frozen=True)
class Load:
    """The requests that latencies are measured with: one row each, in rounds.

    Attributes:
        requests_per_second: How many are sent in a second, whether the ones before were answered or not.
        requests: Of a round.
        rounds: How often, each with its own figures.
    """

    requests_per_second: float = 100.0
    requests: int = 50
    rounds: int = LEAST_ROUNDS


@dataclass(frozen=True)
class Infra:
    """What is asked of a model in a process of its own.

    Attributes:
        memory_mb: The process is ended beyond so much resident memory, in millions of bytes.
        timeout_seconds: Likewise where it takes longer to load, or to answer.
        rows: The most rows of the holdout whose answers are compared.
        load: What latencies are measured with.
        checks: What figures must hold.
        behaviour: What its answers must hold; None: the project has no such file.
    """

    memory_mb: int = 4096
    timeout_seconds: float = 120.0
    rows: int = 10_000
    load: Load = field(default_factory=Load)
    checks: tuple[InfraCheck, ...] = ()
    behaviour: Behaviour | None = None

    @property
    def digest(self) -> str:
        """What is asked, by content."""
        lines = [_finite(asdict(line)) for line in self.checks]
        said = {"memory_mb": self.memory_mb, "timeout_seconds": self.timeout_seconds, "rows": self.rows}
        behaviour = self.behaviour.to_json() if self.behaviour else None
        return digests.of_json({**said, "load": asdict(self.load), "checks": lines, "behaviour": behaviour})

    def asks(self, *metrics: str) -> bool:
        """Whether a check is of one of these figures."""
        return any(line.metric in metrics for line in self.checks)

    @property
    def compares(self) -> bool:
        """Whether a check is of a ratio to the champion."""
        return any(not math.isnan(line.ratio) for line in self.checks)


def _finite(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if not (isinstance(value, float) and math.isnan(value))}


def infra_of(section: Section, project: Path) -> Infra:
    """Reads ``infra:``, and the file that says how the model must behave.

    Args:
        section: What stands in benison.yaml.
        project: The folder that holds it.

    Raises:
        ConfigError: Something in them is not understood.
    """
    infra = Infra(
        memory_mb=section.whole("memory_mb", 4096, low=1),
        timeout_seconds=section.number("timeout_seconds", 120.0, low=1, high=3600),
        rows=section.whole("rows", 10_000, low=1),
        load=_load(section.section("load", optional=True)),
        checks=tuple(_check(line) for line in section.sections("checks")),
        behaviour=_behaviour(section, project),
    )
    section.close()
    return infra


def _behaviour(section: Section, project: Path) -> Behaviour | None:
    """A file that is named has to be there; without a name it is read where it is there."""
    file = project / inside(section, "behaviour", behaviours.FILE)
    if "behaviour" not in section.content and not file.exists():
        return None
    return behaviours.read(file)


def _load(section: Section) -> Load:
    load = Load(
        requests_per_second=section.number("requests_per_second", Load.requests_per_second, low=0.1, high=100_000),
        requests=section.whole("requests", Load.requests, low=1),
        rounds=section.whole("rounds", Load.rounds, low=LEAST_ROUNDS),
    )
    section.close()
    return load


def _check(section: Section) -> InfraCheck:
    metric = section.take("metric", str)
    if metric not in METRICS:
        raise section.error("metric", f"one of {', '.join(METRICS)}", repr(metric), nearest(metric, METRICS))
    own, other = ("at_least", "at_most") if METRICS[metric] else ("at_most", "at_least")
    for key in (other, f"{other}_ratio"):
        if key in section.content:
            word = "more" if METRICS[metric] else "less"
            raise section.error(key, f"{own} or {own}_ratio, since {word} of {metric} is better", key)
    limits = {key: _positive(section, key) for key in (own, f"{own}_ratio")}
    tier = Tier(section.choice("tier", ("hard", "soft"), "hard"))
    section.close()
    if all(map(math.isnan, limits.values())):
        raise section.error("metric", f"{own} or {own}_ratio beside it", "neither")
    return InfraCheck(metric, tier, *limits.values())


def _positive(section: Section, key: str) -> float:
    value = section.take(key, float, math.nan)
    if key in section.content and not (math.isfinite(value) and value > 0):
        raise section.error(key, "a number above 0", f"{value:g}")
    return value
