"""rollout.staging: in benison.yaml: what a challenger must do on its servers before it has any live request."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from benison.config.paths import inside
from benison.core.sections import Section


@dataclass(frozen=True)
class Staging:
    """How the servers are asked for the challenger's answers.

    Attributes:
        url: Where a server listens, or what leads to one: ``http://host:port``.
        requests: How many make up the load, of one row each; the champion gets as many beside, in turn.
        seconds: How long each side's take.
        rows: A Parquet file of the project whose rows are sent; empty: rows made of the package's own figures.
        errors: The share of the challenger's that may fail, 0 to 1.
        p99_ms: Its 99th percentile may be so long; 0: that is not asked.
        p99_ratio: Its ratio to the champion's may be so large; 0: not asked.
    """

    url: str
    requests: int = 200
    seconds: float = 10.0
    rows: str = ""
    errors: float = 0.0
    p99_ms: float = 0.0
    p99_ratio: float = 0.0

    @property
    def longest_seconds(self) -> float:
        """How long it takes at most, with answers that are waited for."""
        return 2 * self.seconds + 60


def staging_of(section: Section) -> Staging:
    """Reads ``rollout.staging:``.

    Raises:
        ConfigError: Something in it is not understood.
    """
    staging = Staging(
        url=url_of(section),
        requests=section.whole("requests", 200, low=20),
        seconds=section.number("seconds", 10.0, low=0.1, high=600),
        rows=inside(section, "rows", ""),
        errors=section.number("errors", 0.0, low=0, high=1),
        p99_ms=section.number("p99_ms", 0.0, low=0, high=1e6),
        p99_ratio=section.number("p99_ratio", 0.0, low=0, high=1e6),
    )
    section.close()
    if staging.requests > 1000 * staging.seconds:
        got = f"{staging.requests / staging.seconds:g}"
        raise section.error("requests", "at most 1,000 a second", got, "one process sends them all; ask for fewer")
    return staging


def url_of(section: Section, key: str = "url") -> str:
    """An address of HTTP, without a slash at its end.

    Raises:
        ConfigError: It is none.
    """
    url = section.take(key, str).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise section.error(key, "an address such as http://models:8080", repr(url))
    return url
