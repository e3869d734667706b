"""validation: in benison.yaml: what data must hold before anything is trained on it. All of it has defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from benison.config.bounds import NEVER as NEVER
from benison.config.bounds import Bounds as Bounds
from benison.config.bounds import bounds_of, by_column
from benison.config.drift import DriftRules as DriftRules
from benison.config.drift import drift_of
from benison.core.sections import Section
from benison.core.verdicts import Tier

SEASONS = ("hour_of_day", "weekday", "day_of_year")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) *(s|min|h|d|w)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST = 100 * 366 * 86400


@dataclass(frozen=True)
class ColumnSchema:
    """What is asked of one column beside its schema; None: as for all columns."""

    unknown: float | None = None
    missing: float | None = None
    severity: Mapping[str, Tier] = field(default_factory=dict)


@dataclass(frozen=True)
class SchemaRules:
    """How anomalies against schema.pbtxt count.

    Attributes:
        unknown: From this share of a column's values on, values outside of its domain block; below they warn.
        missing: Up to this share of rows, missing values that the schema does not allow warn instead of block.
        severity: Tier by TFDV's anomaly type, ``ENUM_TYPE_UNEXPECTED_STRING_VALUES``, instead of the usual one.
        environment: The schema's environment that training data are held to; empty: none.
        serving_environment: The one that serving examples are held to; empty: none.
        columns: Exceptions, by column.
    """

    unknown: float
    missing: float
    severity: Mapping[str, Tier]
    environment: str
    serving_environment: str
    columns: Mapping[str, ColumnSchema]


@dataclass(frozen=True)
class Freshness:
    """The newest event of the newest span may be so old, measured when the data are read."""

    max_age: timedelta
    tier: Tier


REACH = Bounds(3.0, NEVER)


@dataclass(frozen=True)
class History:
    """Bands learned from accepted snapshots.

    Attributes:
        window: As many of the newest comparable spans are looked at.
        least: With fewer the check says so, and is soft.
        season: Only spans of the same season are comparable: ``hour_of_day``, ``weekday`` or ``day_of_year`` of the
            span's middle, or every so many spans; empty: all are.
        bounds: Of the distance from the median, in robust standard deviations.
        reach: How far the ends of a numeric column may lie beyond all that past spans had, in widths of that range.
        columns: Exceptions to `bounds`, by column.
    """

    window: int
    least: int
    season: str | int
    bounds: Bounds
    columns: Mapping[str, Bounds]
    reach: Bounds = REACH


@dataclass(frozen=True)
class Key:
    """Columns whose values together occur once."""

    columns: tuple[str, ...]
    tier: Tier


@dataclass(frozen=True)
class ForeignKey:
    """Columns whose values together must stand in a table of data.references; rows where one is missing are left out.

    Attributes:
        columns: Here.
        table: The table's name.
        references: Its columns, in the same order.
        tolerance: Up to this share of rows may refer to nothing.
        tier: Whether it blocks.
    """

    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...]
    tolerance: float
    tier: Tier


@dataclass(frozen=True)
class Combination:
    """The allowed combinations of some columns' values, as text; an empty text stands for a missing value."""

    columns: tuple[str, ...]
    allowed: tuple[tuple[str, ...], ...]
    tolerance: float
    tier: Tier


@dataclass(frozen=True)
class Leakage:
    """What must not reach the holdout, or a feature.

    Attributes:
        rows: Share of holdout rows that stand in train as well, or in what a model that is evaluated has seen.
        entity: Columns that tell entities apart, none of which may be in both; empty: not asked.
        auc: How well one feature alone tells the label, as AUC turned to be at least 0.5.
        feature_time: When a row's features were known; empty: not asked.
        label_time: When its label was known; must not be before `feature_time`.
    """

    rows: Bounds
    entity: tuple[str, ...]
    auc: Bounds
    feature_time: str
    label_time: str


@dataclass(frozen=True)
class LabelRules:
    """Shares of rows whose label may be missing, or a third value; such rows are used by nobody."""

    missing: float
    unknown: float


@dataclass(frozen=True)
class Validation:
    """All of validation:."""

    engine: str
    beam_options: tuple[str, ...]
    schema: SchemaRules
    volume: Bounds
    freshness: Freshness | None
    history: History
    drift: DriftRules
    keys: tuple[Key, ...]
    foreign_keys: tuple[ForeignKey, ...]
    combinations: tuple[Combination, ...]
    leakage: Leakage
    label: LabelRules

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is named somewhere in it, once."""
        named = [*self.schema.columns, *self.history.columns, *self.drift.columns["previous"], *self.leakage.entity]
        rules: tuple[Key | ForeignKey | Combination, ...] = (*self.keys, *self.foreign_keys, *self.combinations)
        named += [name for rule in rules for name in rule.columns]
        named += [name for name in (self.leakage.feature_time, self.leakage.label_time) if name]
        return tuple(dict.fromkeys(named))


def validation_of(section: Section) -> Validation:
    """Reads the section; an empty one gives the defaults.

    Raises:
        ConfigError: Something in it is not understood.
    """
    engine = section.choice("engine", ("memory", "beam"), "memory")
    section.asked.add("beam_options")
    if engine != "beam" and "beam_options" in section.content:
        raise section.error("beam_options", "engine: beam beside it", engine)
    validation = Validation(
        engine=engine,
        beam_options=section.texts("beam_options", ()),
        schema=_schema(section.section("schema", optional=True)),
        volume=bounds_of(section, "volume", Bounds(1.5, 5.0), low=1),
        freshness=_freshness(section.section("freshness")) if "freshness" in section.content else None,
        history=_history(section.section("history", optional=True)),
        drift=drift_of(section.section("drift", optional=True)),
        keys=tuple(_key(line) for line in section.sections("keys")),
        foreign_keys=tuple(_foreign_key(line) for line in section.sections("foreign_keys")),
        combinations=tuple(_combination(line) for line in section.sections("combinations")),
        leakage=_leakage(section.section("leakage", optional=True)),
        label=_label(section.section("label", optional=True)),
    )
    section.asked.add("freshness")
    section.close()
    return validation


def _tier(section: Section, default: str = "hard") -> Tier:
    return Tier(section.choice("tier", ("hard", "soft"), default))


def defaults() -> Validation:
    """What is asked where nothing is said."""
    return validation_of(Section("defaults", {}))


def _schema(section: Section) -> SchemaRules:
    columns = section.section("columns", optional=True)
    rules = SchemaRules(
        unknown=section.number("unknown", 0.01, low=0, high=1),
        missing=section.number("missing", 0.0, low=0, high=1),
        severity=_severity(section),
        environment=section.take("environment", str, ""),
        serving_environment=section.take("serving_environment", str, ""),
        columns={str(name): _column_schema(columns.section(name)) for name in columns.content},
    )
    section.close()
    return rules


def _column_schema(section: Section) -> ColumnSchema:
    shares = {key: section.number(key, low=0, high=1) for key in ("unknown", "missing") if key in section.content}
    rules = ColumnSchema(**shares, severity=_severity(section))
    section.close()
    return rules


def _severity(section: Section) -> dict[str, Tier]:
    """Tiers by anomaly type; the names are held to TFDV's own where the schema is read."""
    own = section.section("severity", optional=True)
    return {str(kind): Tier(own.choice(kind, ("hard", "soft"))) for kind in own.content}


def _freshness(section: Section) -> Freshness:
    text = section.take("max_age", str)
    found = _DURATION.fullmatch(text)
    if found is None:
        raise section.error("max_age", "a duration such as 36h, 3d or 2w", repr(text))
    seconds = float(found[1]) * _SECONDS[found[2]]
    if seconds > _LONGEST:
        raise section.error("max_age", "at most a hundred years", repr(text))
    freshness = Freshness(timedelta(seconds=seconds), _tier(section))
    section.close()
    return freshness


def _history(section: Section) -> History:
    bounds = bounds_of(section, "bounds", Bounds(6.0, 12.0))
    history = History(
        window=section.whole("window", 24, low=3),
        least=section.whole("least", 5, low=3),
        season=_season(section),
        bounds=bounds,
        reach=bounds_of(section, "reach", REACH),
        columns=by_column(section, bounds),
    )
    if history.least > history.window:
        raise section.error("least", f"at most window, {history.window}", history.least)
    section.close()
    return history


def _season(section: Section) -> str | int:
    if isinstance(section.content.get("season"), int):
        return section.whole("season", low=2)
    return section.choice("season", SEASONS, "") if "season" in section.content else section.take("season", str, "")


def _key(section: Section) -> Key:
    key = Key(section.texts("columns"), _tier(section))
    section.close()
    return key


def _foreign_key(section: Section) -> ForeignKey:
    columns = section.texts("columns")
    key = ForeignKey(
        columns=columns,
        table=section.take("table", str),
        references=section.texts("references", columns),
        tolerance=section.number("tolerance", 0.0, low=0, high=1),
        tier=_tier(section),
    )
    if len(key.columns) != len(key.references):
        raise section.error("references", f"{len(key.columns)} columns, as in columns", f"{len(key.references)}")
    section.close()
    return key


def _combination(section: Section) -> Combination:
    columns = section.texts("columns")
    allowed = section.take("allowed", list)
    for row in allowed:
        if not isinstance(row, list) or len(row) != len(columns):
            raise section.error("allowed", f"lists of {len(columns)} values, as there are columns", repr(row))
    found = Combination(
        columns=columns,
        allowed=tuple(tuple(map(_as_text, row)) for row in allowed),
        tolerance=section.number("tolerance", 0.0, low=0, high=1),
        tier=_tier(section),
    )
    section.close()
    return found


def _as_text(value: object) -> str:
    """A value as it stands in the data: booleans are small, nothing is an empty text."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _leakage(section: Section) -> Leakage:
    leakage = Leakage(
        rows=bounds_of(section, "rows", Bounds(0.0, 0.01)),
        entity=section.texts("entity", ()),
        auc=bounds_of(section, "auc", Bounds(0.95, 0.995), low=0.5),
        feature_time=section.take("feature_time", str, ""),
        label_time=section.take("label_time", str, ""),
    )
    if bool(leakage.feature_time) != bool(leakage.label_time):
        raise section.error("feature_time", "feature_time and label_time, or neither", "one of them")
    section.close()
    return leakage


def _label(section: Section) -> LabelRules:
    rules = LabelRules(
        missing=section.number("missing", 0.0, low=0, high=1), unknown=section.number("unknown", 0.0, low=0, high=1)
    )
    section.close()
    return rules
