"""gate: in benison.yaml: what a challenger must prove."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from benison.core import digests, metrics
from benison.core.sections import Section
from benison.core.spelling import nearest
from benison.core.verdicts import Tier

BASELINES = ("champion", "reference")
CONFIDENCE = 0.95


@dataclass(frozen=True)
class GateCheck:
    """One line of the policy: what a metric must hold, on which slices.

    Attributes:
        metric: A metric's name, as `benison.core.metrics` writes it.
        slices: ``("overall",)``, ``("all",)`` for every slice of the evaluation config, or names: ``sex=Female``.
        tier: Hard blocks, soft warns.
        at_least: The metric's lower confidence bound must not be below; -inf: no such bound.
        at_most: The metric's upper confidence bound must not be above; inf: no such bound.
        tolerance: Non-inferiority: how much worse than each baseline the challenger may be; NaN: not asked.
        no_worse_than: The baselines that `tolerance` speaks of.
    """

    metric: str
    slices: tuple[str, ...]
    tier: Tier
    at_least: float
    at_most: float
    tolerance: float
    no_worse_than: tuple[str, ...]


@dataclass(frozen=True)
class Gate:
    """The policy that decides on a challenger.

    Attributes:
        confidence: Each one-sided bound holds with this probability; intervals are shown at 2 * confidence - 1.
        min_rows: A slice with fewer rows is listed, not judged.
        min_positives: Likewise with fewer positive, or fewer negative, rows.
        checks: What must hold.
        unit: The column of what rows are of, such as a user, whose rows hang together; empty: rows are independent.
    """

    confidence: float
    min_rows: int
    min_positives: int
    checks: tuple[GateCheck, ...]
    unit: str = ""

    @property
    def digest(self) -> str:
        """What the policy is, by content."""
        return digests.of_json(_finite(asdict(self)))


def _finite(content: Any) -> Any:
    """The same with numbers that JSON lacks written as text."""
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(item) for item in content]
    return str(content) if isinstance(content, float) and not math.isfinite(content) else content


def gate_of(section: Section) -> Gate:
    """Reads the section.

    Raises:
        ConfigError: Something in it is not understood.
    """
    gate = Gate(
        confidence=section.number("confidence", CONFIDENCE, low=0.5, high=0.9999),
        min_rows=section.whole("min_rows", 200, low=1),
        min_positives=section.whole("min_positives", 20, low=1),
        checks=tuple(_gate_check(line) for line in section.sections("checks")),
        unit=section.take("unit", str, ""),
    )
    if not any(check.tier is Tier.HARD for check in gate.checks):
        raise section.error("checks", "at least one hard check", "none", "a gate that asks nothing can prove nothing")
    section.close()
    return gate


def metric_of(section: Section, key: str = "metric") -> str:
    """The metric that a line names, as it is written everywhere.

    Raises:
        ConfigError: There is no such metric, or it takes no such number.
    """
    said = section.take(key, str)
    found = metrics.find(said)
    if found is None:
        known = metrics.spoken()
        kind = known.kinds.get(said.partition("@")[0])
        if kind is not None:
            raise section.error(key, _takes(kind), repr(said))
        raise section.error(key, "a known metric", repr(said), _elsewhere(said) or nearest(said, known.kinds))
    return found.name


def _elsewhere(said: str) -> str:
    """A hint at the task that has such a metric."""
    tasks = [task for task, words in metrics.VOCABULARIES.items() if said.partition("@")[0] in words.kinds]
    return f"{said} is a metric of other models: benison evaluate --task {tasks[0]}" if tasks else ""


def _takes(kind: metrics.Kind) -> str:
    if not kind.parameter:
        return f"{kind.name} without @, since it takes no number"
    return f"{kind.name}@NUMBER, its {kind.parameter} from 0 to {kind.most:g}"


def _gate_check(section: Section) -> GateCheck:
    metric = metric_of(section)
    check = GateCheck(
        metric=metric,
        slices=section.texts("slices", ("overall",)),
        tier=Tier(section.choice("tier", ("hard", "soft"), "hard")),
        at_least=section.take("at_least", float, -math.inf),
        at_most=section.take("at_most", float, math.inf),
        tolerance=section.take("tolerance", float, math.nan),
        no_worse_than=section.texts("no_worse_than", BASELINES),
    )
    section.close()
    _sound(section, check)
    _can_be_missed(section, check)
    return check


def _sound(section: Section, check: GateCheck) -> None:
    for baseline in check.no_worse_than:
        if baseline not in BASELINES:
            raise section.error("no_worse_than", "champion or reference", repr(baseline), nearest(baseline, BASELINES))
    if "no_worse_than" in section.content and math.isnan(check.tolerance):
        raise section.error("tolerance", "how much worse the challenger may be", "none", "write  tolerance: 0.005")
    if check.tolerance < 0:
        raise section.error("tolerance", "0 or more", f"{check.tolerance:g}")
    if not math.isnan(check.tolerance) and not metrics.better(check.metric):
        hint = f"{check.metric} has no better and no worse: write at_least and at_most"
        raise section.error("tolerance", "a metric of which more or less is better", check.metric, hint)
    if check.at_least == -math.inf and check.at_most == math.inf and math.isnan(check.tolerance):
        raise section.error("metric", "at_least, at_most or tolerance beside it", "none of them")


def _range(low: float, high: float, *, open_end: bool) -> str:
    if math.isinf(high):
        return f"from {low:g}"
    end = f"{'below ' * open_end}{high:g}"
    return f"up to {end}" if math.isinf(low) else f"from {low:g} to {end}"


def _can_be_missed(section: Section, check: GateCheck) -> None:
    """Refuses limits that decide nothing: every model, or none, would meet them."""
    limits = {"at_least": check.at_least, "at_most": check.at_most, "tolerance": check.tolerance}
    limits = {key: limit for key, limit in limits.items() if key in section.content}
    for key, limit in limits.items():
        if not math.isfinite(limit):
            raise section.error(key, "a number that is finite", f"{limit:g}")
    if check.at_least > check.at_most:
        raise section.error("at_most", f"at least at_least, {check.at_least:g}", f"{check.at_most:g}")
    kind = metrics.metric(check.metric).kind
    for key, limit in limits.items():
        low, high = (0.0, kind.high - kind.low) if key == "tolerance" else (kind.low, kind.high)
        if not low <= limit <= high or (key == "tolerance" and limit == high):
            expected = f"a number {_range(low, high, open_end=key == 'tolerance')}, as {check.metric} is"
            raise section.error(key, expected, f"{limit:g}", "5% is written 0.05" if (low, high) == (0, 1) else "")
    # A metric without ends has no limit that all meet.
    if check.at_least <= kind.low and check.at_most >= kind.high and math.isnan(check.tolerance):
        got = f"{check.metric} from {kind.low:g} to {kind.high:g}"
        raise section.error(next(iter(limits)), "a limit that a model can miss", got)
