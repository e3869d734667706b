"""The report's part on data: where it came from, how it was split, and what changed since the champion's snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.config import SPLITS
from benison.core.verdicts import Check
from benison.pages.badges import badge
from benison.pages.figures import count, number, percent, size
from benison.pages.markup import Column, Markup, Row, digest, join, quiet, section, table, tag
from benison.report.conclusion import passes, why_missing
from benison.report.distributions import Share, bars, drawable, histogram, shares_of_bins, shares_of_values
from benison.report.gather import Document, RunEvidence


def render(evidence: RunEvidence) -> Markup:
    """Sources, splits and columns."""
    return section("data", "Data and drift", _snapshot(evidence), _features(evidence))


def _snapshot(evidence: RunEvidence) -> Markup:
    snapshot = evidence.snapshot
    if snapshot is None:
        return tag("p", why_missing(evidence, "example-gen"), class_="absent")
    spans = ", ".join(str(span) for span in snapshot["spans"])
    many = "spans" if len(snapshot["spans"]) > 1 else "span"
    return join(
        [
            tag(
                "p", f"Snapshot of {many} {spans}, {_split_by(snapshot['split_by'])}. Sealed as ", _seal(snapshot), "."
            ),
            tag("div", _splits(snapshot), _sources(snapshot), class_="beside"),
        ]
    )


def _seal(snapshot: Document) -> Markup:
    return digest(snapshot["digest"])


def _split_by(rule: Mapping[str, Any]) -> str:
    shares = ", ".join(f"{share:.0%}" for share in rule["shares"])
    if rule["by"] == "time":
        return f"split by {rule['time']}, oldest first ({shares})"
    key = ", ".join(rule["key"]) or "all columns"
    return f"split by the hash of {key} ({shares})"


def _splits(snapshot: Document) -> Markup:
    columns = (
        Column("Split", "name"),
        Column("Rows", "number"),
        Column("Positives", "number"),
        Column("Share", "number"),
    )
    rows = [
        Row((name, count(split["rows"]), count(split["positives"]), percent(split["positives"], split["rows"])))
        for name, split in ((name, snapshot["splits"][name]) for name in SPLITS)
    ]
    return table("Rows per split, and how many of them are positive", columns, rows)


def _sources(snapshot: Document) -> Markup:
    columns = (
        Column("Source", "name"),
        Column("Span", "number"),
        Column("Size", "number"),
        Column("Content", "digest"),
    )
    rows = [
        Row((source["path"], source["span"], size(source["size"]), digest(source["digest"])))
        for source in snapshot["sources"]
    ]
    return table("Files that were read", columns, rows)


def _features(evidence: RunEvidence) -> Markup:
    profile, before = evidence.profile, evidence.champion_profile
    if profile is None:
        return tag("p", why_missing(evidence, "example-validator"), class_="absent")
    earlier, columns = before["features"] if before else {}, profile["features"]
    cards = [
        _card(evidence, name, columns[name], _same_kind(columns[name], earlier.get(name)))
        for name in sorted(columns, key=lambda name: (name != _label(evidence), not _moved(evidence, name), name))
    ]
    return join(
        [
            tag("h3", "Columns of train ", quiet(f"{len(cards)} columns, {count(profile['rows'])} rows")),
            _legend(evidence),
            tag("div", *cards, class_="cards"),
        ]
    )


def _same_kind(now: Document, before: Document | None) -> Document | None:
    return before if before is not None and before["kind"] == now["kind"] else None


def _legend(evidence: RunEvidence) -> Markup:
    now = tag("span", "this run", class_="key now")
    entry = evidence.champion["champion"] if evidence.champion else None
    if evidence.champion_profile is None or entry is None:
        why = (
            "there is no champion to compare with" if entry is None else "the champion's profile is not in the history"
        )
        return tag("p", now, quiet(f" {why}"), class_="legend")
    spans = ", ".join(str(span) for span in entry["spans"])
    before = tag("span", f"champion number {entry['number']}, trained on span {spans}", class_="key before")
    return tag("p", now, " ", before, class_="legend")


def _drift(evidence: RunEvidence, column: str) -> list[Check]:
    """The checks that compare this column's distribution."""
    return [
        check
        for check in evidence.data_checks
        if ("drift" in check.name or "psi" in check.name) and check.subject in (column, f"column {column}")
    ]


def _label(evidence: RunEvidence) -> str | None:
    return evidence.snapshot["label"]["column"] if evidence.snapshot else None


def _moved(evidence: RunEvidence, column: str) -> bool:
    return not all(map(passes, _drift(evidence, column)))


def _card(evidence: RunEvidence, name: str, now: Document, before: Document | None) -> Markup:
    drift, kind = _drift(evidence, name), str(now["kind"])
    numeric = kind == "numeric"
    facts = _of_numbers(now, before) if numeric else _of_values(now)
    words = [facts, _missing(now, before), *(f"{check.name} {check.observed}" for check in drift)]
    summary = ". ".join(word for word in words if word)
    if numeric and drawable(now):
        image = histogram(name, now, before, summary)
    else:
        image = bars(name, _shares(now, before), summary)
    return tag(
        "figure",
        tag("figcaption", tag("b", name), " ", quiet(f"{kind}, the label" if name == _label(evidence) else kind)),
        image,
        tag("p", facts, *(f"; {missing}" for missing in [_missing(now, before)] if missing), class_="quiet"),
        *(_drift_line(check) for check in drift),
    )


def _shares(now: Document, before: Document | None) -> list[Share]:
    return shares_of_bins(now, before) if now["kind"] == "numeric" else shares_of_values(now, before)


def _drift_line(check: Check) -> Markup:
    words = join([check.name, " ", check.observed, quiet(f" allowed {check.allowed}")])
    return tag("p", words, None if passes(check) else join([" ", badge(check.verdict)]), class_="drift")


def _of_numbers(now: Document, before: Document | None) -> str:
    was = f" (was {_short(before['mean'])} ± {_short(before['std'])})" if before else ""
    return f"mean {_short(now['mean'])} ± {_short(now['std'])}{was}"


def _short(value: float | None) -> str:
    return number(value, 2 if value is None or abs(value) >= 1 else 4)


def _of_values(now: Document) -> str:
    beyond = " and rarer ones" if now.get("other") else ""
    return f"{len(now['counts'])} values{beyond}"


def _missing(now: Document, before: Document | None) -> str:
    if not now["missing"] and not (before and before["missing"]):
        return ""
    was = f" (was {percent(before['missing'], before['rows'])})" if before else ""
    return f"missing {percent(now['missing'], now['rows'])}{was}"
