"""looked: what a look at labels came to, apart from what it takes to measure it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benison.monitoring.judge import Asked
from benison.monitoring.periods import Period


@dataclass(frozen=True)
class Looked:
    """What labels say at the end of a window.

    Attributes:
        quality: The period that is judged; None: of none.
        retried: An earlier one that could be read only now: its figures, of which nothing is asked any more.
        asked: What is asked of the one that is judged.
    """

    quality: Period | None = None
    retried: Period | None = None
    asked: Sequence[Asked] = ()
