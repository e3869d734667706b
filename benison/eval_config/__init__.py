"""The evaluation config: TFMA's EvalConfig, the part of it that is acted on, read strictly.

Keys may be written as in protobuf's JSON (``slicingSpecs``) or as in its text format (``slicing_specs``). A field that
is not acted on here is an error: a gate must not be switched off by a field that nobody reads. Protobuf's own formats,
text and binary, are read as well; those alone need TFMA.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benison.core.errors import ConfigError
from benison.core.metrics import MULTICLASS, RANKING, task_of
from benison.core.plots import Plot
from benison.core.sections import Section
from benison.core.spelling import nearest
from benison.eval_config.classes import OPTIONS
from benison.eval_config.content import content_of
from benison.eval_config.metrics import metrics_of
from benison.eval_config.of_tfma import declared as declared
from benison.eval_config.ranking import QUERY_KEY, ranked_by


@dataclass(frozen=True)
class Slicing:
    """One way to cut the rows.

    Attributes:
        keys: Every value of these columns, or of their cross, is a slice; none: all rows.
        values: Only the rows with these values, as (column, value).
    """

    keys: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it needs."""
        return (*self.keys, *(name for name, _ in self.values))


@dataclass(frozen=True)
class CrossSlicing:
    """Slices that are held against others.

    Attributes:
        baseline: From the figures of these the others' are taken.
        comparisons: The others; none: every slice that is no baseline.
    """

    baseline: Slicing
    comparisons: tuple[Slicing, ...] = ()


@dataclass(frozen=True)
class ModelSpec:
    """A model that has predicted already.

    Attributes:
        name: What the file calls it; empty: nothing.
        label: The label's column; empty: the file does not say.
        prediction: The column of its predictions; empty: the file does not say.
        weight: The column of what each row weighs; empty: 1.
        baseline: Whether the others are compared with it.
    """

    name: str
    label: str
    prediction: str
    weight: str
    baseline: bool


@dataclass(frozen=True)
class EvalConfig:
    """What is measured, and on which slices.

    Attributes:
        label: The label's column; empty where the file leaves it to benison.yaml.
        slicings: How rows are cut; all rows together are always measured.
        metrics: Names as `benison.core.metrics` writes them, each once, in the file's order. Those that TFMA measures
            have to be spoken of (`declared`, `benison.core.metrics.speaking`) when the file is read.
        models: Whose predictions, where those are ready; none in a project, whose models are those of the pipeline.
        weight: The column of what each row weighs; empty: every row weighs 1.
        crosses: Which slices are held against one another.
        plots: Those of TFMA's that are written for it.
        query: The column of what rows are ranked within, where metrics are those of rankings; else empty.
        gain: The column of gains, as metrics name it; empty: they do not.
    """

    label: str
    slicings: tuple[Slicing, ...]
    metrics: tuple[str, ...]
    models: tuple[ModelSpec, ...] = ()
    weight: str = ""
    crosses: tuple[CrossSlicing, ...] = ()
    plots: tuple[Plot, ...] = ()
    query: str = ""
    gain: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that slices are cut by, each once."""
        return tuple(dict.fromkeys(name for slicing in self.slicings for name in slicing.columns))


def read(path: Path) -> EvalConfig:
    """Reads a project's evaluation config: JSON, or a text or binary proto, by its name.

    Raises:
        ConfigError: It is missing, not what its name says, or says something that is not acted on.
    """
    top = Section(path.name, content_of(path))
    models = top.sections("model_specs")
    if len(models) > 1:
        raise top.error("model_specs", "one model; champion and reference are added to it", f"{len(models)}")
    crosses = _crosses(top)
    slicings, metrics, plots = _measured(top)
    label, weight = _columns(models)
    return EvalConfig(label, slicings, metrics, weight=weight, crosses=crosses, plots=plots)


def read_with_models(path: Path) -> EvalConfig:
    """Reads the evaluation config of predictions that are there already, which may speak of several models.

    Raises:
        ConfigError: It is missing, not what its name says, or says something that is not acted on.
    """
    top = Section(path.name, content_of(path))
    models = tuple(_model(section) for section in top.sections("model_specs"))
    crosses = _crosses(top)
    slicings, metrics, plots = _measured(top)
    label = _one(top, "label_key", [model.label for model in models])
    weight = _one(top, "example_weight_key", [model.weight for model in models])
    query, gain = ranked_by(top)
    return EvalConfig(label, slicings, metrics, models, weight, crosses, plots, query, gain)


def task_in(path: Path) -> str:
    """The task that the metrics of an evaluation config are of; empty where they leave it open.

    Raises:
        ConfigError: The file is missing, or not what its name says.
    """
    specs = Section(path.name, content_of(path)).sections("metrics_specs")
    if any(option in spec.content for spec in specs for option in OPTIONS):
        return MULTICLASS
    if any(spec.content.get(QUERY_KEY) for spec in specs):
        return RANKING
    metrics = [one for spec in specs for one in spec.sections("metrics")]
    return task_of([one.take("class_name", str) for one in metrics])


def _one(top: Section, key: str, said: list[str]) -> str:
    """The column that all models name, as far as they name one."""
    named = list(dict.fromkeys(column for column in said if column))
    if len(named) > 1:
        got = " and ".join(map(repr, named))
        raise top.error("model_specs", f"one {key}, that of the rows which all models predicted", got)
    return named[0] if named else ""


def _crosses(top: Section) -> tuple[CrossSlicing, ...]:
    found = []
    for section in top.sections("cross_slicing_specs"):
        baseline = _slicing(section.section("baseline_spec", optional=True))
        found.append(CrossSlicing(baseline, tuple(_slicing(one) for one in section.sections("slicing_specs"))))
        section.close()
    return tuple(found)


def _measured(top: Section) -> tuple[tuple[Slicing, ...], tuple[str, ...], tuple[Plot, ...]]:
    """Slices, metrics and plots; whatever else stands beside them is refused."""
    slicings = tuple(_slicing(section) for section in top.sections("slicing_specs"))
    asked = [one for section in top.sections("metrics_specs") for one in metrics_of(section)]
    metrics = [one for one in asked if isinstance(one, str)]
    plots = {one.kind: one for one in asked if isinstance(one, Plot)}
    top.close()
    if not metrics:
        raise top.error("metrics_specs", "at least one metric", "none", 'write  {"metrics": [{"className": "AUC"}]}')
    return slicings or (Slicing(),), tuple(dict.fromkeys(metrics)), tuple(plots.values())


def _columns(models: list[Section]) -> tuple[str, str]:
    """Label and weight of a project's one model."""
    if not models:
        return "", ""
    label, weight = models[0].take("label_key", str, ""), models[0].take("example_weight_key", str, "")
    models[0].close()
    return label, weight


def _model(section: Section) -> ModelSpec:
    model = ModelSpec(
        name=section.take("name", str, ""),
        label=section.take("label_key", str, ""),
        prediction=section.take("prediction_key", str, ""),
        weight=section.take("example_weight_key", str, ""),
        baseline=section.take("is_baseline", bool, False),
    )
    section.close()
    return model


def _slicing(section: Section) -> Slicing:
    values = section.take("feature_values", dict, {})
    slicing = Slicing(section.texts("feature_keys", ()), tuple((name, str(value)) for name, value in values.items()))
    section.close()
    return slicing


def check_columns(config: EvalConfig, path: Path, columns: list[str]) -> None:
    """Makes sure that every column that slices are cut by is among those of the data.

    Raises:
        ConfigError: One is not; the message names the nearest that is.
    """
    for name in config.columns:
        if name not in columns:
            where = f"{path.name} (slicing_specs)"
            raise ConfigError(where, expected="columns of the data", got=repr(name), hint=nearest(name, columns))
