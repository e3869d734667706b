"""Bounds: one figure against two bounds, of which the lower warns and the higher blocks."""

from __future__ import annotations

import math
from collections.abc import Callable

from benison.config.validation import Bounds
from benison.core.verdicts import Tier, Verdict


def graded(value: float, bounds: Bounds) -> tuple[Tier, Verdict]:
    """FAIL beyond a bound: hard beyond `block`, soft beyond `warn`. What passes is hard if it could have blocked.

    >>> graded(3.0, Bounds(warn=2, block=5))
    (<Tier.SOFT: 'soft'>, <Verdict.FAIL: 'FAIL'>)
    """
    if value > bounds.block:
        return Tier.HARD, Verdict.FAIL
    if value > bounds.warn:
        return Tier.SOFT, Verdict.FAIL
    return could_block(bounds), Verdict.PASS


def could_block(bounds: Bounds) -> Tier:
    """Hard where there is a bound that blocks."""
    return Tier.HARD if math.isfinite(bounds.block) else Tier.SOFT


def allowed(bounds: Bounds, said: Callable[[float], str] = "{:g}".format) -> str:
    """``<= 0.1 (1 blocks)``, in the words of the figure's own format."""
    if math.isinf(bounds.warn):
        return "anything"
    blocks = f"more than {said(bounds.block)} blocks" if math.isfinite(bounds.block) else "more only warns"
    return f"at most {said(bounds.warn)} ({blocks})"


def share(value: float) -> str:
    """A share as a percentage that is never rounded to nothing: ``0.012%``."""
    return f"{value:.2%}" if value == 0 or value >= 0.001 else f"{100 * value:.2g}%"
