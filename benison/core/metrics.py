"""The metrics there are: their names, TFMA's classes, which way is better, and what they can be."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_AT = re.compile(r"(?P<kind>[a-z0-9_]+)@(?P<parameter>[0-9.]+(?:e-?[0-9]+)?)")
THRESHOLD = "threshold"


@dataclass(frozen=True)
class Kind:
    """A metric without its parameter.

    Attributes:
        name: TFMA's default name, or the field's where TFMA has none.
        classes: TFMA's classes; the first is written, all are read.
        better: 1: more is better; -1: less is; 0: neither.
        low: It is never below.
        high: It is never above; infinity: there is no end.
        parameter: What the number behind @ is; empty: it takes none.
        default: The parameter where none is given; NaN: without one it is another figure.
        most: The parameter is never above, and never below 0.
        argument: What TFMA's classes call the parameter; empty: as here.
        needs: Whether there is no such metric without a parameter.
    """

    name: str
    classes: tuple[str, ...]
    better: int
    low: float = 0.0
    high: float = 1.0
    parameter: str = ""
    default: float = math.nan
    most: float = 1.0
    argument: str = ""
    needs: bool = False


@dataclass(frozen=True)
class Metric:
    """A metric as it is asked for.

    Attributes:
        kind: Which.
        parameter: Such as the threshold; NaN: none.
    """

    kind: Kind
    parameter: float

    @property
    def name(self) -> str:
        """``recall`` at the usual threshold, ``recall@0.3`` at another."""
        usual = self.parameter == self.kind.default or math.isnan(self.parameter)
        return self.kind.name if usual else f"{self.kind.name}@{self.parameter:.12g}"


def _at_threshold(name: str, classes: Sequence[str], better: int, low: float = 0.0, high: float = 1.0) -> Kind:
    argument = "threshold" if name == "binary_accuracy" else "thresholds"
    return Kind(name, tuple(classes), better, low, high, THRESHOLD, 0.5, argument=argument)


def _counts_and_shares() -> list[Kind]:
    return [
        _at_threshold("true_positives", ("TruePositives", "TP"), 0, high=math.inf),
        _at_threshold("true_negatives", ("TrueNegatives", "TN"), 0, high=math.inf),
        _at_threshold("false_positives", ("FalsePositives", "FP"), 0, high=math.inf),
        _at_threshold("false_negatives", ("FalseNegatives", "FN"), 0, high=math.inf),
        Kind("example_count", ("ExampleCount",), 0, high=math.inf),
        Kind("weighted_example_count", ("WeightedExampleCount",), 0, high=math.inf),
        _at_threshold("binary_accuracy", ("BinaryAccuracy",), 1),
        _at_threshold("false_discovery_rate", ("FalseDiscoveryRate",), -1),
        _at_threshold("false_negative_rate", ("FNR", "MissRate"), -1),
        _at_threshold("false_omission_rate", ("FalseOmissionRate",), -1),
        _at_threshold("false_positive_rate", ("FPR", "FallOut"), -1),
        _at_threshold("negative_predictive_value", ("NegativePredictiveValue", "NPV"), 1),
        _at_threshold("precision", ("Precision", "PPV"), 1),
        _at_threshold("predicted_positive_rate", ("PredictedPositiveRate",), 0),
        _at_threshold("recall", ("Recall", "TPR"), 1),
        _at_threshold("specificity", ("Specificity", "TNR"), 1),
        Kind("mean_label", ("MeanLabel", "Prevalence"), 0),
    ]


def _of_matrix() -> list[Kind]:
    return [
        _at_threshold("balanced_accuracy", ("BalancedAccuracy",), 1),
        _at_threshold("diagnostic_odds_ratio", ("DiagnosticOddsRatio",), 1, high=math.inf),
        _at_threshold("f1_score", ("F1Score",), 1),
        _at_threshold("fowlkes_mallows_index", ("FowlkesMallowsIndex",), 1),
        _at_threshold("informedness", ("Informedness",), 1, low=-1.0),
        _at_threshold("markedness", ("Markedness",), 1, low=-1.0),
        _at_threshold("matthews_correlation_coefficient", ("MatthewsCorrelationCoefficient",), 1, low=-1.0),
        _at_threshold("negative_likelihood_ratio", ("NegativeLikelihoodRatio",), -1, high=math.inf),
        _at_threshold("positive_likelihood_ratio", ("PositiveLikelihoodRatio",), 1, high=math.inf),
        _at_threshold("threat_score", ("ThreatScore",), 1),
    ]


def _of_scores() -> list[Kind]:
    return [
        Kind("auc", ("AUC",), 1, parameter="num_thresholds", most=1e6),
        Kind("auc_precision_recall", ("AUCPrecisionRecall",), 1, parameter="num_thresholds", most=1e6),
        Kind("binary_crossentropy", ("BinaryCrossEntropy", "BinaryCrossentropy"), -1, high=math.inf),
        Kind("brier_score", ("MeanSquaredError",), -1),
        Kind("calibration", ("Calibration",), 0, high=math.inf),
        Kind("mean_prediction", ("MeanPrediction",), 0),
    ]


def _of_points() -> list[Kind]:
    """One rate where another reaches a bound, by TFMA's names."""

    def at(name: str, class_name: str, parameter: str, better: int = 1) -> Kind:
        return Kind(name, (class_name,), better, parameter=parameter, needs=True)

    return [
        Kind("max_recall", ("MaxRecall",), 1),
        at("precision_at_recall", "PrecisionAtRecall", "recall"),
        at("recall_at_false_positive_rate", "RecallAtFalsePositiveRate", "false_positive_rate"),
        at("recall_at_precision", "RecallAtPrecision", "precision"),
        at("sensitivity_at_specificity", "SensitivityAtSpecificity", "specificity"),
        at("specificity_at_sensitivity", "SpecificityAtSensitivity", "sensitivity"),
        at("threshold_at_recall", "ThresholdAtRecall", "recall", better=0),
    ]


KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (*_counts_and_shares(), *_of_matrix(), *_of_scores(), *_of_points())
}
CLASSES: Mapping[str, Kind] = {name: kind for kind in KINDS.values() for name in kind.classes}
# Classes that stand for several metrics, each at every threshold; with the thresholds where none are given.
GROUPS: Mapping[str, tuple[tuple[str, ...], tuple[float, ...]]] = {
    "ConfusionMatrixAtThresholds": (("true_positives", "false_positives", "true_negatives", "false_negatives"), ()),
    "FairnessIndicators": (
        (
            "false_discovery_rate",
            "false_negative_rate",
            "false_omission_rate",
            "false_positive_rate",
            "negative_predictive_value",
            "precision",
            "predicted_positive_rate",
            "recall",
            "specificity",
        ),
        tuple(tenth / 10 for tenth in range(1, 10)),
    ),
}
# What is measured where nobody says what to measure.
USUAL = (
    "auc",
    "auc_precision_recall",
    "balanced_accuracy",
    "binary_accuracy",
    "binary_crossentropy",
    "brier_score",
    "calibration",
    "example_count",
    "f1_score",
    "false_negative_rate",
    "false_positive_rate",
    "matthews_correlation_coefficient",
    "mean_label",
    "mean_prediction",
    "precision",
    "predicted_positive_rate",
    "recall",
    "specificity",
)


def find(name: str) -> Metric | None:
    """The metric of a name; None where there is none of it.

    >>> find("recall@0.3").parameter, find("recall@0.50").name, find("recal"), find("precision_at_recall")
    (0.3, 'recall', None, None)
    """
    if name in KINDS:
        return None if KINDS[name].needs else Metric(KINDS[name], KINDS[name].default)
    at = _AT.fullmatch(name)
    if at is None or at["kind"] not in KINDS:
        return None
    kind = KINDS[at["kind"]]
    try:
        parameter = float(at["parameter"])
    except ValueError:
        return None
    return Metric(kind, parameter) if kind.parameter and 0 <= parameter <= kind.most else None


def metric(name: str) -> Metric:
    """The metric of a name that is known to be one.

    Raises:
        KeyError: It is none.
    """
    found = find(name)
    if found is None:
        raise KeyError(name)
    return found


def better(name: str) -> int:
    """1: more of it is better; -1: less is; 0: it has no better and no worse."""
    return metric(name).kind.better
