"""The scorecard in Markdown, made to be posted on a pull request by a CI job, as GitHub and GitLab show it.

It has no plots: both strip SVG from Markdown and refuse data URIs, and an image with an address would have to be hosted
somewhere. The page that the run leaves has them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from benison.core import digests
from benison.core.secrets import redacted
from benison.core.verdicts import Tier, Verdict
from benison.pages.figures import count, duration, estimate, metric_name, number
from benison.report import gaps
from benison.report.comparison import Document, asked_by_slice, baselines, gain_over, slices
from benison.report.conclusion import conclude, passes, ranked, tally
from benison.report.gather import RunEvidence
from benison.report.lineage import seconds_of

_OUTCOMES = {"pushed": "\U0001f7e2", "held": "\U0001f7e1", "unchanged": "\U0001f535", "superseded": "\U0001f535"}
_VERDICTS = {Verdict.PASS: "\U0001f7e2", Verdict.FAIL: "\U0001f534", Verdict.INCONCLUSIVE: "\U0001f7e1"}
_OTHER = "\U0001f534"
# A comment may have 65,536 characters.
MOST_ROWS, MOST_POINTS = 40, 12
# Checks that say nothing to a reader where they pass.
_PLAIN = ("feature_kept", "holdout_disjoint", "predictions")
_SPECIAL = re.compile(r"([\\`*_{}\[\]|~])")
# Behind these a name would call a person, and a number an issue.
_CALLS = re.compile(r"([@#])")
_BETWEEN = " \u00b7 "
_WHERE = "all of them are in the run's `report.html`"


def markdown(evidence: RunEvidence) -> str:
    """The scorecard of a run.

    Its first line is a comment that names the project, so that a job finds its own post and replaces it.
    """
    conclusion = conclude(evidence)
    sign = _OUTCOMES.get(conclusion.outcome, _OTHER)
    parts = [
        f"<!-- benison: {escaped(evidence.name)} -->",
        f"### {sign} {escaped(evidence.name)}: {escaped(conclusion.headline)}",
        escaped(conclusion.because),
        _points("Why", conclusion.reasons),
        _points("Do not rely on the documents of this run", conclusion.doubts),
        _checks(evidence),
        *(_metric(evidence, metric) for metric in asked_by_slice(evidence)),
        _gaps(evidence),
        _points("Warnings, which do not block", conclusion.warnings),
        _origin(evidence),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: object) -> str:
    """Text of anybody's as it is: no formatting, no link, no mention, no markup, on one line.

    >>> escaped("a|b\\n<b> @ann [x](y)")
    'a\\\\|b &lt;b&gt; @<!-- -->ann \\\\[x\\\\](y)'
    """
    line = html.escape(redacted(" ".join(str(text).split())), quote=False)
    return _CALLS.sub(r"\1<!-- -->", _SPECIAL.sub(r"\\\1", line))


def _points(title: str, sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    left = len(sentences) - MOST_POINTS
    shown = [f"- {escaped(one)}" for one in sentences[:MOST_POINTS]] + [f"- {left:,} more"] * (left > 0)
    return f"**{title}**\n\n" + "\n".join(shown)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are Markdown already."""
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]
    return "\n".join(lines)


def _folded(title: str, content: str, *, open_: bool = False) -> str:
    return f"<details{' open' * open_}><summary>{html.escape(title)}</summary>\n\n{content}\n\n</details>"


def _checks(evidence: RunEvidence) -> str:
    """Hard checks: those of the models' figures, and whatever does not pass."""
    hard = ranked(evidence.all_checks, Tier.HARD)
    shown = [one for one in hard if not passes(one) or (one in evidence.model_checks and one.name not in _PLAIN)]
    rows = [
        (
            f"{_VERDICTS.get(one.verdict, _OTHER)} {one.verdict}",
            escaped(f"{one.name} {one.subject}"),
            escaped(one.observed),
            escaped(one.allowed),
        )
        for one in shown[:MOST_ROWS]
    ]
    rows += [("", f"{len(shown) - MOST_ROWS} more", "", "")] * (len(shown) > MOST_ROWS)
    title = f"Hard checks: {tally(evidence.all_checks, Tier.HARD)}"
    if not rows:
        return f"**{title}**"
    others = len(hard) - len(shown)
    left = f"\n\n{count(others)} more {'passes' if others == 1 else 'pass'}: {_WHERE}" if others else ""
    table = _table(("Verdict", "Check", "Observed", "Allowed"), rows)
    return _folded(title, f"{table}{left}", open_=not all(map(passes, hard)))


def _metric(evidence: RunEvidence, metric: str) -> str:
    shown = [one for one in slices(evidence) if one["judged"] and metric in one["metrics"]]
    over = baselines(evidence)[:1]
    heads = ("Slice", "Rows", *_beside(over))
    rows = [_metric_row(one, one["metrics"][metric], over) for one in shown[:MOST_ROWS]]
    title = f"{metric_name(metric)} on the holdout, {len(shown)} slices that are large enough"
    return _folded(title, _table(heads, rows), open_=True) if rows else ""


def _beside(over: Sequence[str]) -> list[str]:
    return ["Challenger", *(name.capitalize() for name in over), *(f"Gain over {name}" for name in over)]


def _metric_row(one: Document, found: Document, over: Sequence[str]) -> list[str]:
    cells = [escaped(one["slice"]), count(one["rows"]), estimate(found["challenger"])]
    for name in over:
        cells += [number((found.get(name) or {}).get("value")), estimate(gain_over(found, name), sign=True)]
    return cells


def _gaps(evidence: RunEvidence) -> str:
    """What the policy asks of groups, and the parities that the field has a name for."""
    found = [
        one for one in gaps.gaps(evidence) if gaps.measurable(one) and (one["parity"] or gaps.asked(evidence, one))
    ]
    over = baselines(evidence)[:1]
    heads = ("Gap in", "Across", *_beside(over))
    rows = [
        [
            escaped(gaps.title(one)),
            escaped(", ".join(one["across"])),
            estimate(one["difference"]["challenger"]),
            *(estimate(one["difference"].get(name)) for name in over),
            *(estimate(one["gain"].get(name), sign=True) for name in over),
        ]
        for one in found[:MOST_ROWS]
    ]
    lacking = [f"- {escaped(name)}: {escaped(why)}" for name, why in gaps.unmeasured(evidence)[:MOST_ROWS]]
    parts = [_table(heads, rows)] * bool(rows) + ["\n".join(["Not measurable:", "", *lacking])] * bool(lacking)
    return _folded("Gaps between groups, the largest difference of any two", "\n\n".join(parts)) if parts else ""


def _origin(evidence: RunEvidence) -> str:
    return f"<sub>{_BETWEEN.join(_facts(evidence))}</sub>"


def _facts(evidence: RunEvidence) -> Iterator[str]:
    yield f"run {escaped(evidence.run['id'])}"
    if commit := evidence.run["parameters"].get("commit"):
        yield f"commit {escaped(str(commit)[:12])}"
    if evidence.snapshot:
        yield f"data {digests.short(evidence.snapshot['digest'])}"
    if evidence.blessing and evidence.blessing["package"]:
        yield f"model {digests.short(evidence.blessing['package'])}"
        yield f"policy {digests.short(evidence.blessing['policy'])}"
    if (took := seconds_of(evidence.run)) is not None:
        yield f"took {duration(took)}"
