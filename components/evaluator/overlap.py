"""overlap: is the holdout one? How much of it a model was trained on, or stopped by, in rows and in entities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from benison.components.evaluator.compare import CHALLENGER
from benison.config.validation import Bounds
from benison.core import key_sets
from benison.core.hashes import Hashes
from benison.core.key_sets import KeySet, TrainedOn
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.bounds import allowed, graded, share
from benison.sources.keys import complete_keys, content_keys

NAME = "holdout_disjoint"
_AT_ONCE = 1 << 17


@dataclass(frozen=True)
class Seen:
    """What a model has seen.

    Attributes:
        trained_on: The rows; None: not recorded.
        folder: Where the files of their keys lie.
        inherited: Whether the challenger started from this model, and so has seen what it has.
    """

    trained_on: TrainedOn | None
    folder: Path
    inherited: bool = False


@dataclass(frozen=True)
class Holdout:
    """The rows that models are judged by, and what is asked of them.

    Attributes:
        rows: All of them, with every column.
        entity: The columns that tell entities apart; empty: none do.
        bounds: Of the share of rows that may have been seen: ``validation.leakage.rows``.
    """

    rows: pa.Table
    entity: tuple[str, ...]
    bounds: Bounds
    _keys: dict[tuple[tuple[str, ...], bool], Hashes] = field(default_factory=dict)

    def keys(self, columns: tuple[str, ...], *, whole: bool) -> Hashes:
        """Of its rows, ascending, worked out once for all models.

        Args:
            columns: Of which each key is made.
            whole: Whether a missing value is one like others; else rows that lack one have no key.
        """
        if (columns, whole) not in self._keys:
            keys_of = content_keys if whole else complete_keys
            starts = range(0, self.rows.num_rows, _AT_ONCE)
            found = [keys_of(self.rows[at : at + _AT_ONCE], columns) for at in starts]
            self._keys[columns, whole] = np.sort(np.concatenate([np.zeros(0, np.uint64), *found]))
        return self._keys[columns, whole]


@dataclass(frozen=True)
class Found:
    """What a holdout and the keys that a model has seen have in common.

    Attributes:
        columns: By which it was told.
        of_rows: Rows of the holdout that have a key.
        of_keys: Different keys among them.
        rows: Those rows whose key was seen.
        keys: Different keys among these.
    """

    columns: tuple[str, ...]
    of_rows: int
    of_keys: int
    rows: int
    keys: int


def disjoint(models: Mapping[str, Seen], holdout: Holdout) -> Iterator[Check]:
    """One check for each model: PASS where the holdout is one, INCONCLUSIVE where it is not or where nobody can tell.

    They are hard, but for a baseline of which nothing can be told: one that has seen the holdout looks better than it
    is, so that the challenger is held to more, never to less. Unless the challenger started from it.

    Args:
        models: By role.
        holdout: The rows.

    Raises:
        IntegrityError: A file of keys is gone or was changed.
    """
    for role, seen in models.items():
        yield _check(role, seen, holdout)


def shared(held: Hashes, seen: Hashes) -> tuple[int, int]:
    """How many of some keys stand in a set, and how many different ones among them.

    Args:
        held: Ascending, each as often as it comes.
        seen: Ascending, each once.

    >>> shared(np.array([2, 3, 3, 9], np.uint64), np.array([3, 7, 9], np.uint64))
    (3, 2)
    """
    places = np.searchsorted(seen, held)
    inside = places < len(seen)
    inside[inside] = seen[places[inside]] == held[inside]
    return int(inside.sum()), _different(held[inside])


def _different(ascending: Hashes) -> int:
    return int(np.count_nonzero(ascending[1:] != ascending[:-1])) + bool(len(ascending))


def _check(role: str, seen: Seen, holdout: Holdout) -> Check:
    recorded = seen.trained_on
    if recorded is None:
        return _unknown(role, seen, holdout, "it was registered before it was recorded what a model is trained on")
    if why := _rows_unknown(recorded.rows, holdout):
        return _unknown(role, seen, holdout, why)
    rows = _found(recorded.rows, seen.folder, holdout, whole=True)
    why = _entities_unknown(recorded.entities, holdout)
    entities = recorded.entities if not why else None
    check = _judged(role, holdout, rows, _found(entities, seen.folder, holdout, whole=False) if entities else None)
    blocks = check.tier is Tier.HARD and check.verdict is not Verdict.PASS
    return _unknown(role, seen, holdout, why, check) if why and not blocks else check


def _rows_unknown(recorded: KeySet, holdout: Holdout) -> str:
    """Why rows cannot be told by what was recorded; empty: they can."""
    if not holdout.rows.num_rows:
        return "the holdout has no rows"
    lacking = [name for name in recorded.columns if name not in holdout.rows.column_names]
    return f"its rows were told by {_named(lacking)} too, which the holdout does not have" if lacking else ""


def _entities_unknown(recorded: KeySet | None, holdout: Holdout) -> str:
    """Why entities cannot be told by what was recorded; empty: they can, or nobody asks."""
    columns = recorded.columns if recorded else ()
    # Whatever fewer columns tell apart, more of them do too.
    if holdout.entity and not (columns and set(columns) <= set(holdout.entity)):
        told = _named(columns) if columns else "no column"
        return f"entities are told by {_named(holdout.entity)}, and its own were told by {told}"
    if recorded is None:
        return ""
    if not (recorded.keys and len(holdout.keys(columns, whole=False))):
        return f"{_named(columns)} is missing in every row of the holdout, or in every row that it was trained on"
    return ""


def _found(recorded: KeySet, folder: Path, holdout: Holdout, *, whole: bool) -> Found:
    held = holdout.keys(recorded.columns, whole=whole)
    return Found(recorded.columns, len(held), _different(held), *shared(held, key_sets.read(recorded, folder)))


def _judged(role: str, holdout: Holdout, rows: Found, entities: Found | None) -> Check:
    part = rows.rows / rows.of_rows
    tier, verdict = graded(part, holdout.bounds)
    if entities and entities.rows:
        tier, verdict = Tier.HARD, Verdict.FAIL
    elif entities and verdict is Verdict.PASS:
        tier = Tier.HARD
    observed, numbers = _figures(rows, part, entities)
    may = _allowed(holdout.bounds, entities is not None)
    reason = f"{observed} of the holdout stand in what the {role} was trained on or stopped by; allowed {may}; "
    reason += f"told by {len(rows.columns)} of {holdout.rows.num_columns} columns"
    reason += f" and by {_named(entities.columns)}" if entities else ""
    if verdict is Verdict.PASS:
        return Check(NAME, role, tier, verdict, observed, may, reason, numbers)
    reason += f"; {_way_out(role, entities)}"
    # A model that saw the holdout need not be bad: nobody knows what it is worth.
    return Check(NAME, role, tier, Verdict.INCONCLUSIVE, observed, may, reason, numbers)


def _figures(rows: Found, part: float, entities: Found | None) -> tuple[str, dict[str, float]]:
    observed = f"{rows.rows:,} of {rows.of_rows:,} rows ({share(part)})"
    numbers: dict[str, float] = {"rows": rows.of_rows, "shared": rows.rows, "share": part}
    if entities is None:
        return observed, numbers
    part = entities.keys / entities.of_keys
    observed += f" and {entities.keys:,} of {entities.of_keys:,} entities ({share(part)})"
    numbers |= {"entities": entities.of_keys, "shared_entities": entities.keys, "rows_of_shared": entities.rows}
    return observed, numbers


def _unknown(role: str, seen: Seen, holdout: Holdout, why: str, rows: Check | None = None) -> Check:
    """What is said where not all can be told; rows: what could be."""
    tier = Tier.HARD if role == CHALLENGER or seen.inherited else Tier.SOFT
    reason = f"whether the {role} was trained on what is in the holdout cannot be told: {why}"
    if seen.inherited:
        reason += "; the challenger started from it, and has seen what it has: train once without model.warm_start"
    elif role != CHALLENGER:
        reason += "; if it was, it looks better than it is, so that the challenger is held to more"
    may, observed = _allowed(holdout.bounds, bool(holdout.entity)), "not known"
    if rows is None:
        return Check(NAME, role, tier, Verdict.INCONCLUSIVE, observed, may, reason)
    observed = f"{rows.observed}, entities not known"
    return Check(NAME, role, tier, Verdict.INCONCLUSIVE, observed, may, reason, rows.numbers)


def _allowed(bounds: Bounds, entities: bool) -> str:
    rows = allowed(bounds, share)
    return f"{rows} of rows, and no entity" if entities else rows


def _way_out(role: str, entities: Found | None) -> str:
    if role != CHALLENGER:
        hint = "rows came again, or data.splits is not what it was: put its key and shares back, or promote a model by "
        return hint + "hand that was not trained on them: benison registry promote --force"
    if entities and entities.rows:
        return f"split by them: data.splits: {{key: [{', '.join(entities.columns)}]}}"
    return "drop the copies, or split by a key of which they share the value: data.splits.key"


def _named(columns: tuple[str, ...] | list[str]) -> str:
    return f"column{'s' * (len(columns) > 1)} {', '.join(columns)}"
