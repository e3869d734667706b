"""Metrics of an evaluation config that TFMA knows and that are not measured here: TFMA's own classes, and Keras's.

What they are called is told by the config alone, so that whoever reads a policy need not import TFMA.
"""

from __future__ import annotations

import importlib
import inspect
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benison.core.errors import ConfigError
from benison.core.logs import quiet_imports
from benison.core.metrics import BINARY, VOCABULARIES, Kind, OfTfma, Vocabulary
from benison.core.plots import NAMES
from benison.core.sections import Section
from benison.core.spelling import nearest
from benison.eval_config.content import content_of

# Keras's own rule for the name of a class: KLDivergence is kl_divergence.
_WORD, _CAPITAL = re.compile(r"(.)([A-Z][a-z0-9]+)"), re.compile(r"([a-z])([A-Z])")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PACKAGES = ("tensorflow_model_analysis", "tf_keras", "keras", "tensorflow")


def declared(path: Path, task: str = BINARY, own: Sequence[Kind] = ()) -> tuple[Kind, ...]:
    """The metrics of an evaluation config that only TFMA can know, by what the file alone tells.

    Args:
        path: The file. What is wrong in it is told by those who read all of it: here it then has none.
        task: What the models answer.
        own: Metrics that the user wrote.
    """
    known = {name for kind in own for name in kind.classes}.union(*map(_classes, VOCABULARIES.values()), NAMES)
    try:
        specs = Section(path.name, content_of(path)).sections("metrics_specs")
        asked = [one for spec in specs for one in spec.sections("metrics")]
        return tuple(_kind(one, task) for one in asked if one.content.get("class_name") not in known)
    except ConfigError:
        return ()


def _classes(words: Vocabulary) -> set[str]:
    return {*words.classes, *words.groups}


def arguments_of(section: Section) -> Section:
    """The arguments of a metric's class: JSON in a text, as TFMA has it.

    Raises:
        ConfigError: They are something else.
    """
    written = section.take("config", str, "") or "{}"
    try:
        content = json.loads(written)
    except json.JSONDecodeError as error:
        raise section.error("config", "JSON of a mapping", error.msg) from error
    if not isinstance(content, dict):
        raise section.error("config", "JSON of a mapping", written)
    return Section(section.file, content, section.lines, (*section.at, "config"))


def _kind(section: Section, task: str) -> Kind:
    """The metric that a class stands for, whether TFMA knows it or not."""
    class_name, module = section.take("class_name", str), section.take("module", str, "")
    arguments = arguments_of(section)
    usual = _CAPITAL.sub(r"\1_\2", _WORD.sub(r"\1_\2", class_name)).lower()
    name = arguments.take("name", str, usual)
    others = {key: value for key, value in arguments.content.items() if key != "name"}
    asked = OfTfma(module, json.dumps(others, sort_keys=True))
    return Kind(name, (class_name,), 0, -math.inf, math.inf, task=task, tfma=asked)


def name_of(section: Section, words: Vocabulary, known: Sequence[str]) -> str:
    """What a metric is called that is not measured here; TFMA is asked whether it knows it.

    Args:
        section: One of the ``metrics``.
        words: The metrics that may be asked for, with what `declared` found.
        known: The classes of those that are measured here.

    Raises:
        ConfigError: TFMA does not know it either, or cannot make one figure of one model of it.
    """
    kind = _kind(section, words.task)
    section.close()
    class_name = kind.classes[0]
    if any(class_name in _classes(other) for other in VOCABULARIES.values()):
        raise section.error(
            "class_name", f"a metric of {words.task} models", repr(class_name), nearest(class_name, known)
        )
    _check(section, kind, words.task, known)
    if not _NAME.fullmatch(kind.name):
        raise section.error("config", "a name in small letters, digits and _, a letter first", repr(kind.name))
    known_as = words.kinds.get(kind.name)
    # Kinds as such are not compared: NaN, which stands in them, is not equal to itself.
    if known_as is None or (known_as.tfma, known_as.classes) != (kind.tfma, kind.classes):
        hint = 'give it another:  "config": \'{"name": "..."}\''
        raise section.error("config", "a name that no other metric has", repr(kind.name), hint)
    return kind.name


def _check(section: Section, kind: Kind, task: str, known: Sequence[str]) -> None:
    """Makes sure that TFMA can be asked for it, without starting TensorFlow, whose process could not be forked then."""
    found, keras = _class_of(section, kind, task, known)
    try:
        if keras:
            inspect.signature(found).bind(**_arguments(kind))
            return
        keys = _keys(kind)
    except (TypeError, ValueError) as error:
        raise section.error(
            "config", f"what {kind.classes[0]} of TFMA takes", str(error).removeprefix("got ")
        ) from error
    if keys != [(kind.name, False)]:
        hint = "plots, samples, attributions, and what compares two models, are none"
        raise section.error("class_name", "one figure of one model", kind.classes[0], hint)


def _class_of(section: Section, kind: Kind, task: str, known: Sequence[str]) -> tuple[Any, bool]:
    """The class, and whether it is one of Keras's."""
    with quiet_imports():
        from tensorflow_model_analysis.metrics import metric_types
        from tensorflow_model_analysis.utils.keras_lib import tf_keras

    class_name, module = kind.classes[0], kind.tfma.module if kind.tfma else ""
    registered: Mapping[str, Any] = metric_types.registered_metrics()
    bases = (tf_keras.metrics.Metric, tf_keras.losses.Loss)
    among = _module(section, module) if module else {**dict(_subclasses(tf_keras.metrics, bases[:1])), **registered}
    if class_name not in among:
        expected, hint = f"a metric of {task} models, or one that TFMA knows", nearest(class_name, {*known, *among})
        raise section.error("class_name", expected, repr(class_name), hint)
    found = among[class_name]
    if not (inspect.isclass(found) and issubclass(found, (metric_types.Metric, *bases))):
        hint = "Keras 3 has metrics that TFMA does not take: leave module out, and it takes those of tf_keras"
        raise section.error("module", "a class that TFMA measures", f"{class_name} of {module}", hint)
    return found, issubclass(found, bases)


def _subclasses(module: Any, bases: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for name, found in vars(module).items():
        if inspect.isclass(found) and issubclass(found, bases) and found not in bases:
            yield name, found


def _module(section: Section, module: str) -> Mapping[str, Any]:
    if module.partition(".")[0] not in _PACKAGES:
        hint = "a metric of your own stands in the file of --metrics, or of metrics: in benison.yaml"
        raise section.error("module", "a module of TFMA or Keras", repr(module), hint)
    try:
        return vars(importlib.import_module(module))
    except ImportError as error:
        raise section.error("module", "a module that there is", str(error)) from error


def _arguments(kind: Kind) -> dict[str, Any]:
    others: dict[str, Any] = json.loads(kind.tfma.arguments) if kind.tfma else {}
    return {"name": kind.name, **others}


def _keys(kind: Kind) -> list[tuple[str, bool]]:
    """The figures that TFMA makes of it for a model called m: names, and whether each is a difference of two models."""
    from tensorflow_model_analysis.metrics import metric_specs, metric_types
    from tensorflow_model_analysis.proto import config_pb2

    models = [config_pb2.ModelSpec(name=name, label_key="label", prediction_key=name) for name in ("m", "n")]
    metric = config_pb2.MetricConfig(
        class_name=kind.classes[0], module=kind.tfma.module if kind.tfma else "", config=json.dumps(_arguments(kind))
    )
    spec = config_pb2.MetricsSpec(metrics=[metric], model_names=["m"])
    config = config_pb2.EvalConfig(model_specs=models, metrics_specs=[spec])
    made = metric_specs.to_computations([spec], eval_config=config)
    keys = dict.fromkeys(key for one in made for key in one.keys if not key.name.startswith("_"))
    of_m = [type(key) is metric_types.MetricKey and key.model_name == "m" for key in keys]
    return [(key.name if of else "", key.is_diff) for key, of in zip(keys, of_m, strict=True)]
