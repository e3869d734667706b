"""Google's Cloud Monitoring: what a service counted in stretches of time, by its API of version 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import google.auth
import numpy as np
import numpy.typing as npt
import requests
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import AuthorizedSession

from benison.core.errors import AccessError, ConfigError, DataError, ServerError
from benison.delivery.google_answers import SIGN_IN, refused

Floats = npt.NDArray[np.float64]
ADDRESS = "https://monitoring.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/monitoring.read"
_TIMEOUT_S = 20.0
_PAGE = 10_000
# Of a unit of time as the API writes it, in milliseconds.
_UNITS_MS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True)
class Metric:
    """What the service says of a metric.

    Attributes:
        unit_ms: Its unit in milliseconds, where that is one of time; else NaN.
        period_s: A point is written every so many seconds.
        late_s: A point can be read so many seconds after its end, at the latest.
    """

    unit_ms: float
    period_s: float
    late_s: float


@dataclass(frozen=True)
class Histogram:
    """How many values lay where.

    Attributes:
        edges: (edges,) where buckets meet, ascending; each belongs to the bucket above it.
        counts: (edges + 1,) how many values were in each bucket.
    """

    edges: Floats
    counts: Floats


@dataclass(frozen=True)
class Point:
    """What was counted in one stretch of time.

    Attributes:
        labels: Of the metric.
        end: Where the stretch ends, in seconds since 1970.
        value: How many; or of what size, where the metric is a distribution.
    """

    labels: Mapping[str, str]
    end: float
    value: float | Histogram


class CloudMonitoring:
    """A project's metrics.

    Args:
        project: Of Google Cloud.
        address: Of the API; empty: Google's own.

    Raises:
        AccessError: There are no credentials.
    """

    def __init__(self, project: str, address: str = "") -> None:
        self.address, self._project = address or ADDRESS, project
        try:
            credentials, _ = google.auth.default(scopes=[_SCOPE])
        except GoogleAuthError as error:
            where = f"{self.address} (credentials)"
            raise AccessError(where, expected="credentials", got=type(error).__name__, hint=SIGN_IN) from None
        self._session = AuthorizedSession(credentials)

    def metric(self, type_: str) -> Metric:
        """What the service says of a metric.

        Args:
            type_: Its type: ``aiplatform.googleapis.com/prediction/online/response_count``.

        Raises:
            ConfigError: Its points are no counts of stretches of time.
            BenisonError: The service does not answer.
        """
        told = self._asked(f"metricDescriptors/{type_}", {})
        if told.get("metricKind") != "DELTA":
            got = str(told.get("metricKind"))
            raise ConfigError(f"{self.address} ({type_})", expected="a metric of kind DELTA", got=got)
        said = told.get("metadata", {})
        period, late = (_seconds(said.get(key, "0s")) for key in ("samplePeriod", "ingestDelay"))
        return Metric(_UNITS_MS.get(told.get("unit", ""), float("nan")), period, late)

    def points(self, type_: str, filters: Mapping[str, str], since: float, until: float) -> list[Point]:
        """What was counted in stretches that end after one moment and not after another.

        Args:
            type_: The metric's type.
            filters: Values by the labels that have to have them: ``resource.labels.endpoint_id``.
            since: Seconds since 1970.
            until: Later, likewise.

        Raises:
            BenisonError: The service does not answer, or not in its form.
        """
        asked = {
            "filter": " AND ".join([f'metric.type="{type_}"', *(f'{key}="{value}"' for key, value in filters.items())]),
            "interval.startTime": _written(since),
            "interval.endTime": _written(until),
            "pageSize": str(_PAGE),
        }
        try:
            found = [point for page in self._pages(asked) for one in page for point in _points(one)]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            where, got = f"{self.address} ({type_})", f"{type(error).__name__}: {error}"
            raise DataError(where, expected="time series of Cloud Monitoring", got=got) from None
        return [one for one in found if since < one.end <= until]

    def _pages(self, asked: Mapping[str, str]) -> Iterator[list[Any]]:
        token = ""
        while True:
            told = self._asked("timeSeries", {**asked, **({"pageToken": token} if token else {})})
            yield told.get("timeSeries", [])
            if not (token := told.get("nextPageToken", "")):
                return

    def _asked(self, what: str, words: Mapping[str, str]) -> dict[str, Any]:
        where = f"{self.address} ({words.get('filter', what)})"
        path = f"{self.address}/v3/projects/{self._project}/{what}"
        try:
            answer = self._session.get(path, params=words, timeout=_TIMEOUT_S, allow_redirects=False)
        except (requests.RequestException, TransportError) as error:
            hint = "look whether the network leads there"
            raise ServerError(where, expected="an answer", got=type(error).__name__, hint=hint) from None
        except GoogleAuthError as error:
            raise AccessError(where, expected="credentials", got=type(error).__name__, hint=SIGN_IN) from None
        if answer.status_code != 200:
            raise refused(where, answer.status_code, answer.text, _HINTS)
        try:
            told = answer.json()
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise ServerError(where, expected="an object of JSON", got=repr(answer.text[:100]))
        return told


_HINTS = {
    401: SIGN_IN,
    403: "the controller needs roles/monitoring.viewer: monitoring.timeSeries.list, monitoring.metricDescriptors.get",
    404: "rollout.traffic in benison.yaml names the project",
}


def _points(series: Mapping[str, Any]) -> Iterator[Point]:
    labels = dict(series["metric"].get("labels", {}))
    for one in series.get("points", []):
        end = datetime.fromisoformat(one["interval"]["endTime"]).timestamp()
        yield Point(labels, end, _value(one["value"]))


def _value(told: Mapping[str, Any]) -> float | Histogram:
    """Whole numbers come as texts, which is how JSON keeps 64 bits."""
    if "distributionValue" in told:
        return _histogram(told["distributionValue"])
    return float(told["int64Value"] if "int64Value" in told else told["doubleValue"])


def _histogram(told: Mapping[str, Any]) -> Histogram:
    """Empty buckets at the end are left out by the service."""
    edges = _edges(told["bucketOptions"])
    counts = np.zeros(len(edges) + 1)
    said = [float(one) for one in told.get("bucketCounts", [])]
    counts[: len(said)] = said
    if counts.sum() != float(told.get("count", 0)):
        raise ValueError(f"{counts.sum():.0f} values in the buckets, and {told.get('count', 0)} in all")
    return Histogram(edges, counts)


def _edges(options: Mapping[str, Any]) -> Floats:
    if "explicitBuckets" in options:
        return np.array(options["explicitBuckets"]["bounds"], dtype=np.float64)
    if "linearBuckets" in options:
        said = options["linearBuckets"]
        return float(said.get("offset", 0)) + float(said["width"]) * np.arange(int(said["numFiniteBuckets"]) + 1)
    said = options["exponentialBuckets"]
    return float(said["scale"]) * float(said["growthFactor"]) ** np.arange(int(said["numFiniteBuckets"]) + 1)


def _seconds(said: str) -> float:
    return float(said.removesuffix("s"))


def _written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
