"""Check: what must hold of rows, labels and splits, whatever the schema says."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.config import Label
from benison.core.verdicts import Check, Tier, Verdict

# Fewer rows than this of a class, and no measure of both classes has a variance.
FEWEST_OF_A_CLASS = 2
# From this share of holdout rows on, the measured quality is no longer that of unseen data.
BLOCKING_LEAK = 0.01
_RATIO = (0.5, 2.0)


def rows(split: str, count: int) -> Check:
    """Hard: a split has rows. TFDV itself finds no fault with an empty one."""
    verdict = Verdict.PASS if count else Verdict.FAIL
    reason = f"split {split} has {count:,} rows" + ("" if count else ", at least 1 is needed")
    return Check("rows", f"split {split}", Tier.HARD, verdict, f"{count:,}", ">= 1", reason, {"rows": count})


def label_classes(split: str, labels: npt.NDArray[np.int8], label: Label) -> Check:
    """Hard: both classes have at least two rows in a split.

    Args:
        split: The split's name.
        labels: 0 and 1, one for each row.
        label: What the two stand for.
    """
    positives = int(np.count_nonzero(labels))
    counts = {label.negative: len(labels) - positives, label.positive: positives}
    verdict = Verdict.PASS if min(counts.values()) >= FEWEST_OF_A_CLASS else Verdict.FAIL
    observed = ", ".join(f"{value}: {count:,}" for value, count in counts.items())
    allowed = f">= {FEWEST_OF_A_CLASS} rows of each class"
    reason = f"split {split} has rows of {label.column} {observed}; allowed {allowed}"
    numbers = {"positives": positives, "negatives": len(labels) - positives}
    return Check("label_classes", f"split {split}", Tier.HARD, verdict, observed, allowed, reason, numbers)


def columns(asked: Iterable[str], table: pa.Table) -> list[Check]:
    """Hard: the columns that the model sees are in the data. TFDV asks so only where the schema demands presence."""
    missing = [name for name in asked if name not in table.column_names]
    if not missing:
        reason = "every feature of benison.yaml is in the data"
        return [Check("columns", "all features", Tier.HARD, Verdict.PASS, "all there", "all there", reason)]
    reason = "column {0}: a feature of benison.yaml that is not in the data"
    return [
        Check("columns", f"column {name}", Tier.HARD, Verdict.FAIL, "missing", "there", reason.format(name))
        for name in missing
    ]


def unprofiled(types: dict[str, str]) -> list[Check]:
    """Soft: names the columns that no check looks at, because TFDV has no statistics for their type.

    Args:
        types: Arrow's type by column.
    """
    reason = "column {0} is not profiled: {1}"
    allowed = "numbers, text or booleans"
    return [
        Check("profiled", f"column {name}", Tier.SOFT, Verdict.INCONCLUSIVE, kind, allowed, reason.format(name, kind))
        for name, kind in types.items()
    ]


def history_rows(count: int, champion_count: int) -> Check:
    """Soft: train has about as many rows as the champion was trained on."""
    low, high = _RATIO
    allowed = f"{low:g} to {high:g} times the champion's"
    subject, observed = "split train", f"{count:,} rows, the champion's had {champion_count:,}"
    if not champion_count:
        reason = "the champion's snapshot had no rows, so rows cannot be compared"
        return Check("history_rows", subject, Tier.SOFT, Verdict.INCONCLUSIVE, observed, allowed, reason)
    ratio = count / champion_count
    verdict = Verdict.PASS if low <= ratio <= high else Verdict.FAIL
    reason = f"split train has {observed}: {ratio:.3g} times; allowed {low:g} to {high:g}"
    return Check("history_rows", subject, Tier.SOFT, verdict, observed, allowed, reason, {"ratio": ratio})


def shared_rows(train: pa.Table, holdout: pa.Table) -> int:
    """How many rows of holdout are identical to one of train in every column; missing equals missing."""
    rows_of = np.zeros(len(train) + len(holdout), np.int64)
    for name in train.column_names:
        codes = _codes([*train[name].chunks, *holdout[name].chunks])
        rows_of = np.unique(rows_of * (codes.max(initial=0) + 1) + codes, return_inverse=True)[1].reshape(-1)
    return int(np.isin(rows_of[len(train) :], rows_of[: len(train)]).sum())


def _codes(chunks: list[pa.Array]) -> npt.NDArray[np.int64]:
    """A whole number for each value of a column, the same for equal values; 0 for missing ones."""
    if not chunks or pa.types.is_null(chunks[0].type):
        return np.zeros(sum(len(chunk) for chunk in chunks), np.int64)
    indices = pa.concat_arrays([_plain(chunk) for chunk in chunks]).dictionary_encode().indices
    return np.asarray(pc.add(pc.fill_null(indices, -1), 1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def leakage(shared: int, held_out: int) -> Check:
    """No row of train stands in holdout too: any is a warning, from 1% of holdout on it blocks.

    Args:
        shared: Rows of holdout that are identical to one of train.
        held_out: Rows of holdout.
    """
    subject, allowed = "train and holdout", "no identical rows; 1% of holdout blocks"
    if not held_out:
        reason = "holdout has no rows, so leakage from train could not be looked for"
        return Check("leakage", subject, Tier.HARD, Verdict.INCONCLUSIVE, "no rows", allowed, reason)
    share = shared / held_out
    tier = Tier.SOFT if 0 < share < BLOCKING_LEAK else Tier.HARD
    verdict = Verdict.FAIL if shared else Verdict.PASS
    observed = f"{shared:,} of {held_out:,} rows ({share:.2%})"
    reason = f"{observed} of holdout are identical to a row of train"
    return Check("leakage", subject, tier, verdict, observed, allowed, reason, {"shared": shared, "share": share})
