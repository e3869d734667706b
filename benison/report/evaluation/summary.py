"""An evaluation in the terminal, within 80 columns: the answer, what is against it, checks, metrics by slice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benison.core.verdicts import Tier
from benison.pages.figures import estimate, metric_name, plural
from benison.report import gaps
from benison.report.comparison import Document, gain_over
from benison.report.conclusion import passes, ranked, tally
from benison.report.evaluation.answer import answer
from benison.report.evaluation.evidence import Evaluation, by_harm
from benison.report.scorecard import Line, check_row, points, side_by_side, wrapped

_MOST = 20
_CHECKS = (12, 23, 26, 11)
_BESIDE, _ALONE = (25, 23, 26), (48, 26)


def lines(evidence: Evaluation) -> list[str]:
    """The summary as plain text."""
    return [line.text for line in _card(evidence)]


def _card(evidence: Evaluation) -> Iterator[Line]:
    found = answer(evidence)
    yield from (Line(text) for text in wrapped(f"{found.word}: {found.sentence}.", "", ""))
    yield from points("Do not rely on these figures", found.doubts)
    yield from points("Why", found.reasons[:_MOST])
    yield from _checks(evidence)
    for sentence in evidence.made:
        yield from (Line(""), *(Line(text) for text in wrapped(sentence, "", "")))
    for metric in evidence.metrics[0]:
        yield from _by_slice(evidence, metric)
    yield from _gaps(evidence)


def _checks(evidence: Evaluation) -> Iterator[Line]:
    """Those that do not pass; the report has the others too."""
    if not evidence.gate:
        return
    hard = ranked(evidence.model_checks, Tier.HARD)
    against = [check for check in hard if not passes(check)]
    yield from (Line(""), Line(f"Hard checks: {tally(evidence.model_checks, Tier.HARD)}"))
    if against:
        rows = map(check_row, against[:_MOST])
        yield from side_by_side(("Verdict", "Check", "Observed", "Allowed"), _CHECKS, rows)


def _by_slice(evidence: Evaluation, metric: str) -> Iterator[Line]:
    """A metric and its gain by slice, in the order of harm; where there are many slices, on the first of them."""
    found, over = by_harm(evidence, metric), evidence.baseline
    heads = ("Slice", evidence.name, *([f"Gain over {over}"] if over else []))
    rows = ((_cells(evidence, metric, one), "") for one in found[:_MOST])
    yield from (
        Line(""),
        Line(f"{metric_name(metric)} by slice, the worst off first" if found[1:] else metric_name(metric)),
    )
    yield from side_by_side(heads, _BESIDE if over else _ALONE, rows)
    if len(found) > _MOST:
        yield Line(f"  ... and {plural(len(found) - _MOST, 'slice')} more: the report has all of them")


def _gaps(evidence: Evaluation) -> Iterator[Line]:
    """How far groups lie apart, where the field has a name for it or the policy asks."""
    found, over = gaps.in_words(evidence), evidence.baseline
    if found:
        yield from _measured_gaps(found, evidence.name, over)
    lacking = [f"{name}: {why}" for name, why in gaps.unmeasured(evidence)]
    yield from points("Gaps between groups that cannot be measured", lacking[:_MOST])


def _measured_gaps(found: Sequence[tuple[str, ...]], name: str, over: str) -> Iterator[Line]:
    heads = ("Gap in", name, *([f"Gain over {over}"] if over else []))
    rows = ((cells[: len(heads)], "") for cells in found[:_MOST])
    yield from (Line(""), Line("Gaps between groups, the largest difference of any two"))
    yield from side_by_side(heads, _BESIDE if over else _ALONE, rows)
    if len(found) > _MOST:
        yield Line(f"  ... and {plural(len(found) - _MOST, 'gap')} more: the report has all of them")


def _cells(evidence: Evaluation, metric: str, one: Document) -> list[str]:
    cells = [one["slice"], estimate(one["metrics"][metric]["challenger"])]
    gain = gain_over(one["metrics"][metric], "champion")
    return [*cells, estimate(gain, sign=True)] if evidence.baseline else cells
