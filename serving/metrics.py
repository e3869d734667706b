"""metrics: what /metrics says beside KServe's own figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Summary
from prometheus_client.core import GaugeMetricFamily

from benison.core import digests
from benison.delivery.traffic import Role
from benison.serving.versions import Versions

_WHO = ["role", "version"]
_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """Counters of one server; a process has one.

    Args:
        more_ms: Bounds of the histogram of latencies besides its own, in milliseconds.
    """

    def __init__(self, more_ms: Iterable[float] = ()) -> None:
        told = ("Requests by what answered them", ["role", "version", "outcome"])
        self._requests = Counter("benison_requests_total", *told)
        bounds = sorted({*_BUCKETS_S, *(each / 1e3 for each in more_ms)})
        self._seconds = Histogram("benison_request_seconds", "From begin to answer", _WHO, buckets=bounds)
        self._score = Summary("benison_score", "Mean answer to the rows of a request", _WHO)
        self._squares = Counter("benison_score_squares_total", "Squares of the same", _WHO)
        self._shadow_dropped = Counter("benison_shadow_dropped_total", "Copies that found no room")
        self._log_rows_dropped = Counter("benison_request_log_rows_dropped_total", "Rows that the log could not keep")
        self._registry = Gauge("benison_registry_reachable", "1: its log was read at the last look")
        self._events = Counter("benison_packages_total", "Packages loaded or failed to load", ["outcome"])

    def answered(self, role: Role, version: str, status: int, seconds: float, scores: Sequence[float] = ()) -> None:
        """One package was done with one request."""
        self._requests.labels(str(role), version, str(status)).inc()
        self._seconds.labels(str(role), version).observe(seconds)
        if scores:
            mean = math.fsum(scores) / len(scores)
            self._score.labels(str(role), version).observe(mean)
            self._squares.labels(str(role), version).inc(mean * mean)

    def refused(self, status: int) -> None:
        """A request reached no package."""
        self._requests.labels("none", "none", str(status)).inc()

    def shadow_dropped(self) -> None:
        """A copy found no room."""
        self._shadow_dropped.inc()

    def log_dropped(self, rows: int) -> None:
        """So many rows are not in the request log."""
        self._log_rows_dropped.inc(rows)

    def told(self, event: str) -> None:
        """An event of `Versions`."""
        if event in ("registry_up", "registry_down"):
            self._registry.set(event == "registry_up")
        else:
            self._events.labels(event).inc()

    def watch(self, versions: Versions) -> None:
        """Shows what is loaded, and how many rows wait, whenever somebody asks."""
        REGISTRY.register(_Loaded(versions))


class _Loaded:
    """What is to be looked at rather than counted."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One figure for each version that is loaded."""
        loaded = GaugeMetricFamily("benison_loaded_version", "Versions that are loaded", labels=["version"])
        waiting = GaugeMetricFamily("benison_queue_rows", "Rows that wait", labels=["version", "queue"])
        for digest, version in self._versions.loaded.items():
            loaded.add_metric([digests.short(digest)], 1)
            waiting.add_metric([digests.short(digest), "live"], version.live.depth)
            waiting.add_metric([digests.short(digest), "shadow"], version.shadow.depth)
        live = self._versions.live
        number = live.traffic.champion.number if live else 0
        yield from (loaded, waiting)
        yield GaugeMetricFamily("benison_champion_number", "The log entry of the champion; 0: none", value=number)
        on_trial = float(live is not None and live.challenger is not None)
        yield GaugeMetricFamily("benison_challenger_loaded", "1: a challenger can answer", value=on_trial)
