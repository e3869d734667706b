"""The report's part on checks: each with what was observed and what is allowed, hard before soft, no before yes."""

from __future__ import annotations

from collections.abc import Sequence

from benison.core.verdicts import Check, Tier
from benison.pages import anomalies
from benison.pages.badges import LOOKS, badge
from benison.pages.figures import count, plural
from benison.pages.markup import Column, Markup, Row, join, quiet, section, table, tag
from benison.report import infra
from benison.report.comparison import Document, Evaluated
from benison.report.conclusion import passes, ranked, tally, why_missing
from benison.report.gather import RunEvidence

_COLUMNS = (Column("Check", "name"), Column("Verdict", "verdict"), Column("Observed"), Column("Allowed"))
_SHORT_LIST = 8


def render(evidence: RunEvidence) -> Markup:
    """Every check of the run."""
    return section(
        "checks",
        "Checks",
        _missing(evidence),
        _tier(evidence, Tier.HARD, "Hard checks", "Each of them must pass, or nothing is pushed."),
        _tier(evidence, Tier.SOFT, "Soft checks", "They warn and do not block."),
        _not_asked(evidence),
        not_judged(evidence),
    )


def _missing(evidence: RunEvidence) -> Markup | None:
    absent = {"example-validator": evidence.checks, "evaluator": evidence.evaluation, "pusher": evidence.blessing}
    if infra.asked(evidence):
        absent[infra.TASK] = evidence.infra
    lines = [tag("p", why_missing(evidence, task), class_="absent") for task, found in absent.items() if found is None]
    return join(lines) if lines else None


def _tier(evidence: RunEvidence, tier: Tier, title: str, meaning: str) -> Markup | None:
    data = ranked(evidence.data_checks, tier)
    rest = ranked((*evidence.model_checks, *evidence.serving_checks, *evidence.release_checks), tier)
    if not data and not rest:
        return None
    against = [row(check, anomalies.way_out(check)) for check in data if not passes(check)]
    against += [row(check) for check in rest if not passes(check)]
    return join(
        [
            tag("h3", title, " ", quiet(tally(evidence.all_checks, tier))),
            tag("p", meaning),
            listing(f"{title} that do not pass", against),
            listing(
                f"{title} of model, serving and release that pass",
                [row(check) for check in rest if passes(check)],
            ),
            folded(f"{title} of the data that pass", [check for check in data if passes(check)]),
        ]
    )


def listing(caption: str, rows: Sequence[Row]) -> Markup | None:
    """Checks, one a row; None where there are none."""
    return table(caption, _COLUMNS, rows, kind="checks") if rows else None


def folded(caption: str, checks: Sequence[Check]) -> Markup | None:
    """A long list of what is in order is folded away; on paper it is open."""
    if len(checks) <= _SHORT_LIST:
        return listing(caption, [row(check) for check in checks])
    return anomalies.folded(caption, checks)


def row(check: Check, way_out: Markup | None = None) -> Row:
    """A check: what was observed and what is allowed, and the reason where it does not pass."""
    name = join([check.name, " ", quiet(check.subject)])
    note = None if passes(check) else join([tag("p", check.reason), way_out])
    return Row((name, badge(check.verdict), check.observed, check.allowed), LOOKS[check.verdict], note)


def _not_asked(evidence: RunEvidence) -> Markup | None:
    found = evidence.evaluation.get("not_applicable", []) if evidence.evaluation else []
    if not found:
        return None
    rows = [Row((one["name"], one["subject"], one["reason"])) for one in found]
    return join(
        [
            tag("h3", "Not asked ", quiet(plural(len(found), "check"))),
            table("Checks of the policy that had nothing to compare with", _NOT_ASKED, rows),
        ]
    )


_NOT_ASKED = (Column("Check", "name"), Column("Of"), Column("Why"))
_NOT_JUDGED = (Column("Slice", "name"), Column("Rows", "number"), Column("Positives", "number"), Column("Why"))


def _positives(one: Document) -> str:
    return "-" if one["positives"] is None else count(one["positives"])


def not_judged(evidence: Evaluated) -> Markup | None:
    """The slices that the policy holds too small; None where there are none."""
    found = evidence.evaluation["not_judged"] if evidence.evaluation else []
    if not found:
        return None
    rows = [Row((one["slice"], count(one["rows"]), _positives(one), one["reason"])) for one in found]
    caption = "Slices that are not judged"
    listed = table(caption, _NOT_JUDGED, rows)
    return join(
        [
            tag("h3", "Slices not judged ", quiet(plural(len(found), "slice"))),
            tag(
                "p",
                "Each for the reason that is listed; they are no part of the verdict.",
            ),
            listed if len(rows) <= _SHORT_LIST else tag("details", tag("summary", caption), listed),
        ]
    )
