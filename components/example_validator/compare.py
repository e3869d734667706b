"""Compare: this train split with the one that the champion was trained on, column by column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.components.example_validator.profile import numbers
from benison.core.examples import as_text
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.drift import Counts, Drift, benjamini_hochberg, bin_counts, compare

# The customary bound for a shift that matters.
SHIFT = 0.1
# At most this share of the columns that are called drifted may be so by chance.
LEVEL = 0.01
_ALLOWED = f"PSI <= {SHIFT:g}, or no more than chance (p > {LEVEL:g})"


def binned(reference: Mapping[str, Any], column: pa.ChunkedArray) -> tuple[Counts, Counts]:
    """Rows of a reference profile and of a column in the bins that the reference fixed, missing values in the last.

    Args:
        reference: A column's entry in profile.json.
        column: The same column of another snapshot; numbers where the reference is numeric.

    Returns:
        Two arrays of counts, of equal length.
    """
    if reference["kind"] == "numeric":
        before = [*reference["counts"], reference["missing"]]
        values = numbers(column)
        missing = np.isnan(values)
        after = [*bin_counts(values[~missing], np.array(reference["edges"])), np.count_nonzero(missing)]
        return np.array(before, np.int64), np.array(after, np.int64)
    before = [*reference["counts"].values(), reference["other"], reference["missing"]]
    return np.array(before, np.int64), _by_value(list(reference["counts"]), column)


def _by_value(known: list[str], column: pa.ChunkedArray) -> Counts:
    values = pc.drop_null(as_text(column))
    places = pc.fill_null(pc.index_in(values, value_set=pa.array(known, pa.string())), len(known))
    counts = np.bincount(np.asarray(places.to_numpy(), dtype=np.int64), minlength=len(known) + 1)
    return np.append(counts, column.null_count).astype(np.int64)


def drift(
    reference: Mapping[str, Mapping[str, Any]],
    current: Mapping[str, Mapping[str, Any]],
    table: pa.Table,
    columns: Iterable[str],
) -> list[Check]:
    """Soft checks: a column has drifted where the shift is large AND more than chance, corrected over the columns.

    Args:
        reference: The champion's profile by column.
        current: The profile of `table` by column.
        table: The rows of train.
        columns: The columns that the model sees, and the label.

    Returns:
        One check for each column, in the order given.
    """
    columns = list(columns)
    why_not = {name: _why_not(name, reference.get(name), current.get(name)) for name in columns}
    found = {name: compare(*binned(reference[name], table[name])) for name in columns if not why_not[name]}
    adjusted = dict(zip(found, benjamini_hochberg([one.p_value for one in found.values()]), strict=True))
    why_not |= {
        name: f"column {name}: {_sizes(reference[name], table)} are too few rows to compare"
        for name, one in found.items()
        if not one.enough
    }
    return [
        _unknown(f"column {name}", why_not[name])
        if why_not[name]
        else _known(name, found[name], float(adjusted[name]), _sizes(reference[name], table))
        for name in columns
    ]


def _why_not(name: str, reference: Mapping[str, Any] | None, current: Mapping[str, Any] | None) -> str:
    """Why a column cannot be compared; empty where it can."""
    if reference is None:
        return f"the champion's profile has no column {name}"
    if current is None:
        return f"column {name} has no profile in this snapshot"
    if reference["kind"] != current["kind"]:
        return f"column {name} was {reference['kind']} for the champion and is {current['kind']} now"
    if not reference["rows"] or not current["rows"]:
        return f"column {name} has no rows on one side"
    return ""


def _sizes(reference: Mapping[str, Any], table: pa.Table) -> str:
    return f"{reference['rows']:,} against {len(table):,}"


def _unknown(subject: str, reason: str) -> Check:
    return Check("drift", subject, Tier.SOFT, Verdict.INCONCLUSIVE, "not compared", _ALLOWED, reason)


def nothing_to_compare_with(reason: str) -> Check:
    """The one soft check that stands for all columns where there is no champion, or no profile of its snapshot."""
    return _unknown("all columns", reason)


def _known(name: str, found: Drift, p_value: float, sizes: str) -> Check:
    large, beyond_chance = found.psi > SHIFT, p_value <= LEVEL
    verdict = Verdict.FAIL if large and beyond_chance else Verdict.PASS
    observed = f"PSI {found.psi:.3f}, p {p_value:.2g}"
    size = f"PSI {found.psi:.3f} {'>' if large else '<='} {SHIFT:g}"
    chance = f"p {p_value:.2g} {'<=' if beyond_chance else '>'} {LEVEL:g} at {sizes} rows"
    reason = f"column {name}: {size} and {chance}" if large else f"column {name}: {size}"
    figures = {"psi": found.psi, "p_value": found.p_value, "p_value_adjusted": p_value, "bins": found.bins}
    return Check("drift", f"column {name}", Tier.SOFT, verdict, observed, _ALLOWED, reason, figures)
