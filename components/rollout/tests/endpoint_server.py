"""Cloud Monitoring and an endpoint's API on loopback: each request of a list is told of as Google tells it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

PERIOD_S = 60
# In microseconds, as Vertex has them: 1.024 ms and up, each bucket twice as wide.
SCALE_US, GROWTH, FINITE = 1024.0, 2.0, 12
ONLINE = "aiplatform.googleapis.com/prediction/online"
DELTA = {"metricKind": "DELTA", "metadata": {"samplePeriod": f"{PERIOD_S}s", "ingestDelay": "180s"}}
NAME = "projects/acme/locations/europe-west4/endpoints/77"


@dataclass
class Asked:
    """A request that was answered.

    Attributes:
        when: Seconds since 1970.
        model: The deployed model's number.
        code: Of the answer.
        ms: How long it took.
    """

    when: float
    model: str
    code: str = "200"
    ms: float = 2.0


@dataclass
class Endpoint:
    """What was asked, what is deployed, and how the two services answer.

    Attributes:
        requests: All that were answered.
        models: Deployed: packages by number.
        fails: A status with which Cloud Monitoring answers everything; 0: it is well.
        page: Series in an answer.
        descriptors: What is said of metrics, by type; by default they are as Google has them.
        body: What Cloud Monitoring answers to everything; None: it is in order.
    """

    requests: list[Asked] = field(default_factory=list)
    models: dict[str, str] = field(default_factory=dict)
    fails: int = 0
    page: int = 3
    descriptors: dict[str, Any] = field(default_factory=dict)
    body: Any = None

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """As both services answer."""
        parts = urlsplit(path)
        if parts.path == f"/v1/{NAME}":
            models = [{"id": id, "displayName": package} for id, package in self.models.items()]
            return 200, {"name": NAME, "deployedModels": models, "trafficSplit": {next(iter(self.models)): 100}}
        if parts.path.startswith("/v1/"):
            return 404, {"error": {"message": f"no {parts.path}"}}
        if self.fails:
            return self.fails, {"error": {"message": "as the test wishes", "code": self.fails}}
        if self.body is not None:
            return 200, self.body
        words = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/v3/projects/acme/timeSeries":
            return 200, self._listed(words)
        type_ = parts.path.removeprefix("/v3/projects/acme/metricDescriptors/")
        unit = "us" if type_.endswith("latencies") else "1"
        return 200, self.descriptors.get(type_, {**DELTA, "type": type_, "unit": unit})

    def _listed(self, words: dict[str, str]) -> dict[str, Any]:
        """A page of series, the newest point of each first."""
        asked = dict(one.split("=", 1) for one in words["filter"].split(" AND "))
        said = {key: value.strip('"') for key, value in asked.items()}
        assert said["resource.labels.location"] == "europe-west4"
        assert said["resource.labels.endpoint_id"] == "77"
        latencies = said["metric.type"] == f"{ONLINE}/prediction_latencies"
        assert not latencies or said["metric.labels.latency_type"] == "total"
        since, until = (datetime.fromisoformat(words[f"interval.{key}Time"]).timestamp() for key in ("start", "end"))
        found = list((self._latencies() if latencies else self._responses()).items())
        first = int(words.get("pageToken") or 0)
        series = [
            {"metric": {"type": said["metric.type"], "labels": dict(labels)}, "points": _within(points, since, until)}
            for labels, points in found[first : first + self.page]
        ]
        more = {"nextPageToken": str(first + self.page)} if first + self.page < len(found) else {}
        return {"timeSeries": series, **more}

    def _responses(self) -> dict[tuple[tuple[str, str], ...], dict[int, Any]]:
        counts: Counter[tuple[str, str, int]] = Counter(
            (one.model, one.code, math.ceil(one.when / PERIOD_S)) for one in self.requests
        )
        series: dict[tuple[tuple[str, str], ...], dict[int, Any]] = defaultdict(dict)
        for (model, code, minute), many in counts.items():
            labels = (("deployed_model_id", model), ("response_code", code))
            series[labels][minute] = {"int64Value": str(many)}
        return series

    def _latencies(self) -> dict[tuple[tuple[str, str], ...], dict[int, Any]]:
        times: dict[tuple[str, int], list[float]] = defaultdict(list)
        for one in self.requests:
            times[one.model, math.ceil(one.when / PERIOD_S)].append(1e3 * one.ms)
        series: dict[tuple[tuple[str, str], ...], dict[int, Any]] = defaultdict(dict)
        for (model, minute), values in times.items():
            labels = (("deployed_model_id", model), ("latency_type", "total"))
            series[labels][minute] = {"distributionValue": _distribution(values)}
        return series


def _distribution(values: list[float]) -> dict[str, Any]:
    edges = [SCALE_US * GROWTH**number for number in range(FINITE + 1)]
    places = [sum(value >= edge for edge in edges) for value in values]
    counts = [str(places.count(place)) for place in range(max(places) + 1)]
    options = {"exponentialBuckets": {"numFiniteBuckets": FINITE, "growthFactor": GROWTH, "scale": SCALE_US}}
    return {"count": str(len(values)), "bucketOptions": options, "bucketCounts": counts}


def _within(points: dict[int, Any], since: float, until: float) -> list[dict[str, Any]]:
    return [
        {
            "interval": {"startTime": _written(PERIOD_S * (minute - 1)), "endTime": _written(PERIOD_S * minute)},
            "value": value,
        }
        for minute, value in sorted(points.items(), reverse=True)
        if since <= PERIOD_S * minute <= until
    ]


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
