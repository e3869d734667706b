"""Periods of live traffic that labels are waited for: when one is due, and what was measured of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

# 1970 began on a Thursday; periods of a week begin on Mondays.
_MONDAY_S = 4 * 86_400


@dataclass(frozen=True)
class Figure:
    """A metric on a slice.

    Attributes:
        metric: Its name.
        slice: The slice's.
        value: Of the champion's live answers; None: undefined, or there were no labels.
        lower: What it lies between, each bound with the gate's confidence; None: nothing can be said.
        upper: Likewise.
        blessed: What it was at the champion's blessing.
        rows: How many labels it was measured on.
        note: Why there is no interval; empty where there is one.
    """

    metric: str
    slice: str
    value: float | None
    lower: float | None
    upper: float | None
    blessed: float
    rows: int
    note: str = ""


@dataclass(frozen=True)
class Period:
    """What labels say of a stretch of time.

    Attributes:
        start: When it begins, in seconds since 1970 in UTC.
        minutes: How long it is.
        requests: That the champion answered in it.
        labelled: Those of them whose label came.
        figures: By metric and slice.
        trouble: Why nothing could be measured; empty: it could.
    """

    start: int
    minutes: int
    requests: int
    labelled: int
    figures: tuple[Figure, ...] = ()
    trouble: str = ""

    @property
    def end(self) -> int:
        """When it ends, in seconds since 1970."""
        return self.start + 60 * self.minutes

    @property
    def missing(self) -> float:
        """The share of requests without a label; 1 where there was no request."""
        return 1 - self.labelled / self.requests if self.requests else 1.0

    def to_json(self) -> dict[str, Any]:
        """As it stands in the log of windows."""
        return {**asdict(self), "figures": [asdict(one) for one in self.figures]}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Period:
        """The inverse of `to_json`."""
        return cls(**{**content, "figures": tuple(Figure(**one) for one in content["figures"])})


def due(start: int, end: int, minutes: int, mature_s: float) -> int | None:
    """When the period begins whose last labels could have come just within a window; None: there is none.

    Args:
        start: When the window begins, in seconds since 1970.
        end: When it ends; no more than one period later.
        minutes: How long a period is.
        mature_s: How many seconds after a request its label may come.

    >>> due(86_400 - 3600, 86_400, 1440, 0.0), due(86_400, 90_000, 1440, 0.0), due(86_400, 90_000, 1440, 60.0)
    (0, None, 0)
    """
    before, now = (int((at - mature_s - _MONDAY_S) // (60 * minutes)) for at in (start, end))
    return None if now == before else (now - 1) * 60 * minutes + _MONDAY_S
