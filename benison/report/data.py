"""The report's part on data: where it came from, what changed since then, and what its columns hold."""

from __future__ import annotations

from benison.core.profiles import Profile
from benison.pages import columns, drift, exceptions, history, snapshots
from benison.pages.figures import plural
from benison.pages.markup import Markup, join, quiet, section, tag
from benison.report.conclusion import passes, why_missing
from benison.report.gather import RunEvidence

# With more columns than this their table is folded away.
_FEW = 24


def render(evidence: RunEvidence) -> Markup:
    """Sources and splits, drift, history and columns."""
    profile = Profile.from_json(evidence.profile) if evidence.profile else None
    return section(
        "data",
        "Data and drift",
        _anomalies(evidence),
        _snapshot(evidence, profile),
        _exceptions(evidence),
        drift.render(evidence.comparisons, evidence.data_checks) if evidence.comparisons else None,
        _history(evidence, profile),
        _columns(evidence, profile),
    )


def _anomalies(evidence: RunEvidence) -> Markup | None:
    """Points at the checks instead of repeating them."""
    against = sum(not passes(check) for check in evidence.data_checks)
    if not against:
        return None
    verb = "does" if against == 1 else "do"
    checks = tag("a", "Checks", href="#checks")
    return tag("p", f"{plural(against, 'check')} of the data {verb} not pass: see ", checks, ".")


def _snapshot(evidence: RunEvidence, profile: Profile | None) -> Markup:
    if evidence.snapshot is None:
        return tag("p", why_missing(evidence, "example-gen"), class_="absent")
    return snapshots.render(evidence.snapshot, profile.spans if profile else {})


def _exceptions(evidence: RunEvidence) -> Markup | None:
    if not evidence.acceptances:
        return None
    title = tag("h3", "Accepted exceptions ", quiet(f"{len(evidence.acceptances)}"))
    return join([title, exceptions.render(evidence.acceptances)])


def _history(evidence: RunEvidence, profile: Profile | None) -> Markup | None:
    if evidence.bands is None:
        return None
    kinds = {name: column.kind for name, column in profile.train.columns.items()} if profile else {}
    return join([tag("h3", "History"), history.render(evidence.bands, kinds, evidence.data_checks)])


def _columns(evidence: RunEvidence, profile: Profile | None) -> Markup:
    if profile is None:
        return tag("p", why_missing(evidence, "example-validator"), class_="absent")
    newest = profile.spans[profile.newest]
    label = str(evidence.snapshot["label"]["column"]) if evidence.snapshot else ""
    title = f"Columns of span {profile.newest}"
    size = quiet(f"{plural(len(newest.columns), 'column')}, {plural(newest.rows, 'row')}")
    shown = columns.render(newest, title, label)
    if len(newest.columns) <= _FEW:
        return join([tag("h3", title, " ", size), shown])
    return join([tag("h3", title), tag("details", tag("summary", size), shown)])
