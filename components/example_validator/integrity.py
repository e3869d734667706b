"""Integrity: keys that are unique, references that lead somewhere, combinations of values that are allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from benison.components.example_validator.examine import Rows
from benison.components.example_validator.keyed import Keyed, lacking, named, such_as
from benison.components.example_validator.keys import Question, spill
from benison.components.example_validator.runs import Found, absent, left_out_of, repeated, rows_of, shared, write
from benison.config import Validation
from benison.config.validation import Combination, ForeignKey, Key
from benison.core.hashes import Hashes
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.bounds import share
from benison.measures.row_keys import MISSING, of_column, of_rows

UNIQUE, UNIQUE_BETWEEN = "unique", "unique_between_spans"
FOREIGN_KEY, COMBINATION = "foreign_key", "combination"


def questions(rules: Validation, rows: Rows, tables: Mapping[str, Rows]) -> list[Question]:
    """What rows must be told apart by; nothing of columns that are not there.

    Args:
        rules: Keys, foreign keys and combinations.
        rows: The snapshot's.
        tables: Reference tables, by name.
    """
    asked = [Question(key.columns) for key in rules.keys]
    asked += [
        _by_reference(key, rows, tables[key.table])[0] for key in rules.foreign_keys if not _gone(key, rows, tables)
    ]
    asked += [_by_combination(one) for one in rules.combinations]
    return [question for question in asked if not lacking(question.columns, rows)]


def integrity(keyed: Keyed, tables: Mapping[str, Rows], rules: Validation, scratch: Path) -> Iterator[Check]:
    """Every key, foreign key and combination, of the newest span; keys against older spans too.

    Args:
        keyed: The snapshot, with the runs of `questions`.
        tables: Reference tables, by name.
        rules: Keys, foreign keys and combinations.
        scratch: An empty folder.
    """
    for key in rules.keys:
        yield from _unique(keyed, key)
    for number, foreign in enumerate(rules.foreign_keys):
        folder = scratch / f"foreign-{number}"
        folder.mkdir()
        yield _foreign(keyed, foreign, tables, folder)
    for number, combination in enumerate(rules.combinations):
        yield _combination(keyed, combination, scratch / f"combination-{number}.keys")


def _by_combination(one: Combination) -> Question:
    return Question(one.columns, whole=True)


def _by_reference(key: ForeignKey, rows: Rows, table: Rows) -> tuple[Question, Question]:
    """What rows, and those of the table, are told apart by: as texts where one of the two is text."""
    pairs = [
        (here, there)
        for here, there in zip(key.columns, key.references, strict=True)
        if pa.types.is_string(rows.columns.field(here).type) or pa.types.is_string(table.columns.field(there).type)
    ]
    return (
        Question(key.columns, frozenset(here for here, _ in pairs)),
        Question(key.references, frozenset(there for _, there in pairs)),
    )


def _gone(key: ForeignKey, rows: Rows, tables: Mapping[str, Rows]) -> str:
    """Why a foreign key cannot be asked; empty where it can."""
    if key.table not in tables:
        return f"there is no table {key.table}"
    missing = lacking(key.references, tables[key.table])
    return lacking(key.columns, rows) or (f"{missing} of table {key.table}" if missing else "")


def _not_asked(name: str, subject: str, tier: Tier, allowed: str, why: str) -> Check:
    reason = f"{subject}: {why}, so this was not checked; allowed {allowed}"
    return Check(name, subject, tier, Verdict.INCONCLUSIVE, "not checked", allowed, reason, {"rows": 0})


def _unique(keyed: Keyed, key: Key) -> Iterator[Check]:
    """Within the newest span, over all splits; and of its keys against each older span."""
    subject, allowed = named(key.columns), "each once"
    if why := lacking(key.columns, keyed.rows):
        yield _not_asked(UNIQUE, subject, key.tier, allowed, why)
        return
    question = Question(key.columns)
    newest = keyed.group(question, keyed.newest)
    rows, left_out = rows_of(newest), left_out_of(newest)
    if rows == left_out:
        yield _not_asked(UNIQUE, subject, key.tier, allowed, "no row has a value")
        return
    found, some = keyed.confirmed(question, repeated(newest), (keyed.newest, keyed.newest))
    observed = f"{found.keys:,} keys in {found.rows:,} of {rows:,} rows of {keyed.newest} stand more than once"
    reason = f"{subject}: {observed}{such_as(some, times=True)}; allowed {allowed}{_left_out(left_out)}"
    reason += "; drop the copies, or a key of more columns is needed" if found.rows else ""
    verdict = Verdict.FAIL if found.rows else Verdict.PASS
    numbers: dict[str, float] = {
        "repeated_rows": found.rows,
        "repeated_keys": found.keys,
        "rows": rows,
        "left_out": left_out,
    }
    numbers["repeated_share"] = found.rows / rows
    yield Check(UNIQUE, subject, key.tier, verdict, observed, allowed, reason, numbers)
    if keyed.older:
        yield _between_spans(keyed, key)


def _between_spans(keyed: Keyed, key: Key) -> Check:
    """A key that an older span has too: most often a partition that was delivered twice."""
    subject, question = named(key.columns), Question(key.columns)
    newest = keyed.group(question, keyed.newest)
    said, again = [], Found()
    for span in keyed.older:
        raw = shared(newest, keyed.group(question, span))
        found, some = keyed.confirmed(question, raw, (keyed.newest, span)) if raw.rows else (raw, [])
        again += found
        if found.rows:
            said.append(f"{found.keys:,} keys of {found.rows:,} rows in {span}{such_as(some)}")
    rows = rows_of(newest)
    verdict = Verdict.FAIL if said else Verdict.PASS
    observed = f"{' and '.join(said)}" if said else f"no key of {keyed.newest} stands in an older span"
    reason = f"{subject}: {observed}"
    if said:
        reason = f"{subject}: of {rows:,} rows of {keyed.newest} stand again {observed}; allowed none; "
        reason += "a partition may be there twice, or the key needs a column that tells spans apart"
    numbers: dict[str, float] = {"repeated_rows": again.rows, "repeated_keys": again.keys, "rows": rows}
    numbers["repeated_share"] = min(1.0, again.rows / rows) if rows else 0.0
    return Check(UNIQUE_BETWEEN, subject, key.tier, verdict, observed, "none", reason, numbers)


def _left_out(rows: float) -> str:
    return f"; {rows:,} rows without a value were left out" if rows else ""


def _foreign(keyed: Keyed, key: ForeignKey, tables: Mapping[str, Rows], scratch: Path) -> Check:
    target = f"{named(key.references)} of {key.table}"
    subject, allowed = named(key.columns), f"at most {share(key.tolerance)} not in {target}"
    if why := _gone(key, keyed.rows, tables):
        return _not_asked(FOREIGN_KEY, subject, key.tier, allowed, why)
    here, there = _by_reference(key, keyed.rows, tables[key.table])
    newest = keyed.group(here, keyed.newest)
    left_out, rows = left_out_of(newest), rows_of(newest)
    if rows == left_out:
        return _not_asked(FOREIGN_KEY, subject, key.tier, allowed, "no row has a value")
    found = absent(newest, spill(tables[key.table].cells, {"": there}, scratch)[""])
    return _outside(FOREIGN_KEY, keyed, here, found, key, (subject, allowed, f"not in {target}", left_out))


def _combination(keyed: Keyed, one: Combination, scratch: Path) -> Check:
    subject = named(one.columns)
    allowed = f"at most {share(one.tolerance)} outside of {len(one.allowed):,} allowed combinations"
    if why := lacking(one.columns, keyed.rows):
        return _not_asked(COMBINATION, subject, one.tier, allowed, why)
    question = _by_combination(one)
    newest = keyed.group(question, keyed.newest)
    if not rows_of(newest):
        return _not_asked(COMBINATION, subject, one.tier, allowed, "there are no rows")
    found = absent(newest, (write(_allowed_keys(one, keyed.rows.columns), scratch),))
    return _outside(COMBINATION, keyed, question, found, one, (subject, allowed, "outside of what is allowed", 0))


def _outside(
    name: str,
    keyed: Keyed,
    question: Question,
    found: Found,
    rule: ForeignKey | Combination,
    words: tuple[str, str, str, int],
) -> Check:
    """A check of the share of rows with a key that is not where it should be."""
    subject, allowed, where, left_out = words
    rows = rows_of(keyed.group(question, keyed.newest)) - left_out
    outside = found.rows / rows
    some = keyed.values(question, found, keyed.newest) if found.rows else []
    verdict = Verdict.PASS if outside <= rule.tolerance else Verdict.FAIL
    observed = f"{found.rows:,} of {rows:,} rows of {keyed.newest} ({share(outside)}), "
    observed += f"with {found.keys:,} different values, are {where}"
    reason = f"{subject}: {observed}{such_as(some)}; allowed {allowed}{_left_out(left_out)}"
    if verdict is Verdict.FAIL:
        reason += "; mend the rows, or " + _way_out(rule)
    numbers = {"outside_share": outside, "outside_rows": found.rows, "outside_values": found.keys}
    numbers |= {"rows": rows, "left_out": left_out}
    return Check(name, subject, rule.tier, verdict, observed, allowed, reason, numbers)


def _way_out(rule: ForeignKey | Combination) -> str:
    if isinstance(rule, ForeignKey):
        return f"bring the table {rule.table} up to date"
    return "add to what validation.combinations allows"


def _allowed_keys(one: Combination, columns: pa.Schema) -> Hashes:
    """The keys of the combinations that are allowed, in the types that the columns have."""
    if not one.allowed:
        return np.zeros(0, np.uint64)
    by_column = zip(*one.allowed, strict=True)
    hashes = [
        np.array([_of_text(text, columns.field(name).type) for text in texts], np.uint64)
        for name, texts in zip(one.columns, by_column, strict=True)
    ]
    return of_rows(hashes)


def _of_text(text: str, kind: pa.DataType) -> np.uint64:
    """The hash of an allowed value; of a text that is none of a column of numbers, one that no number has."""
    value: str | float = text
    if not pa.types.is_string(kind):
        value = _number(text)
    return np.uint64(of_column(pa.array([value]))[0]) if text else MISSING


def _number(text: str) -> str | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
