"""What an evaluation config asks of several classes: TFMA's binarize and aggregate, and a metric's own arguments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benison.core.aspects import MACRO, MACRO_RANKS, MICRO, MICRO_RANKS, RANK, WEIGHTED_MACRO, Aspect
from benison.core.metrics import THRESHOLD, Kind, Metric
from benison.core.sections import Section

OPTIONS = ("binarize", "aggregate")
_AVERAGES = {"micro_average": MICRO, "macro_average": MACRO, "weighted_macro_average": WEIGHTED_MACRO}


@dataclass(frozen=True)
class Wanted:
    """One aspect that is asked for.

    Attributes:
        of: As in `Metric`.
        top: Likewise.
        told: Whether the aspect is one of ranks, which may be cut by a threshold instead.
    """

    of: str
    top: int = 0
    told: bool = False


def wanted_of(section: Section) -> tuple[Wanted, ...]:
    """What one of ``metrics_specs`` asks of classes; none: it says nothing of them.

    Raises:
        ConfigError: Something in it is not known.
    """
    binarize = section.section("binarize", optional=True)
    found = [Wanted(f"{number}") for number in _numbers(binarize, "class_ids", least=0)]
    found += [Wanted(Aspect(RANK, rank=rank).text) for rank in _numbers(binarize, "k_list")]
    found += [Wanted("", top) for top in _numbers(binarize, "top_k_list")]
    binarize.close()
    return (*found, *_averages(section.section("aggregate", optional=True)))


def _numbers(section: Section, key: str, least: int = 1) -> list[int]:
    inside = section.section(key, optional=True)
    found = inside.take("values", list, [])
    inside.close()
    if not all(type(number) is int and number >= least for number in found):
        raise section.error(key, f"whole numbers from {least}", repr(found))
    return found


def _averages(section: Section) -> Iterator[Wanted]:
    hows = [how for key, how in _AVERAGES.items() if section.take(key, bool, False)]
    weights, ranks = _weights(section), _numbers(section, "top_k_list")
    section.close()
    if section.content and len(hows) != 1:
        raise section.error("micro_average", f"one of {', '.join(_AVERAGES)}", f"{len(hows)} of them")
    if weights and ranks:
        raise section.error("class_weights", "none beside top_k_list", "some")
    for how in hows:
        if not ranks:
            yield Wanted(Aspect(how, weights=weights).text)
        for rank in ranks:
            # Ranks have no share of labels, so that both means over them are one.
            seen = Aspect(MICRO_RANKS if how == MICRO else MACRO_RANKS, rank=rank)
            yield Wanted(seen.text, rank * (how == MICRO), told=how == MICRO)


def _weights(section: Section) -> dict[int, float]:
    found = section.take("class_weights", dict, {})
    weights = found.values()
    sound = all(str(number).isdigit() for number in found)
    sound = sound and all(type(weight) in (int, float) and weight >= 0 for weight in weights)
    if not sound or (found and not any(weights)):
        expected = "a weight from 0 for each number of a class, not all of them 0"
        raise section.error("class_weights", expected, repr(found))
    return {int(number): float(weight) for number, weight in found.items()}


def asked_of(kind: Kind, plain: Sequence[Metric], config: Section, wanted: Sequence[Wanted]) -> list[Metric]:
    """A metric of each aspect.

    Args:
        kind: The metric's.
        plain: It, at every threshold that its config asks for.
        config: The arguments of its class, which may name a class and a number of answers themselves.
        wanted: What stands beside it; none: what the config names, else all classes taken together, as TFMA has it.

    Raises:
        ConfigError: Both say it, or the metric cannot be asked so.
    """
    number, top = config.take("class_id", int, -1), config.take("top_k", int, 0)
    if (number >= 0 or top) and wanted:
        raise config.error("top_k" if top else "class_id", "none beside binarize and aggregate", "one")
    if not wanted:
        wanted = (Wanted(f"{number}" if number >= 0 else "" if top else MICRO, top),)
    return [one for want in wanted for one in _of(kind, plain, config, want)]


def _of(kind: Kind, plain: Sequence[Metric], config: Section, want: Wanted) -> list[Metric]:
    cut = kind.parameter != THRESHOLD or kind.argument in config.content
    top = 0 if want.told and cut else want.top
    if top and cut:
        hint = "the highest predictions are the answer, whatever they are"
        raise config.error("top_k", f"another metric than {kind.name}, and no thresholds", f"top_k {top}", hint)
    return [replace(one, of=want.of, top=top) for one in plain]
