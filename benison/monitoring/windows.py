"""A window as it is kept: what was counted, how far it was from what was expected, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from benison.core.verdicts import Verdict
from benison.measures.surprise import Distance
from benison.monitoring.joined import Joined
from benison.monitoring.periods import Period

DRIFT, SCORE_DRIFT, MISSING, VOLUME = "drift", "score_drift", "missing", "volume"
LATENCY, ERRORS, QUALITY, UNREADABLE, SKEW = "latency", "errors", "quality", "unreadable", "skew"
UNMEASURED, LATE, SKEW_ROWS = "unmeasured", "late", "skew_rows"
KINDS = (DRIFT, SCORE_DRIFT, MISSING, VOLUME, LATENCY, ERRORS, QUALITY, UNREADABLE, SKEW, UNMEASURED, LATE, SKEW_ROWS)
# Asked once in many windows, of the champion as it was trained: one answer is enough, and no person's word changes it.
OF_CHAMPION = (SKEW, QUALITY, UNMEASURED)
# One answer is enough of these.
SELDOM = (*OF_CHAMPION, LATE, SKEW_ROWS)
SCORES, TRAFFIC, ANSWERS, ROWS = "answers of the champion", "traffic", "requests", "rows"


@dataclass(frozen=True)
class Finding:
    """One question that was asked of a window, and its answer.

    Attributes:
        kind: One of `KINDS`.
        subject: A column, a metric on a slice, or `SCORES`, `TRAFFIC`, `ANSWERS`.
        verdict: FAIL: an effect that matters and is more than chance. PASS: none was found, and one that is
            severe would have been. INCONCLUSIVE: neither.
        severe: Of a FAIL: whether it is critical.
        effect: What was found; None where nothing could be measured.
        limit: From when on it matters.
        reach: The smallest effect that would have been more than chance; None where that is not known.
        p: The chance of such an effect, times the number of questions asked (Holm); None where it is not known.
        rows: How many rows, or requests, it was found in.
        against: What it was compared with: ``week``, ``day``, ``none``, ``training``, ``blessing``,
            ``limit`` or ``data``.
        missing: What there is too little of, as a person reads it; empty: nothing.
        windows: How many windows it was found in: those since one failed, where each alone is too small.
    """

    kind: str
    subject: str
    verdict: Verdict
    severe: bool
    effect: float | None
    limit: float
    reach: float | None
    p: float | None
    rows: int
    against: str
    missing: str = ""
    windows: int = 1

    def to_json(self) -> dict[str, Any]:
        """As it stands in the log of windows."""
        content = {**asdict(self), "verdict": str(self.verdict)}
        if self.windows == 1:
            del content["windows"]
        return content

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Finding:
        """The inverse of `to_json`."""
        return cls(**{**content, "verdict": Verdict(content["verdict"])})


@dataclass(frozen=True)
class Known:
    """Distances of one window by season, then by kind and subject."""

    by_level: Mapping[str, Mapping[tuple[str, str], Distance]] = field(default_factory=dict)

    def to_json(self) -> dict[str, list[list[Any]]]:
        """As lists: kind, subject, value, sampling, windows, bins."""
        return {
            level: [[*key, one.value, one.sampling, one.windows, one.bins] for key, one in found.items()]
            for level, found in self.by_level.items()
        }

    @classmethod
    def from_json(cls, content: Mapping[str, list[list[Any]]]) -> Known:
        """The inverse of `to_json`."""
        return cls({level: {(r[0], r[1]): Distance(*r[2:]) for r in rows} for level, rows in content.items()})


@dataclass(frozen=True)
class Late:
    """Rows of windows that came after these were counted.

    Attributes:
        begin: Of the first window, in seconds since 1970.
        end: Of the last one, likewise.
        rows: How many came too late.
        all: How many there are by now.
        windows: When those with most of them begin, and how many they have.
    """

    begin: int
    end: int
    rows: int
    all: int
    windows: tuple[tuple[int, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As it stands in the log of windows."""
        return {**asdict(self), "windows": [list(one) for one in self.windows]}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Late:
        """The inverse of `to_json`."""
        return cls(**{**content, "windows": tuple((at, rows) for at, rows in content["windows"])})


@dataclass(frozen=True, kw_only=True)
class Window:
    """An entry of the log of windows.

    Attributes:
        start: When it begins, in seconds since 1970 in UTC.
        minutes: How long it is.
        champion: The package that answered at its end.
        snapshot: The training whose bins `counts` are of: the first champion's as long as the columns stay the
            same, so that a new champion does not make the past incomparable.
        grid: The digest of these bins.
        counts: `Sketch.to_json`.
        trained_on: What the champion itself was trained on.
        own: Rows by column in the bins of that; None where they are those of `snapshot`.
        known: How far it was from what was expected.
        findings: What was found.
        reset: Columns whose past does not count from here on, since a person or a new champion took it over.
        quality: What labels say of the period whose last ones could have come by its end; None: of none.
        retried: An earlier period, which could not be read when it was due and was now; None: of none.
        late: Rows of the windows before it that came after they were counted; None: they were not counted again.
        joined: A day of served rows beside the data's; None: of none.
    """

    start: int
    minutes: float
    champion: str
    snapshot: str
    grid: str
    counts: Mapping[str, Any]
    trained_on: str
    own: Mapping[str, list[int]] | None
    known: Known
    findings: tuple[Finding, ...]
    reset: tuple[str, ...] = ()
    quality: Period | None = None
    retried: Period | None = None
    late: Late | None = None
    joined: Joined | None = None

    @property
    def end(self) -> int:
        """When it ends, in seconds since 1970."""
        return self.start + round(60 * self.minutes)

    def to_json(self) -> dict[str, Any]:
        """As it stands in the log."""
        content = {
            "start": self.start,
            "minutes": self.minutes,
            "champion": self.champion,
            "snapshot": self.snapshot,
            "grid": self.grid,
            "counts": dict(self.counts),
            "trained_on": self.trained_on,
            "own": None if self.own is None else dict(self.own),
            "known": self.known.to_json(),
            "findings": [one.to_json() for one in self.findings],
            "reset": list(self.reset),
        }
        more = {"quality": self.quality, "retried": self.retried, "late": self.late, "joined": self.joined}
        return {**content, **{name: one.to_json() for name, one in more.items() if one is not None}}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Window:
        """The inverse of `to_json`."""
        return cls(
            **{
                **content,
                "known": Known.from_json(content["known"]),
                "findings": tuple(map(Finding.from_json, content["findings"])),
                "reset": tuple(content["reset"]),
                "quality": Period.from_json(content["quality"]) if "quality" in content else None,
                "retried": Period.from_json(content["retried"]) if "retried" in content else None,
                "joined": Joined.from_json(content["joined"]) if "joined" in content else None,
                "late": Late.from_json(content["late"]) if "late" in content else None,
            }
        )


def periods_of(windows: Iterable[Window]) -> list[Period]:
    """The periods of labels in order of time, each as it was read last.

    Args:
        windows: In order of time.
    """
    found = [one for window in windows for one in (window.retried, window.quality) if one is not None]
    return sorted({one.start: one for one in found}.values(), key=lambda one: one.start)
