"""eval_config.json: TFMA's EvalConfig, the part of it that is acted on, read strictly and without TFMA.

Keys may be written as in protobuf's JSON (``slicingSpecs``) or as in its text format (``slicing_specs``). A field that
is not acted on here is an error: a gate must not be switched off by a field that nobody reads. Protobuf's own formats,
text and binary, are read as well where predictions of any framework are evaluated; those alone need TFMA.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import json_format, message, text_format

from benison.core.errors import ConfigError
from benison.core.metrics import THRESHOLD, Kind, Metric, spoken, task_of
from benison.core.sections import Section
from benison.core.spelling import nearest

TEXT_SUFFIXES = (".pbtxt", ".textproto", ".txtpb", ".prototxt")
BINARY_SUFFIXES = (".pb", ".binpb")
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
_NO_FIELD = re.compile(r'Message type "(?P<type>[^"]+)" has no field named "(?P<field>[^"]+)"')


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
        metrics: Names as `benison.core.metrics` writes them, each once, in the file's order.
        models: Whose predictions, where those are ready; none in a project, whose models are those of the pipeline.
        weight: The column of what each row weighs; empty: every row weighs 1.
    """

    label: str
    slicings: tuple[Slicing, ...]
    metrics: tuple[str, ...]
    models: tuple[ModelSpec, ...] = ()
    weight: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that slices are cut by, each once."""
        return tuple(dict.fromkeys(name for slicing in self.slicings for name in slicing.columns))


def read(path: Path) -> EvalConfig:
    """Reads a project's evaluation config, which is JSON.

    Raises:
        ConfigError: It is missing, not JSON, or says something that is not acted on.
    """
    top = Section(path.name, _snake_keys(_json(path)))
    models = top.sections("model_specs")
    if len(models) > 1:
        raise top.error("model_specs", "one model; champion and reference are added to it", f"{len(models)}")
    slicings, metrics = _measured(top)
    label, weight = _columns(models)
    return EvalConfig(label, slicings, metrics, weight=weight)


def read_with_models(path: Path) -> EvalConfig:
    """Reads the evaluation config of predictions that are there already: JSON, or a text or binary proto, by its name.

    Raises:
        ConfigError: It is missing, not what its name says, or says something that is not acted on.
    """
    top = Section(path.name, _content(path))
    models = tuple(_model(section) for section in top.sections("model_specs"))
    slicings, metrics = _measured(top)
    label = _one(top, "label_key", [model.label for model in models])
    weight = _one(top, "example_weight_key", [model.weight for model in models])
    return EvalConfig(label, slicings, metrics, models, weight)


def task_in(path: Path) -> str:
    """The task that the metrics of an evaluation config are of; empty where they leave it open.

    Raises:
        ConfigError: The file is missing, or not what its name says.
    """
    specs = Section(path.name, _content(path)).sections("metrics_specs")
    metrics = [one for spec in specs for one in spec.sections("metrics")]
    return task_of([one.take("class_name", str) for one in metrics])


def _content(path: Path) -> dict[str, Any]:
    content = _proto(path) if path.suffix in (*TEXT_SUFFIXES, *BINARY_SUFFIXES) else _snake_keys(_json(path))
    return dict(content)


def _one(top: Section, key: str, said: list[str]) -> str:
    """The column that all models name, as far as they name one."""
    named = list(dict.fromkeys(column for column in said if column))
    if len(named) > 1:
        got = " and ".join(map(repr, named))
        raise top.error("model_specs", f"one {key}, that of the rows which all models predicted", got)
    return named[0] if named else ""


def _measured(top: Section) -> tuple[tuple[Slicing, ...], tuple[str, ...]]:
    """Slices and metrics; whatever else stands beside them is refused."""
    slicings = tuple(_slicing(section) for section in top.sections("slicing_specs"))
    metrics = [name for section in top.sections("metrics_specs") for name in _metrics(section)]
    top.close()
    if not metrics:
        raise top.error("metrics_specs", "at least one metric", "none", 'write  {"metrics": [{"className": "AUC"}]}')
    return slicings or (Slicing(),), tuple(dict.fromkeys(metrics))


def _proto(path: Path) -> dict[str, Any]:
    """A proto as the JSON that it corresponds to, keys as in the text format."""
    config_pb2 = _tfma(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(str(path), expected="a file that can be read", got=error.strerror or str(error)) from error
    config = config_pb2.EvalConfig()
    if path.suffix in TEXT_SUFFIXES:
        _parse_text(path.name, raw, config)
    else:
        _parse_binary(path.name, raw, config)
    content: dict[str, Any] = json_format.MessageToDict(config, preserving_proto_field_name=True)
    return content


def _tfma(path: Path) -> Any:
    try:
        from tensorflow_model_analysis.proto import config_pb2
    except ImportError as error:
        hint = "write the config in JSON, which needs no TFMA, or install tensorflow-model-analysis"
        raise ConfigError(path.name, expected="TFMA, to read a proto", got=str(error), hint=hint) from error
    return config_pb2


def _parse_text(name: str, raw: bytes, config: Any) -> None:
    try:
        text_format.Parse(raw.decode(), config)
    except UnicodeDecodeError as error:
        raise ConfigError(name, expected="UTF-8 text", got=f"byte {error.object[error.start]:#x}") from error
    except text_format.ParseError as error:
        where = f"{name}:{error.GetLine()}" if error.GetLine() else name
        unknown = _NO_FIELD.search(str(error))
        if unknown is None:
            raise ConfigError(where, expected="TFMA's EvalConfig as text", got=str(error)) from error
        known = config.DESCRIPTOR.file.pool.FindMessageTypeByName(unknown["type"]).fields_by_name
        hint = nearest(unknown["field"], known)
        raise ConfigError(where, expected="a key that is known here", got=repr(unknown["field"]), hint=hint) from error


def _parse_binary(name: str, raw: bytes, config: Any) -> None:
    """A proto takes bytes that it does not know for fields of a later version: here they are bytes nobody reads."""
    try:
        config.ParseFromString(raw)
    except message.DecodeError as error:
        raise ConfigError(name, expected="TFMA's EvalConfig as a binary proto", got=str(error)) from error
    size = config.ByteSize()
    config.DiscardUnknownFields()
    if config.ByteSize() != size:
        got, hint = "fields that it does not have", f"a text proto is called {TEXT_SUFFIXES[0]}"
        raise ConfigError(name, expected="TFMA's EvalConfig as a binary proto", got=got, hint=hint)


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_each_key_once)
    except OSError as error:
        raise ConfigError(str(path), expected="a file that can be read", got=error.strerror or str(error)) from error
    except json.JSONDecodeError as error:
        where = f"{path.name}:{error.lineno}"
        hint = "TFMA's EvalConfig in JSON; a project's text proto is converted by google.protobuf.json_format"
        raise ConfigError(where, expected="JSON", got=error.msg, hint=hint) from error
    except ValueError as error:
        raise ConfigError(path.name, expected="each key once, in UTF-8 text", got=str(error)) from error
    if not isinstance(content, dict):
        raise ConfigError(path.name, expected="a mapping of keys to values", got=type(content).__name__)
    return content


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} twice")
    return content


def _snake_keys(content: Any) -> Any:
    """Keys as in the text format; feature_values maps columns, whose names stay as they are."""
    if isinstance(content, list):
        return [_snake_keys(item) for item in content]
    if not isinstance(content, dict):
        return content
    named = {_CAPITAL.sub(r"_\1", key).lower(): value for key, value in content.items()}
    return {key: value if key == "feature_values" else _snake_keys(value) for key, value in named.items()}


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


def _metrics(section: Section) -> list[str]:
    _no_thresholds(section, ("thresholds", "per_slice_thresholds", "cross_slice_thresholds"))
    found = [name for one in section.sections("metrics") for name in _metric(one)]
    section.close()
    return found


def _metric(section: Section) -> list[str]:
    """One class may stand for several metrics: at several thresholds, or a group of rates."""
    _no_thresholds(section, ("threshold", "per_slice_thresholds", "cross_slice_thresholds"))
    name, known = section.take("class_name", str), spoken()
    if name not in known.classes and name not in known.groups:
        hint = nearest(name, [*known.classes, *known.groups])
        raise section.error("class_name", f"a metric of {known.task} models", repr(name), hint)
    config = _config(section)
    if name in known.groups:
        kinds, usual = known.groups[name]
        asked = [Metric(known.kinds[kind], at) for at in _thresholds(config, usual) for kind in kinds]
    else:
        _in_its_module(section, known.classes[name])
        asked = _at(known.classes[name], config)
    section.close()
    _own_name(config, asked)
    config.close()
    return [metric.name for metric in asked]


def _in_its_module(section: Section, kind: Kind) -> None:
    """TFMA names the module of a user's own metric beside its class."""
    module = section.take("module", str, kind.own) if kind.own else ""
    if module != kind.own:
        raise section.error("module", f"{kind.own}, the file that the metric stands in", repr(module))


def _config(section: Section) -> Section:
    """The arguments of a metric's class: JSON in a text, as TFMA has it."""
    written = section.take("config", str, "") or "{}"
    try:
        content = json.loads(written)
    except json.JSONDecodeError as error:
        raise section.error("config", "JSON of a mapping", error.msg) from error
    if not isinstance(content, dict):
        raise section.error("config", "JSON of a mapping", written)
    return Section(section.file, content, section.lines, (*section.at, "config"))


def _at(kind: Kind, config: Section) -> list[Metric]:
    if kind.parameter == THRESHOLD:
        return [Metric(kind, at) for at in _thresholds(config, (kind.default,), kind.argument)]
    if not kind.parameter or kind.parameter not in config.content:
        return [Metric(kind, kind.default)]
    number = float(config.whole(kind.parameter, 0, low=3))
    if number > kind.most:
        raise config.error(kind.parameter, f"at most {kind.most:g}", f"{number:g}")
    return [Metric(kind, number)]


def _thresholds(config: Section, usual: tuple[float, ...], key: str = "thresholds") -> tuple[float, ...]:
    """Those of a metric; one number may stand without a list."""
    given = config.content.get(key)
    config.asked.add(key)
    found = usual if given is None else tuple(given) if isinstance(given, list) else (given,)
    sound = [isinstance(one, (int, float)) and not isinstance(one, bool) and 0 <= one <= 1 for one in found]
    if not found or not all(sound):
        raise config.error(key, "numbers from 0 to 1", repr(given))
    return tuple(float(one) for one in found)


def _own_name(config: Section, asked: list[Metric]) -> None:
    """Refuses a name that figures would not be found under."""
    name = config.take("name", str, "")
    if name and [metric.name for metric in asked] != [name]:
        called = ", ".join(metric.name for metric in asked)
        raise config.error(
            "name", f"none, or {called}", repr(name), "figures stand under the names that all metrics have here"
        )


def _no_thresholds(section: Section, keys: tuple[str, ...]) -> None:
    for key in keys:
        if key in section.content:
            hint = (
                "write them under gate: in benison.yaml, or in the file of --gate, where bounds decide and not points"
            )
            raise section.error(key, "no thresholds here", "one", hint)


def check_columns(config: EvalConfig, path: Path, columns: list[str]) -> None:
    """Makes sure that every column that slices are cut by is among those of the data.

    Raises:
        ConfigError: One is not; the message names the nearest that is.
    """
    for name in config.columns:
        if name not in columns:
            where = f"{path.name} (slicing_specs)"
            raise ConfigError(where, expected="columns of the data", got=repr(name), hint=nearest(name, columns))
