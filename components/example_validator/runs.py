"""Runs: 64-bit keys of rows, sorted, in files; how many of them repeat, or stand in others, a range at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benison.core.forks import map_forked
from benison.core.hashes import Hashes

# About so many keys of all runs are in memory at once, in each process.
RANGE_KEYS = 1 << 20
# As many of the keys found are kept, to look up the values behind them.
KEPT_KEYS = 64


@dataclass(frozen=True)
class Run:
    """Sorted keys of some rows, in a file of their 8 bytes each.

    Attributes:
        path: The file.
        keys: How many.
        left_out: Rows that have no key, since a value is missing.
        groups: What the rows belong to: ``split train``, ``span 3``.
    """

    path: Path
    keys: int
    left_out: int
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """Keys that are what was looked for.

    Attributes:
        rows: Rows with such a key.
        keys: Different keys among them.
        some: The lowest ones, at most `KEPT_KEYS`, ascending: a sample, since keys are hashes.
    """

    rows: int = 0
    keys: int = 0
    some: tuple[int, ...] = ()

    def __add__(self, other: Found) -> Found:
        """With those of a higher range."""
        return Found(self.rows + other.rows, self.keys + other.keys, (*self.some, *other.some)[:KEPT_KEYS])


def write(keys: Hashes, path: Path, left_out: int = 0, groups: Iterable[str] = ()) -> Run:
    """A run of some rows.

    Args:
        keys: In any order.
        path: Where to.
        left_out: As in `Run`.
        groups: As in `Run`.
    """
    np.sort(keys).tofile(path)
    return Run(path, len(keys), left_out, tuple(groups))


def of_group(runs: Iterable[Run], *groups: str) -> tuple[Run, ...]:
    """The runs of rows that belong to all of some groups."""
    return tuple(run for run in runs if set(groups) <= set(run.groups))


def rows_of(runs: Iterable[Run]) -> int:
    """All rows, with those that have no key."""
    return sum(run.keys + run.left_out for run in runs)


def left_out_of(runs: Iterable[Run]) -> int:
    """Rows that have no key."""
    return sum(run.left_out for run in runs)


def repeated(runs: Sequence[Run]) -> Found:
    """Rows whose key stands at least twice."""
    return _over_ranges(_repeated, runs, ())


def shared(runs: Sequence[Run], others: Sequence[Run]) -> Found:
    """Rows whose key stands in others too."""
    return _over_ranges(partial(_compared, there=True), runs, others)


def absent(runs: Sequence[Run], others: Sequence[Run]) -> Found:
    """Rows whose key does not stand in others."""
    return _over_ranges(partial(_compared, there=False), runs, others)


def _over_ranges(find: Callable[[Hashes, Hashes], Found], runs: Sequence[Run], others: Sequence[Run]) -> Found:
    """What a function finds in each range of keys, together; keys are hashes, so ranges are about equal."""
    total = sum(run.keys for run in (*runs, *others))
    bits = max(0, (total // RANGE_KEYS).bit_length())
    found = map_forked(lambda part: find(_within(runs, part, bits), _within(others, part, bits)), range(1 << bits))
    return sum(found, Found())


def _within(runs: Sequence[Run], part: int, bits: int) -> Hashes:
    """Sorted keys of all runs whose first bits say that they are in this range."""
    slices = list(_slices(runs, part, bits))
    return np.sort(np.concatenate(slices), kind="stable") if slices else np.zeros(0, np.uint64)


def _slices(runs: Sequence[Run], part: int, bits: int) -> Iterator[Hashes]:
    low, high = part << (64 - bits), ((part + 1) << (64 - bits)) - 1
    for run in runs:
        if run.keys:
            keys = np.memmap(run.path, np.uint64, "r")
            start = np.searchsorted(keys, np.uint64(low), side="left")
            end = np.searchsorted(keys, np.uint64(high), side="right")
            yield np.asarray(keys[start:end])


def _repeated(keys: Hashes, _: Hashes) -> Found:
    starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] + np.uint64(1))) if len(keys) else np.zeros(0, np.int64)
    times = np.diff(np.append(starts, len(keys)))
    twice = keys[starts[times > 1]]
    return Found(int(times[times > 1].sum()), len(twice), _first(twice))


def _compared(keys: Hashes, others: Hashes, *, there: bool) -> Found:
    places = np.searchsorted(others, keys)
    inside = places < len(others)
    inside[inside] = others[places[inside]] == keys[inside]
    found = keys[inside == there]
    different = np.unique(found)
    return Found(len(found), len(different), _first(different))


def _first(ascending: Hashes) -> tuple[int, ...]:
    return tuple(ascending[:KEPT_KEYS].tolist())
