"""The metrics and plots that an evaluation config asks for, by TFMA's classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from benison.core.aspects import RANK
from benison.core.metrics import BINARY, MULTICLASS, RANKING, REGRESSION, THRESHOLD, TOP_K, Kind, Metric, spoken
from benison.core.plots import ARGUMENTS, CALIBRATION, CLASS_MATRIX, MOST, USUAL, Plot
from benison.core.sections import Section
from benison.core.spelling import nearest
from benison.eval_config import of_tfma
from benison.eval_config.classes import Wanted, asked_of, wanted_of
from benison.eval_config.ranking import QUERY_KEY, at_places

_PLOTS = {BINARY: tuple(ARGUMENTS), REGRESSION: (CALIBRATION,), MULTICLASS: (CLASS_MATRIX,)}


def metrics_of(section: Section) -> list[str | Plot]:
    """What one of ``metrics_specs`` asks for.

    Raises:
        ConfigError: Something in it is not known, or not acted on.
    """
    _no_thresholds(section, ("thresholds", "per_slice_thresholds", "cross_slice_thresholds"))
    if spoken().task == RANKING:
        section.take(QUERY_KEY, str, "")
    wanted = wanted_of(section) if spoken().of_classes else ()
    found = [name for one in section.sections("metrics") for name in _metric(one, wanted)]
    section.close()
    return found


def _metric(section: Section, wanted: Sequence[Wanted]) -> Sequence[str | Plot]:
    """One class may stand for several metrics: at several thresholds, or a group of rates; or for a plot."""
    _no_thresholds(section, ("threshold", "per_slice_thresholds", "cross_slice_thresholds"))
    name, words = section.take("class_name", str), spoken()
    plots = _PLOTS.get(words.task, ())
    known = [*words.classes, *words.classes_of_one, *words.groups, *plots]
    if name not in known and words.of_classes:
        raise section.error("class_name", f"a metric of {words.task} models", repr(name), nearest(name, known))
    if name not in known:
        return [of_tfma.name_of(section, words, known)]
    config = of_tfma.arguments_of(section)
    if name in plots:
        section.close()
        return [_plot(name, config)]
    if name in words.groups:
        kinds, usual = words.groups[name]
        asked = [Metric(words.kinds[kind], at) for at in _thresholds(config, usual) for kind in kinds]
    elif name in words.classes_of_one:
        asked = asked_of(kind := words.classes_of_one[name], _at(kind, config), config, wanted)
    elif wanted:
        expected = "metrics of one class beside binarize and aggregate"
        raise section.error("class_name", expected, name, "write those of all classes into metrics_specs of their own")
    else:
        _in_its_module(section, words.classes[name])
        asked = _at(words.classes[name], config)
    section.close()
    _own_name(config, asked)
    config.close()
    return [metric.name for metric in asked]


def _plot(kind: str, config: Section) -> Plot:
    number = config.whole(ARGUMENTS[kind], USUAL, low=2) if kind in ARGUMENTS else 0
    if number > MOST:
        raise config.error(ARGUMENTS[kind], f"at most {MOST}", f"{number}")
    plot = Plot(kind, number, _ends(config) if spoken().task == REGRESSION else None)
    if (name := config.take("name", str, plot.name)) != plot.name:
        raise config.error("name", f"none, or {plot.name}", repr(name))
    config.close()
    return plot


def _ends(config: Section) -> tuple[float, float]:
    """Between which numbers predictions are told apart: TFMA's usual 0 and 1 are the ends of probabilities."""
    for key, what in (("left", "begins"), ("right", "ends")):
        if key not in config.content:
            hint = 'say between which numbers predictions lie:  "config": \'{"left": 0, "right": 500}\''
            raise config.error(key, f"the number at which the plot {what}", "none", hint)
    left, right = (config.take(key, float) for key in ("left", "right"))
    if not 0 < right - left < math.inf:
        raise config.error("right", f"a finite number above left, which is {left:g}", f"{right:g}")
    return left, right


def _in_its_module(section: Section, kind: Kind) -> None:
    """TFMA names the module of a user's own metric beside its class."""
    module = section.take("module", str, kind.own) if kind.own else ""
    if module != kind.own:
        raise section.error("module", f"{kind.own}, the file that the metric stands in", repr(module))


def _at(kind: Kind, config: Section) -> list[Metric]:
    if kind.parameter == THRESHOLD:
        return [Metric(kind, at) for at in _thresholds(config, (kind.default,), kind.argument)]
    if kind.parameter == TOP_K:
        return at_places(kind, config)
    if kind.needs:
        return [Metric(kind, at) for at in _thresholds(config, (), kind.parameter)]
    if not kind.parameter or kind.parameter not in config.content:
        return [Metric(kind, kind.default)]
    number = float(config.whole(kind.parameter, 0, low=1 if kind.parameter == RANK else 3))
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
    # TFMA calls a metric the same whichever class it is of.
    if name and list(dict.fromkeys(replace(metric, of="", top=0).name for metric in asked)) != [name]:
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
