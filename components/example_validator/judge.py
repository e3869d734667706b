"""Judge: the checks, in their order, over what was measured. Which of them there are is decided here alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2

from benison.components.example_validator import (
    comparators,
    drift,
    freshness,
    history,
    labels,
    past,
    rows,
    schema,
    volume,
)
from benison.components.example_validator.association import association
from benison.components.example_validator.cells import span_group
from benison.components.example_validator.examine import SERVING, Document, Figures, Findings, Given, Rules, profile
from benison.components.example_validator.measure import Measured
from benison.components.example_validator.past import Past
from benison.components.example_validator.reach import reach
from benison.components.example_validator.tells_label import tells_label
from benison.core.verdicts import Check

NO_SPAN_BEFORE = "no span before to compare with: accepted runs leave one, and data.window: 2 reads one"


@dataclass(frozen=True)
class Before:
    """What was there before.

    Attributes:
        spans: Older spans, oldest first.
        champion: The rows that the champion was trained on; None where history does not have them.
    """

    spans: tuple[Past, ...]
    champion: drift.Reference | None


def findings(given: Given, rules: Rules, figures: Figures) -> Findings:
    """Every check of what was measured.

    Args:
        given: What was measured.
        rules: What is asked of it.
        figures: What came out.
    """
    found = Findings(figures, profile(given, figures))
    before = _before(given, rules, found)
    anomalies = _anomalies(rules, figures)
    checks = [*_rows(given, rules, figures), *_labels(rules, figures)]
    checks += _schema(rules, figures, anomalies)
    checks += _newest(given, rules, figures, before)
    comparisons: list[Document] = []
    for some, made in _drift(given, rules, figures, before):
        checks += some
        comparisons += made
    asked, label = rules.validation.history, rules.label.column if rules.label else ""
    newest = found.profile.newest
    some, bands = history.history(figures.spans[newest], newest, before.spans, asked, rules.model, label)
    checks += some
    return replace(found, anomalies=anomalies, checks=tuple(checks), comparisons=tuple(comparisons), bands=tuple(bands))


def _short(group: str) -> str:
    """``train`` for ``split train``."""
    return group.removeprefix("split ")


def _before(given: Given, rules: Rules, found: Findings) -> Before:
    spans = past.of_snapshot(found.profile, given.history, spanned=rules.spanned)
    train = past.train_of(given.champion.snapshot, given.history) if given.champion else None
    if given.champion is None or train is None:
        return Before(spans, None)
    return Before(spans, drift.Reference(drift.CHAMPION, given.champion.name, train))


def _rows(given: Given, rules: Rules, figures: Figures) -> Iterator[Check]:
    """That there are rows, and columns, and numbers in them."""
    for group, part in {**figures.parts, **_serving(figures)}.items():
        yield rows.rows(group, part.rows)
    yield from rows.columns(rules.model, given.rows.columns.names)
    for group, part in figures.parts.items():
        yield from rows.finite(_short(group), part, rules.features)


def _serving(figures: Figures) -> dict[str, Measured]:
    return {SERVING: figures.serving} if figures.serving is not None else {}


def _labels(rules: Rules, figures: Figures) -> Iterator[Check]:
    """That labels are what they should be, and that no feature alone tells them."""
    if rules.label is None:
        return
    for group, part in figures.parts.items():
        yield from labels.labels(group, part.labels, rules.label, rules.validation.label)
    train, held_out = figures.learned_and_held_out
    if held_out is not None:
        yield from tells_label(train, held_out, rules.features, rules.validation.leakage.auc)


def _newest(given: Given, rules: Rules, figures: Figures, before: Before) -> Iterator[Check]:
    """That the newest span has as many rows as others had, and is new."""
    newest, asked = max(figures.spans), rules.validation
    yield volume.volume(span_group(newest), figures.newest.rows, [one.rows.rows for one in before.spans], asked.volume)
    yield from reach(figures.spans[newest], [one.rows for one in before.spans], rules.model, asked.history.reach)
    if rules.label is not None and before.spans:
        previous, bounds = before.spans[-1], asked.drift
        yield from association(
            previous.span,
            figures.spans[newest],
            previous.rows,
            rules.features,
            bounds.association,
            bounds.level,
        )
    if asked.freshness is not None:
        yield freshness.freshness(newest, rules.time, figures.newest.last, given.read_at, asked.freshness)


def _anomalies(rules: Rules, figures: Figures) -> dict[str, anomalies_pb2.Anomalies]:
    """What TFDV says of each part and of serving, and of the newest span beside the one before it."""
    asked = rules.validation.schema
    found = {
        group: schema.anomalies(part.statistics, rules.schema, environment=asked.environment)
        for group, part in figures.parts.items()
    }
    serving = figures.statistics.get(SERVING)
    if serving is not None:
        found[SERVING] = schema.anomalies(serving, rules.schema, environment=asked.serving_environment)
    numbers = sorted(figures.spans)
    previous = figures.statistics[span_group(numbers[-2])] if len(numbers) > 1 else None
    newest = span_group(numbers[-1])
    found[newest] = schema.anomalies(
        figures.newest.statistics, rules.schema, environment=asked.environment, previous=previous, serving=serving
    )
    return found


def _schema(rules: Rules, figures: Figures, anomalies: Mapping[str, anomalies_pb2.Anomalies]) -> Iterator[Check]:
    """Each part and serving against the schema; the schema's own comparators for the newest span."""
    asked = rules.validation.schema
    for group, part in {**figures.parts, **_serving(figures)}.items():
        yield from schema.judge(schema.Held(_short(group), part, rules.schema, asked), anomalies[group])
    newest = span_group(max(figures.spans))
    held = schema.Held(newest, figures.newest, rules.schema, asked)
    yield from comparators.judge(
        held, anomalies[newest], previous=len(figures.spans) > 1, serving=figures.serving is not None
    )


def _drift(
    given: Given, rules: Rules, figures: Figures, before: Before
) -> Iterator[tuple[list[Check], list[dict[str, Any]]]]:
    """Against the span before, the champion's rows, and of serving against train."""
    asked = rules.validation.drift
    if before.spans:
        reference = drift.Reference(drift.PREVIOUS, f"span {before.spans[-1].span}", before.spans[-1].rows)
        label = rules.label.column if rules.label else ""
        yield drift.drift(reference, figures.newest.tallies, asked, rules.model, label)
    else:
        yield (
            [
                drift.nothing_to_compare_with(
                    drift.PREVIOUS,
                    NO_SPAN_BEFORE,
                )
            ],
            [],
        )
    if before.champion is not None:
        yield drift.drift(before.champion, figures.train.tallies, asked, rules.model)
    else:
        yield [drift.nothing_to_compare_with(drift.CHAMPION, _why_no_champion(given))], []
    if figures.serving is not None:
        reference = drift.Reference(drift.SERVING, "train", figures.train.profile())
        yield drift.drift(reference, figures.serving.tallies, asked, rules.features)


def _why_no_champion(given: Given) -> str:
    if given.champion is None:
        return "no champion to compare with"
    return f"no champion to compare with: history has no profile of its snapshot {given.champion.snapshot}"
