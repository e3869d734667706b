"""Leakage: what holdout shares with train, rows that are there twice, and labels from before their features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.components.example_validator.bounds import allowed as in_words
from benison.components.example_validator.bounds import could_block, graded, share
from benison.components.example_validator.examine import Rows
from benison.components.example_validator.keyed import Keyed, lacking, named, such_as
from benison.components.example_validator.keys import SHOWN, Question
from benison.components.example_validator.measure import Cell
from benison.components.example_validator.runs import Found, left_out_of, rows_of, shared
from benison.config.validation import Bounds, Leakage
from benison.core.forks import map_forked
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.times import seconds

TRAIN, HOLDOUT = "split train", "split holdout"
_SUBJECT = "train and holdout"
Floats = npt.NDArray[np.float64]


def questions(rules: Leakage, rows: Rows) -> list[Question]:
    """What rows must be told apart by: by all of their columns, and by their entity where it is named."""
    entity = [Question(rules.entity)] if rules.entity and not lacking(rules.entity, rows) else []
    return [whole(rows), *entity]


def whole(rows: Rows) -> Question:
    """All columns together; missing equals missing."""
    return Question(tuple(rows.columns.names), whole=True)


def leakage(keyed: Keyed, rules: Leakage) -> Iterator[Check]:
    """Rows and entities that stand in train and in holdout, and labels that were known before the features.

    Rows that were not split have nothing to leak from one split to the other, so they are not asked for it.

    Args:
        keyed: The snapshot, with the runs of `questions`.
        rules: Bounds, and the columns that are named.
    """
    if any({TRAIN, HOLDOUT} & set(cell.groups) for cell in keyed.rows.cells):
        yield _rows(keyed, rules.rows)
        if rules.entity:
            yield _entities(keyed, rules.entity)
    if rules.feature_time:
        yield label_time(keyed.rows, rules.feature_time, rules.label_time)


def _rows(keyed: Keyed, bounds: Bounds) -> Check:
    allowed = in_words(bounds, share)
    question = whole(keyed.rows)
    train, holdout = keyed.group(question, TRAIN), keyed.group(question, HOLDOUT)
    count = rows_of(holdout)
    if not count or not rows_of(train):
        return _nothing_there("leakage", could_block(bounds), allowed)
    found = _shared(keyed, question)
    value = found.rows / count
    tier, verdict = graded(value, bounds)
    observed = f"{found.rows:,} of {count:,} rows ({share(value)})"
    reason = f"{observed} of holdout are identical to a row of train; allowed {allowed}"
    if verdict is Verdict.FAIL:
        reason += "; drop the copies, or split by a key of which they share the value: data.splits.key"
    numbers = {"shared": found.rows, "share": value, "rows": count}
    return Check("leakage", _SUBJECT, tier, verdict, observed, allowed, reason, numbers)


def _shared(keyed: Keyed, question: Question) -> Found:
    """Rows of holdout whose key stands in train."""
    found = shared(keyed.group(question, HOLDOUT), keyed.group(question, TRAIN))
    return keyed.confirmed(question, found, (HOLDOUT, TRAIN))[0] if found.rows else found


def _nothing_there(name: str, tier: Tier, allowed: str) -> Check:
    reason = "train or holdout has no rows, so leakage from the one to the other could not be looked for"
    return Check(name, _SUBJECT, tier, Verdict.INCONCLUSIVE, "no rows", allowed, reason, {"rows": 0})


def _entities(keyed: Keyed, columns: tuple[str, ...]) -> Check:
    subject, allowed = named(columns), "no entity in both train and holdout"
    if why := lacking(columns, keyed.rows):
        reason = f"{subject}: {why}, so entities could not be told apart"
        numbers = {"rows": 0}
        return Check("entity", subject, Tier.HARD, Verdict.INCONCLUSIVE, "not checked", allowed, reason, numbers)
    question = Question(columns)
    train, holdout = keyed.group(question, TRAIN), keyed.group(question, HOLDOUT)
    count, left_out = rows_of(holdout), left_out_of(holdout)
    if count == left_out or rows_of(train) == left_out_of(train):
        return _nothing_there("entity", Tier.HARD, allowed)
    raw = shared(holdout, train)
    found, some = keyed.confirmed(question, raw, (HOLDOUT, TRAIN)) if raw.rows else (raw, [])
    observed = f"{found.keys:,} entities of {found.rows:,} of {count:,} holdout rows stand in train too"
    reason = f"{subject}: {observed}{such_as(some)}; allowed none"
    reason += f"; {left_out:,} rows without a value were left out" if left_out else ""
    reason += f"; split by them: data.splits: {{key: [{', '.join(columns)}]}}" if found.rows else ""
    numbers = {"shared": found.rows, "entities": found.keys, "rows": count, "left_out": left_out}
    verdict = Verdict.FAIL if found.rows else Verdict.PASS
    return Check("entity", subject, Tier.HARD, verdict, observed, allowed, reason, numbers)


@dataclass(frozen=True)
class _Order:
    """Rows whose label was known before their features, among those with both times."""

    rows: int = 0
    known: int = 0
    early: int = 0
    unread: str = ""
    some: tuple[str, ...] = ()

    def __add__(self, other: _Order) -> _Order:
        some = (*self.some, *other.some)[:SHOWN]
        unread = self.unread or other.unread
        return _Order(self.rows + other.rows, self.known + other.known, self.early + other.early, unread, some)


def label_time(rows: Rows, feature_time: str, label_time: str) -> Check:
    """No label was known before the features of its row: such features hold what came after the label.

    Args:
        rows: All rows.
        feature_time: When a row's features were known.
        label_time: When its label was: numbers both, or times as texts both.
    """
    subject, allowed = f"columns {feature_time}, {label_time}", "no row with a label from before its features"
    why = lacking((feature_time, label_time), rows) or _different(rows.columns, feature_time, label_time)
    order = _Order() if why else _ordered(rows.cells, feature_time, label_time)
    if not why and order.unread:
        why = f"{order.unread!r} is no time"
    if not why and not order.known:
        why = "no row has both times"
    numbers = {"early": order.early, "known": order.known, "rows": order.rows}
    if why:
        reason = f"{subject}: {why}, so it was not checked whether labels come after features"
        name, verdict = "label_time", Verdict.INCONCLUSIVE
        return Check(name, subject, Tier.HARD, verdict, "not checked", allowed, reason, numbers)
    verdict = Verdict.FAIL if order.early else Verdict.PASS
    observed = f"{order.early:,} of {order.known:,} rows"
    shown = f", such as {'; '.join(order.some)}" if order.some else ""
    reason = f"{subject}: {observed} have a {feature_time} after {label_time}{shown}; allowed none"
    reason += "; compute features as of a moment before the label" if order.early else ""
    return Check("label_time", subject, Tier.HARD, verdict, observed, allowed, reason, numbers)


def _different(columns: pa.Schema, one: str, other: str) -> str:
    """Why two columns cannot be compared; empty where they can."""
    kinds = [pa.types.is_string(columns.field(name).type) for name in (one, other)]
    return "one is text and the other numbers" if kinds[0] != kinds[1] else ""


def _ordered(cells: Sequence[Cell], feature_time: str, label_time: str) -> _Order:
    def of_cell(cell: Cell) -> _Order:
        return sum((_of_batch(batch, feature_time, label_time) for batch in cell.batches()), _Order())

    return sum(map_forked(of_cell, cells), _Order())


def _of_batch(batch: pa.RecordBatch, feature_time: str, label_time: str) -> _Order:
    both = pc.and_(pc.is_valid(batch[feature_time]), pc.is_valid(batch[label_time]))
    columns = [batch[name].filter(both) for name in (feature_time, label_time)]
    features, labels = (_times(column) for column in columns)
    for found in (features, labels):
        if isinstance(found, str):
            return _Order(batch.num_rows, len(columns[0]), 0, found)
    late = np.flatnonzero(np.greater(features, labels))
    shown = zip(*(column.take(pa.array(late[:SHOWN])).to_pylist() for column in columns), strict=True)
    some = tuple(f"{one} after {other}" for one, other in shown)
    return _Order(batch.num_rows, len(columns[0]), len(late), "", some)


def _times(column: pa.Array) -> Floats | str:
    """Numbers as they are, texts in seconds; of texts that are no times, the first one."""
    if not pa.types.is_string(column.type):
        return np.asarray(column.cast(pa.float64(), safe=False), dtype=np.float64)
    encoded = column.dictionary_encode()
    found = seconds(encoded.dictionary)
    if found is None:
        values = encoded.dictionary
        return next(str(values[at]) for at in range(len(values)) if seconds(values[at : at + 1]) is None)
    return np.asarray(found[np.asarray(encoded.indices)], dtype=np.float64)
