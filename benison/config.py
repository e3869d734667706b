"""benison.yaml: what a user says of data, label, features, model and gate. One file, read strictly."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from benison.core import digests
from benison.core.sections import Section, load
from benison.core.spelling import nearest
from benison.core.verdicts import Tier

FILE = "benison.yaml"
SPLITS = ("train", "eval", "holdout")
_DEFAULT_SHARES = dict(zip(SPLITS, (0.6, 0.2, 0.2), strict=True))
BASELINES = ("champion", "reference")
METRICS = (
    "auc",
    "auc_precision_recall",
    "binary_accuracy",
    "binary_crossentropy",
    "calibration",
    "example_count",
    "f1_score",
    "false_negative_rate",
    "false_positive_rate",
    "mean_label",
    "mean_prediction",
    "precision",
    "recall",
    "specificity",
)
# A gain of these is turned round, so that more of it is better; the others below have no better and no worse.
LESS_IS_BETTER = ("binary_crossentropy", "false_negative_rate", "false_positive_rate")
WITHOUT_DIRECTION = ("calibration", "example_count", "mean_label", "mean_prediction")
# The others lie from 0 to 1, so a limit beyond is a slip, such as percent, that would prove nothing.
_BEYOND_ONE = ("binary_crossentropy", "calibration", "example_count")
_MODEL_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True)
class Splits:
    """How rows fall into train, eval and holdout.

    Attributes:
        by: ``hash`` of the key columns, so that an entity never straddles two splits, or ``time``, oldest first.
        key: The columns that are hashed; empty: all columns of a row.
        time: The column that orders rows, for ``by: time``.
        shares: Fractions for train, eval and holdout that add up to 1.
    """

    by: str
    key: tuple[str, ...]
    time: str
    shares: tuple[float, float, float]


@dataclass(frozen=True)
class Data:
    """Where raw data lies and how it is cut.

    Attributes:
        path: A path relative to the project, an absolute one, or a pattern of them with ``{span}`` for a span's number.
        format: ``csv``, ``parquet`` or ``tfrecord``.
        window: How many spans up to the newest are used.
        splits: How rows are split.
        schema: The project's schema.pbtxt.
    """

    path: str
    format: str
    window: int
    splits: Splits
    schema: str


@dataclass(frozen=True)
class Label:
    """The column to predict and its two values, as they stand in the data."""

    column: str
    positive: str
    negative: str


@dataclass(frozen=True)
class Feature:
    """One column that the model sees.

    Attributes:
        name: The column.
        kind: ``numeric`` (normalised by mean and deviation) or ``categorical`` (looked up in a vocabulary).
        log: Numeric: log(1 + x) is taken first, for long tails of values that are not negative.
        min_count: Categorical: values seen less often in train share one place with unknown ones.
    """

    name: str
    kind: str
    log: bool = False
    min_count: int = 1


@dataclass(frozen=True)
class Model:
    """The user's model and how it is trained.

    Attributes:
        module: The Python file with ``build_model(features, hyperparameters)``.
        epochs: At most so many passes over train.
        batch_size: Rows per step.
        patience: Epochs without a better loss on eval after which training stops; the best weights are kept.
        seed: Governs Python, NumPy, TensorFlow, shuffling and initialisation.
        hyperparameters: Handed to ``build_model`` as they are.
    """

    module: str
    epochs: int
    batch_size: int
    patience: int
    seed: int
    hyperparameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class GateCheck:
    """One line of the policy: what a metric must hold, on which slices.

    Attributes:
        metric: A metric's name, one of `METRICS`.
        slices: ``("overall",)``, ``("all",)`` for every slice of the evaluation config, or names: ``sex=Female``.
        tier: Hard blocks, soft warns.
        at_least: The metric's lower confidence bound must not be below; -inf: no such bound.
        at_most: The metric's upper confidence bound must not be above; inf: no such bound.
        tolerance: Non-inferiority: how much worse than each baseline the challenger may be; NaN: not asked.
        no_worse_than: The baselines that `tolerance` speaks of.
    """

    metric: str
    slices: tuple[str, ...]
    tier: Tier
    at_least: float
    at_most: float
    tolerance: float
    no_worse_than: tuple[str, ...]


@dataclass(frozen=True)
class Gate:
    """The policy that decides on a challenger.

    Attributes:
        confidence: Each one-sided bound holds with this probability; intervals are shown at 2 * confidence - 1.
        min_rows: A slice with fewer rows is listed, not judged.
        min_positives: Likewise with fewer positive, or fewer negative, rows.
        checks: What must hold.
    """

    confidence: float
    min_rows: int
    min_positives: int
    checks: tuple[GateCheck, ...]

    @property
    def digest(self) -> str:
        """What the policy is, by content."""
        return digests.of_json(_finite(asdict(self)))


@dataclass(frozen=True)
class Config:
    """All of benison.yaml."""

    name: str
    description: str
    data: Data
    label: Label
    features: tuple[Feature, ...]
    model: Model
    evaluation: str
    gate: Gate
    registry: str


def _finite(content: Any) -> Any:
    """The same with numbers that JSON lacks written as text."""
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(item) for item in content]
    return str(content) if isinstance(content, float) and not math.isfinite(content) else content


def read(project: Path) -> Config:
    """Reads a project's benison.yaml.

    Args:
        project: The folder that holds it.

    Raises:
        ConfigError: The file is missing or says something that is not understood; the message names line and key.
    """
    top = load(project / FILE)
    name = top.take("name", str)
    if not _MODEL_NAME.fullmatch(name):
        raise top.error("name", "small letters, digits, - and _, a letter first, at most 63", repr(name))
    config = Config(
        name=name,
        description=top.take("description", str, ""),
        data=_data(top.section("data")),
        label=_label(top.section("label")),
        features=_features(top.section("features")),
        model=_model(top.section("model")),
        evaluation=_inside(top, "evaluation", "eval_config.json"),
        gate=_gate(top.section("gate")),
        registry=top.take("registry", str, "registry"),
    )
    top.close()
    _no_leak(top, config)
    return config


def _no_leak(top: Section, config: Config) -> None:
    if config.label.column in {feature.name for feature in config.features}:
        section = top.section("features")
        raise section.error(config.label.column, "features other than the label", "the label", "remove it here")


def _data(section: Section) -> Data:
    path = section.take("path", str)
    data = Data(
        path=path,
        format=section.choice("format", ("csv", "parquet", "tfrecord"), format_of(path)),
        window=section.whole("window", 1, low=1),
        splits=_splits(section.section("splits", optional=True)),
        schema=_inside(section, "schema", "schema.pbtxt"),
    )
    if data.window > 1 and "{span" not in path:
        raise section.error("window", "1 where data.path has no {span}", data.window, "put {span} into data.path")
    section.close()
    return data


def format_of(path: str) -> str | None:
    """The format that a file's name tells; None where it tells none."""
    known = {".csv": "csv", ".parquet": "parquet", ".tfrecord": "tfrecord", ".tfrecords": "tfrecord"}
    return next((known[suffix] for suffix in reversed(PurePosixPath(path).suffixes) if suffix in known), None)


def _splits(section: Section) -> Splits:
    by = section.choice("by", ("hash", "time"), "hash")
    key = section.texts("key", ()) if by == "hash" else ()
    time = section.take("time", str) if by == "time" else ""
    shares = section.section("shares", optional=True)
    found = [shares.number(name, default, low=0, high=1) for name, default in _DEFAULT_SHARES.items()]
    shares.close()
    if not math.isclose(sum(found), 1, abs_tol=1e-9) or min(found) <= 0:
        raise section.error(
            "shares", "three shares over 0 that add up to 1", ", ".join(f"{share:g}" for share in found)
        )
    section.close()
    return Splits(by, key, time, (found[0], found[1], found[2]))


def _label(section: Section) -> Label:
    label = Label(section.take("column", str), _value(section, "positive"), _value(section, "negative"))
    if label.positive == label.negative:
        raise section.error("negative", "another value than label.positive", repr(label.negative))
    section.close()
    return label


def _value(section: Section, key: str) -> str:
    """A label's value as text, since 1, true and "1" all stand for themselves in a CSV."""
    section.asked.add(key)
    value = section.content.get(key)
    if not isinstance(value, (str, int, float)):
        raise section.error(key, "a value of the label column", "none" if value is None else repr(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _features(section: Section) -> tuple[Feature, ...]:
    if not section.content:
        raise section.error("", "at least one feature", "none", "write  age: numeric  or  city: categorical")
    for name in section.content:
        if not isinstance(name, str):
            hint = "put it in quotes: YAML reads words like on and no, and digits, as something else than text"
            raise section.error("", "names of columns, which are text", repr(name), hint)
    return tuple(_feature(section, name) for name in section.content)


def _feature(section: Section, name: str) -> Feature:
    if isinstance(section.content[name], str):
        return Feature(name, section.choice(name, ("numeric", "categorical")))
    own = section.section(name)
    kind = own.choice("kind", ("numeric", "categorical"))
    log = own.take("log", bool, False) if kind == "numeric" else False
    min_count = own.whole("min_count", 1, low=1) if kind == "categorical" else 1
    own.close()
    return Feature(name, kind, log, min_count)


def _model(section: Section) -> Model:
    model = Model(
        module=_inside(section, "module", "model.py"),
        epochs=section.whole("epochs", 20, low=1),
        batch_size=section.whole("batch_size", 256, low=1),
        patience=section.whole("patience", 3, low=1),
        seed=section.whole("seed", 1),
        hyperparameters=section.take("hyperparameters", dict, {}),
    )
    section.close()
    return model


def _inside(section: Section, key: str, default: str) -> str:
    """The relative path of a file of the project; one that climbs out is refused."""
    path = section.take(key, str, default)
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise section.error(key, "a path inside the project", repr(path), "copy the file into the project's folder")
    return path


def _gate(section: Section) -> Gate:
    gate = Gate(
        confidence=section.number("confidence", 0.95, low=0.5, high=0.9999),
        min_rows=section.whole("min_rows", 200, low=1),
        min_positives=section.whole("min_positives", 20, low=1),
        checks=tuple(_gate_check(line) for line in section.sections("checks")),
    )
    if not any(check.tier is Tier.HARD for check in gate.checks):
        raise section.error("checks", "at least one hard check", "none", "a gate that asks nothing can prove nothing")
    section.close()
    return gate


def _gate_check(section: Section) -> GateCheck:
    metric = section.take("metric", str)
    if metric not in METRICS:
        raise section.error("metric", "a known metric", repr(metric), nearest(metric, METRICS))
    check = GateCheck(
        metric=metric,
        slices=section.texts("slices", ("overall",)),
        tier=Tier(section.choice("tier", ("hard", "soft"), "hard")),
        at_least=section.take("at_least", float, -math.inf),
        at_most=section.take("at_most", float, math.inf),
        tolerance=section.take("tolerance", float, math.nan),
        no_worse_than=section.texts("no_worse_than", BASELINES),
    )
    section.close()
    _sound(section, check)
    _can_be_missed(section, check)
    return check


def _sound(section: Section, check: GateCheck) -> None:
    for baseline in check.no_worse_than:
        if baseline not in BASELINES:
            raise section.error("no_worse_than", "champion or reference", repr(baseline), nearest(baseline, BASELINES))
    if "no_worse_than" in section.content and math.isnan(check.tolerance):
        raise section.error("tolerance", "how much worse the challenger may be", "none", "write  tolerance: 0.005")
    if check.tolerance < 0:
        raise section.error("tolerance", "0 or more", f"{check.tolerance:g}")
    if not math.isnan(check.tolerance) and check.metric in WITHOUT_DIRECTION:
        hint = f"{check.metric} has no better and no worse: write at_least and at_most"
        raise section.error("tolerance", "a metric of which more or less is better", check.metric, hint)
    if check.at_least == -math.inf and check.at_most == math.inf and math.isnan(check.tolerance):
        raise section.error("metric", "at_least, at_most or tolerance beside it", "none of them")


def _can_be_missed(section: Section, check: GateCheck) -> None:
    """Refuses limits that decide nothing: every model, or none, would meet them."""
    limits = {"at_least": check.at_least, "at_most": check.at_most, "tolerance": check.tolerance}
    limits = {key: limit for key, limit in limits.items() if key in section.content}
    for key, limit in limits.items():
        if not math.isfinite(limit):
            raise section.error(key, "a number that is finite", f"{limit:g}")
    if check.at_least > check.at_most:
        raise section.error("at_most", f"at least at_least, {check.at_least:g}", f"{check.at_most:g}")
    if check.metric in _BEYOND_ONE:
        return
    for key, limit in limits.items():
        if not 0 <= limit <= 1 or (key == "tolerance" and limit == 1):
            expected = f"a number from 0 to {'below ' * (key == 'tolerance')}1, as {check.metric} is"
            raise section.error(key, expected, f"{limit:g}", "5% is written 0.05")
    if check.at_least <= 0 and check.at_most >= 1 and math.isnan(check.tolerance):
        raise section.error(next(iter(limits)), "a limit that a model can miss", f"{check.metric} from 0 to 1")
