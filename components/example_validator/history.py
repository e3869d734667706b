"""History: figures of the newest span in the bands that spans before it left."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benison.components.example_validator.figures import Figure, of_column, of_label
from benison.components.example_validator.past import Past, comparable
from benison.config.validation import Bounds, History
from benison.core.profiles import ColumnProfile, RowsProfile
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.bands import Band, band, stricter

CHECK = "history"
_ALLOWED = "as in comparable spans"
_WAY_OUT = "if that is right, benison data accept says so"
_MOST_SAID = 3
# Where nothing ever varied, any change is infinitely far; documents hold finite numbers.
_FARTHEST = 1e9


@dataclass(frozen=True)
class _Judged:
    """A figure in its band.

    Attributes:
        column: Whose.
        figure: Which.
        points: The comparable spans that have it, and their values, oldest first.
        band: None where there are too few points.
        bounds: In robust standard deviations; block is infinite where the figure only warns.
    """

    column: str
    figure: Figure
    points: tuple[tuple[Past, float], ...]
    band: Band | None
    bounds: Bounds

    @property
    def distance(self) -> float:
        """Robust standard deviations from the median, in a direction that is wrong; 0 where nothing can be said."""
        if self.band is None or self.figure.now is None:
            return 0.0
        distance = self.band.distance(self.figure.now)
        wrong = self.figure.high if distance > 0 else self.figure.low
        return min(abs(distance), _FARTHEST) if wrong else 0.0

    @property
    def verdict(self) -> Verdict:
        """Whether it lies in its band."""
        if self.band is None or self.figure.now is None:
            return Verdict.INCONCLUSIVE
        return Verdict.FAIL if self.distance > min(self.bounds.warn, self.bounds.block) else Verdict.PASS

    @property
    def tier(self) -> Tier:
        """Hard where it blocks, or passes and could have blocked."""
        could = math.isfinite(self.bounds.block) and self.verdict is not Verdict.INCONCLUSIVE
        blocks = self.distance > self.bounds.block or self.verdict is Verdict.PASS
        return Tier.HARD if could and blocks else Tier.SOFT

    @property
    def beyond(self) -> float:
        """How far the figure lies outside of the band that it left, in its own unit: below it is negative."""
        low, high = self.limits(min(self.bounds.warn, self.bounds.block)) or (None, None)
        if self.figure.now is None:
            return 0.0
        above = 0.0 if high is None else max(0.0, self.figure.now - high)
        return above or (0.0 if low is None else min(0.0, self.figure.now - low))

    def limits(self, deviations: float) -> list[float | None] | None:
        """The lowest and the highest figure within so many robust standard deviations."""
        if self.band is None or math.isinf(deviations):
            return None
        least, most = self.figure.range
        ends = [min(max(self.band.at(side * deviations), least), most) for side in (-1, 1)]
        asked = [end if wrong else None for end, wrong in zip(ends, (self.figure.low, self.figure.high), strict=True)]
        return asked if self.figure.sign > 0 else asked[::-1]

    def to_json(self, season: str) -> dict[str, Any]:
        """As it stands in bands.json; see schemas/bands.schema.json."""
        points = [{"span": past.span, "at": past.middle, "value": value} for past, value in self.points]
        return {
            "column": self.column,
            "measure": self.figure.measure,
            "season": season,
            "points": points,
            "now": self.figure.now,
            "median": median(value for _, value in self.points) if self.points else None,
            "scale": self._scale(),
            "warn": self.limits(self.bounds.warn),
            "block": self.limits(self.bounds.block),
            "verdict": str(self.verdict),
            "tier": str(self.tier),
        }

    def _scale(self) -> float | None:
        """One robust standard deviation, in the figure's own unit."""
        return None if self.band is None else abs(self.band.at(1) - self.band.median)


def history(
    rows: RowsProfile, span: int, past: Sequence[Past], rules: History, model: Collection[str], label: str
) -> tuple[list[Check], list[dict[str, Any]]]:
    """Holds each column of the newest span to the bands that comparable spans left.

    Args:
        rows: The newest span.
        span: Its number.
        past: Spans before it, oldest first.
        rules: Window, season and bounds.
        model: Features and label; other columns only warn.
        label: The label's column, of which the share of positive rows is judged too.

    Returns:
        One check for each column, or a single one where there is too little history; and the bands, as bands.json lists
        them.
    """
    same, season = comparable(past, span, rows, rules)
    figures = [
        (name, figure) for name in sorted(rows.columns) for figure in _figures(name, rows, same, is_label=name == label)
    ]
    judged = [_judge(name, one, same, rules, len(figures), blocks=name in model) for name, one in figures]
    bands = [one.to_json(season) for one in judged]
    if len(same) < rules.least:
        return [_too_little("all columns", len(same), season, rules)], bands
    by_column = {name: [one for one in judged if one.column == name] for name in sorted(rows.columns)}
    return [_check(name, found, season, rules) for name, found in by_column.items()], bands


def _figures(name: str, rows: RowsProfile, past: Sequence[Past], *, is_label: bool) -> list[Figure]:
    """Of the spans whose column is of this kind; in others there is nothing to compare."""
    now = rows.columns[name]
    columns = [one.rows.columns.get(name) for one in past]
    same = [one if one is not None and _same_kind(now, one) else None for one in columns]
    there = [one for one in same if one is not None]
    figures = [figure.among(same) for figure in of_column(now, there)] if there else []
    return [*figures, of_label(rows, [one.rows for one in past])] if is_label and past else figures


def _same_kind(now: ColumnProfile, before: ColumnProfile) -> bool:
    return now.kind == before.kind or not now.present or not before.present


def _judge(name: str, figure: Figure, past: Sequence[Past], rules: History, checks: int, *, blocks: bool) -> _Judged:
    asked = rules.columns.get(name, rules.bounds)
    block = stricter(asked.block, checks) if blocks and figure.blocks else math.inf
    bounds = Bounds(stricter(asked.warn, checks), block)
    points = tuple((one, value) for one, value in zip(past, figure.past, strict=True) if value is not None)
    values = [value for _, value in points]
    found = None
    if len(values) >= rules.least:
        found = band(values, figure.error, figure.floor, figure.axis, figure.offset, figure.sign)
    return _Judged(name, figure, points, found, bounds)


def _check(column: str, judged: Sequence[_Judged], season: str, rules: History) -> Check:
    """One answer for a column: that of the figure that is farthest beyond its bound."""
    subject = f"column {column}"
    known = [one for one in judged if one.verdict is not Verdict.INCONCLUSIVE]
    if not known:
        return _too_little(subject, max((len(one.points) for one in judged), default=0), season, rules)
    failed = [one for one in known if one.verdict is Verdict.FAIL]
    blocking = [one for one in failed if one.tier is Tier.HARD]
    unknown = [one for one in judged if one.band is not None and one.figure.now is None]
    if unknown and not blocking:
        return _not_known(subject, unknown, season)
    worst = sorted(blocking or failed or known, key=lambda one: one.distance, reverse=True)
    bounds = worst[0].bounds
    tier = Tier.HARD if blocking or (not failed and any(one.tier is Tier.HARD for one in known)) else Tier.SOFT
    allowed = f"{bounds.warn:.3g} robust standard deviations from the median" + (
        f", {bounds.block:.3g} blocks" if math.isfinite(bounds.block) else ""
    )
    observed = f"{worst[0].figure.measure} {worst[0].distance:.3g} away"
    numbers = {"deviations": worst[0].distance, "points": len(worst[0].points)}
    numbers |= {one.figure.measure: one.figure.now for one in known if one.figure.now is not None}
    numbers |= {f"{one.figure.measure}_beyond": one.beyond for one in failed}
    if not failed:
        reason = f"{subject}: {len(known)} figures lie in the bands of {_spans(len(worst[0].points), season)}"
        return Check(CHECK, subject, tier, Verdict.PASS, observed, allowed, reason, numbers)
    said = "; ".join(_said(one) for one in worst[:_MOST_SAID])
    more = f"; {len(worst) - _MOST_SAID} more" if len(worst) > _MOST_SAID else ""
    reason = f"{subject}: {said}{more}, by {_spans(len(worst[0].points), season)}; {_WAY_OUT}"
    return Check(CHECK, subject, tier, Verdict.FAIL, observed, allowed, reason, numbers)


def _said(one: _Judged) -> str:
    """Observed beside allowed, in the figure's own unit."""
    bound = one.bounds.block if one.tier is Tier.HARD else one.bounds.warn
    low, high = one.limits(bound) or [None, None]
    ends = [f"{word} {end:.4g}" for word, end in (("from", low), ("to", high)) if end is not None]
    return f"{one.figure.measure} is {one.figure.now:.4g}, allowed {' '.join(ends)}"


def _not_known(subject: str, unknown: Sequence[_Judged], season: str) -> Check:
    """Past spans have a figure that this one has not: what is not known does not lie in a band."""
    tier = Tier.HARD if any(math.isfinite(one.bounds.block) for one in unknown) else Tier.SOFT
    observed = f"no {unknown[0].figure.measure}"
    allowed = f"as {_spans(len(unknown[0].points), season)} have it"
    reason = f"{subject}: {observed}, {allowed}: its values are infinite, or too large for their squares to be added"
    return Check(CHECK, subject, tier, Verdict.INCONCLUSIVE, observed, allowed, reason, {"points": 0})


def _too_little(subject: str, points: int, season: str, rules: History) -> Check:
    observed, allowed = _spans(points, season), f"{rules.least} comparable spans"
    reason = f"{subject}: too little history, {observed}; {allowed} are needed to judge"
    return Check(CHECK, subject, Tier.SOFT, Verdict.INCONCLUSIVE, observed, allowed, reason, {"points": points})


def _spans(points: int, season: str) -> str:
    return f"{points} comparable span{'' if points == 1 else 's'}" + (f" ({season})" if season else "")
