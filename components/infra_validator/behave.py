"""behave: how answers move where rows are changed, against what the project asks of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from benison.components.infra_validator.robust import loss
from benison.config.behaviour import (
    FALLS,
    FALLS_NOT,
    MISSING,
    NOISE,
    RISES,
    TIMES,
    Behaviour,
    Cell,
    Direction,
    Golden,
    Invariance,
    Robustness,
)
from benison.core.errors import ConfigError, ServerError
from benison.core.signatures import TEXT
from benison.core.verdicts import Check, Verdict
from benison.measures.intervals import Interval
from benison.measures.proportions import proportion
from benison.pages.figures import brief, count
from benison.sources.bodies import Row, is_whole

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Asked = TypeVar("Asked", Golden, Invariance, Direction, Robustness)
# Answers to the same row in batches of other sizes differ by less.
EQUAL = 1e-6


@dataclass(frozen=True)
class Behaving:
    """A model and the rows that it is tried on.

    Attributes:
        answer: What it answers to rows; raises a ServerError where it does not.
        columns: That it reads, by name, as its features.json has them.
        rows: Of the holdout.
        answers: To them.
        labels: Theirs, 0 or 1.
        confidence: Of each bound alone.
    """

    answer: Callable[[Sequence[Row]], Floats]
    columns: Mapping[str, Mapping[str, Any]]
    rows: Sequence[Row]
    answers: Floats
    labels: npt.NDArray[np.int8]
    confidence: float


def behaves(asked: Behaviour, model: Behaving) -> Iterator[Check]:
    """One check for each line of a project's behaviour.yaml.

    Raises:
        ConfigError: A column of whole numbers is raised by a part of one.
    """
    for one in asked.direction:
        if is_whole(model.columns[one.column]) and not one.raise_by.is_integer():
            got = f"{one.raise_by:g}, and {one.column!r} has whole numbers"
            raise ConfigError(one.where, expected="raise_by, a whole number", got=got)
    yield from (_tried(_golden, one, model) for one in asked.golden)
    yield from (_tried(_invariance, one, model) for one in asked.invariance)
    yield from (_tried(_direction, one, model) for one in asked.direction)
    yield from (_tried(_robustness, one, model) for one in asked.robustness)


def unknown(asked: Behaviour, why: str) -> Iterator[Check]:
    """The same where the model could not be asked."""
    for one in (*asked.golden, *asked.changes):
        yield _silent(one, why)


def _tried(judge: Callable[[Asked, Behaving], Check], one: Asked, model: Behaving) -> Check:
    try:
        return judge(one, model)
    except ServerError as error:
        return _silent(one, error.got)


def _silent(one: Golden | Invariance | Direction | Robustness, why: str) -> Check:
    name, subject, allowed = _title(one)
    return Check(name, subject, one.tier, Verdict.ERROR, "not measured", allowed, f"{name}, {subject}: {why}")


def _title(one: Golden | Invariance | Direction | Robustness) -> tuple[str, str, str]:
    """Name, subject, and what is allowed."""
    if isinstance(one, Golden):
        return "golden", one.name, f"{brief(one.answer)} +- {brief(one.tolerance)}"
    if isinstance(one, Robustness):
        return f"robustness_{one.metric}", _disturbance(one), f"loses <= {brief(one.loses_at_most)}"
    allowed = f"<= {brief(one.at_most)} of rows"
    if isinstance(one, Direction):
        return "direction", f"{one.column} + {one.raise_by:g}", f"{one.answer.replace('_', ' ')}, but for {allowed}"
    old = "" if one.old is None else f" from {one.old}"
    new = "nothing" if one.new is None else one.new
    allowed = f"moves <= {brief(one.moves_at_most)}, but for {allowed}"
    return "invariance", f"{one.column}{old} to {new}", allowed


def _disturbance(one: Robustness) -> str:
    if one.how == MISSING:
        return f"{one.column}, {one.size:.0%} missing"
    part = "" if one.share == 1 else f" in {one.share:.0%} of rows"
    said = {NOISE: f"noise of {one.size:g} deviations", TIMES: f"times {one.size:g}"}.get(one.how, f"plus {one.size:g}")
    return f"{one.column}, {said}{part}"


def _golden(one: Golden, model: Behaving) -> Check:
    known = model.columns
    row = {name: _cell(known[name], one.row.get(name)) for name in known}
    (found,) = model.answer([row])
    name, subject, allowed = _title(one)
    passed = bool(abs(found - one.answer) <= one.tolerance)
    reason = f"{subject} is answered {brief(found)} where {allowed} is allowed"
    verdict = Verdict.PASS if passed else Verdict.FAIL
    return Check(name, subject, one.tier, verdict, brief(found), allowed, reason, {"value": float(found)})


def _invariance(one: Invariance, model: Behaving) -> Check:
    column = model.columns[one.column]
    old, new = _cell(column, one.old), _cell(column, one.new)
    values = [row[one.column] for row in model.rows]
    places = _places([value != new if old is None else value == old for value in values])
    after = _answers(model, places, one.column, [new] * len(places))
    # An answer that is no number has not stayed.
    stayed = np.abs(after - model.answers[places]) <= one.moves_at_most + EQUAL
    return _share(one, model, ~stayed)


def _direction(one: Direction, model: Behaving) -> Check:
    places = _places([row[one.column] is not None for row in model.rows])
    raised = [_number(model.columns[one.column], model.rows[place][one.column] + one.raise_by) for place in places]
    rise = _answers(model, places, one.column, raised) - model.answers[places]
    upward = rise if one.answer in (FALLS_NOT, RISES) else -rise
    kept = upward > EQUAL if one.answer in (RISES, FALLS) else upward >= -EQUAL
    return _share(one, model, ~kept)


def _share(one: Invariance | Direction, model: Behaving, against: npt.NDArray[np.bool_]) -> Check:
    """The share of rows that do otherwise, by its bounds."""
    name, subject, allowed = _title(one)
    many, hits = len(against), int(np.count_nonzero(against))
    if not many:
        reason = f"{name}, {subject}: no row of the holdout can be changed so"
        return Check(name, subject, one.tier, Verdict.INCONCLUSIVE, "no rows", allowed, reason)
    bounds = proportion(hits, many, model.confidence)
    observed = f"{brief(hits / many)} [{brief(bounds.lower)}, {brief(bounds.upper)}] of {count(many)} rows"
    reason = f"{name}, {subject}: {observed} do otherwise than {allowed}"
    numbers = {"share": hits / many, "lower": bounds.lower, "upper": bounds.upper, "rows": float(many)}
    return Check(name, subject, one.tier, _within(bounds, one.at_most), observed, allowed, reason, numbers)


def _robustness(one: Robustness, model: Behaving) -> Check:
    name, subject, allowed = _title(one)
    draw, many = np.random.default_rng(0), len(model.rows)
    places = np.sort(draw.choice(many, round(one.share * many), replace=False))
    values = [model.rows[place][one.column] for place in places]
    after = model.answers.copy()
    after[places] = _answers(model, places, one.column, _disturbed(one, model, values, draw))
    found, bounds = loss(one.metric, model.labels, model.answers, after, model.confidence)
    observed = f"{brief(found)} [{brief(bounds.lower)}, {brief(bounds.upper)}]" if bounds.known else brief(found)
    reason = f"{name}, {subject}: it loses {observed} where {brief(one.loses_at_most)} is allowed"
    numbers = {"loss": found, "lower": bounds.lower, "upper": bounds.upper, "rows": float(many)}
    return Check(name, subject, one.tier, _within(bounds, one.loses_at_most), observed, allowed, reason, numbers)


def _disturbed(one: Robustness, model: Behaving, values: Sequence[Any], draw: np.random.Generator) -> list[Cell]:
    if one.how == MISSING:
        return [None] * len(values)
    known = [row[one.column] for row in model.rows if row[one.column] is not None]
    deviation = float(np.std(known)) if known else 0.0
    noise = one.size * deviation * draw.standard_normal(len(values)) if one.how == NOISE else np.zeros(len(values))
    factor, summand = (one.size if one.how == TIMES else 1.0), (0.0 if one.how in (TIMES, NOISE) else one.size)
    column = model.columns[one.column]
    return [
        None if value is None else _number(column, factor * value + summand + more)
        for value, more in zip(values, noise.tolist(), strict=True)
    ]


def _within(bounds: Interval, limit: float) -> Verdict:
    if bounds.upper <= limit:
        return Verdict.PASS
    return Verdict.FAIL if bounds.lower > limit else Verdict.INCONCLUSIVE


def _places(chosen: Sequence[bool]) -> Whole:
    return np.flatnonzero(np.asarray(chosen, dtype=np.bool_))


def _answers(model: Behaving, places: Whole, column: str, values: Sequence[Cell]) -> Floats:
    """The answers to some of the rows with another value in a column."""
    changed = [{**model.rows[place], column: value} for place, value in zip(places, values, strict=True)]
    return model.answer(changed) if changed else np.zeros(0)


def _cell(column: Mapping[str, Any], value: Cell) -> Cell:
    """A value of behaviour.yaml as rows have it: YAML reads a text of digits as a number."""
    return str(value) if value is not None and column["type"] == TEXT and not is_whole(column) else value


def _number(column: Mapping[str, Any], value: float) -> Cell:
    return round(value) if is_whole(column) else float(value)
