"""Columns of texts that are nearly numbers or dates: what a person would have meant, and why it is not taken so."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

# Of so many rows a column is nearly what it is not.
_MOSTLY = 0.7
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_DECORATED = r"^[+-]?[$€£]?\s?\d{1,3}(,?\d{3})*(\.\d+)?\s?[%$€£]?$"
_COMMA = r"^[+-]?\d+,\d+$"
_DATE = r"^\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d{2})$"


def said_of(values: pa.ChunkedArray) -> str:
    """What is nearly there, and what to do about it; empty where the texts are no more than that.

    Args:
        values: A column's values, none missing.
    """
    if not pa.types.is_string(values.type) or not len(values):
        return ""
    numbers = _share(values, _NUMBER)
    if _MOSTLY <= numbers < 1:
        word, rows = _commonest(values)
        return f"numbers but for {word!r} and the like in {rows:,} rows: leave such fields empty, or it stays text"
    if _share(values, _DECORATED) >= _MOSTLY:
        return f"numbers with signs, such as {values[0].as_py()!r}: write 1299.5, or it stays text"
    if _share(values, _COMMA) >= _MOSTLY:
        return f"numbers with a decimal comma, such as {values[0].as_py()!r}: write 3.5, or it stays text"
    if _share(values, _DATE) >= _MOSTLY:
        return f"dates such as {values[0].as_py()!r}: write 2026-11-28, or it stays text"
    return ""


def _share(values: pa.ChunkedArray, pattern: str) -> float:
    return float(pc.mean(pc.match_substring_regex(values, pattern).cast(pa.float64())).as_py())


def _commonest(values: pa.ChunkedArray) -> tuple[str, int]:
    """The text that is no number and stands there most often, and in how many rows one stands."""
    others = values.filter(pc.invert(pc.match_substring_regex(values, _NUMBER)))
    counts = pc.value_counts(others).to_pylist()
    first = max(counts, key=lambda one: (one["counts"], one["values"]))
    return str(first["values"]), len(others)
