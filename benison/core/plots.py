"""The plots that TFMA makes and that are made here for it, by its classes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

CALIBRATION, CLASS_MATRIX = "CalibrationPlot", "MultiClassConfusionMatrixPlot"
# Of each class what it calls the number of its thresholds; TFMA's name for a plot is that of its class.
ARGUMENTS: Mapping[str, str] = {
    CALIBRATION: "num_buckets",
    "ConfusionMatrixPlot": "num_thresholds",
    "ScoreDistributionPlot": "num_thresholds",
}
NAMES: Mapping[str, str] = {
    CALIBRATION: "calibration_plot",
    "ConfusionMatrixPlot": "confusion_matrix_plot",
    "ScoreDistributionPlot": "score_distribution_plot",
    CLASS_MATRIX: "multi_class_confusion_matrix_plot",
}
USUAL, MOST = 1000, 10_000
FILE = "plots-00000-of-00001.tfrecord"


@dataclass(frozen=True)
class Plot:
    """A plot as it is asked for.

    Attributes:
        kind: TFMA's class, one of `NAMES`.
        number: Between how many equal parts it tells predictions apart; 0: it takes no such number.
        ends: Between which numbers these parts lie; None: between 0 and 1, as probabilities do.
    """

    kind: str
    number: int = USUAL
    ends: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """What TFMA's files call it."""
        return NAMES[self.kind]

    @property
    def range(self) -> tuple[float, float]:
        """Where the parts begin and where they end."""
        return self.ends or (0.0, 1.0)

    @property
    def config(self) -> str:
        """The arguments of TFMA's class, as JSON.

        >>> Plot("CalibrationPlot", 100).config
        '{"name": "calibration_plot", "num_buckets": 100}'
        """
        number = {ARGUMENTS[self.kind]: self.number} if self.kind in ARGUMENTS else {}
        ends = {"left": self.ends[0], "right": self.ends[1]} if self.ends else {}
        return json.dumps({"name": self.name, **number, **ends})
