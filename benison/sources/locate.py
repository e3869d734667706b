"""Locate: which spans a run uses, of those there are."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from benison.core.errors import DataError


class Numbered(Protocol):
    """Something that has spans."""

    @property
    def path(self) -> str:
        """What messages call it."""

    def at(self, span: int) -> str:
        """What they call one of its spans."""


def choose(found: Collection[int], newest: int, window: int, pattern: Numbered) -> list[int]:
    """The spans of a window, oldest first.

    Args:
        found: The spans there are.
        newest: The newest span to use; 0: the newest there is.
        window: How many spans up to the newest; those below the first there is are left out.
        pattern: The data's path.

    Raises:
        DataError: There is no such span, or one is missing within the window.
    """
    where = pattern.path
    if not found:
        raise DataError(where, expected="a file", got="none", hint=f"the first would be {pattern.at(1)}")
    if min(found) < 1:
        raise DataError(where, expected="spans numbered from 1", got=f"span {min(found)}", hint="rename the files")
    if newest < 0:
        raise DataError(where, expected="span 1 or more, or 0 for the newest", got=f"span {newest}")
    last = newest or max(found)
    chosen = [span for span in range(last - window + 1, last + 1) if span >= min(found)]
    for span in (last, *chosen):
        if span not in found:
            hint = f"there {'is' if len(found) == 1 else 'are'} {listed(sorted(found))}"
            raise DataError(where, expected=f"span {span}", got="none", hint=hint)
    return chosen


def alone(newest: int, where: str) -> list[int]:
    """The one span of data without numbers.

    Raises:
        DataError: Another span than the first was asked for.
    """
    if newest not in (0, 1):
        hint = "put {span} into data.path where the number stands"
        raise DataError(where, expected="span 1, or 0, where the path has no {span}", got=f"span {newest}", hint=hint)
    return [1]


def listed(spans: list[int]) -> str:
    """Numbers as a person writes them.

    >>> listed([1, 2, 3, 7])
    'spans 1 to 3, 7'
    """
    runs: list[list[int]] = []
    for span in spans:
        if runs and span == runs[-1][-1] + 1:
            runs[-1].append(span)
        else:
            runs.append([span])
    texts = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return f"span{'s' * (len(spans) > 1)} {', '.join(texts)}"
