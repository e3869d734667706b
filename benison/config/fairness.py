"""gate.fairness: in benison.yaml: how far apart the groups of a column may be."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from benison.config.gate import BASELINES, FairnessCheck, known_baselines
from benison.core import metrics as known_metrics
from benison.core.sections import Section
from benison.core.spelling import nearest
from benison.core.verdicts import Tier

# What the field calls them, and the metrics that have to be alike.
PARITIES: Mapping[str, tuple[str, ...]] = {
    "demographic_parity": ("predicted_positive_rate",),
    "equal_opportunity": ("recall",),
    "equalized_odds": ("recall", "false_positive_rate"),
    "predictive_parity": ("precision",),
}
# What follows a metric's own name: a class or an average, and a number.
_NOT_NAMED = re.compile(r"[\[@]")
_LIMITS = {"gap": ("at_most", "tolerance", "no_worse_than"), "ratio": ("at_least",)}


def can_have_gaps(metric: str) -> bool:
    """Whether groups may be compared by a metric: not by how many rows they have, nor by what has no interval."""
    found = known_metrics.find(metric)
    if found is not None and found.kind.tfma is not None:
        return False
    return not _NOT_NAMED.split(metric, 1)[0].endswith(("example_count", "_positives", "_negatives"))


def fairness_check(section: Section) -> FairnessCheck:
    """Reads a line of ``fairness:``.

    Raises:
        ConfigError: Something in it is not understood, can never fail or never pass.
    """
    kind = _kind(section)
    name = section.take(kind, str)
    metrics = _metrics(section, kind, name)
    check = FairnessCheck(
        name=name,
        metrics=metrics,
        across=tuple(sorted(set(section.texts("across")))),
        tier=Tier(section.choice("tier", ("hard", "soft"), "hard")),
        at_most=section.take("at_most", float, math.inf),
        at_least=section.take("at_least", float, -math.inf),
        tolerance=section.take("tolerance", float, math.nan),
        no_worse_than=section.texts("no_worse_than", BASELINES),
    )
    section.close()
    known_baselines(section, "no_worse_than", check.no_worse_than)
    _belongs(section, kind)
    _can_be_missed(section, kind, check)
    return check


def _kind(section: Section) -> str:
    kinds = [kind for kind in ("gap", "ratio") if kind in section.content]
    if len(kinds) != 1:
        got = "both" if kinds else "neither"
        hint = "write  {gap: recall, across: sex, at_most: 0.1}  or  {ratio: recall, across: sex, at_least: 0.8}"
        raise section.error("gap", "either gap or ratio, each in a line of its own", got, hint)
    return kinds[0]


def _metrics(section: Section, kind: str, name: str) -> tuple[str, ...]:
    found = [known_metrics.find(metric) for metric in PARITIES.get(name, (name,))]
    metrics = tuple(metric.name for metric in found if metric and can_have_gaps(metric.name))
    if len(metrics) != len(found):
        if any(metric and metric.kind.tfma for metric in found):
            hint = "TFMA measures it, and gives no interval: ask for its value on slices, under checks"
            raise section.error(kind, "a metric with an interval", repr(name), hint)
        known = [*PARITIES, *filter(can_have_gaps, known_metrics.spoken().kinds)]
        raise section.error(kind, "a metric, or a parity that is known", repr(name), nearest(name, known))
    return metrics


def _belongs(section: Section, kind: str) -> None:
    """A gap is bounded from above, a ratio from below."""
    own = _LIMITS[kind]
    for other in _LIMITS["ratio" if kind == "gap" else "gap"]:
        if other in section.content:
            hint = "a gap is held down by at_most or tolerance, a ratio up by at_least; ask both in two lines"
            raise section.error(other, f"{' or '.join(own[:2])} beside {kind}", other, hint)
    if not set(own[:2]) & set(section.content):
        raise section.error(kind, f"{' or '.join(own[:2])} beside it", "none of them")
    if "no_worse_than" in section.content and "tolerance" not in section.content:
        raise section.error("tolerance", "how much wider the gap may be", "none", "write  tolerance: 0.02")


def _can_be_missed(section: Section, kind: str, check: FairnessCheck) -> None:
    """Refuses limits that decide nothing: every model, or none, would meet them."""
    beyond = any(known_metrics.metric(metric).kind.high > 1 for metric in check.metrics)
    limits = {key: getattr(check, key) for key in ("at_most", "at_least", "tolerance") if key in section.content}
    for key, limit in limits.items():
        most = math.inf if beyond and kind == "gap" else 1.0
        least = 0.0 if key == "tolerance" else math.nextafter(0.0, 1.0)
        if not least <= limit < most or not math.isfinite(limit):
            raise section.error(key, _possible(kind, key, most), f"{limit:g}", _HINTS[kind])
    undirected = [metric for metric in check.metrics if not known_metrics.better(metric)]
    if undirected and not math.isnan(check.tolerance):
        hint = f"{undirected[0]} has no better and no worse, so no gain is measured: write at_most"
        raise section.error("tolerance", "a metric of which more or less is better", undirected[0], hint)


def _possible(kind: str, key: str, most: float) -> str:
    low = "0 or more" if key == "tolerance" else "a number above 0"
    return f"{low}, below 1, as a {kind} is" if math.isfinite(most) else f"{low} that is finite"


_HINTS = {
    "gap": "a gap of 5 points is written 0.05; no bound is below 0, and no gap of shares above 1",
    "ratio": "the smallest figure over the largest: four fifths is written 0.8, and no bound is above 1",
}
