"""Order: the slices that were found, as `slice.cut` has them, and what may not be asked of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import pyarrow as pa

from benison.eval_config import Slicing
from benison.metrics.slice import MOST, Keys, name_of, none_of, told_apart, too_many, unknown_value


class Found(Protocol):
    """What there is in rows that are read in parts: all of them, their slices, and by column the values that occur."""

    @property
    def rows(self) -> int: ...

    @property
    def slices(self) -> Collection[Keys]: ...

    @property
    def values(self) -> Mapping[str, Collection[str]]: ...


def ordered(found_in: Found, slicings: Sequence[Slicing], types: Mapping[str, pa.DataType], where: str) -> list[Keys]:
    """All rows first, then every slice that occurs.

    Args:
        found_in: What was counted.
        slicings: How rows are cut.
        types: Of the columns that they are cut by.
        where: The file that names them, for messages.

    Raises:
        ConfigError: As `slice.cut`.
    """
    found: dict[Keys, None] = {(): None}
    for slicing in slicings:
        own = [keys for keys in found_in.slices if _is_of(slicing, keys)]
        if found_in.rows and not own:
            raise _absent(slicing, found_in, where)
        found |= dict.fromkeys(sorted(own, key=lambda keys: _rank(slicing, dict(keys), types)))
        if len(found) > MOST:
            raise too_many(slicing, where)
    told_apart([name_of(keys) for keys in found], where)
    return list(found)


def _is_of(slicing: Slicing, keys: Keys) -> bool:
    return sorted(slicing.columns) == [name for name, _ in keys] and set(slicing.values) <= set(keys)


def _rank(slicing: Slicing, values: Mapping[str, str], types: Mapping[str, pa.DataType]) -> list[float | str]:
    """What a slice is sorted by: its values in the order of the slicing's keys, numbers as numbers."""
    return [float(values[name]) if _is_number(types[name]) else values[name] for name in slicing.keys]


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _absent(slicing: Slicing, found_in: Found, where: str) -> Exception:
    for name, value in slicing.values:
        if value not in (known := found_in.values[name]):
            return unknown_value(name, value, sorted(known), where)
    return none_of(slicing, where)
