"""rollout: in benison.yaml: how a blessed challenger reaches live traffic, and what holds it back."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benison.config import provider
from benison.config import traffic as routed
from benison.config.provider import CLOUD_MONITORING, CloudMonitoring, Metrics
from benison.config.staging import Staging, staging_of
from benison.config.traffic import OURS, Traffic, Vertex
from benison.core import digests
from benison.core.sections import Section
from benison.core.verdicts import Tier

SHADOW, CANARY, AB, BLUE_GREEN, BIG_BANG = "shadow", "canary", "ab", "blue_green", "big_bang"
STRATEGIES = (CANARY, SHADOW, AB, BLUE_GREEN, BIG_BANG)
ERROR_RATE, SLOW_SHARE, SCORE, BRIER_SCORE, KPI = "error_rate", "slow_share", "score", "brier_score", "kpi"
METRICS = (ERROR_RATE, SLOW_SHARE, SCORE, BRIER_SCORE, KPI)
# Measured on what comes of requests, later.
OUTCOME_METRICS = (BRIER_SCORE, KPI)
HOLD, ROLLBACK = "hold", "rollback"


@dataclass(frozen=True)
class Guardrail:
    """One line of ``guardrails:``: how much worse than the concurrent champion the challenger may be.

    Attributes:
        metric: ``error_rate``, ``slow_share`` (the share of requests that took longer than `over_ms`), ``score`` (the
            mean answer, which may move either way), ``brier_score`` (of answers whose label came), ``kpi`` (the mean
            value that outcomes tell).
        tier: Hard sends the challenger back, soft warns.
        tolerance: By how much it may be worse, in the metric's unit; of a KPI a share of the champion's, 0.02 for 2%.
        over_ms: What is slow, in milliseconds; of ``slow_share`` only, else 0.
        at_most: The challenger's own figure, which trips a breaker where it is above in `sustained` of the last
            `sustained` + 1 blocks; None: no such limit. Of ``error_rate`` and ``slow_share``.
        sustained: How many blocks.
    """

    metric: str
    tier: Tier
    tolerance: float
    over_ms: float = 0.0
    at_most: float | None = None
    sustained: int = 3

    @property
    def name(self) -> str:
        """As checks call it."""
        return f"{self.metric} over {self.over_ms:g} ms" if self.over_ms else self.metric

    @property
    def counts(self) -> bool:
        """Whether each request counts 0 or 1."""
        return self.metric in (ERROR_RATE, SLOW_SHARE)


@dataclass(frozen=True)
class Phase:
    """A time with one split of traffic.

    Attributes:
        percent: The share of units that the challenger answers, 0 to 100.
        shadow: The share whose requests it gets a copy of, 0 to 100.
        minutes: How long at least.
    """

    percent: float
    shadow: float
    minutes: float

    def __str__(self) -> str:
        if self.percent == 0:
            return f"shadow {self.shadow:g}%" if self.shadow else "staging"
        return f"{self.percent:g}%"


@dataclass(frozen=True)
class Rollout:
    """How a challenger is delivered.

    Attributes:
        strategy: One of `STRATEGIES`.
        phases: What comes before all traffic, in order; each with more of it than the one before.
        watch_minutes: How long the challenger is watched when it has all traffic; the champion before stays loaded.
        guardrails: What must hold, at least one.
        block_seconds: The length of the blocks of time that are compared.
        min_blocks: How many blocks have to be there before anything is concluded from differences.
        false_rollbacks: The probability of sending back a challenger that is as good, over the whole rollout.
        undecided: What happens when the last phase and its extension are over and it is not proven that the challenger
            is no worse: ``rollback`` or ``hold``, which leaves it to a person.
        extend_minutes: By how much the last phase is extended for that.
        silent_minutes: After how long without figures (the request log unreadable), or with a router that does not do
            as the rollout log says, the challenger is sent back.
        outcomes: A folder of files with what came of requests, ``request_id`` and ``value``; empty: none.
        staging: What comes before any live request; None: nothing.
        metrics: Whose figures count; None: those of the servers' request log.
        labels_mature_minutes: How long after a request its outcome may come; so long it is watched at least.
        traffic: Who splits live traffic.
    """

    strategy: str
    phases: tuple[Phase, ...]
    watch_minutes: float
    guardrails: tuple[Guardrail, ...]
    block_seconds: float = 30.0
    min_blocks: int = 20
    false_rollbacks: float = 0.01
    undecided: str = ROLLBACK
    extend_minutes: float = 0.0
    silent_minutes: float = 10.0
    outcomes: str = ""
    staging: Staging | None = None
    metrics: Metrics | None = None
    labels_mature_minutes: float = 0.0
    traffic: Traffic = OURS

    @property
    def promotes(self) -> bool:
        """Whether it ends with all traffic for the challenger; a shadow alone does not."""
        return self.strategy != SHADOW

    @property
    def watched_minutes(self) -> float:
        """How long it is watched with all traffic: until the last outcome of the trial could have come, at least."""
        blocks = 2 * self.block_seconds / 60 if self.labels_mature_minutes else 0.0
        return max(self.watch_minutes, self.labels_mature_minutes + blocks)

    @property
    def is_embedded(self) -> bool:
        """Whether servers split by the rollout log themselves, so that nobody else has to be told."""
        return self.traffic == OURS

    @property
    def digest(self) -> str:
        """What the plan is, by content."""
        return digests.of_json(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """As it stands in the rollout log."""
        content = asdict(self)
        content["guardrails"] = [{**line, "tier": str(line["tier"])} for line in content["guardrails"]]
        content["phases"] = list(content["phases"])
        content["metrics"] = provider.to_json(self.metrics) if self.metrics else None
        del content["traffic"]
        return content if self.is_embedded else {**content, "traffic": routed.to_json(self.traffic)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Rollout:
        """The inverse of `to_json`."""
        lines = tuple(Guardrail(**{**line, "tier": Tier(line["tier"])}) for line in content["guardrails"])
        phases = tuple(Phase(**phase) for phase in content["phases"])
        staging = Staging(**content["staging"]) if content.get("staging") else None
        metrics = provider.from_json(content["metrics"]) if content.get("metrics") else None
        said = {"guardrails": lines, "phases": phases, "staging": staging, "metrics": metrics}
        traffic = routed.from_json(content["traffic"]) if "traffic" in content else OURS
        return cls(**{**content, **said, "traffic": traffic})


_STEPS = {
    CANARY: (Phase(1, 0, 30), Phase(5, 0, 120), Phase(25, 0, 120)),
    SHADOW: (Phase(0, 100, 60),),
    AB: (Phase(50, 0, 24 * 60),),
    BLUE_GREEN: (),
    BIG_BANG: (),
}
_USUAL = (Guardrail(ERROR_RATE, Tier.HARD, 0.01, at_most=0.05),)


def rollout_of(section: Section) -> Rollout:
    """Reads ``rollout:``.

    Raises:
        ConfigError: Something in it is not understood, or its steps do not rise.
    """
    strategy = section.choice("strategy", STRATEGIES, CANARY)
    rollout = Rollout(
        strategy=strategy,
        phases=_phases(section, strategy),
        watch_minutes=section.number("watch_minutes", 60.0, low=0, high=1e6),
        guardrails=_guardrails(section),
        block_seconds=section.number("block_seconds", 30.0, low=0.5, high=3600),
        min_blocks=section.whole("min_blocks", 20, low=2),
        false_rollbacks=section.number("false_rollbacks", 0.01, low=1e-6, high=0.2),
        undecided=section.choice("undecided", (ROLLBACK, HOLD), ROLLBACK),
        extend_minutes=section.number("extend_minutes", 0.0, low=0, high=1e6),
        silent_minutes=section.number("silent_minutes", 10.0, low=0.05, high=1e4),
        outcomes=section.take("outcomes", str, ""),
        staging=staging_of(section.section("staging")) if "staging" in section.content else None,
        metrics=provider.metrics_of(section.section("metrics")) if "metrics" in section.content else None,
        labels_mature_minutes=section.number("labels_mature_minutes", 0.0, low=0, high=1e6),
        traffic=routed.traffic_of(section.section("traffic", optional=True)),
    )
    section.close()
    _check_traffic(section, rollout)
    _check_outcomes(section, rollout)
    if isinstance(rollout.metrics, CloudMonitoring):
        _check_cloud_monitoring(section, rollout)
    return rollout


def _check_traffic(section: Section, rollout: Rollout) -> None:
    """The router can do what phases ask for."""
    for phase in rollout.phases:
        routed.check_copies(section, rollout.traffic, phase.shadow > 0)
        if phase.percent:
            routed.check_percent(section, rollout.traffic, phase.percent)


def _check_outcomes(section: Section, rollout: Rollout) -> None:
    """Outcomes are there for what is measured on them, and belong to single requests."""
    labelled = next((line.metric for line in rollout.guardrails if line.metric in OUTCOME_METRICS), None)
    if labelled and not rollout.outcomes:
        hint = "name a folder of files with request_id and value"
        raise section.error("outcomes", f"where the outcomes are that {labelled} is measured on", "none", hint)
    if rollout.outcomes and rollout.metrics is not None:
        hint = "leave metrics: out, and the servers' request log is read"
        expected = "none with figures from elsewhere, which know no single request"
        raise section.error("outcomes", expected, "some", hint)
    if rollout.labels_mature_minutes and not rollout.outcomes:
        raise section.error("labels_mature_minutes", "outcomes that are waited for", "no outcomes:")


def _check_cloud_monitoring(section: Section, rollout: Rollout) -> None:
    """Its figures are of a Vertex endpoint's deployed models, and of requests alone."""
    below = section.section("metrics")
    if not isinstance(rollout.traffic, Vertex):
        hint = "behind another router, figures are those of the request log or of Prometheus"
        expected, got = f"traffic: {{router: {routed.VERTEX}}} with {CLOUD_MONITORING}", rollout.traffic.router
        raise below.error("source", expected, f"router: {got}", hint)
    for line in rollout.guardrails:
        if line.metric not in (ERROR_RATE, SLOW_SHARE):
            expected = f"{ERROR_RATE} and {SLOW_SHARE} with {CLOUD_MONITORING}, which knows no answers"
            raise section.error("guardrails", expected, line.metric)


def _phases(section: Section, strategy: str) -> tuple[Phase, ...]:
    first = _shadow(section, strategy)
    steps = [_step(step) for step in section.sections("steps")]
    if steps and strategy not in (CANARY, AB):
        raise section.error("steps", f"none with strategy: {strategy}", f"{len(steps)} of them")
    _check_rising(section, steps, strategy)
    return (*first, *(steps or (() if strategy == SHADOW else _STEPS[strategy])))


def _shadow(section: Section, strategy: str) -> tuple[Phase, ...]:
    if "shadow" not in section.content:
        return _STEPS[SHADOW] if strategy == SHADOW else ()
    if strategy == BIG_BANG:
        raise section.error("shadow", "none with strategy: big_bang", "one", "blue_green takes one")
    below = section.section("shadow")
    phase = Phase(0, below.number("percent", 100.0, low=0.01, high=100), below.number("minutes", 60.0, low=0, high=1e6))
    below.close()
    return (phase,)


def _step(section: Section) -> Phase:
    percent = section.number("percent", low=0.01, high=99.9)
    step = Phase(percent, 0, section.number("minutes", low=0, high=1e6))
    section.close()
    return step


def _check_rising(section: Section, steps: list[Phase], strategy: str) -> None:
    if strategy == AB and len(steps) > 1:
        raise section.error("steps", "one step with strategy: ab, of a fixed share", f"{len(steps)} of them")
    for before, after in itertools.pairwise(steps):
        if after.percent <= before.percent:
            expected, hint = f"more than the {before.percent:g}% before", "100% comes by itself at the end"
            raise section.error("steps", expected, f"{after.percent:g}%", hint)


def _guardrails(section: Section) -> tuple[Guardrail, ...]:
    lines = tuple(_guardrail(line) for line in section.sections("guardrails"))
    names = [line.name for line in lines]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise section.error("guardrails", "each guardrail once", f"{twice} twice", "keep one")
    return lines or _USUAL


def _guardrail(section: Section) -> Guardrail:
    metric = section.choice("metric", METRICS)
    limited = metric in (ERROR_RATE, SLOW_SHARE)
    over = section.number("over_ms", low=0.01, high=1e6) if metric == SLOW_SHARE else 0.0
    at_most = section.number("at_most", low=0, high=1) if limited and "at_most" in section.content else None
    line = Guardrail(
        metric=metric,
        tier=Tier(section.choice("tier", (Tier.HARD, Tier.SOFT), Tier.HARD)),
        tolerance=section.number("tolerance", low=1e-6, high=1),
        over_ms=over,
        at_most=at_most,
        sustained=section.whole("sustained", 3, low=1) if at_most is not None else 3,
    )
    section.close()
    return line
