"""model.search: in benison.yaml: which hyperparameters are searched, how, and for how long."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from benison.core import documents
from benison.core.sections import Section

ALGORITHMS = ("bayesian", "random", "grid")
OBJECTIVES = ("eval_loss", "eval_auc")
SCALES = ("linear", "log")
LONGEST_MINUTES = 30 * 24 * 60
Number = int | float


@dataclass(frozen=True)
class Range:
    """Numbers between two bounds, which both belong to it; whole ones where both bounds are.

    Attributes:
        low: The lowest.
        high: The highest, above `low`.
        step: Between two neighbours, and on a logarithmic scale from one to the next a factor; None: any number.
        log: Whether factors count rather than differences.
    """

    low: Number
    high: Number
    step: Number | None = None
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether its numbers are whole."""
        return isinstance(self.low, int) and isinstance(self.high, int)


@dataclass(frozen=True)
class Choices:
    """Some values, each of which JSON can hold; without an order."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Search:
    """A search for hyperparameters.

    Attributes:
        trials: At most so many.
        minutes: After this time no trial begins; None: as long as it takes.
        algorithm: A word of `ALGORITHMS`.
        objective: What decides on the best trial: a word of `OBJECTIVES`, of its best epoch.
        space: By name what a hyperparameter may be.
    """

    trials: int
    minutes: float | None
    algorithm: str
    objective: str
    space: dict[str, Range | Choices]


def search_of(section: Section, fixed: Collection[str]) -> Search | None:
    """Reads ``search:`` below ``model:``; None where there is none.

    Args:
        section: ``model:``, all of whose own keys were asked for.
        fixed: The names under ``hyperparameters:``.

    Raises:
        ConfigError: Something in it is not understood, or a hyperparameter is not one to search.
    """
    section.asked.add("search")
    if "search" not in section.content:
        return None
    own, settled = section.section("search"), section.asked - {"search"}
    search = Search(
        trials=own.whole("trials", low=1),
        minutes=_minutes(own),
        algorithm=own.choice("algorithm", ALGORITHMS, "bayesian"),
        objective=own.choice("objective", OBJECTIVES, "eval_loss"),
        space=_space(own, fixed, settled),
    )
    own.close()
    return search


def _minutes(own: Section) -> float | None:
    if "minutes" not in own.content:
        own.asked.add("minutes")
        return None
    minutes = own.number("minutes", low=0.0, high=LONGEST_MINUTES)
    if not minutes:
        raise own.error("minutes", "a number greater than 0", "0")
    return minutes


def _space(own: Section, fixed: Collection[str], settled: Collection[str]) -> dict[str, Range | Choices]:
    space = own.section("space")
    if not space.content:
        raise own.error("space", "at least one hyperparameter", "none", "such as  units: {from: 16, to: 256}")
    for name in space.content:
        if not isinstance(name, str):
            raise space.error(str(name), "the name of a hyperparameter", repr(name))
        if name in fixed:
            hint = "remove it under hyperparameters:, or here"
            raise space.error(name, "either a value under hyperparameters: or a place in the space", "both", hint)
        if name in settled:
            expected = "a hyperparameter, which build_model receives"
            hint = f"model.{name} is the same in all trials; call it otherwise if build_model has one of that name"
            raise space.error(name, expected, f"{name}, a key of model:", hint)
    return {name: _dimension(space, name) for name in space.content}


def _dimension(space: Section, name: str) -> Range | Choices:
    one = space.section(name)
    found = _choices(one) if "choices" in one.content else _range(one)
    one.close()
    return found


def _choices(one: Section) -> Choices:
    values = one.take("choices", list)
    if not values:
        raise one.error("choices", "a list with at least one value", "an empty one")
    try:
        written = [documents.encode(value) for value in values]
    except (TypeError, ValueError) as error:
        expected = "texts, finite numbers, true, false, lists and mappings of texts to such"
        raise one.error("choices", expected, error) from error
    twice = next((value for n, value in enumerate(values) if written[n] in written[:n]), None)
    if len(set(written)) < len(written):
        raise one.error("choices", "each value once", f"{twice!r} twice", "remove one")
    return Choices(tuple(values))


def _range(one: Section) -> Range:
    low, high = _bound(one, "from"), _bound(one, "to")
    if low >= high:
        raise one.error(
            "to", f"a number greater than from, {low}", high, "a value alone belongs under hyperparameters:"
        )
    log = one.choice("scale", SCALES, "linear") == "log"
    if log and low <= 0:
        raise one.error("from", "a number greater than 0, as scale: log needs it", low)
    found = Range(low, high, None, log) if type(low) is type(high) else Range(float(low), float(high), None, log)
    return Range(found.low, found.high, _step(one, found), log)


def _bound(one: Section, key: str) -> Number:
    value: Number = one.content[key] if type(one.content.get(key)) is int else one.take(key, float)
    one.asked.add(key)
    if not math.isfinite(value):
        raise one.error(key, "a finite number", value)
    return value


def _step(one: Section, of: Range) -> Number | None:
    if "step" not in one.content:
        one.asked.add("step")
        return None
    step = _bound(one, "step")
    if of.whole and not isinstance(step, int):
        raise one.error("step", "a whole number, since both ends are", step)
    if of.log and not 1 < step <= of.high / of.low:
        raise one.error("step", f"a factor above 1 and at most {of.high / of.low:g}, as scale: log takes it", step)
    if not of.log and not 0 < step <= of.high - of.low:
        raise one.error("step", f"a number above 0 and at most {of.high - of.low:g}, which lie between the ends", step)
    return step
