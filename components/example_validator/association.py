"""Association: whether numbers still tell the label as well as they did. Shuffled labels look like any others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from benison.config.bounds import Bounds
from benison.core.profiles import ColumnProfile, RowsProfile
from benison.core.texts import spell_p
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.bounds import allowed, graded
from benison.measures.drift import benjamini_hochberg

NAME = "label_association"


def association(
    span: int, rows: RowsProfile, before: RowsProfile, features: Iterable[str], bounds: Bounds, level: float
) -> Iterator[Check]:
    """One check for each numeric feature: its AUC alone against that in the span before.

    A shift counts if it is large AND more than chance: z = |AUC - AUC'| / sqrt(V + V'), with Hanley and McNeil's
    variances, corrected over the features.

    Args:
        span: The number of the span before.
        rows: The newest span.
        before: The span before.
        features: The columns that the model sees; those that are no numbers are left out.
        bounds: Of the difference.
        level: The false discovery rate.
    """
    pairs = {name: (rows.columns.get(name), before.columns.get(name)) for name in features}
    known = {
        name: (now, then) for name, (now, then) in pairs.items() if now and then and _has_auc(now) and _has_auc(then)
    }
    if not known:
        if any(now is not None and now.edges for now, _ in pairs.values()):
            yield _not_measured(span, bounds)
        return
    lost = [name for name, (_, then) in pairs.items() if name not in known and _has_auc(then)]
    yield from (_not_measured(span, bounds, name) for name in lost)
    p_values = [_p_value(now, rows, then, before) for now, then in known.values()]
    for (name, (now, then)), p_value in zip(known.items(), benjamini_hochberg(p_values), strict=True):
        yield _judged(name, span, (now.label_auc or 0.0, then.label_auc or 0.0), float(p_value), bounds, level)


def _has_auc(column: ColumnProfile | None) -> bool:
    return column is not None and column.label_auc is not None


def _p_value(now: ColumnProfile, rows: RowsProfile, then: ColumnProfile, before: RowsProfile) -> float:
    first, second = now.label_auc or 0.0, then.label_auc or 0.0
    variance = hanley_mcneil(first, *_classes(now, rows)) + hanley_mcneil(second, *_classes(then, before))
    if not variance:
        return 1.0 if first == second else 0.0
    return math.erfc(abs(first - second) / math.sqrt(2 * variance))


def _classes(column: ColumnProfile, rows: RowsProfile) -> tuple[float, float]:
    """Positive and negative rows that have a value, were it missing as often in both."""
    there = column.present / column.rows
    return rows.positives * there, rows.negatives * there


def hanley_mcneil(auc: float, positives: float, negatives: float) -> float:
    """The variance of an area under the ROC curve; infinite without both classes.

    Reference:
        Hanley and McNeil (1982), Radiology 143, 29-36.

    >>> round(hanley_mcneil(0.8, 50, 50) ** 0.5, 4)
    0.0445
    """
    if not positives or not negatives:
        return math.inf
    both_above, both_below = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = max(positives - 1, 0) * (both_above - auc**2) + max(negatives - 1, 0) * (both_below - auc**2)
    return (auc * (1 - auc) + spread) / (positives * negatives)


def _judged(name: str, span: int, aucs: tuple[float, float], p_value: float, bounds: Bounds, level: float) -> Check:
    now, then = aucs
    shift = abs(now - then)
    tier, verdict = graded(shift, bounds)
    real = p_value <= level
    if not real:
        tier, verdict = graded(0.0, bounds)
    observed = f"AUC {now:.3f}, in span {span} {then:.3f}"
    reason = (
        f"column {name} alone tells the label with AUC {now:.3f}, in span {span} with {then:.3f}: {shift:.3f} apart"
    )
    reason += f", p {spell_p(p_value)}; allowed {allowed(bounds)}, or no more than chance"
    if verdict is Verdict.FAIL:
        reason += "; labels may be of other rows; if it is right, benison data accept says so"
    numbers = {"shift": shift, "label_auc": now, "label_auc_before": then, "p_value": p_value}
    return Check(NAME, f"column {name}", tier, verdict, observed, allowed(bounds), reason, numbers)


def _not_measured(span: int, bounds: Bounds, column: str = "") -> Check:
    subject = f"column {column}" if column else "all columns"
    reason = f"no numeric feature has an AUC both here and in span {span}: both classes are needed"
    if column:
        reason = f"{subject} has an AUC in span {span} and none here: it has no numbers, or those of one class only"
    return Check(NAME, subject, Tier.SOFT, Verdict.INCONCLUSIVE, "not measured", allowed(bounds), reason)
