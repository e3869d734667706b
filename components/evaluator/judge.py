"""judge: the policy against the figures. Pure: figures in, checks out; what could not be shown is never PASS."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benison.components.evaluator.bound import Estimate, counted
from benison.components.evaluator.compare import CHALLENGER, Measured
from benison.components.evaluator.measure import Floats
from benison.components.evaluator.slice import OVERALL
from benison.config import BASELINES, FILE, Gate, GateCheck
from benison.core.errors import ConfigError
from benison.core.spelling import nearest
from benison.core.verdicts import Check, Tier, Verdict

ALL = "all"
_FAR = 1000  # so many times the rows there are is past any holdout: no number is named then


@dataclass(frozen=True)
class NotApplicable:
    """A line of the policy that has nothing to compare with."""

    name: str
    subject: str
    reason: str


@dataclass(frozen=True)
class Judgement:
    """What the policy comes to.

    Attributes:
        checks: Every question that was asked.
        not_applicable: Those that could not be.
        why_not: Slices that are not judged, by name, each with its reason.
    """

    checks: tuple[Check, ...]
    not_applicable: tuple[NotApplicable, ...]
    why_not: dict[str, str]


@dataclass(frozen=True)
class Baselines:
    """What the challenger is compared with.

    Attributes:
        present: Of champion and reference, those that there are.
        same: Whether the two are one model, so that one comparison is enough.
    """

    present: tuple[str, ...] = ()
    same: bool = False

    def asked(self, check: GateCheck) -> list[str]:
        """The baselines that a line of the policy names, one model once."""
        asked = list(dict.fromkeys(check.no_worse_than))
        return ["champion"] if self.same and "champion" in asked else asked


def judge(
    gate: Gate, measured: Sequence[Measured], baselines: Baselines, unsound: str = "", file: str = FILE
) -> Judgement:
    """Holds every slice to the policy.

    Args:
        gate: The policy.
        measured: Every slice with its metrics.
        baselines: What the challenger was compared with.
        unsound: Why nothing may be judged, from `broken`; empty where there is nothing against it.
        file: Where the policy stands, for the error message.

    Raises:
        ConfigError: The policy names a slice that there is not.
    """
    why_not = {one.name: unsound or _too_small(one, gate) for one in measured}
    why_not = {name: reason for name, reason in why_not.items() if reason}
    checks: list[Check] = []
    not_applicable: list[NotApplicable] = []
    known = {one.name: one for one in measured}
    for number, line in enumerate(gate.checks):
        subjects = [known[name] for name in subjects_of(line, list(known), number, file)]
        named = _named(line, list(known), number, file)
        for question in _questions(line, baselines):
            if question.baseline and question.baseline not in baselines.present:
                not_applicable += [NotApplicable(question.name, name, _none_yet(question)) for name in line.slices]
            else:
                checks += _answers(question, named, subjects, why_not)
    return Judgement((*checks, *_nothing_asked(checks)), tuple(not_applicable), why_not)


def without_policy(measured: Sequence[Measured]) -> Judgement:
    """What it comes to where nobody said what must hold: nothing is asked, and nothing judged."""
    return Judgement((), (), {one.name: "there is no policy to judge it by" for one in measured})


def check_predictions(role: str, predictions: Floats) -> Check:
    """Whether each prediction is a probability; a NaN or a logit is none, and nothing is judged by such a model."""
    missing = int(np.count_nonzero(np.isnan(predictions)))
    outside = int(np.count_nonzero((predictions < 0) | (predictions > 1)))
    numbers = {"rows": float(len(predictions)), "missing": float(missing), "outside": float(outside)}
    allowed = "from 0 to 1"
    who = f"the {role}" if role in (CHALLENGER, *BASELINES) else role
    if not missing + outside:
        reason = f"all {len(predictions):,} predictions of {who} lie {allowed}"
        return Check("predictions", role, Tier.HARD, Verdict.PASS, "probabilities", allowed, reason, numbers)
    observed = f"{missing:,} NaN and {outside:,} outside"
    reason = f"among {len(predictions):,} predictions of {who} are {observed} of 0 to 1"
    return Check("predictions", role, Tier.HARD, Verdict.FAIL, observed, allowed, reason, numbers)


def check_numbers(role: str, predictions: Floats) -> Check:
    """Whether each prediction is a number, where models answer numbers."""
    missing, many = int(np.count_nonzero(~np.isfinite(predictions))), len(predictions)
    numbers = {"rows": float(many), "missing": float(missing)}
    who = f"the {role}" if role in (CHALLENGER, *BASELINES) else role
    if not missing:
        reason = f"all {many:,} predictions of {who} are numbers"
        return Check("predictions", role, Tier.HARD, Verdict.PASS, "numbers", "finite", reason, numbers)
    observed = f"{missing:,} NaN or infinite"
    reason = f"among {many:,} predictions of {who} are {observed}"
    return Check("predictions", role, Tier.HARD, Verdict.FAIL, observed, "finite", reason, numbers)


def broken(sound: Sequence[Check]) -> str:
    """Why nothing may be judged, from the checks of predictions; empty where all pass."""
    return "; ".join(check.reason for check in sound if check.verdict is not Verdict.PASS)


def _too_small(one: Measured, gate: Gate) -> str:
    """Which count falls short of the policy's; empty where none does."""
    wanted = {"rows": gate.min_rows, "positives": gate.min_positives, "negatives": gate.min_positives}
    sizes = {"rows": one.rows, "positives": one.positives, "negatives": one.negatives}
    short = {what: found for what, found in sizes.items() if found is not None and found < wanted[what]}
    return ", ".join(f"{counted(found, what)} where the policy wants {wanted[what]:,}" for what, found in short.items())


def subjects_of(line: GateCheck, known: Sequence[str], number: int, file: str = FILE) -> list[str]:
    """The slices that a line of the policy speaks of; where several columns are crossed, in any order.

    Args:
        line: Of the policy.
        known: Every slice there is.
        number: Which line it is, from 0, for the error message.
        file: Where the policy stands, likewise.

    Raises:
        ConfigError: There is no such slice; the message names the nearest that there is.
    """
    named = _named(line, known, number, file)
    return list(known) if ALL in line.slices else named


def _named(line: GateCheck, known: Sequence[str], number: int, file: str) -> list[str]:
    """The slices that a line of the policy calls by name, each once."""
    by_parts = {frozenset(name.split(", ")): name for name in known}
    asked = [name for name in line.slices if name != ALL]
    found = {name: name if name in known else by_parts.get(frozenset(name.split(", "))) for name in asked}
    for name, one in found.items():
        if one is None:
            where = f"{file} (gate.checks.{number}.slices)"
            hint = nearest(name, [*known, ALL])
            raise ConfigError(where, expected="a slice of the evaluation", got=repr(name), hint=hint)
    return [one for one in dict.fromkeys(found.values()) if one is not None]


@dataclass(frozen=True)
class _Question:
    """One thing that a line of the policy asks of a slice: of a value, or of the gain over a baseline."""

    metric: str
    tier: Tier
    at_least: float
    at_most: float = math.inf
    baseline: str = ""

    @property
    def name(self) -> str:
        return f"{self.metric}_gain_over_{self.baseline}" if self.baseline else self.metric

    @property
    def title(self) -> str:
        """What it is called in a sentence."""
        return f"{self.metric}_gain over {self.baseline}" if self.baseline else self.metric

    def figure(self, one: Measured) -> Estimate:
        metric = one.metrics[self.metric]
        return metric.gains[self.baseline] if self.baseline else metric.models[CHALLENGER]

    @property
    def limits(self) -> dict[str, float]:
        """The limits that there are, by their sign."""
        both = {">=": self.at_least, "<=": self.at_most}
        return {sign: limit for sign, limit in both.items() if math.isfinite(limit)}

    @property
    def allowed(self) -> str:
        return " and ".join(f"{sign} {self.text(limit)}" for sign, limit in self.limits.items())

    def text(self, value: float) -> str:
        """A figure with as many digits as its limits need."""
        smallest = min((abs(limit) for limit in self.limits.values() if limit), default=1.0)
        digits = min(max(4, 1 - math.floor(math.log10(smallest))), 10)
        if abs(value) >= 1000:
            return f"{value:,.0f}"
        return f"{value:+.{digits}f}" if self.baseline else f"{value:.{digits}f}"


def _questions(line: GateCheck, baselines: Baselines) -> Iterator[_Question]:
    if line.at_least > -math.inf or line.at_most < math.inf:
        yield _Question(line.metric, line.tier, line.at_least, line.at_most)
    if not math.isnan(line.tolerance):
        for baseline in baselines.asked(line):
            # 0 - x, since -0.0 would be shown as such.
            yield _Question(line.metric, line.tier, 0 - line.tolerance, baseline=baseline)


def _none_yet(question: _Question) -> str:
    return f"no {question.baseline} yet"


def _answers(
    question: _Question, named: Sequence[str], subjects: Sequence[Measured], why_not: dict[str, str]
) -> list[Check]:
    """Slices under the policy's counts are left out, unless the policy names them or none is left."""
    judged = [_answer(question, one) for one in subjects if one.name not in why_not]
    judged += [_unjudged(question, name, why_not[name]) for name in named if name in why_not]
    return judged or [_unjudged(question, ALL, "no slice is large enough to be judged")]


def _unjudged(question: _Question, subject: str, why: str) -> Check:
    reason = f"{question.title} is not judged on {subject}: {why}"
    observed = "not judged"
    return Check(question.name, subject, question.tier, Verdict.INCONCLUSIVE, observed, question.allowed, reason)


def _answer(question: _Question, one: Measured) -> Check:
    found = question.figure(one)
    interval, note = found.interval, found.note
    numbers = {"value": found.value, "lower": interval.lower, "upper": interval.upper, "rows": float(one.rows)}
    numbers |= {"at_least": question.at_least, "at_most": question.at_most}
    observed = _observed(question, found)
    if not interval.known or math.isnan(found.value):
        verdict, reason = Verdict.INCONCLUSIVE, f"{question.title} {observed}: {note or 'undefined'}"
    else:
        verdict, reason, rows_needed = _decided(question, found, observed, one.rows)
        numbers["rows_needed"] = rows_needed
    return Check(question.name, one.name, question.tier, verdict, observed, question.allowed, reason, numbers)


def _observed(question: _Question, found: Estimate) -> str:
    value = "undefined" if math.isnan(found.value) else question.text(found.value)
    if not found.interval.known:
        return f"{value} [no interval]"
    if found.interval.lower == found.interval.upper == found.value:
        return value
    return f"{value} [{question.text(found.interval.lower)}, {question.text(found.interval.upper)}]"


def _decided(question: _Question, found: Estimate, observed: str, rows: int) -> tuple[Verdict, str, float]:
    """Verdict, reason, and about how many rows would decide where these do not."""
    sides = [_side(found, sign, limit) for sign, limit in question.limits.items()]
    verdicts = [verdict for verdict, _ in sides]
    said = f"{question.title} {observed}"
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL, f"{said} is not {question.allowed}: all of the interval misses it", math.nan
    if Verdict.INCONCLUSIVE not in verdicts:
        return Verdict.PASS, f"{said} {question.allowed}", math.nan
    needed = rows * max(factor for _, factor in sides)
    return Verdict.INCONCLUSIVE, f"{said} may or may not be {question.allowed}: {_more(needed, rows)}", needed


def _side(found: Estimate, sign: str, limit: float) -> tuple[Verdict, float]:
    """One limit: PASS where the near bound clears it, FAIL where the far bound misses it, else how many times the rows.

    The width of an interval shrinks with the root of the rows, so the bound that decides reaches the limit at
    (distance of the bound / distance of the limit)^2 times the rows, if the estimate stays where it is.
    """
    bounds = found.interval if sign == ">=" else -found.interval
    value, limit = (found.value, limit) if sign == ">=" else (-found.value, -limit)
    if bounds.lower >= limit:
        return Verdict.PASS, 0.0
    if bounds.upper < limit:
        return Verdict.FAIL, 0.0
    reach = value - bounds.lower if value > limit else bounds.upper - value
    return Verdict.INCONCLUSIVE, math.inf if value == limit else (reach / (value - limit)) ** 2


def _more(needed: float, rows: int) -> str:
    if needed > _FAR * rows:
        return f"the estimate lies on the limit, and more rows than these {rows:,} would hardly decide"
    unit = 10 ** max(math.floor(math.log10(needed)) - 1, 0)
    return f"about {math.ceil(needed / unit) * unit:,} rows would decide where there are {rows:,}"


def _nothing_asked(checks: Sequence[Check]) -> list[Check]:
    """Where no hard line of the policy applies nothing was proven, and that stands among the checks."""
    if any(check.tier is Tier.HARD for check in checks):
        return []
    reason = "no hard check of the policy applies before there is a champion: add one that asks of a value, at_least"
    return [Check("policy", OVERALL, Tier.HARD, Verdict.INCONCLUSIVE, "no hard check", "at least one", reason)]
