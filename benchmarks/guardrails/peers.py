"""Half widths of confidence sequences of other libraries, for the same block differences: the table of a test.

Needs an environment of its own; nothing of Benison is imported:

    python -m venv /tmp/peers && /tmp/peers/bin/pip install ville==0.1.0 savvi==0.3.1 gbstats==0.8.0 matplotlib
    /tmp/peers/bin/python benchmarks/guardrails/peers.py

The differences are 0.01 + 0.02 sin(1.7 b) for block b = 0, 1, ... Everybody mixes with a precision of ten blocks; two
sides of 1% each, which is how two bounds of alpha = 0.01 stand to theirs.
"""

from __future__ import annotations

import numpy as np
from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest
from gbstats.models.statistics import SampleMeanStatistic
from savvi.linear_regression import LinearRegression
from ville import AsymptoticCS, EmpiricalBernsteinCS, normal_mixture

ALPHA, PRECISION = 0.02, 10.0


def ville(values: np.ndarray) -> float:
    found = AsymptoticCS(alpha=ALPHA, min_samples=2)
    found.rho_ = PRECISION
    low, high = found.fit(values).interval()
    return (high - low) / 2


def savvi(values: np.ndarray) -> float:
    found = LinearRegression(ALPHA, 1, phi=PRECISION)
    for value in values:
        found.update(np.array([value, 1.0]))
    ((low, high),) = found.calculate_conf_int()
    return float(high - low) / 2


def gbstats(values: np.ndarray) -> float:
    """Two arms of half as many with half the deviation have the error that the mean of the differences has."""
    half, deviation = len(values) // 2, values.std(ddof=1) / 2
    squares = deviation**2 * (half - 1)
    first = SampleMeanStatistic(n=half, sum=0.0, sum_squares=squares)
    second = SampleMeanStatistic(n=half, sum=half * values.mean(), sum_squares=squares + half * values.mean() ** 2)
    tuned = (np.log(1 - 2 * np.log(ALPHA)) - 2 * np.log(ALPHA)) * PRECISION
    config = SequentialConfig(alpha=ALPHA, difference_type="absolute", sequential_tuning_parameter=tuned)
    low, high = SequentialTwoSidedTTest(first, second, config).confidence_interval
    return float(high - low) / 2


def bernstein(values: np.ndarray) -> float:
    """Exact, of differences of two shares, which lie between -1 and 1."""
    low, high = EmpiricalBernsteinCS(bounds=(-1, 1), alpha=ALPHA).fit(values).interval()
    return (high - low) / 2


def main() -> None:
    """Prints both tables."""
    for blocks in (40, 60, 540):
        values = 0.01 + 0.02 * np.sin(1.7 * np.arange(blocks))
        print(blocks, *(f"{rule.__name__} {rule(values):.6f}" for rule in (ville, savvi, gbstats, bernstein)))
    for time in (1, 13, 540, 20000):
        print(
            time, *(f"{float(normal_mixture(time, alpha, 1.0, one_sided=True)):.5f}" for alpha in (0.0025, 0.01, 0.05))
        )


if __name__ == "__main__":
    main()
