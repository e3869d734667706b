"""monitor: skew_rows: in benison.yaml: served rows beside the same rows as the data has them."""

from __future__ import annotations

from dataclasses import dataclass

from benison.config.limits import Limits, limits_of
from benison.config.serving import RequestLog
from benison.core.sections import Section

REQUEST_ID, UNIT_ID = "request_id", "unit_id"
DAY_MINUTES = 1440
_USUAL = Limits(0.01, 0.1)


@dataclass(frozen=True)
class SkewRows:
    """What served rows are held against.

    Attributes:
        data: Folder of Parquet files with the id and columns as training sees them.
        id: ``request_id``, of which the last row counts; or ``unit_id``, of which the last one before the request does.
        mature_minutes: How long after its request a row may come to the data.
        tolerance: Numbers differ by more than this part of the larger one.
        limits: Of the share of joined rows in which a column differs.
    """

    data: str
    id: str = REQUEST_ID
    mature_minutes: float = DAY_MINUTES
    tolerance: float = 1e-6
    limits: Limits = _USUAL

    @property
    def mature_seconds(self) -> float:
        """How long after its request a row may come to the data."""
        return 60 * self.mature_minutes


def skew_rows_of(section: Section) -> SkewRows:
    """Reads ``monitor: skew_rows:``.

    Raises:
        ConfigError: Something in it is not understood.
    """
    found = SkewRows(
        data=section.take("data", str),
        id=section.choice("id", (REQUEST_ID, UNIT_ID), REQUEST_ID),
        mature_minutes=section.number("mature_minutes", DAY_MINUTES, low=0, high=1e5),
        tolerance=section.number("tolerance", 1e-6, low=0, high=1),
        limits=limits_of(section, _USUAL),
    )
    section.close()
    return found


def check_kept(section: Section, asked: SkewRows, requests: RequestLog | None) -> None:
    """That a day of requests is still in their log when its rows have come to the data.

    Raises:
        ConfigError: It is gone by then.
    """
    days = 1 + asked.mature_minutes / DAY_MINUTES
    if requests is not None and days >= requests.keep_days:
        hint = "raise it, or wait less for rows"
        expected = f"serving.requests.keep_days above {days:g}, since requests are read when their rows have come"
        raise section.error("mature_minutes", expected, requests.keep_days, hint)
