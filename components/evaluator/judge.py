"""judge: the policy against the figures. Pure: figures in, checks out; what could not be shown is never PASS."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benison.components.evaluator import judge_gaps
from benison.components.evaluator.compare import CHALLENGER, Measured, sound
from benison.components.evaluator.decide import Baselines, NotApplicable, Question, answer, too_small, unjudged
from benison.components.evaluator.gaps import Gap
from benison.config import BASELINES, FILE, Gate, GateCheck
from benison.core.errors import ConfigError
from benison.core.metrics import MULTICLASS
from benison.core.spelling import nearest
from benison.core.verdicts import Check, Tier, Verdict
from benison.metrics.bound import Estimate
from benison.metrics.measure import Floats, Whole
from benison.metrics.slice import OVERALL
from benison.pages.figures import listed

ALL = "all"


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


def judge(
    gate: Gate,
    measured: Sequence[Measured],
    baselines: Baselines,
    unsound: str = "",
    file: str = FILE,
    gaps: Sequence[Gap] = (),
) -> Judgement:
    """Holds every slice to the policy.

    Args:
        gate: The policy.
        measured: Every slice with its metrics.
        baselines: What the challenger was compared with.
        unsound: Why nothing may be judged, from `broken`; empty where there is nothing against it.
        file: Where the policy stands, for the error message.
        gaps: Between groups, every one that the policy asks about.

    Raises:
        ConfigError: The policy names a slice that there is not.
    """
    why_not = {one.name: unsound or too_small(one, gate) for one in measured}
    why_not = {name: reason for name, reason in why_not.items() if reason}
    checks: list[Check] = []
    not_applicable: list[NotApplicable] = []
    known = {one.name: one for one in measured}
    for number, line in enumerate(gate.checks):
        subjects = [known[name] for name in subjects_of(line, list(known), number, file)]
        named = _named(line, list(known), number, file)
        for asked in _questions(line, baselines):
            if asked.baseline and asked.baseline not in baselines.present:
                name, why = asked.question.name, f"no {asked.baseline} yet"
                not_applicable += [NotApplicable(name, subject, why) for subject in line.slices]
            else:
                checks += _answers(asked, named, subjects, why_not)
    of_gaps, without = judge_gaps.judge(gate, gaps, baselines, unsound)
    checks += of_gaps
    not_applicable += without
    return Judgement((*checks, *_nothing_asked(checks)), tuple(not_applicable), why_not)


def without_policy(measured: Sequence[Measured]) -> Judgement:
    """What it comes to where nobody said what must hold: nothing is asked, and nothing judged."""
    return Judgement((), (), {one.name: "there is no policy to judge it by" for one in measured})


def check_predictions(role: str, predictions: Floats) -> Check:
    """Whether each prediction is a probability; a NaN or a logit is none, and nothing is judged by such a model."""
    missing = int(np.count_nonzero(np.isnan(predictions)))
    return check_counted(role, len(predictions), missing, int(np.count_nonzero((predictions < 0) | (predictions > 1))))


def check_counted(role: str, rows: int, missing: int, outside: int) -> Check:
    """Likewise, from the number of predictions, of those that are NaN, and of those outside of 0 to 1."""
    numbers = {"rows": float(rows), "missing": float(missing), "outside": float(outside)}
    allowed = "from 0 to 1"
    who = f"the {role}" if role in (CHALLENGER, *BASELINES) else role
    if not missing + outside:
        reason = f"all {rows:,} predictions of {who} lie {allowed}"
        return Check("predictions", role, Tier.HARD, Verdict.PASS, "probabilities", allowed, reason, numbers)
    observed = f"{missing:,} NaN and {outside:,} outside"
    reason = f"among {rows:,} predictions of {who} are {observed} of 0 to 1"
    return Check("predictions", role, Tier.HARD, Verdict.FAIL, observed, allowed, reason, numbers)


def check_numbers(role: str, predictions: Floats) -> Check:
    """Whether each prediction is a number, where models answer numbers."""
    return check_counted_numbers(role, len(predictions), int(np.count_nonzero(~np.isfinite(predictions))))


def check_counted_numbers(role: str, many: int, missing: int) -> Check:
    """Likewise, from the number of predictions, and of those that are no number."""
    numbers = {"rows": float(many), "missing": float(missing)}
    who = f"the {role}" if role in (CHALLENGER, *BASELINES) else role
    if not missing:
        reason = f"all {many:,} predictions of {who} are numbers"
        return Check("predictions", role, Tier.HARD, Verdict.PASS, "numbers", "finite", reason, numbers)
    observed = f"{missing:,} NaN or infinite"
    reason = f"among {many:,} predictions of {who} are {observed}"
    return Check("predictions", role, Tier.HARD, Verdict.FAIL, observed, "finite", reason, numbers)


def check_classes(role: str, predictions: Floats, labels: Whole, lacking: Sequence[int]) -> Check:
    """Whether each row has a probability of every class, where there are several, and they add up to 1.

    Args:
        role: Of the model.
        predictions: [rows, classes].
        labels: The class of each row.
        lacking: Classes that the model has no predictions of.
    """
    who, many = f"the {role}" if role in (CHALLENGER, *BASELINES) else role, len(predictions)
    unknown = np.isin(labels, lacking)
    missing = np.isnan(predictions).any(axis=1) & ~unknown
    outside = ((predictions < 0) | (predictions > 1)).any(axis=1) & ~unknown & ~missing
    apart = ~sound(predictions, MULTICLASS) & ~unknown & ~missing & ~outside
    found = {"missing": missing, "outside": outside, "not_1": apart, "unknown_class": unknown}
    counts = {name: int(np.count_nonzero(rows)) for name, rows in found.items()}
    numbers = {"rows": float(many), **{name: float(count) for name, count in counts.items()}}
    allowed = "from 0 to 1, in sum 1"
    if not any(counts.values()):
        reason = f"all {many:,} rows of {who} have probabilities of every class, {allowed}"
        return Check("predictions", role, Tier.HARD, Verdict.PASS, "probabilities", allowed, reason, numbers)
    words = ("with NaN", "outside of 0 to 1", "not adding up to 1", "of a class that it does not have")
    observed = listed([f"{count:,} {word}" for count, word in zip(counts.values(), words, strict=True) if count])
    reason = f"among {many:,} rows of {who} are {observed}"
    return Check("predictions", role, Tier.HARD, Verdict.FAIL, observed, allowed, reason, numbers)


def broken(checks: Sequence[Check]) -> str:
    """Why nothing may be judged, from the checks of predictions; empty where all pass."""
    return "; ".join(check.reason for check in checks if check.verdict is not Verdict.PASS)


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
class _Asked:
    """A question, and of which figure of a slice: a metric's value, or its gain over a baseline."""

    question: Question
    metric: str
    baseline: str = ""

    def figure(self, one: Measured) -> Estimate:
        metric = one.metrics[self.metric]
        return metric.gains[self.baseline] if self.baseline else metric.models[CHALLENGER]


def _questions(line: GateCheck, baselines: Baselines) -> Iterator[_Asked]:
    of_value = {">=": line.at_least, "<=": line.at_most}
    limits = {sign: limit for sign, limit in of_value.items() if math.isfinite(limit)}
    if limits:
        yield _Asked(Question(line.metric, line.metric, line.tier, limits, point=line.judge == "point"), line.metric)
    # 0 - x, since -0.0 would be shown as such.
    of_gains = ((">=", 0 - line.tolerance, line.no_worse_than), (">", line.better_by, line.better_than))
    for sign, limit, names in of_gains:
        for baseline in baselines.asked(names) if not math.isnan(limit) else ():
            name, title = f"{line.metric}_gain_over_{baseline}", f"{line.metric}_gain over {baseline}"
            yield _Asked(Question(name, title, line.tier, {sign: limit}, signed=True), line.metric, baseline)


def _answers(asked: _Asked, named: Sequence[str], subjects: Sequence[Measured], why_not: dict[str, str]) -> list[Check]:
    """Slices under the policy's counts are left out, unless the policy names them or none is left."""
    question = asked.question
    kept = [one for one in subjects if one.name not in why_not]
    judged = [answer(question, one.name, asked.figure(one), one.rows) for one in kept]
    judged += [unjudged(question, name, why_not[name]) for name in named if name in why_not]
    return judged or [unjudged(question, ALL, "no slice can be judged, each for its reason")]


def _nothing_asked(checks: Sequence[Check]) -> list[Check]:
    """Where no hard line of the policy applies nothing was proven, and that stands among the checks."""
    if any(check.tier is Tier.HARD for check in checks):
        return []
    reason = "no hard check of the policy applies before there is a champion: add one that asks of a value, at_least"
    return [Check("policy", OVERALL, Tier.HARD, Verdict.INCONCLUSIVE, "no hard check", "at least one", reason)]
