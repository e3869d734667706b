"""An evaluation in the terminal, within 80 columns: the answer, what is against it, checks, metrics by slice."""

from __future__ import annotations

from collections.abc import Iterator

from benison.core.verdicts import Tier
from benison.pages.figures import plural
from benison.report.comparison import Document
from benison.report.conclusion import ranked, tally
from benison.report.evaluation.answer import answer
from benison.report.evaluation.evidence import Evaluation, by_harm
from benison.report.scorecard import Line, by_slice, check_row, points, side_by_side, wrapped

_MOST = 20
_WIDTHS = (12, 21, 26, 11)


def lines(evidence: Evaluation) -> list[str]:
    """The summary as plain text."""
    return [line.text for line in _card(evidence)]


def _card(evidence: Evaluation) -> Iterator[Line]:
    found = answer(evidence)
    yield from (Line(text) for text in wrapped(f"{found.word}: {found.sentence}.", "", ""))
    yield from points("Do not rely on these figures", found.doubts)
    yield from points("Why", found.reasons[:_MOST])
    yield from _checks(evidence)
    for metric in evidence.metrics[0]:
        yield from _metric(evidence, metric)


def _checks(evidence: Evaluation) -> Iterator[Line]:
    if not evidence.gate:
        return
    yield from (Line(""), Line(f"Hard checks: {tally(evidence.model_checks, Tier.HARD)}"))
    hard = ranked(evidence.model_checks, Tier.HARD)
    yield from side_by_side(("Verdict", "Check", "Observed", "Allowed"), _WIDTHS, map(check_row, hard))


def _metric(evidence: Evaluation, metric: str) -> Iterator[Line]:
    """The slices by harm; where there are many, the first of them."""
    found = by_harm(evidence, metric)
    yield from by_slice(evidence, metric, found[:_MOST], _ordered(evidence, found))
    if len(found) > _MOST:
        yield Line(f"  ... and {plural(len(found) - _MOST, 'slice')} more: the report has all of them")


def _ordered(evidence: Evaluation, found: list[Document]) -> str:
    return "by slice, the worst off first" if len(found) > 1 else "on all rows"
