"""``benison data diff``: what changed between two sources, or two spans of a project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benison.cli.data import text
from benison.cli.data.opening import opened
from benison.cli.data.profile import moment
from benison.cli.data.source import SPAN, Looked, compared_columns, look, opened_span
from benison.components.example_validator import drift
from benison.components.example_validator.measure import Asked, Measured
from benison.config.validation import DriftRules, defaults
from benison.core import documents
from benison.core.profiles import CATEGORICAL, DATETIME, ColumnProfile
from benison.core.texts import spell_p
from benison.core.verdicts import Check

_HEADER = ("column", "kind", "effect", "p", "answer", "before", "now", "before, now")
_MOST_VALUES = 10
_MOST_BARS = 12
_ANSWERS = {("FAIL", "hard"): "far", ("FAIL", "soft"): "moved", ("PASS", "hard"): "same", ("PASS", "soft"): "same"}


@dataclass(frozen=True)
class Side:
    """One of the two.

    Attributes:
        name: What the user called it.
        looked: What was measured.
        rows: Its newest span.
    """

    name: str
    looked: Looked
    rows: Measured

    @property
    def types(self) -> dict[str, str]:
        """Arrow's type by column."""
        return {field.name: str(field.type) for field in self.looked.dataset.schema}


def show(sources: tuple[str, ...], folder: Path | None, spans: tuple[int, ...], *, as_json: bool) -> None:
    """Compares them and prints what is different."""
    rules = defaults().drift
    with ExitStack() as stack:
        if folder is not None:
            before, now = (_of_span(stack, folder, span) for span in spans)
        else:
            before, now = (_of_source(stack, path) for path in sources)
    found = compared(before, now, rules)
    click.echo(documents.encode(found).decode() if as_json else "\n".join(lines(found)), nl=not as_json)


def _of_source(stack: ExitStack, path: str) -> Side:
    looked = look(path, stack.enter_context(opened(path)))
    return Side(path, looked, next(iter(looked.groups.values())))


def _of_span(stack: ExitStack, folder: Path, span: int) -> Side:
    project, dataset = stack.enter_context(opened_span(folder, span, window=1))
    config = project.config
    looked = look(f"{SPAN}{span}", dataset, Asked(dataset.schema, None, config.label, config.data.time))
    return Side(looked.name, looked, looked.groups[f"{SPAN}{span}"])


def compared(before: Side, now: Side, rules: DriftRules) -> dict[str, Any]:
    """Rows, columns and, for each column of both, how far it moved; the farthest first.

    Args:
        before: What is compared with; it fixes the bins.
        now: What is compared.
        rules: Measure and level.
    """
    old, new = before.types, now.types
    reference = drift.Reference(drift.PREVIOUS, before.name, before.rows.profile())
    profile = now.rows.profile()
    columns = compared_columns(reference.rows, profile)
    checks, comparisons = drift.drift(reference, now.rows.tallies, rules, columns)
    profiles = reference.rows.columns, profile.columns
    found = [_column(one, checks, before, now, profiles) for one in comparisons]
    return {
        "before": before.name,
        "now": now.name,
        "rows": [before.rows.rows, now.rows.rows],
        "removed": sorted(old.keys() - new.keys()),
        "added": sorted(new.keys() - old.keys()),
        "types": [
            {"column": name, "before": old[name], "now": new[name]}
            for name in sorted(old.keys() & new.keys())
            if old[name] != new[name]
        ],
        "columns": sorted(found, key=lambda one: (-one["effect"], one["column"])),
    }


def _column(
    comparison: dict[str, Any],
    checks: list[Check],
    before: Side,
    now: Side,
    profiles: tuple[Mapping[str, ColumnProfile], Mapping[str, ColumnProfile]],
) -> dict[str, Any]:
    name = comparison["column"]
    reason = next(check.reason for check in checks if check.subject == f"column {name}")
    old, new = (profile[name] for profile in profiles)
    return {
        **comparison,
        "reason": reason,
        "missing": [old.missing, new.missing],
        "mean": [old.mean, new.mean],
        "new_values": _new_values(name, before, now) if old.kind == CATEGORICAL else [],
    }


def _new_values(name: str, before: Side, now: Side) -> list[str]:
    """The most frequent values that were not there before."""
    old, new = before.rows.tallies[name].texts, now.rows.tallies[name].texts
    if old is None or new is None:
        return []
    frequent = list(new.most_frequent(1000))
    there = old.count(frequent).sum(axis=-1) if frequent else []
    return [value for value, rows in zip(frequent, there, strict=True) if not rows][:_MOST_VALUES]


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The difference as people read it."""
    before, now = found["rows"]
    times = f", {now / before:.3g} times" if before and now != before else ""
    yield f"{found['before']} -> {found['now']}"
    yield f"rows: {before:,} -> {now:,}{times}"
    for word in ("removed", "added"):
        if found[word]:
            yield f"{word}: {', '.join(found[word])}"
    for one in found["types"]:
        yield f"type of {one['column']}: {one['before']} -> {one['now']}"
    for one in found["columns"]:
        if one["new_values"]:
            yield f"new values of {one['column']}: {', '.join(map(repr, one['new_values']))}"
    if not found["columns"]:
        yield "no column that stands in both could be compared"
        return
    yield ""
    yield from text.columns(_HEADER, [_row(one) for one in found["columns"]], "llrrlrrl")


def _row(one: dict[str, Any]) -> list[str]:
    spelt = moment if one["kind"] == DATETIME else text.number
    means = [spelt(value) if value is not None else "" for value in one["mean"]]
    top = max([*_shares(one["before"]), *_shares(one["now"])], default=0.0)
    pictures = [text.bars(_shares(one[side])[:_MOST_BARS], top) for side in ("before", "now")]
    return [
        one["column"],
        one["kind"],
        f"{one['effect']:.3f}",
        spell_p(one["p_value"]),
        _ANSWERS.get((one["verdict"], one["tier"]), "too few rows"),
        *means,
        "  ".join(pictures),
    ]


def _shares(counts: list[int]) -> list[float]:
    return [count / max(1, sum(counts)) for count in counts]
