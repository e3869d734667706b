"""Drift: rows against others of the same columns, in the bins that the others fixed."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from benison.config.bounds import Bounds
from benison.config.drift import DriftRules
from benison.core.profiles import CATEGORICAL, DATETIME, NUMERIC, ColumnProfile, RowsProfile
from benison.core.texts import spell_p
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.drift import Binned, Drift, benjamini_hochberg, binned, compare
from benison.measures.tallies import ColumnTally

PREVIOUS, CHAMPION, SERVING = "previous", "champion", "serving"
CHECKS = {PREVIOUS: "drift_from_previous", CHAMPION: "drift_from_champion", SERVING: "skew"}
_SAID = {"psi": "PSI", "jensen_shannon": "Jensen-Shannon", "l_infinity": "L-infinity"}
_WAY_OUT = "if the change is right, benison data accept says so"
# Numbers of which nearly every row has its own, and which are all whole, count something up: no two spans share them.
_OWN_NUMBER = 0.99
_LEAST_TO_TELL = 50


@dataclass(frozen=True)
class Reference:
    """Rows to compare with.

    Attributes:
        against: `PREVIOUS`, `CHAMPION` or `SERVING`: what they are to the others.
        name: ``span 3``; ``champion 4, trained on span 3``; ``train``.
        rows: Their profile.
    """

    against: str
    name: str
    rows: RowsProfile


@dataclass(frozen=True)
class Comparison:
    """One column against its reference, as it stands in comparisons.json; see schemas/comparisons.schema.json."""

    column: str
    reference: Reference
    profile: ColumnProfile
    bins: Binned
    measure: str
    drift: Drift
    p_value: float
    warn: float
    block: float

    @property
    def effect(self) -> float:
        """How far the two are apart beyond what chance adds."""
        return self.drift.beyond_chance(self.measure)

    def to_json(self, check: Check) -> dict[str, Any]:
        """The comparison with the answer that its check gave."""
        bins: dict[str, Any] = {"edges": list(self.profile.edges)}
        if self.profile.kind == CATEGORICAL:
            bins = {"values": list(self.profile.values)}
        return {
            "column": self.column,
            "against": self.reference.against,
            "reference": self.reference.name,
            "kind": self.profile.kind,
            **bins,
            "before": self.bins.before.tolist(),
            "now": self.bins.now.tolist(),
            "measure": self.measure,
            "effect": self.effect,
            "p_value": self.p_value,
            "warn": _finite(self.warn),
            "block": _finite(self.block),
            "verdict": str(check.verdict),
            "tier": str(check.tier),
        }


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


def drift(
    reference: Reference, now: Mapping[str, ColumnTally], rules: DriftRules, model: Collection[str], label: str = ""
) -> tuple[list[Check], list[dict[str, Any]]]:
    """A column has drifted where it is far from its reference AND farther than chance, corrected over the columns.

    Args:
        reference: What the rows are compared with.
        now: The rows, by column.
        rules: Bounds and the false discovery rate.
        model: Features and label; of serving examples, the features. The correction is over these alone, and over the
            other columns alone, which never block: a counter that differs in every span must not make way for chance
            in a feature.
        label: The label's column, which has bounds of its own; empty: none.

    Returns:
        One check for each column of either side, in the order of their names (serving examples need not have more than
        the model's), and the comparisons that were made, as comparisons.json lists them.
    """
    asked = set(model) if reference.against == SERVING else reference.rows.columns.keys()
    names = sorted(asked | now.keys())
    bounds = {name: rules.bounds(reference.against, name, label) for name in names}
    seen = {name: bounds[name] for name in names if name in model}
    others = {name: bounds[name] for name in names if name not in model}
    made = _compared(reference, now, rules, seen, in_model=True)
    made += _compared(reference, now, rules, others, in_model=False)
    checks = {one.column: _judged(one, rules.level) for one in made}
    comparisons = {one.column: one.to_json(checks[one.column]) for one in made}
    known = reference.rows.columns
    for name in names:
        if name not in checks:
            may_block = name in model and math.isfinite(bounds[name].block)
            checks[name] = _not_compared(reference, name, known.get(name), now.get(name), may_block=may_block)
    return [checks[name] for name in names], [comparisons[name] for name in sorted(comparisons)]


def nothing_to_compare_with(against: str, reason: str) -> Check:
    """The one soft check that stands for all columns where there is no reference."""
    return Check(CHECKS[against], "all columns", Tier.SOFT, Verdict.INCONCLUSIVE, "not compared", "a reference", reason)


def _compared(
    reference: Reference,
    now: Mapping[str, ColumnTally],
    rules: DriftRules,
    asked: Mapping[str, Bounds],
    *,
    in_model: bool,
) -> list[Comparison]:
    """The comparisons of those columns that can be compared, their p-values adjusted for how many they are."""
    known = reference.rows.columns
    able = [name for name in asked if name in known and name in now and _comparable(known[name], now[name])]
    profiles = {name: _to_compare_by(known[name], in_model=in_model) for name in able}
    bins = {name: binned(profiles[name], now[name]) for name in able}
    found = {name: compare(one.first, one.second) for name, one in bins.items()}
    adjusted = dict(zip(able, benjamini_hochberg([one.p_value for one in found.values()]), strict=True))
    return [
        Comparison(
            column=name,
            reference=reference,
            profile=profiles[name],
            bins=bins[name],
            measure=rules.measure,
            drift=found[name],
            p_value=float(adjusted[name]),
            warn=asked[name].warn,
            block=asked[name].block if in_model else math.inf,
        )
        for name in able
    ]


def _comparable(before: ColumnProfile, now: ColumnTally) -> bool:
    """Whether both have rows and, where both have values, values of one kind."""
    return bool(before.rows and now.rows and (not before.present or not now.present or before.kind == now.kind))


def _to_compare_by(column: ColumnProfile, *, in_model: bool) -> ColumnProfile:
    """Times move on, and so do numbers of rows that the model does not see: of both, what is missing is compared."""
    if column.kind == DATETIME or (not in_model and numbers_rows(column)):
        return replace(column, edges=(), counts=(column.present,))
    return column


def numbers_rows(column: ColumnProfile) -> bool:
    """Whether a column counts its rows up: nearly each has a whole number of its own."""
    own = column.present >= _LEAST_TO_TELL and column.distinct >= _OWN_NUMBER * column.present
    return column.kind == NUMERIC and own and all(value.is_integer() for value in column.quantiles)


def _judged(one: Comparison, level: float) -> Check:
    """Hard where it blocks, soft where it warns; a column that passes is hard if it could have blocked."""
    name, subject = CHECKS[one.reference.against], f"column {one.column}"
    said = _SAID[one.measure]
    allowed = f"{said} <= {one.warn:g}"
    allowed += f" ({one.block:g} blocks)" if math.isfinite(one.block) else ""
    allowed += f", or no more than chance (p > {level:g})"
    figures = {one.measure: one.effect, "p_value": one.p_value}
    figures |= {f"{measure}_raw": value for measure, value in one.drift.effects.items()}
    figures |= {"chance": one.drift.chance[one.measure], "bins": one.drift.bins}
    observed = f"{said} {one.effect:.3f}, p {spell_p(one.p_value)}"
    could_block = Tier.HARD if math.isfinite(one.block) else Tier.SOFT
    if not one.drift.enough:
        reason = f"{subject}: {_sizes(one)} are too few to compare; more rows would tell"
        return Check(name, subject, Tier.SOFT, Verdict.INCONCLUSIVE, observed, allowed, reason, figures)
    real = one.p_value <= level
    tier = could_block if one.effect > one.block or one.effect <= one.warn or not real else Tier.SOFT
    verdict = Verdict.FAIL if real and one.effect > min(one.warn, one.block) else Verdict.PASS
    return Check(name, subject, tier, verdict, observed, allowed, _reason(one, level, verdict), figures)


def _reason(one: Comparison, level: float, verdict: Verdict) -> str:
    """Observed beside allowed, and what would change the answer."""
    chance = one.drift.chance[one.measure]
    beyond = f" beyond the {chance:.2f} that chance adds" if chance >= 0.005 else ""
    bound = one.block if one.effect > one.block else one.warn
    larger = one.effect > bound
    said = f"column {one.column}: {_SAID[one.measure]} {one.effect:.3f}{beyond} {'>' if larger else '<='} {bound:g}"
    if not larger:
        return f"{said}, {_sizes(one)}"
    sign = "<=" if verdict is Verdict.FAIL else ">"
    said = f"{said} and p {spell_p(one.p_value)} {sign} {level:g}, {_sizes(one)}"
    return f"{said}; {_WAY_OUT}" if verdict is Verdict.FAIL else f"{said}; no more than chance"


def _sizes(one: Comparison) -> str:
    return f"{one.bins.now.sum():,} rows against the {one.bins.before.sum():,} of {one.reference.name}"


def _not_compared(
    reference: Reference, name: str, before: ColumnProfile | None, now: ColumnTally | None, *, may_block: bool
) -> Check:
    """A column that is not on both sides is for other checks to judge; one whose kind changed has drifted."""
    check, subject, where = CHECKS[reference.against], f"column {name}", reference.name
    if before is not None and now is not None and before.rows and now.rows:
        tier = Tier.HARD if may_block else Tier.SOFT
        reason = f"{subject}: {now.kind}, allowed {before.kind}, as in {where}; its values are written otherwise"
        return Check(check, subject, tier, Verdict.FAIL, now.kind, before.kind, f"{reason} now")
    reason = f"{subject}: no rows to compare with {where}"
    if before is None or now is None:
        reason = f"{subject}: not in {where}" if before is None else f"{subject}: in {where}, but not here"
    return Check(check, subject, Tier.SOFT, Verdict.INCONCLUSIVE, "not compared", "rows on both sides", reason)
