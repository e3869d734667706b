"""columns: which columns of a file are the label and the models' predictions, by evaluation config and command line.

The command line says what the config leaves out; where both say something, it has to be the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benison.components.evaluator.classes import PLACE, columns_of_classes, title_of
from benison.components.evaluator.compare import CHALLENGER
from benison.config import BASELINES, OwnMetrics
from benison.core.errors import ConfigError
from benison.core.metrics import BINARY, MULTICLASS, RANKING, spoken
from benison.core.spelling import nearest
from benison.eval_config import EvalConfig, ModelSpec, Slicing, check_columns

_SPECS = "model_specs"


@dataclass(frozen=True)
class Said:
    """What the command line says.

    Attributes:
        label: The label's column; empty: nothing.
        prediction: The column of the predictions of the model that is asked about; empty: nothing.
        baselines: The columns of those it is compared with.
        slices: Columns by whose values rows are cut, beside what the config says.
        weight: The column of what each row weighs; empty: nothing.
        unit: The column of what each row is of, such as a user; empty: nothing.
        query: The column of what rows are ranked within; empty: nothing.
    """

    label: str = ""
    prediction: str = ""
    baselines: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    weight: str = ""
    unit: str = ""
    query: str = ""


@dataclass(frozen=True)
class Model:
    """A model that has predicted.

    Attributes:
        name: What figures and pages call it.
        column: Where its predictions are; of several classes the pattern of their columns.
        classes: The column of each class, where there are several.
    """

    name: str
    column: str
    classes: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """All that it has."""
        return tuple(self.classes.values()) or (self.column,)


@dataclass(frozen=True)
class Columns:
    """What the columns of a file are.

    Attributes:
        label: The label's.
        models: By role; the one that is asked about is the challenger, its baseline the champion, a second one the
            reference.
        config: Slices and metrics.
        config_file: Where the slices are named, for messages.
        unit: The column of what each row is of; empty: rows are independent.
        own: Metrics that the user wrote; None: there are none.
        task: What the models answer.
        query: The column of what rows are ranked within, where models rank; else empty.
    """

    label: str
    models: Mapping[str, Model]
    config: EvalConfig
    config_file: str
    unit: str = ""
    own: OwnMetrics | None = None
    task: str = BINARY
    query: str = ""

    @property
    def all(self) -> tuple[str, ...]:
        """Every column that is needed, each once."""
        predicted = (name for model in self.models.values() for name in model.columns)
        own = (name for one in (self.own.metrics if self.own else ()) for name in one.columns)
        counted = (name for name in (self.config.weight, self.unit, self.query) if name)
        return tuple(dict.fromkeys((self.label, *predicted, *counted, *self.config.columns, *own)))


def columns_of(
    said: Said, file: Path | None, config: EvalConfig | None, known: Sequence[str], own: OwnMetrics | None = None
) -> Columns:
    """Puts command line and evaluation config together.

    Args:
        said: The command line.
        file: The evaluation config's; None: there is none, and every metric is measured.
        config: What it says.
        known: The columns that there are.
        own: Metrics that the user wrote.

    Raises:
        ConfigError: Something is missing, said twice, or no column; the message names the nearest one.
    """
    name = file.name if file else ""
    config = config or EvalConfig("", (Slicing(),), spoken().usual)
    label = _label(said, config, name, known)
    models = _models(said, config.models, name, known)
    _apart(label, models)
    if file is not None:
        check_columns(config, file, list(known))
    for column in said.slices:
        _Said(column, "--slice").check(known)
    slicings = dict.fromkeys([*config.slicings, *(Slicing((column,)) for column in said.slices)])
    weight = _optional(_Said(config.weight, f"{name} ({_SPECS})"), _Said(said.weight, "--weight"), known)
    query = _query(said, config, name, known)
    config = replace(config, slicings=tuple(slicings), weight=weight, query=query)
    unit = _Said(said.unit, "--unit").check(known) if said.unit else ""
    if spoken().task == MULTICLASS:
        models = _with_classes(models, (label, weight, unit, *config.columns), known)
    if own:
        own.check_columns(known)
    return Columns(label, models, config, name or "--slice", unit, own, spoken().task, query)


def _label(said: Said, config: EvalConfig, file: str, known: Sequence[str]) -> str:
    """The label's column; what rows of a ranking gain is their label, and no second column."""
    gain = _Said(config.gain, f"{file} (metrics_specs.metrics.config.gain_key)")
    option = gain if config.gain and not said.label else _Said(said.label, "--label")
    label = _one(_Said(config.label, f"{file} ({_SPECS})"), option, "the label", known)
    if config.gain not in ("", label):
        hint = "the label is what a row gains, its relevance: name one column"
        raise ConfigError(gain.where, expected=f"the label's column, {label!r}", got=repr(config.gain), hint=hint)
    return label


def _query(said: Said, config: EvalConfig, file: str, known: Sequence[str]) -> str:
    """The column of the query, of models that rank, and of no others."""
    option = _Said(said.query, "--query")
    if spoken().task == RANKING:
        return _one(_Said(config.query, f"{file} (metrics_specs.query_key)"), option, "the query", known)
    if said.query:
        hint = "say  --task ranking  where models rank the rows of a query"
        raise ConfigError(
            "--query", expected=f"none where the task is {spoken().task}", got=repr(said.query), hint=hint
        )
    return ""


@dataclass(frozen=True)
class _Said:
    """A column's name, and who said it."""

    column: str
    where: str

    def check(self, known: Sequence[str]) -> str:
        several = spoken().task == MULTICLASS and (PLACE in self.column or _of_places(self.column) in known)
        if self.column not in known and not several:
            hint = nearest(self.column, known)
            raise ConfigError(self.where, expected="a column of the predictions", got=repr(self.column), hint=hint)
        return self.column


def _optional(config: _Said, option: _Said, known: Sequence[str]) -> str:
    """The column that either names; empty where neither does."""
    return _one(config, option, "", known) if config.column or option.column else ""


def _one(config: _Said, option: _Said, what: str, known: Sequence[str]) -> str:
    """The column that either names."""
    if not config.column and not option.column:
        hint = f"name it with  {option.where} COLUMN ; there are {', '.join(known)}"
        raise ConfigError(option.where, expected=f"the column of {what}", got="none", hint=hint)
    if config.column and option.column and config.column != option.column:
        hint = f"leave {option.where} out: {config.where} says it"
        raise ConfigError(option.where, expected=repr(config.column), got=repr(option.column), hint=hint)
    return (option if option.column else config).check(known)


def _models(said: Said, specs: Sequence[ModelSpec], file: str, known: Sequence[str]) -> dict[str, Model]:
    asked = [spec for spec in specs if not spec.baseline] if specs else [ModelSpec("", "", "", "", False)]
    against = [spec for spec in specs if spec.baseline]
    if len(asked) != 1:
        raise _not_one(len(asked), len(against), file)
    if not against:
        against = [ModelSpec("", "", "", "", True) for _ in said.baselines]
    if len(against) > len(BASELINES):
        got, hint = f"{len(against)}", "evaluate against the others in a second call"
        raise ConfigError("--baseline", expected=f"at most {len(BASELINES)} baselines", got=got, hint=hint)
    options = [_Said(column, "--baseline") for column in said.baselines]
    if len(options) not in (0, len(against)):
        where, hint = f"{file} ({_SPECS})", "leave --baseline out where the config names the baselines"
        raise ConfigError(
            "--baseline", expected=f"as many as in {where}, {len(against)}", got=f"{len(options)}", hint=hint
        )
    options = options or [_Said("", "--baseline")] * len(against)
    pairs = zip([*asked, *against], [_Said(said.prediction, "--prediction"), *options], strict=True)
    found = [_model(spec, option, file, known) for spec, option in pairs]
    return dict(zip((CHALLENGER, *BASELINES), found, strict=False))


def _model(spec: ModelSpec, option: _Said, file: str, known: Sequence[str]) -> Model:
    what = f"the predictions of {spec.name or ('the baseline' if spec.baseline else 'the model')}"
    column = _one(_Said(spec.prediction, f"{file} ({_SPECS})"), option, what, known)
    return Model(spec.name or (title_of(column) if PLACE in column else column), column)


def _with_classes(models: Mapping[str, Model], others: Sequence[str], known: Sequence[str]) -> dict[str, Model]:
    """The models with the column of each class."""
    found = {}
    patterns = {role: _pattern(model.column, known) for role, model in models.items()}
    for role, model in models.items():
        beside = [pattern for other, pattern in patterns.items() if other != role]
        classes = columns_of_classes(patterns[role], [*others, *beside], known)
        if len(classes) < 2:
            got = f"{', '.join(map(repr, classes.values())) or 'none'} of {', '.join(known)}"
            raise ConfigError(f"--prediction {model.column!r}", expected="the columns of several classes", got=got)
        found[role] = replace(model, classes=classes)
    return found


def _pattern(column: str, known: Sequence[str]) -> str:
    """What stands for the columns of all classes; of a column of lists, which has been read as one for each place."""
    if PLACE not in column and _of_places(column) in known:
        return f"{column}[{PLACE}]"
    if PLACE not in column:
        hint = f"write  --prediction 'p_{PLACE}'  where columns are called p_cat, p_dog, ..."
        raise ConfigError("--prediction", expected=f"a list, or a pattern with {PLACE}", got=repr(column), hint=hint)
    return column


def _of_places(column: str) -> str:
    return f"{column}[0]"


def _not_one(asked: int, against: int, file: str) -> ConfigError:
    hint = "evaluate one after another, or give the one that they are compared with  is_baseline: true"
    got = f"{asked}, and {against} baselines" if against else f"{asked} without a baseline"
    return ConfigError(f"{file} ({_SPECS})", expected="one model beside its baseline", got=got, hint=hint)


def _apart(label: str, models: Mapping[str, Model]) -> None:
    """Refuses a column, or a name, that is two things at once."""
    columns = [label, *(model.column for model in models.values())]
    for what, names in (("column", columns), ("name", [model.name for model in models.values()])):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            expected = f"label and predictions of each model with a {what} of their own"
            raise ConfigError(f"{what} {twice!r}", expected=expected, got="the same twice")
