"""The plots that TFMA makes and that are made here for it, by its classes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

# Of each class what it calls the number of its thresholds; TFMA's name for a plot is that of its class.
ARGUMENTS: Mapping[str, str] = {
    "CalibrationPlot": "num_buckets",
    "ConfusionMatrixPlot": "num_thresholds",
    "ScoreDistributionPlot": "num_thresholds",
}
CLASS_MATRIX = "MultiClassConfusionMatrixPlot"
NAMES: Mapping[str, str] = {
    "CalibrationPlot": "calibration_plot",
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
        number: Between how many equal parts of [0, 1] it tells predictions apart; 0: it takes no such number.
    """

    kind: str
    number: int = USUAL

    @property
    def name(self) -> str:
        """What TFMA's files call it."""
        return NAMES[self.kind]

    @property
    def config(self) -> str:
        """The arguments of TFMA's class, as JSON.

        >>> Plot("CalibrationPlot", 100).config
        '{"name": "calibration_plot", "num_buckets": 100}'
        """
        number = {ARGUMENTS[self.kind]: self.number} if self.kind in ARGUMENTS else {}
        return json.dumps({"name": self.name, **number})
