"""Naming the known word that a misspelt one probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for an unknown word: the nearest known one, or all of them where none is near.

    >>> nearest("confidense", ["confidence", "checks"])
    'did you mean confidence?'
    """
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"known here: {', '.join(names)}" if names else ""


def misspelt(word: str, written: Iterable[str]) -> str:
    """A hint for a known word that is missing: the written one that was probably meant for it, if any.

    >>> misspelt("label", ["lable", "data"])
    'is lable meant for it?'
    """
    close = difflib.get_close_matches(word, sorted(written), n=1, cutoff=0.6)
    return f"is {close[0]} meant for it?" if close else ""
