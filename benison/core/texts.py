"""Values as texts: how a value of any type is written in a CSV, so that it is the same wherever it is compared."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

# Whole floats are written as integers up to here: beyond, not every integer is a float.
_EXACT = 2.0**53


def spell(value: Any) -> str:
    """One value as text: 1 for 1.0, true and false; others as Python writes them.

    >>> spell(7.0), spell(0.5), spell(True), spell("a")
    ('7', '0.5', 'true', 'a')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) <= _EXACT else repr(value)
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
