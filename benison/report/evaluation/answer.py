"""What an evaluation comes to, in a word and a sentence, which page and terminal share."""

from __future__ import annotations

from dataclasses import dataclass

from benison.core.verdicts import Tier, Verdict
from benison.pages.figures import count, estimate, metric_name, plural
from benison.report.comparison import gain_over, main_metrics, measured
from benison.report.conclusion import passes, tally
from benison.report.evaluation.evidence import Evaluation, worse

_LOOKS = {Verdict.PASS: "pass", Verdict.FAIL: "fail", Verdict.INCONCLUSIVE: "open", Verdict.ERROR: "error"}
_WORDS = {Verdict.PASS: "Pass", Verdict.FAIL: "Fail", Verdict.INCONCLUSIVE: "Inconclusive", Verdict.ERROR: "Error"}


@dataclass(frozen=True)
class Answer:
    """What comes before everything else.

    Attributes:
        look: ``pass``, ``fail``, ``open``, ``error`` or ``same``: a sign and a colour.
        word: The answer.
        sentence: What it rests on.
        reasons: Why it is not a pass, one sentence each.
        doubts: Why figures are not to be relied upon.
        harmed: Parts of the rows on which the model is worse than its baseline.
    """

    look: str
    word: str
    sentence: str
    reasons: tuple[str, ...]
    doubts: tuple[str, ...]
    harmed: tuple[str, ...]


def answer(evidence: Evaluation) -> Answer:
    """The verdict where there is a policy, else what the main metric says of all rows."""
    look, word, sentence = _judged(evidence) if evidence.gate else _seen(evidence)
    return Answer(look, word, sentence, evidence.against, evidence.unsound, tuple(_harmed(evidence)))


def _judged(evidence: Evaluation) -> tuple[str, str, str]:
    verdict = Verdict(evidence.evaluation["verdict"])
    checks = evidence.model_checks
    if verdict is Verdict.PASS:
        said = f"{evidence.name} clears the policy: {tally(checks, Tier.HARD)} of the hard checks"
        return _LOOKS[verdict], _WORDS[verdict], said
    against = [check for check in checks if check.tier is Tier.HARD and not passes(check)]
    verb = "does" if len(against) == 1 else "do"
    said = f"{plural(len(against), 'hard check')} of {evidence.name} {verb} not pass"
    return _LOOKS[verdict], _WORDS[verdict], said


def _seen(evidence: Evaluation) -> tuple[str, str, str]:
    """Without a policy nothing is judged; the gain, or the value, is told."""
    rows = _rows(evidence)
    main = main_metrics(evidence)[:1]
    if not main:
        return "same", "Measured", f"{evidence.name} on {rows}"
    name, metrics = metric_name(main[0]), measured(evidence)[main[0]]
    said = f"{name} of {evidence.name} is {estimate(metrics['challenger'])} on {rows}"
    gain = gain_over(metrics, "champion") if evidence.baseline else None
    if gain is None:
        return "same", "Measured", said
    said = f"{said}; its gain over {evidence.baseline} is {estimate(gain, sign=True)}"
    if gain["lower"] is None or gain["lower"] <= 0 <= gain["upper"]:
        return "open", "Not told apart", said
    return ("pass", "Better", said) if gain["lower"] > 0 else ("fail", "Worse", said)


def _rows(evidence: Evaluation) -> str:
    """How many there are, or of how many figures are."""
    found, whole = evidence.evaluation["holdout"]["rows"], evidence.evaluation["slices"][:1]
    left = whole[0]["rows"] if whole else found
    return f"{count(found)} rows" if left == found else f"{count(left)} of {count(found)} rows"


def _harmed(evidence: Evaluation) -> list[str]:
    main = main_metrics(evidence)[:1]
    if not main or not evidence.baseline:
        return []
    gains = ((one["slice"], gain_over(one["metrics"][main[0]], "champion")) for one in worse(evidence, main[0]))
    return [f"{name}: gain of {metric_name(main[0])} {estimate(gain, sign=True)}" for name, gain in gains]
