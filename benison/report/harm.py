"""On which slices one model is worse than the other for certain, all slices of a metric said at once."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from benison.measures.holm import surely_below
from benison.report.comparison import WHOLE, Document, Evaluated, gain_over, slices


class Told(IntEnum):
    """What a gain says, in the order of harm."""

    WORSE = 0
    OPEN = 1
    BETTER = 2
    UNKNOWN = 3


def told(evidence: Evaluated, metric: str) -> dict[str, Told]:
    """By slice what the gain over the champion says.

    All rows together are one question. Their parts are many, of which some look worse by chance, so that what is said
    of them is corrected by Holm: with the confidence of one bound nothing at all is wrongly called worse, and likewise
    nothing better.
    """
    gains = {
        one["slice"]: gain_over(one["metrics"][metric], "champion")
        for one in slices(evidence)
        if metric in one["metrics"]
    }
    known = {name: gain for name, gain in gains.items() if gain is not None and gain["lower"] is not None}
    confidence = float(evidence.evaluation["confidence"]) if evidence.evaluation else 0.0
    whole = {name: gain for name, gain in known.items() if name == WHOLE}
    parts = {name: gain for name, gain in known.items() if name != WHOLE}
    said = {**_said(whole, confidence), **_said(parts, confidence)}
    return {name: said.get(name, Told.UNKNOWN) for name in gains}


def _said(gains: Mapping[str, Document], confidence: float) -> dict[str, Told]:
    found = [(float(gain["value"]), (gain["lower"], gain["upper"])) for gain in gains.values()]
    worse = surely_below(found, confidence)
    better = surely_below([(-value, (-upper, -lower)) for value, (lower, upper) in found], confidence)
    return {
        name: Told.WORSE if down else Told.BETTER if up else Told.OPEN
        for name, down, up in zip(gains, worse, better, strict=True)
    }
