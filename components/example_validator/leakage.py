"""Leakage: what holdout shares with train."""

from __future__ import annotations

from collections.abc import Iterator

from benison.components.example_validator.examine import Rows
from benison.components.example_validator.keyed import Keyed, lacking, named, such_as
from benison.components.example_validator.keys import Question
from benison.components.example_validator.label_time import label_time
from benison.components.example_validator.runs import Found, left_out_of, rows_of, shared
from benison.config.validation import Bounds, Leakage
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.bounds import allowed as in_words
from benison.measures.bounds import could_block, graded, share

TRAIN, HOLDOUT = "split train", "split holdout"
_SUBJECT = "train and holdout"


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
