"""The report's part on serving: what the challenger took and answered in a process of its own."""

from __future__ import annotations

from benison.pages.figures import brief, count, plural
from benison.pages.markup import Column, Markup, Row, join, section, table, tag
from benison.report.conclusion import why_missing
from benison.report.gather import Document, RunEvidence

TASK = "infra-validator"
_COLUMNS = (
    Column("Figure", "name"),
    Column("Challenger", "number"),
    Column("Champion", "number"),
    Column("Ratio", "number"),
)
_NAMES = {
    "load_seconds": "seconds to load",
    "first_answer_seconds": "seconds to the first answer",
    "p50_ms": "median latency, ms",
    "p95_ms": "95% of requests within, ms",
    "p99_ms": "99% of requests within, ms",
    "requests_per_second": "requests a second, one after another",
    "peak_memory_mb": "most memory, MB",
    "size_mb": "size on disk, MB",
}


def asked(evidence: RunEvidence) -> bool:
    """Whether the run's pipeline has such a task."""
    return TASK in evidence.run["tasks"]


def render(evidence: RunEvidence) -> Markup:
    """What was measured, or why nothing was; nothing of a run that never meant to."""
    if not asked(evidence):
        return join([])
    return section("serving", "Serving", *_content(evidence))


def _content(evidence: RunEvidence) -> list[Markup]:
    if evidence.infra is None:
        return [tag("p", why_missing(evidence, TASK), class_="absent")]
    if evidence.infra["package"] is None:
        return [tag("p", "There is no model to serve.", class_="absent")]
    return [_how(evidence.infra), _figures(evidence.infra)]


def _how(infra: Document) -> Markup:
    load = infra["load"]
    return tag(
        "p",
        f"Loaded in a fresh process and asked {plural(infra['rows'], 'row')} of the holdout as JSON, as clients ask. "
        f"Latencies are of single rows, {brief(load['requests_per_second'])} a second, in {load['rounds']} rounds of "
        f"{count(load['requests'])}: the median round, with its bounds.",
    )


def _figures(infra: Document) -> Markup:
    figures, ratios = infra["figures"], infra["ratios"]
    ours, theirs = (figures.get(role, {}) for role in ("challenger", "champion"))
    rows = [
        Row((title, *(shown(one.get(name)) for one in (ours, theirs, ratios))))
        for name, title in _NAMES.items()
        if name in ours
    ]
    return table("What it takes to serve the challenger", _COLUMNS, rows)


def shown(figure: Document | None) -> str:
    """A figure with its bounds, where there are any that lie apart."""
    if figure is None:
        return "-"
    value, lower, upper = (figure[key] for key in ("value", "lower", "upper"))
    return brief(value) if lower is None or lower == upper else f"{brief(value)} [{brief(lower)}, {brief(upper)}]"


def summary(evidence: RunEvidence) -> str:
    """The same in a line for a terminal; empty where nothing was measured."""
    found = evidence.infra["figures"].get("challenger", {}) if evidence.infra else {}
    parts = {
        "load_seconds": "loads in {} s",
        "p99_ms": "p99 {} ms",
        "peak_memory_mb": "{} MB of memory",
        "size_mb": "{} MB on disk",
    }
    said = [text.format(shown(found[name])) for name, text in parts.items() if name in found]
    return f"Served alone: {', '.join(said)}" if said else ""
