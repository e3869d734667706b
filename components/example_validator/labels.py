"""Labels: rows whose label is missing or a third value, and whether both classes are there."""

from __future__ import annotations

from benison.components.example_validator.measure import LabelCounts
from benison.config import Label
from benison.config.validation import LabelRules
from benison.core.spelling import misspelt, nearest
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.bounds import share

# Fewer rows than this of a class, and no measure of both classes has a variance.
FEWEST_OF_A_CLASS = 2
_NAMED = 5


def labels(subject: str, counts: LabelCounts, label: Label, rules: LabelRules) -> list[Check]:
    """Hard: few enough labels are missing or unknown, and both classes have at least two rows.

    Args:
        subject: ``split train``, ``span 7``.
        counts: Its rows by label; of a subject without rows nothing is asked, which `rows` refuses.
        label: What is known.
        rules: How many rows may have another label, or none.
    """
    rows = counts.positives + counts.negatives + counts.missing + counts.unknown_rows
    if not rows:
        return []
    return [
        _missing(subject, counts, rows, label, rules.missing),
        _unknown(subject, counts, rows, label, rules.unknown),
        _classes(subject, counts, label),
    ]


def _missing(subject: str, counts: LabelCounts, rows: int, label: Label, bound: float) -> Check:
    found = counts.missing / rows
    verdict = Verdict.PASS if found <= bound else Verdict.FAIL
    observed, allowed = f"{counts.missing:,} of {rows:,} rows ({share(found)})", f"<= {share(bound)}"
    reason = f"{subject}: {observed} have no {label.column}; allowed {allowed}"
    if verdict is Verdict.FAIL:
        reason += "; fill them in, leave the rows out, or raise validation.label.missing"
    numbers = {"missing_share": found, "missing": counts.missing, "rows": rows}
    return Check("label_missing", subject, Tier.HARD, verdict, observed, allowed, reason, numbers)


def _unknown(subject: str, counts: LabelCounts, rows: int, label: Label, bound: float) -> Check:
    found = counts.unknown_rows / rows
    verdict = Verdict.PASS if found <= bound else Verdict.FAIL
    observed, allowed = f"{counts.unknown_rows:,} of {rows:,} rows ({share(found)})", f"<= {share(bound)}"
    reason = f"{subject}: {observed} have a {label.column} other than {label.positive!r} and {label.negative!r}"
    reason += f"{_named(counts)}; allowed {allowed}"
    if verdict is Verdict.FAIL:
        reason += f"; {_way_out(counts, label)}"
    numbers = {"unknown_share": found, "unknown": counts.unknown_rows, "rows": rows}
    return Check("label_unknown", subject, Tier.HARD, verdict, observed, allowed, reason, numbers)


def _named(counts: LabelCounts) -> str:
    """The third values, the most frequent ones first, as far as a person reads on."""
    most = sorted(counts.unknown.items(), key=lambda pair: (-pair[1], pair[0]))
    named = ", ".join(f"{value!r} ({rows:,})" for value, rows in most[:_NAMED])
    return f": {named}{' and others' if len(most) > _NAMED else ''}" if named else ""


def _way_out(counts: LabelCounts, label: Label) -> str:
    """The configured value that the most frequent third one was probably meant to be."""
    most = max(counts.unknown, key=lambda value: counts.unknown[value], default="")
    if misspelt(most, [label.positive, label.negative]):
        return f"{most!r}: {nearest(most, [label.positive, label.negative])}"
    return "name the right values under label: in benison.yaml, or raise validation.label.unknown"


def _classes(subject: str, counts: LabelCounts, label: Label) -> Check:
    by_value = {label.negative: counts.negatives, label.positive: counts.positives}
    verdict = Verdict.PASS if min(by_value.values()) >= FEWEST_OF_A_CLASS else Verdict.FAIL
    observed = ", ".join(f"{value}: {count:,}" for value, count in by_value.items())
    allowed = f">= {FEWEST_OF_A_CLASS} rows of each class"
    reason = f"{subject} has rows of {label.column} {observed}; allowed {allowed}"
    numbers = {"positives": counts.positives, "negatives": counts.negatives}
    return Check("label_classes", subject, Tier.HARD, verdict, observed, allowed, reason, numbers)
