"""The run's answer in the terminal, within 80 columns: verdict, reasons, hard checks, champion beside challenger."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benison.core.secrets import redacted
from benison.core.verdicts import Check, Tier
from benison.pages.figures import duration, estimate, listed, metric_name, number
from benison.pages.text import printable
from benison.report import infra
from benison.report.comparison import Document, asked_by_slice, baselines, gain_over, slices
from benison.report.conclusion import conclude, passes, ranked, tally
from benison.report.gather import RunEvidence
from benison.report.lineage import seconds_of

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDTH = 80
_INDENT, _BETWEEN = "  ", "  "
_KEPT = "feature_kept"
_MOST_WARNINGS = 6
# Crossed columns make hundreds of slices that nobody reads here.
_MOST_SMALL, _SHOWN_SMALL = 6, 3
_OUTCOMES = {
    "pushed": "green",
    "held": "yellow",
    "unchanged": "cyan",
    "superseded": "cyan",
    "blocked": "red",
    "failed": "red",
}
_VERDICTS = {"PASS": "green", "FAIL": "red", "INCONCLUSIVE": "yellow", "ERROR": "red"}


@dataclass(frozen=True)
class Line:
    """A line of the scorecard, and how a terminal with colours shows it."""

    text: str
    style: str = ""


def lines(evidence: RunEvidence) -> list[str]:
    """The scorecard as plain text, no line longer than 80 characters."""
    return [line.text for line in _card(evidence)]


def panel(evidence: RunEvidence) -> RenderableType:
    """The same lines between two rules, for a terminal that knows colours."""
    from rich.console import Group
    from rich.rule import Rule
    from rich.text import Text

    color = _OUTCOMES.get(conclude(evidence).outcome, "yellow")
    shown = [Text(line.text, style=line.style) for line in _card(evidence)]
    return Group(Rule(Text(evidence.name), style=color), *shown, Rule(style=color))


def _card(evidence: RunEvidence) -> list[Line]:
    conclusion = conclude(evidence)
    color = _OUTCOMES.get(conclusion.outcome, "yellow")
    return [
        *(Line(text, f"bold {color}") for text in wrapped(f"{evidence.name}: {conclusion.headline}", "", "")),
        *(Line(text) for text in wrapped(conclusion.because, "", "")),
        *points("Why", conclusion.reasons),
        *points("Do not rely on the documents of this run", conclusion.doubts, "bold red"),
        *points("Warnings, which do not block", _first(conclusion.warnings)),
        *_checks(evidence),
        *(line for metric in asked_by_slice(evidence) for line in _metric(evidence, metric)),
        *_rest(evidence),
    ]


def _first(warnings: Sequence[str]) -> list[str]:
    left = len(warnings) - _MOST_WARNINGS
    return [*warnings[:_MOST_WARNINGS], *([f"{left:,} more: see the report"] if left > 0 else [])]


def wrapped(text: object, first: str, others: str) -> list[str]:
    """A text in lines of the scorecard's width, each after its indent."""
    return textwrap.wrap(redacted(printable(text)), WIDTH, initial_indent=first, subsequent_indent=others)


def points(title: str, sentences: Sequence[str], style: str = "bold") -> Iterator[Line]:
    """Sentences one below the other; nothing where there are none."""
    if sentences:
        yield from (Line(""), Line(title, style))
    for sentence in sentences:
        yield from (Line(text) for text in wrapped(sentence, f"{_INDENT}- ", f"{_INDENT}  "))


def side_by_side(
    heads: Sequence[str], widths: Sequence[int], rows: Iterable[tuple[Sequence[str], str]]
) -> Iterator[Line]:
    """Rows of cells side by side, each wrapped to its column's width, with the style of the row.

    Args:
        heads: What the columns are called.
        widths: Of the columns.
        rows: Cells and style of each row.
    """
    for cells, style in ((heads, "dim"), *rows):
        yield from (Line(text, style) for text in _wrapped_cells(cells, widths))


def _wrapped_cells(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    columns = [_cell(redacted(printable(cell)), width) for cell, width in zip(cells, widths, strict=True)]
    for index in range(max(map(len, columns))):
        parts = [column[index] if index < len(column) else "" for column in columns]
        padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
        yield f"{_INDENT}{_BETWEEN.join(padded)}".rstrip()


def _cell(text: str, width: int) -> list[str]:
    """A cell's lines; a slice that is too long for one is broken after its column's name, not within a word."""
    words = (word.replace("=", "= ", 1) if len(word) > width else word for word in text.split(" "))
    return textwrap.wrap(" ".join(words), width) or [""]


def _checks(evidence: RunEvidence) -> Iterator[Line]:
    """The hard checks: all of the models; those of data, features, serving and release where they do not pass."""
    hard = ranked(evidence.all_checks, Tier.HARD)
    kept = tuple(one for one in evidence.model_checks if one.name == _KEPT)
    shown = [one for one in hard if (one in evidence.model_checks and one not in kept) or not passes(one)]
    yield from (Line(""), Line(f"Hard checks: {tally(evidence.all_checks, Tier.HARD)}", "bold"))
    if shown:
        verdict = max(7, *(len(check.verdict) for check in shown))
        widths = (verdict, 33 - verdict, 26, 11)
        yield from side_by_side(("Verdict", "Check", "Observed", "Allowed"), widths, map(check_row, shown))
    others = {"data": evidence.data_checks, "features": kept, "serving": evidence.serving_checks}
    others["release"] = evidence.release_checks
    counts = {name: sum(map(passes, ranked(checks, Tier.HARD))) for name, checks in others.items()}
    said = [f"{count} of the {name}" for name, count in counts.items() if count]
    if said:
        yield Line(f"{_INDENT}{'and ' if shown else ''}{listed(said)} that pass")


def check_row(check: Check) -> tuple[Sequence[str], str]:
    """A check's cells and style."""
    name = f"{check.name} {check.subject}"
    return (str(check.verdict), name, check.observed, check.allowed), _VERDICTS[str(check.verdict)]


def _metric(evidence: RunEvidence, metric: str) -> Iterator[Line]:
    """A metric overall and on the judged slices: the challenger with its interval, the champion, the gain."""
    shown = [one for one in slices(evidence) if one["judged"] and metric in one["metrics"]]
    over = baselines(evidence)[:1]
    heads = ("Slice", "Challenger", *(name.capitalize() for name in over), *(f"Gain over {name}" for name in over))
    widths = (13, 23, 9, 26) if over else (48, 26)
    yield from (Line(""), Line(f"{metric_name(metric)} on the holdout", "bold"))
    yield from side_by_side(heads, widths, ((_metric_row(one, one["metrics"][metric], over), "") for one in shown))


def _metric_row(one: Document, found: Document, over: list[str]) -> list[str]:
    cells = [one["slice"], estimate(found["challenger"])]
    for name in over:
        cells += [number((found.get(name) or {}).get("value")), estimate(gain_over(found, name), sign=True)]
    return cells


def _named(left: Sequence[Document]) -> str:
    """All slices where they are few, else how many, the first of them, and where the others are."""
    few = left if len(left) <= _MOST_SMALL else left[:_SHOWN_SMALL]
    named = "; ".join(f"{one['slice']} ({one['rows']:,} rows, {one['positives']:,} positive)" for one in few)
    if len(few) == len(left):
        return named
    return f"{len(left):,} slices, among them {named}; the report has all of them"


def _rest(evidence: RunEvidence) -> Iterator[Line]:
    yield Line("")
    left = evidence.evaluation["not_judged"] if evidence.evaluation else []
    if left:
        yield from (Line(text) for text in wrapped(f"Too small to judge: {_named(left)}", "", _INDENT))
    yield from (Line(text) for text in wrapped(infra.summary(evidence), "", _INDENT))
    took = seconds_of(evidence.run)
    if took is not None:
        yield Line(f"Took {duration(took)}")
