"""behaviour.yaml: how a model's answers must behave, whatever its metrics are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benison.core.errors import ConfigError
from benison.core.sections import Section, load
from benison.core.spelling import nearest
from benison.core.verdicts import Tier

FILE = "behaviour.yaml"
Cell = str | float | int | None
FALLS_NOT, RISES, RISES_NOT, FALLS = "does_not_fall", "rises", "does_not_rise", "falls"
MISSING, NOISE, TIMES, PLUS = "missing", "noise", "times", "plus"
# Each is the mean of something of each row, or the area under the ROC curve; and whether more of it is better.
METRICS: Mapping[str, bool] = {"auc": True, "binary_accuracy": True, "binary_crossentropy": False, "brier_score": False}


@dataclass(frozen=True)
class Golden:
    """A row with the answer that is expected.

    Attributes:
        name: What it is called.
        row: A value of each column; a column that is left out is missing.
        answer: From 0 to 1.
        tolerance: The answer may be so far away.
        tier: Hard blocks, soft warns.
        where: Where it stands, for messages.
    """

    name: str
    row: Mapping[str, Cell]
    answer: float
    tolerance: float
    tier: Tier
    where: str = field(compare=False)


@dataclass(frozen=True)
class Invariance:
    """A change of a column that must not matter.

    Attributes:
        column: The column.
        old: Rows with this value alone; None: all that have another than `new`.
        new: What takes its place; None: nothing, the value is missing.
        moves_at_most: An answer may move so far.
        at_most: The share of rows whose answer moves farther; its upper bound must not be above.
        tier: Hard blocks, soft warns.
        where: Where it stands, for messages.
    """

    column: str
    old: Cell
    new: Cell
    moves_at_most: float
    at_most: float
    tier: Tier
    where: str = field(compare=False)


@dataclass(frozen=True)
class Direction:
    """A column whose rise must move answers one way.

    Attributes:
        column: Of numbers.
        raise_by: How much it is raised by.
        answer: What answers have to do: ``does_not_fall``, ``rises``, ``does_not_rise``, ``falls``.
        at_most: The share of rows whose answer does otherwise; its upper bound must not be above.
        tier: Hard blocks, soft warns.
        where: Where it stands, for messages.
    """

    column: str
    raise_by: float
    answer: str
    at_most: float
    tier: Tier
    where: str = field(compare=False)


@dataclass(frozen=True)
class Robustness:
    """A disturbance that a metric must survive.

    Attributes:
        metric: One of `METRICS`.
        column: What is disturbed; of numbers, unless values go missing.
        how: ``missing``: values are; ``noise``: normal noise is added; ``times``, ``plus``: as if in another unit.
        size: The share of rows; the noise's deviations, in those of the column; the factor; the summand.
        share: Of rows that are disturbed.
        loses_at_most: How much worse the metric may become; the loss's upper bound must not be above.
        tier: Hard blocks, soft warns.
        where: Where it stands, for messages.
    """

    metric: str
    column: str
    how: str
    size: float
    share: float
    loses_at_most: float
    tier: Tier
    where: str = field(compare=False)


@dataclass(frozen=True)
class Behaviour:
    """All that a project asks of the behaviour of its model."""

    golden: tuple[Golden, ...] = ()
    invariance: tuple[Invariance, ...] = ()
    direction: tuple[Direction, ...] = ()
    robustness: tuple[Robustness, ...] = ()

    @property
    def changes(self) -> tuple[Invariance | Direction | Robustness, ...]:
        """What changes rows of the holdout."""
        found: list[Invariance | Direction | Robustness] = [*self.invariance, *self.direction, *self.robustness]
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """What is asked, without the lines on which it stands."""
        return {kind: [_said(one) for one in asked] for kind, asked in vars(self).items()}

    def check_columns(self, known: Sequence[str], numbers: Sequence[str]) -> None:
        """Refuses columns that the model does not read, and texts where numbers are changed.

        Args:
            known: The columns that the model reads.
            numbers: Those of them that are numbers.

        Raises:
            ConfigError: There is one; the message names line and nearest known column.
        """
        for where, column in self._named():
            if column not in known:
                hint = nearest(column, known)
                raise ConfigError(where, expected="a column that the model reads", got=repr(column), hint=hint)
        for one in self.changes:
            of_any = isinstance(one, Invariance) or (isinstance(one, Robustness) and one.how == MISSING)
            if one.column not in numbers and not of_any:
                hint = f"columns of numbers: {', '.join(numbers) or 'none'}"
                raise ConfigError(one.where, expected="a column of numbers", got=repr(one.column), hint=hint)

    def _named(self) -> Iterator[tuple[str, str]]:
        yield from ((one.where, column) for one in self.golden for column in one.row)
        yield from ((one.where, one.column) for one in self.changes)


def _said(one: Golden | Invariance | Direction | Robustness) -> dict[str, Any]:
    return {key: value for key, value in asdict(one).items() if key != "where"}


def read(path: Path) -> Behaviour:
    """Reads a project's behaviour.yaml.

    Raises:
        ConfigError: The file is missing or says something that is not understood; the message names line and key.
    """
    top = load(path)
    behaviour = Behaviour(
        golden=tuple(_golden(one, number) for number, one in enumerate(top.sections("golden"), start=1)),
        invariance=tuple(_invariance(one) for one in top.sections("invariance")),
        direction=tuple(_direction(one) for one in top.sections("direction")),
        robustness=tuple(_robustness(one) for one in top.sections("robustness")),
    )
    top.close()
    _each_once(top, behaviour)
    return behaviour


def _each_once(top: Section, behaviour: Behaviour) -> None:
    """A check is told by its name and subject, so that none may stand there twice."""
    names = [one.name for one in behaviour.golden]
    if again := next((name for number, name in enumerate(names) if name in names[:number]), None):
        raise top.error("golden", "rows of different names", f"{again!r} again")
    changes: Sequence[Invariance | Direction | Robustness] = behaviour.changes
    for number, one in enumerate(changes):
        if one in changes[:number]:
            raise ConfigError(one.where, expected="each change once", got=f"{one.column!r} again", hint="keep one")


def _tier(section: Section) -> Tier:
    return Tier(section.choice("tier", ("hard", "soft"), "hard"))


def _golden(section: Section, number: int) -> Golden:
    row = section.section("row")
    found = Golden(
        name=section.take("name", str, f"row {number}"),
        row={str(column): _cell(row, str(column)) for column in row.content},
        answer=section.number("answer", low=0, high=1),
        tolerance=section.number("tolerance", low=0, high=1),
        tier=_tier(section),
        where=row.where(),
    )
    section.close()
    return found


def _cell(section: Section, key: str) -> Cell:
    """A value of a row; no value is one that is missing."""
    section.asked.add(key)
    value = section.content.get(key)
    if isinstance(value, bool) or not (value is None or isinstance(value, (str, int, float))):
        hint = "put words that YAML takes for others in quotes"
        raise section.error(key, "a text, a number or nothing", repr(value), hint)
    if isinstance(value, float) and not math.isfinite(value):
        raise section.error(key, "a number that is finite", value, "a value that is missing is written null")
    return value


def _share(section: Section, key: str = "at_most") -> float:
    """A share that an upper bound can stay below: of 0, however many rows there are, none does."""
    value = section.number(key, 0.05, low=0, high=1)
    if not 0 < value < 1:
        hint = "no number of rows shows that a share is 0; 0.01 takes 270 of them"
        raise section.error(key, "a share above 0 and below 1", f"{value:g}", hint)
    return value


def _invariance(section: Section) -> Invariance:
    if "to" not in section.content:
        raise section.error("to", "what takes the value's place; null: nothing", "none")
    found = Invariance(
        column=section.take("column", str),
        old=_cell(section, "from"),
        new=_cell(section, "to"),
        moves_at_most=section.number("moves_at_most", low=0, high=1),
        at_most=_share(section),
        tier=_tier(section),
        where=section.where("column"),
    )
    section.close()
    return found


def _direction(section: Section) -> Direction:
    found = Direction(
        column=section.take("column", str),
        raise_by=_finite(section, "raise_by"),
        answer=section.choice("answer", (FALLS_NOT, RISES, RISES_NOT, FALLS)),
        at_most=_share(section),
        tier=_tier(section),
        where=section.where("column"),
    )
    section.close()
    if not found.raise_by > 0:
        raise section.error("raise_by", "a number above 0", f"{found.raise_by:g}")
    return found


def _finite(section: Section, key: str) -> float:
    value = section.take(key, float)
    if not math.isfinite(value):
        raise section.error(key, "a number that is finite", f"{value:g}")
    return value


def _robustness(section: Section) -> Robustness:
    how = [key for key in (MISSING, NOISE, TIMES, PLUS) if key in section.content]
    if len(how) != 1:
        raise section.error("column", "one of missing, noise, times, plus beside it", " and ".join(how) or "none")
    size = _share(section, MISSING) if how == [MISSING] else _finite(section, how[0])
    if how == [NOISE] and not size > 0:
        raise section.error(NOISE, "a number of deviations above 0", f"{size:g}")
    found = Robustness(
        metric=section.choice("metric", tuple(METRICS)),
        column=section.take("column", str),
        how=how[0],
        size=size,
        share=size if how == [MISSING] else section.number("share", 1.0, low=0.0, high=1.0),
        loses_at_most=section.number("loses_at_most", low=0, high=1),
        tier=_tier(section),
        where=section.where("column"),
    )
    section.close()
    return found
