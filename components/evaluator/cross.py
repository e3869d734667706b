"""cross: which slices the evaluation config holds against one another, and the difference of their figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benison.components.evaluator.compare import Measured
from benison.core.errors import ConfigError
from benison.eval_config import CrossSlicing, EvalConfig, Slicing
from benison.measures.intervals import mover
from benison.metrics.bound import Estimate

MOST = 10_000
Keys = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Crossed:
    """Two slices, of which the figures of the second are taken from those of the first."""

    baseline: Measured
    comparison: Measured


def check(config: EvalConfig, slices: Sequence[Keys], where: str) -> None:
    """Makes sure that every cross-slicing finds slices to compare.

    Args:
        config: Says which.
        slices: What every slice shares.
        where: The config's file, for error messages.

    Raises:
        ConfigError: One finds none, or all together are more than ten thousand pairs.
    """
    pairs = 0
    for number, one in enumerate(config.crosses):
        place = f"{where} (cross_slicing_specs.{number}"
        _found(one.baseline, slices, f"{place}.baseline_spec)")
        for index, comparison in enumerate(one.comparisons):
            _found(comparison, slices, f"{place}.slicing_specs.{index})")
        pairs += len(_pairs(one, slices))
    if pairs > MOST:
        hint = "name the baseline slice by feature_values, and the comparisons by columns of few values"
        raise ConfigError(
            f"{where} (cross_slicing_specs)", expected=f"at most {MOST:,} pairs", got=f"{pairs:,}", hint=hint
        )


def _found(spec: Slicing, slices: Sequence[Keys], where: str) -> None:
    if not any(_fits(spec, keys) for keys in slices):
        said = ", ".join([*spec.keys, *(f"{column}={value}" for column, value in spec.values)]) or "all rows"
        hint = "a comparison cuts nothing itself: add the same to slicing_specs"
        raise ConfigError(where, expected="a slice of slicing_specs", got=repr(said), hint=hint)


def crossed(config: EvalConfig, measured: Sequence[Measured]) -> list[Crossed]:
    """Every pair that is asked for, once."""
    by_keys = {one.keys: one for one in measured}
    pairs = dict.fromkeys(pair for one in config.crosses for pair in _pairs(one, list(by_keys)))
    return [Crossed(by_keys[baseline], by_keys[comparison]) for baseline, comparison in pairs]


def _pairs(cross: CrossSlicing, slices: Sequence[Keys]) -> list[tuple[Keys, Keys]]:
    """As TFMA pairs them: without comparisons every slice that is no baseline is one."""
    baselines = [keys for keys in slices if _fits(cross.baseline, keys)]
    others = [keys for keys in slices if any(_fits(one, keys) for one in cross.comparisons)]
    if not cross.comparisons:
        others = [keys for keys in slices if keys not in baselines]
    return [(baseline, other) for baseline in baselines for other in others]


def _fits(spec: Slicing, keys: Keys) -> bool:
    """Whether a slice is one of those that a spec cuts."""
    fixed = dict(spec.values)
    values = {column: value for column, value in keys if column in fixed}
    return values == fixed and {column for column, _ in keys} - set(fixed) == set(spec.keys)


def difference(baseline: Estimate, comparison: Estimate) -> Estimate:
    """Baseline minus comparison, by MOVER.

    Slices without a common row are independent. Where they have some, their figures go up and down together, and the
    interval is wider than it need be.
    """
    found = mover(baseline.value, baseline.interval, comparison.value, comparison.interval, 0.0)
    return Estimate(baseline.value - comparison.value, found, baseline.note or comparison.note)
