"""The metrics there are: their names, TFMA's classes, which way is better, and what they can be."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache

from benison.core.aspects import EACH, MICRO, MICRO_RANKS, RANK, aspect
from benison.core.kinds import BINARY as BINARY
from benison.core.kinds import MULTICLASS as MULTICLASS
from benison.core.kinds import RANKING as RANKING
from benison.core.kinds import REGRESSION as REGRESSION
from benison.core.kinds import THRESHOLD as THRESHOLD
from benison.core.kinds import TOP_K as TOP_K
from benison.core.kinds import Kind as Kind
from benison.core.kinds import OfTfma as OfTfma

_NAME = re.compile(
    r"(?P<kind>[a-z0-9_]+)(?:\[(?P<of>.+)\])?(?:@(?:top_(?P<top>[1-9][0-9]*)|(?P<parameter>[0-9.]+(?:e-?[0-9]+)?)))?"
)


@dataclass(frozen=True)
class Metric:
    """A metric as it is asked for.

    Attributes:
        kind: Which.
        parameter: Such as the threshold; NaN: none.
        of: Of several classes, which aspect, as `benison.core.aspects` writes it; empty: all there is.
        top: Of several classes, how many with the highest predictions are the answer, whatever the threshold; 0: those
            above it.
    """

    kind: Kind
    parameter: float
    of: str = ""
    top: int = 0

    @property
    def name(self) -> str:
        """``recall`` at the usual threshold, ``recall@0.3`` at another; ``recall[cat]@top_1`` of a class."""
        named = f"{self.kind.name}[{self.of}]" if self.of else self.kind.name
        if self.top:
            return f"{named}@top_{self.top}"
        usual = self.parameter == self.kind.default or math.isnan(self.parameter)
        return named if usual else f"{named}@{self.parameter:.12g}"


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


def _of_numbers() -> list[Kind]:
    end, kinds = math.inf, []
    for name, classes, better, low, high in (
        ("calibration", ("Calibration",), 0, -end, end),
        ("example_count", ("ExampleCount",), 0, 0.0, end),
        ("mean_absolute_error", ("MeanAbsoluteError",), -1, 0.0, end),
        ("mean_absolute_percentage_error", ("MeanAbsolutePercentageError",), -1, 0.0, end),
        ("mean_error", ("MeanError",), 0, -end, end),
        ("mean_label", ("MeanLabel",), 0, -end, end),
        ("mean_prediction", ("MeanPrediction",), 0, -end, end),
        ("mean_squared_error", ("MeanSquaredError",), -1, 0.0, end),
        ("r2_score", ("R2Score",), 1, -end, 1.0),
        ("root_mean_squared_error", ("RootMeanSquaredError",), -1, 0.0, end),
        ("squared_pearson_correlation", ("SquaredPearsonCorrelation",), 1, 0.0, 1.0),
        ("weighted_example_count", ("WeightedExampleCount",), 0, 0.0, end),
    ):
        kinds.append(Kind(name, classes, better, low, high, task=REGRESSION))
    return kinds


def _of_several_classes() -> list[Kind]:
    def of(name: str, *classes: str, better: int = -1, high: float = math.inf) -> Kind:
        return Kind(name, classes, better, high=high, task=MULTICLASS)

    both = ("TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy")
    top_k = of("top_k_categorical_accuracy", *both, better=1, high=1.0)
    losses = ("CategoricalCrossentropy", "CategoricalCrossEntropy", "SparseCategoricalCrossentropy")
    return [
        of("brier_score", "BrierScore", high=2.0),
        of("categorical_accuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy", better=1, high=1.0),
        of("categorical_crossentropy", *losses),
        of("example_count", "ExampleCount", better=0),
        replace(top_k, parameter=RANK, default=5.0, most=1000.0),
        of("weighted_example_count", "WeightedExampleCount", better=0),
    ]


def _of_queries() -> list[Kind]:
    def of(name: str, class_name: str, *, needs: bool = False) -> Kind:
        return Kind(name, (class_name,), 1, parameter=TOP_K, most=1e6, argument="top_k_list", needs=needs, task=RANKING)

    return [
        of("ndcg", "NDCG"),
        of("hit_rate", "HitRate", needs=True),
        of("mean_average_precision", "MeanAveragePrecision"),
        of("mean_reciprocal_rank", "MeanReciprocalRank"),
        of("precision", "PrecisionAtK", needs=True),
        of("recall", "RecallAtK", needs=True),
        *(
            Kind(name, (class_name,), 0, high=math.inf, task=RANKING)
            for name, class_name in (
                ("query_count", "QueryCount"),
                ("example_count", "ExampleCount"),
                ("weighted_example_count", "WeightedExampleCount"),
            )
        ),
    ]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The metrics that may be asked for.

    Attributes:
        task: What the models answer.
        kinds: By name.
        usual: What is measured where nobody says what to measure.
        groups: Classes that stand for several metrics, as in `GROUPS`.
        of_classes: By name those that may be asked of a class, or averaged, where models tell several apart.
    """

    task: str
    kinds: Mapping[str, Kind]
    usual: tuple[str, ...]
    groups: Mapping[str, tuple[tuple[str, ...], tuple[float, ...]]] = field(default_factory=dict)
    of_classes: Mapping[str, Kind] = field(default_factory=dict)

    @property
    def classes(self) -> dict[str, Kind]:
        """By each of TFMA's classes, as far as its metric is measured here."""
        return {name: kind for kind in self.kinds.values() for name in kind.classes if kind.tfma is None}

    @property
    def classes_of_one(self) -> dict[str, Kind]:
        """By each of TFMA's classes those of one class, or averaged."""
        return {name: kind for kind in self.of_classes.values() for name in kind.classes}

    def with_more(self, more: Sequence[Kind]) -> Vocabulary:
        """The same with others: those that the user wrote are then measured as a matter of course."""
        kinds = {**{kind.name: kind for kind in more}, **self.kinds}
        return replace(self, kinds=kinds, usual=(*self.usual, *(kind.name for kind in more if kind.own)))


_NUMBERS = {kind.name: kind for kind in _of_numbers()}
_OF_ALL_CLASSES = {kind.name: kind for kind in _of_several_classes()}
_OF_A_CLASS = {name: kind for name, kind in KINDS.items() if not name.endswith("example_count")}
# Of a class the answer that most people mean: that it is the one with the highest prediction.
_BY_ANSWER = ("f1_score", "precision", "recall")
_USUAL_OF_CLASSES = (
    "categorical_accuracy",
    "categorical_crossentropy",
    "brier_score",
    "example_count",
    "auc[macro]",
    *(f"{name}[macro]@top_1" for name in _BY_ANSWER),
    *(f"{name}[weighted_macro]@top_1" for name in _BY_ANSWER),
    f"auc[{EACH}]",
    *(f"{name}[{EACH}]@top_1" for name in _BY_ANSWER),
    f"mean_label[{EACH}]",
    f"mean_prediction[{EACH}]",
)
_RANKED = {kind.name: kind for kind in _of_queries()}
_USUAL_OF_QUERIES = (
    "ndcg@10",
    "ndcg",
    "hit_rate@10",
    "mean_average_precision",
    "mean_reciprocal_rank",
    "precision@10",
    "recall@10",
    "query_count",
    "example_count",
)
VOCABULARIES: Mapping[str, Vocabulary] = {
    BINARY: Vocabulary(BINARY, KINDS, USUAL, GROUPS),
    REGRESSION: Vocabulary(REGRESSION, _NUMBERS, tuple(name for name in _NUMBERS if name != "weighted_example_count")),
    MULTICLASS: Vocabulary(MULTICLASS, _OF_ALL_CLASSES, _USUAL_OF_CLASSES, of_classes=_OF_A_CLASS),
    RANKING: Vocabulary(RANKING, _RANKED, _USUAL_OF_QUERIES),
}
_SPOKEN = [VOCABULARIES[BINARY]]


def spoken() -> Vocabulary:
    """The metrics that may be asked for here: those of a yes-or-no model, unless `speaking` says otherwise."""
    return _SPOKEN[-1]


@contextmanager
def speaking(task: str = BINARY, more: Sequence[Kind] = ()) -> Iterator[Vocabulary]:
    """Lets names stand for the metrics of a task, and for others, in all threads of the process.

    Args:
        task: What the models answer.
        more: Metrics that the user wrote, and those that TFMA measures.
    """
    _SPOKEN.append(VOCABULARIES[task].with_more(more))
    try:
        yield spoken()
    finally:
        _SPOKEN.pop()


def task_of(classes: Sequence[str]) -> str:
    """The task whose metrics alone some of TFMA's classes are; empty where they are those of several, or of none."""
    found = [
        {task for task, words in VOCABULARIES.items() if name in {*words.classes, *words.groups}} for name in classes
    ]
    alone = {next(iter(tasks)) for tasks in found if len(tasks) == 1}
    if MULTICLASS in alone and alone <= {BINARY, MULTICLASS}:
        return MULTICLASS
    return alone.pop() if len(alone) == 1 else ""


def find(name: str) -> Metric | None:
    """The metric of a name; None where there is none of it.

    >>> find("recall@0.3").parameter, find("recall@0.50").name, find("recal"), find("precision_at_recall")
    (0.3, 'recall', None, None)
    """
    return _found(spoken(), name)


# Every figure of every slice asks for its metric by name.
@lru_cache(maxsize=4096)
def _found(words: Vocabulary, name: str) -> Metric | None:
    said = _NAME.fullmatch(name)
    if said is None:
        return None
    if said["of"] or said["top"]:
        kind = words.of_classes.get(said["kind"])
        return _of_classes(kind, said["of"] or "", said["parameter"], int(said["top"] or 0)) if kind else None
    kind = words.kinds.get(said["kind"])
    return _with(kind, said["parameter"]) if kind else None


def _with(kind: Kind, written: str | None) -> Metric | None:
    """A kind with the number behind @, as it is written."""
    if written is None:
        return None if kind.needs else Metric(kind, kind.default)
    try:
        parameter = float(written)
    except ValueError:
        return None
    possible = kind.parameter and 0 <= parameter <= kind.most
    if kind.parameter in (RANK, TOP_K):
        possible = possible and parameter >= 1 and parameter.is_integer()
    return Metric(kind, parameter) if possible else None


def _of_classes(kind: Kind, of: str, written: str | None, top: int) -> Metric | None:
    """A metric of a class, of an average or of ranks; None where there is no such thing."""
    asked = aspect(of)
    if not top:
        found = _with(kind, written)
        return replace(found, of=asked.text) if found else None
    if kind.parameter != THRESHOLD or asked.rank not in (0, top) or (asked.rank and asked.how != MICRO_RANKS):
        return None
    # Taken together, all classes of which so many are answered are what TFMA has without an average.
    plain = asked.how == MICRO and not asked.weights
    return Metric(kind, kind.default, "" if plain else asked.text, top)


def metric(name: str) -> Metric:
    """The metric of a name that is known to be one.

    Raises:
        KeyError: It is none.
    """
    found = _found(_SPOKEN[-1], name)
    if found is None:
        raise KeyError(name)
    return found


def better(name: str) -> int:
    """1: more of it is better; -1: less is; 0: it has no better and no worse."""
    return metric(name).kind.better
