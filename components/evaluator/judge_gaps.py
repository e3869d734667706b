"""judge_gaps: the policy's lines on fairness against the gaps that were found. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benison.components.evaluator.compare import CHALLENGER
from benison.components.evaluator.decide import Baselines, NotApplicable, Question, answer, unjudged
from benison.components.evaluator.gaps import Comparison, Farthest, Gap
from benison.config import FairnessCheck, Gate
from benison.core.errors import ConfigError
from benison.core.spelling import misspelt
from benison.core.verdicts import Check
from benison.eval_config import Slicing
from benison.metrics.bound import Estimate


@dataclass(frozen=True)
class _Asked:
    """A question, and of which figure of a gap: ``gap``, ``ratio``, or the gain over a baseline."""

    question: Question
    kind: str
    baseline: str = ""

    def figure(self, gap: Gap) -> Estimate:
        return gap.gains[self.baseline] if self.baseline else self.farthest(gap).estimate

    def farthest(self, gap: Gap) -> Farthest:
        return (gap.ratio if self.kind == "ratio" else gap.difference)[CHALLENGER]


def subject(across: Sequence[str]) -> str:
    """What a check of a gap is about."""
    return f"across {', '.join(across)}"


def check_across(line: FairnessCheck, slicings: Sequence[Slicing], number: int, file: str) -> None:
    """Makes sure that the evaluation config cuts by the columns that a line compares across.

    Raises:
        ConfigError: It does not.
    """
    known = [tuple(sorted(one.keys)) for one in slicings if one.keys and not one.values]
    if line.across not in known:
        where = f"{file} (gate.fairness.{number}.across)"
        add = f"slice by them: feature_keys {list(line.across)} in the evaluation config's slicing_specs"
        hint = misspelt(", ".join(line.across), [", ".join(one) for one in known]) or add
        expected = "columns that the evaluation config slices by"
        raise ConfigError(where, expected=expected, got=repr(", ".join(line.across)), hint=hint)


def judge(
    gate: Gate, gaps: Sequence[Gap], baselines: Baselines, unsound: str = ""
) -> tuple[list[Check], list[NotApplicable]]:
    """Holds the gaps to the policy.

    Args:
        gate: The policy.
        gaps: At least those that it asks about.
        baselines: What the challenger was compared with.
        unsound: Why nothing may be judged; empty where there is nothing against it.

    Returns:
        The checks, and the lines that have nothing to compare with.
    """
    known = {gap.of: gap for gap in gaps}
    checks, without = [], []
    for line in gate.fairness:
        gap, about = known[Comparison(line.metrics, line.across)], subject(line.across)
        for asked in _questions(line, baselines):
            if asked.baseline and asked.baseline not in baselines.present:
                without.append(NotApplicable(asked.question.name, about, f"no {asked.baseline} yet"))
            else:
                checks.append(_answer(asked, gap, about, unsound))
    return checks, without


def _questions(line: FairnessCheck, baselines: Baselines) -> Iterator[_Asked]:
    name = f"{line.name}_gap"
    if math.isfinite(line.at_most):
        yield _Asked(Question(name, name, line.tier, {"<=": line.at_most}), "gap")
    if math.isfinite(line.at_least):
        ratio = f"{line.name}_ratio"
        yield _Asked(Question(ratio, ratio, line.tier, {">=": line.at_least}), "ratio")
    for baseline in baselines.asked(line.no_worse_than) if not math.isnan(line.tolerance) else ():
        over = Question(
            f"{name}_gain_over_{baseline}",
            f"{name}_gain over {baseline}",
            line.tier,
            {">=": 0 - line.tolerance},
            signed=True,
        )
        yield _Asked(over, "gap", baseline)


def _answer(asked: _Asked, gap: Gap, about: str, unsound: str) -> Check:
    """Groups under the policy's counts are left out; one that is large enough and has no interval forbids an answer."""
    question = asked.question
    if unsound:
        return unjudged(question, about, unsound)
    if gap.unknown:
        return unjudged(question, about, _named(gap.unknown))
    if len(gap.groups) < 2:
        few = "fewer than two groups are large enough"
        return unjudged(question, about, f"{few}: {_named(gap.left_out)}" if gap.left_out else few)
    return answer(question, about, asked.figure(gap), gap.rows, _more(asked, gap))


def _named(groups: Mapping[str, str]) -> str:
    return "; ".join(f"{name}, {why}" for name, why in groups.items())


def _more(asked: _Asked, gap: Gap) -> str:
    """Which two groups are the farthest apart, and which are not compared."""
    said = []
    found = asked.farthest(gap)
    if found.metric and not asked.baseline:
        figures = {one.name: one.metrics[found.metric].models[CHALLENGER].value for one in gap.groups}
        both = " and ".join(f"{name} {asked.question.text(figures[name])}" for name in (found.high, found.low))
        said.append(f"farthest apart in {found.metric} are {both}")
    if gap.left_out:
        said.append(f"not compared: {_named(gap.left_out)}")
    return "; ".join(said)
