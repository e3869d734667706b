"""Values as texts, spelt the same wherever they are compared or read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

# Whole floats are written as integers up to here: beyond, not every integer is a float.
_EXACT = 2.0**53


def spell(value: Any) -> str:
    """One value as it stands in a CSV: 1 for 1.0, true and false; others as Python writes them.

    >>> spell(7.0), spell(0.5), spell(True), spell("a")
    ('7', '0.5', 'true', 'a')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) <= _EXACT else repr(value)
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def spell_p(p_value: float) -> str:
    """A p-value in two digits; none is 0, some are smaller than a float64.

    >>> spell_p(0.71), spell_p(3.14e-41), spell_p(0.0)
    ('0.71', '3.1e-41', 'below 1e-300')
    """
    return f"{p_value:.2g}" if p_value > 1e-300 else "below 1e-300"
