"""Examine: rows are measured in one pass, then every check is asked of the figures. Nothing is read or written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow as pa
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from benison.components.example_validator.cells import split_group
from benison.components.example_validator.measure import Asked, Cell, Measured, measure
from benison.config import Label, Validation
from benison.core.profiles import Profile, RowsProfile
from benison.core.verdicts import Check

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Rows:
    """Rows that can be read, of the same columns.

    Attributes:
        columns: Names and types: int64, float64 or string.
        cells: All of them, in their order.
    """

    columns: pa.Schema
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Champion:
    """The model that is in use: its version, the spans and the snapshot that it was trained on."""

    number: int
    spans: tuple[int, ...]
    snapshot: str

    @property
    def name(self) -> str:
        """``champion 4, trained on span 3``."""
        spans = "span" if len(self.spans) == 1 else "spans"
        return f"champion {self.number}, trained on {spans} {', '.join(map(str, self.spans))}"


@dataclass(frozen=True)
class Rules:
    """What is asked of the rows.

    Attributes:
        schema: The project's, parsed.
        validation: The section of benison.yaml.
        features: The columns that the model sees; without dates, which never stay as they were.
        label: None: there is none.
        time: The column that says when a row happened; empty: none.
        spanned: Whether data come in spans.
    """

    schema: schema_pb2.Schema
    validation: Validation
    features: tuple[str, ...] = ()
    label: Label | None = None
    time: str = ""
    spanned: bool = False

    @property
    def model(self) -> tuple[str, ...]:
        """The columns that can block: features and label."""
        return (*self.features, *([self.label.column] if self.label else []))


@dataclass(frozen=True)
class Given:
    """Everything that is examined.

    Attributes:
        snapshot: The digest that the documents name.
        rows: The groups ``split <name>`` (or whatever `parts` says) and ``span <number>``.
        parts: The groups that are held to the schema one by one, such as ``split train``; the first is what a model is
            trained on.
        serving: Examples as serving met them; their cells are of the group ``serving``.
        champion: None: there is none yet.
        history: history_entry documents of accepted snapshots.
        read_at: When the data were read, with a zone; None where nobody asks how fresh they are.
    """

    snapshot: str
    rows: Rows
    parts: tuple[str, ...]
    serving: Rows | None = None
    champion: Champion | None = None
    history: Sequence[Document] = ()
    read_at: datetime | None = None


@dataclass(frozen=True)
class Figures:
    """What was measured.

    Attributes:
        parts: By group, in the order of `Given.parts`.
        newest: The newest span.
        spans: The profiles of all spans, by number.
        serving: None: there are no examples of serving.
        statistics: TFDV's, of every group.
        newest_parts: Train and holdout of the newest span, where there are several spans.
    """

    parts: Mapping[str, Measured]
    newest: Measured
    spans: Mapping[int, RowsProfile]
    serving: Measured | None
    statistics: Mapping[str, statistics_pb2.DatasetFeatureStatisticsList]
    newest_parts: Mapping[str, Measured] = field(default_factory=dict)

    @property
    def learned_and_held_out(self) -> tuple[Measured, Measured | None]:
        """Train and holdout, of the newest span alone where there are several; None without a holdout."""
        if self.newest_parts:
            return self.newest_parts[newest_part("train")], self.newest_parts.get(newest_part("holdout"))
        return self.train, self.parts.get(split_group("holdout"))

    @property
    def train(self) -> Measured:
        """What a model is trained on."""
        return next(iter(self.parts.values()))


@dataclass(frozen=True)
class Findings:
    """What came out.

    Attributes:
        figures: What was measured.
        profile: What is kept of it.
        anomalies: What TFDV says of each part, and of serving.
        checks: Every check.
        comparisons: As comparisons.json lists them.
        bands: As bands.json lists them.
    """

    figures: Figures
    profile: Profile
    anomalies: Mapping[str, anomalies_pb2.Anomalies] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    comparisons: tuple[Document, ...] = ()
    bands: tuple[Document, ...] = ()


SERVING, SPAN, NEWEST = "serving", "span ", "newest "


def newest_part(split: str) -> str:
    """What `measure` calls the rows of a split that are of the newest span."""
    return f"{NEWEST}{split}"


def measured(given: Given, rules: Rules, workers: int | None = None) -> Figures:
    """Measures everything that is given, each row once.

    Of the older spans only profiles stay in memory.

    Args:
        given: The rows.
        rules: The schema, the label and the time.
        workers: As in `map_forked`.
    """
    asked = Asked(given.rows.columns, rules.schema, rules.label, rules.time)
    newest = max(span_of(group) for cell in given.rows.cells for group in cell.groups if group.startswith(SPAN))
    found: dict[str, Measured] = {}
    spans: dict[int, RowsProfile] = {}
    statistics = {}
    newest_parts = {}
    for group, one in measure(given.rows.cells, asked, workers):
        if group in (newest_part("train"), newest_part("holdout")):
            newest_parts[group] = one
            continue
        statistics[group] = one.statistics
        if group.startswith(SPAN):
            spans[span_of(group)] = one.profile()
        if group in given.parts or group == f"{SPAN}{newest}":
            found[group] = one
    parts = {group: found[group] for group in given.parts}
    serving = _serving(given, rules, workers)
    if serving is not None:
        statistics[SERVING] = serving.statistics
    return Figures(parts, found[f"{SPAN}{newest}"], dict(sorted(spans.items())), serving, statistics, newest_parts)


def with_statistics(figures: Figures, statistics: Mapping[str, statistics_pb2.DatasetFeatureStatisticsList]) -> Figures:
    """The same figures with statistics that were made elsewhere.

    Args:
        figures: What was measured.
        statistics: By group.
    """
    newest = f"{SPAN}{max(figures.spans)}"
    parts = {group: replace(part, statistics=statistics[group]) for group, part in figures.parts.items()}
    serving = replace(figures.serving, statistics=statistics[SERVING]) if figures.serving is not None else None
    return replace(
        figures,
        parts=parts,
        newest=replace(figures.newest, statistics=statistics[newest]),
        serving=serving,
        statistics={group: statistics[group] for group in figures.statistics},
    )


def _serving(given: Given, rules: Rules, workers: int | None) -> Measured | None:
    if given.serving is None:
        return None
    asked = Asked(given.serving.columns, rules.schema, rules.label, rules.time)
    [(_, found)] = measure(given.serving.cells, asked, workers)
    return found


def span_of(group: str) -> int:
    """The number of a span's group."""
    return int(group.removeprefix(SPAN))


def profile(given: Given, figures: Figures) -> Profile:
    """What is kept of the snapshot."""
    return Profile(given.snapshot, figures.train.profile(), figures.spans)
