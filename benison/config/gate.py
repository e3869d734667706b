"""gate: in benison.yaml: what a challenger must prove."""

from __future__ import annotations

import math
import re
from dataclasses import MISSING, asdict, dataclass, fields
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
        better_by: Superiority: the lower confidence bound of the gain over each baseline must be above; NaN: not asked.
        better_than: The baselines that `better_by` speaks of.
        judge: ``bound``, or ``point``: then `at_least` and `at_most` look at the value alone, however uncertain it is.
    """

    metric: str
    slices: tuple[str, ...]
    tier: Tier
    at_least: float
    at_most: float
    tolerance: float
    no_worse_than: tuple[str, ...]
    better_by: float = math.nan
    better_than: tuple[str, ...] = ("champion",)
    judge: str = "bound"


@dataclass(frozen=True)
class FairnessCheck:
    """One line of ``fairness:``: how far apart the groups of a column, or of a cross of columns, may be.

    The gap is the largest difference between two groups, the ratio that of the smallest figure to the largest; of
    several metrics the worst of them counts.

    Attributes:
        name: What the user calls the figure: a metric, or one of `benison.config.fairness.PARITIES`.
        metrics: The metrics behind it.
        across: The columns, sorted.
        tier: Hard blocks, soft warns.
        at_most: The gap's upper confidence bound must not be above; inf: no such bound.
        at_least: The ratio's lower confidence bound must not be below; -inf: no such bound.
        tolerance: How much wider than each baseline's the challenger's gap may be; NaN: not asked.
        no_worse_than: The baselines that `tolerance` speaks of.
    """

    name: str
    metrics: tuple[str, ...]
    across: tuple[str, ...]
    tier: Tier
    at_most: float
    at_least: float
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
        fairness: What must hold between the groups of a column.
        unit: The column of what rows are of, such as a user, whose rows hang together; empty: rows are independent.
        reproducible: ``required``: another training of the same project on the same data has to have come to the very
            same model; ``reported``: where there is one, whether it did is said.
    """

    confidence: float
    min_rows: int
    min_positives: int
    checks: tuple[GateCheck, ...]
    fairness: tuple[FairnessCheck, ...] = ()
    unit: str = ""
    reproducible: str = "reported"

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric that is asked about, each once."""
        asked = (metric for line in self.fairness for metric in line.metrics)
        return tuple(dict.fromkeys([*(line.metric for line in self.checks), *asked]))

    @property
    def digest(self) -> str:
        """What the policy is, by content."""
        said = {"checks": [_said(line) for line in self.checks], "fairness": [_said(line) for line in self.fairness]}
        return digests.of_json({**_said(self), **{key: lines for key, lines in said.items() if lines}})


def _said(one: Any) -> dict[str, Any]:
    """Without what is at its default, so that a policy stays what it is when there is more that could be asked."""
    content = _finite(asdict(one))
    plain = {known.name: _finite(known.default) for known in fields(one) if known.default is not MISSING}
    return {key: value for key, value in content.items() if key not in plain or value != plain[key]}


def _finite(content: Any) -> Any:
    """The same with numbers that JSON lacks written as text."""
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(item) for item in content]
    return str(content) if isinstance(content, float) and not math.isfinite(content) else content


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
    """A hint at the task that has such a metric, or at what it is asked of."""
    plain = re.split(r"[\[@]", said, maxsplit=1)[0]
    if plain in metrics.spoken().of_classes:
        return f'say of which class, or average: "{plain}[CLASS]", "{plain}[macro]"; @top_1 is the highest'
    tasks = [task for task, words in metrics.VOCABULARIES.items() if said.partition("@")[0] in words.kinds]
    return f"{said} is a metric of other models: benison evaluate --task {tasks[0]}" if tasks else ""


def _takes(kind: metrics.Kind) -> str:
    if not kind.parameter:
        return f"{kind.name} without @, since it takes no number"
    if kind.parameter == metrics.TOP_K:
        return f"{kind.name}@NUMBER, a whole number of places from 1 to {kind.most:,.0f}"
    return f"{kind.name}@NUMBER, its {kind.parameter} from 0 to {kind.most:g}"


def gate_check(section: Section) -> GateCheck:
    """Reads a line of ``checks:``.

    Raises:
        ConfigError: Something in it is not understood, can never fail or never pass.
    """
    metric = metric_of(section)
    check = GateCheck(
        metric=metric,
        slices=section.texts("slices", ("overall",)),
        tier=Tier(section.choice("tier", ("hard", "soft"), "hard")),
        at_least=section.take("at_least", float, -math.inf),
        at_most=section.take("at_most", float, math.inf),
        tolerance=section.take("tolerance", float, math.nan),
        no_worse_than=section.texts("no_worse_than", BASELINES),
        better_by=section.take("better_by", float, math.nan),
        better_than=section.texts("better_than", ("champion",)),
        judge=section.choice("judge", ("bound", "point"), "bound"),
    )
    section.close()
    _sound(section, check)
    _can_be_missed(section, check)
    return check


def _sound(section: Section, check: GateCheck) -> None:
    known_baselines(section, "no_worse_than", check.no_worse_than)
    known_baselines(section, "better_than", check.better_than)
    if "no_worse_than" in section.content and math.isnan(check.tolerance):
        raise section.error("tolerance", "how much worse the challenger may be", "none", "write  tolerance: 0.005")
    if "better_than" in section.content and math.isnan(check.better_by):
        raise section.error("better_by", "by how much the challenger has to be better", "none", "write  better_by: 0")
    for key in ("tolerance", "better_by"):
        _of_gains(section, key, getattr(check, key), check.metric)
    of_value = not (check.at_least == -math.inf and check.at_most == math.inf)
    if not of_value and math.isnan(check.tolerance) and math.isnan(check.better_by):
        raise section.error("metric", "at_least, at_most, tolerance or better_by beside it", "none of them")
    if check.judge == "point" and not of_value:
        hint = "gains are judged by their bounds: leave judge out"
        raise section.error("judge", "at_least or at_most beside it", "none of them", hint)


def known_baselines(section: Section, key: str, named: tuple[str, ...]) -> None:
    """Refuses what is neither champion nor reference.

    Raises:
        ConfigError: Some name is another.
    """
    for baseline in named:
        if baseline not in BASELINES:
            raise section.error(key, "champion or reference", repr(baseline), nearest(baseline, BASELINES))


def _of_gains(section: Section, key: str, limit: float, metric: str) -> None:
    if limit < 0:
        raise section.error(key, "0 or more", f"{limit:g}")
    if not math.isnan(limit) and not metrics.better(metric):
        hint = f"{metric} has no better and no worse: write at_least and at_most"
        if metrics.metric(metric).kind.tfma is not None:
            hint = f"TFMA does not say which way {metric} is better: write at_least or at_most, and  judge: point"
        raise section.error(key, "a metric of which more or less is better", metric, hint)


def _range(low: float, high: float, *, open_end: bool) -> str:
    if math.isinf(high):
        return f"from {low:g}"
    end = f"{'below ' * open_end}{high:g}"
    return f"up to {end}" if math.isinf(low) else f"from {low:g} to {end}"


def _can_be_missed(section: Section, check: GateCheck) -> None:
    """Refuses limits that decide nothing: every model, or none, would meet them."""
    gains = {"tolerance": check.tolerance, "better_by": check.better_by}
    limits = {"at_least": check.at_least, "at_most": check.at_most, **gains}
    limits = {key: limit for key, limit in limits.items() if key in section.content}
    for key, limit in limits.items():
        if not math.isfinite(limit):
            raise section.error(key, "a number that is finite", f"{limit:g}")
    if check.at_least > check.at_most:
        raise section.error("at_most", f"at least at_least, {check.at_least:g}", f"{check.at_most:g}")
    kind = metrics.metric(check.metric).kind
    for key, limit in limits.items():
        low, high = (0.0, kind.high - kind.low) if key in gains else (kind.low, kind.high)
        if not low <= limit <= high or (key in gains and limit == high):
            expected = f"a number {_range(low, high, open_end=key in gains)}, as {check.metric} is"
            raise section.error(key, expected, f"{limit:g}", "5% is written 0.05" if (low, high) == (0, 1) else "")
    # A metric without ends has no limit that all meet.
    if check.at_least <= kind.low and check.at_most >= kind.high and all(map(math.isnan, gains.values())):
        got = f"{check.metric} from {kind.low:g} to {kind.high:g}"
        raise section.error(next(iter(limits)), "a limit that a model can miss", got)
