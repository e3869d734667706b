"""Rows: what must hold of splits and columns, whatever the schema says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from benison.components.example_validator.measure import Measured
from benison.core.verdicts import Check, Tier, Verdict


def rows(subject: str, count: int) -> Check:
    """Hard: there are rows. TFDV itself finds no fault where there are none.

    Args:
        subject: ``split train``, ``span 7``, ``serving``.
        count: Its rows.
    """
    verdict = Verdict.PASS if count else Verdict.FAIL
    reason = f"{subject} has {count:,} rows" + ("" if count else ", at least 1 is needed")
    return Check("rows", subject, Tier.HARD, verdict, f"{count:,}", ">= 1", reason, {"rows": count})


def columns(asked: Iterable[str], there: Collection[str]) -> list[Check]:
    """Hard: the columns that the model sees are in the data. TFDV asks so only where the schema demands presence.

    Args:
        asked: Features and label.
        there: The columns of the data.
    """
    asked = list(asked)
    missing = [name for name in asked if name not in there]
    if not missing:
        reason = "every feature of benison.yaml is in the data"
        numbers = {"columns": len(asked)}
        return [Check("columns", "all features", Tier.HARD, Verdict.PASS, "all there", "all there", reason, numbers)]
    reason = "column {0}: a feature of benison.yaml that is not in the data"
    return [
        Check(
            "columns", f"column {name}", Tier.HARD, Verdict.FAIL, "missing", "there", reason.format(name), {"rows": 0}
        )
        for name in missing
    ]


def finite(where: str, measured: Measured, features: Collection[str]) -> list[Check]:
    """Numbers are numbers: NaN and infinity end a training, so of a feature they block; of other columns they warn.

    Args:
        where: ``train``, ``holdout``, ``span 7``.
        measured: The rows.
        features: The columns that the model sees.

    Returns:
        One check for each column that has some; one that passes where no feature has.
    """
    found = {name: count for name, count in _not_finite(measured).items() if count}
    checks = [_of_column(where, name, count, measured.rows, name in features) for name, count in found.items()]
    if any(check.tier is Tier.HARD for check in checks):
        return checks
    reason = f"all numbers of the features in {where} are finite"
    numbers = {"rows": measured.rows, "not_finite": 0}
    passed = Check("finite", f"all features in {where}", Tier.HARD, Verdict.PASS, "none", "none", reason, numbers)
    return [passed, *checks]


def _not_finite(measured: Measured) -> Mapping[str, int]:
    """Rows with NaN, as TFDV counted them, or an infinite number, by column."""
    counts = dict.fromkeys(sorted(measured.tallies), 0)
    for name, tally in measured.tallies.items():
        if tally.figures is not None:
            infinite = np.isinf(tally.figures.lowest) | np.isinf(tally.figures.highest)
            counts[name] += int(tally.figures.counts[infinite].sum())
    for dataset in measured.statistics.datasets:
        for feature in dataset.features:
            name = ".".join(feature.path.step) or feature.name
            histograms = feature.num_stats.histograms
            counts[name] = counts.get(name, 0) + (int(histograms[0].num_nan) if histograms else 0)
    return counts


def _of_column(where: str, name: str, count: int, held: int, is_feature: bool) -> Check:
    subject, tier = f"column {name} in {where}", Tier.HARD if is_feature else Tier.SOFT
    observed = f"{count:,} of {held:,} rows"
    reason = f"{subject}: {observed} hold infinity or NaN, allowed none; leave them empty where there is no number"
    numbers = {"not_finite": count, "rows": held}
    return Check("finite", subject, tier, Verdict.FAIL, observed, "none", reason, numbers)
