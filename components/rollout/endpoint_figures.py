"""endpoint_figures: a rollout's figures from Cloud Monitoring, to which a Vertex endpoint tells what its models do.

Points are of a minute, as a rule, and come some minutes late. Each belongs to the block of time in which it ends: the
two sides alike, so that what reaches over a block's edge favours nobody.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benison.components.rollout.measure import CHAMPION, Tallies
from benison.config import FILE
from benison.config.provider import CloudMonitoring as Place
from benison.config.rollout import ERROR_RATE, SLOW_SHARE, Guardrail, Rollout
from benison.config.traffic import Vertex
from benison.core.errors import ConfigError, DataError
from benison.delivery.cloud_monitoring import CloudMonitoring, Histogram, Metric, Point
from benison.delivery.routers import Parties
from benison.delivery.routers.vertex import VertexRouter
from benison.delivery.traffic import LIVE
from benison.measures.sequential import Arm

_ONLINE = "aiplatform.googleapis.com/prediction/online"
# Of every deployed model, by its number and by the code of the answer; and how long answers took.
RESPONSES, LATENCIES = f"{_ONLINE}/response_count", f"{_ONLINE}/prediction_latencies"
_TYPES = {ERROR_RATE: RESPONSES, SLOW_SHARE: LATENCIES}
_EXTRA = {RESPONSES: {}, LATENCIES: {"metric.labels.latency_type": "total"}}
# Buckets end at powers of a factor, which nobody writes down in full.
_ALIKE = 0.005
_PAST_S = 1800.0


@dataclass
class EndpointFigures:
    """Figures of two deployed models of an endpoint.

    Attributes:
        place: Cloud Monitoring.
        endpoint: The endpoint.
    """

    place: Place
    endpoint: Vertex
    _metrics: dict[str, Metric] = field(default_factory=dict)
    _router: VertexRouter | None = None
    _opened: CloudMonitoring | None = None

    @property
    def silence(self) -> str:
        """What it means that there are none."""
        return f"Cloud Monitoring has no points of endpoint {self.endpoint.endpoint}"

    def fill(self, tallies: Tallies, since: float, until: float) -> float:
        """Adds all blocks between two moments of which every point has come.

        Args:
            tallies: Are filled.
            since: Where a block begins, in seconds since 1970.
            until: Where one ends; the latest moment at which this is asked.

        Returns:
            Where the last block ends of which all is known. Where no point came of either model, `since`: whether
            nobody asked the endpoint or nobody told of it is not to be known.

        Raises:
            BenisonError: Cloud Monitoring or the endpoint's API does not answer.
        """
        service, seconds = self._service(), tallies.plan.block_seconds
        lines = tallies.plan.guardrails
        late = max(self._metric(service, _TYPES[line.metric]).late_s for line in lines)
        end = math.floor((until - late) / seconds) * seconds
        if end <= since:
            return since
        ids = self._deployed({CHAMPION: tallies.champion, LIVE: tallies.challenger})
        points = {type_: self._points(service, type_, since, end) for type_ in {_TYPES[line.metric] for line in lines}}
        if not all(any(_of(points[type_], id) for id in ids.values()) for type_ in points):
            return since
        for side, id in ids.items():
            for line in lines:
                own = _of(points[_TYPES[line.metric]], id)
                tallies.put(line, side, _arms(self._counted(service, line, own), seconds))
        return end

    def require(self, plan: Rollout, champion: str, now: float) -> None:
        """Makes sure before a start that figures can come.

        Args:
            plan: What is to be measured.
            champion: The package that has all traffic.
            now: The moment, in seconds since 1970.

        Raises:
            ConfigError: Blocks are shorter than points, points come later than silence is borne, or no bucket ends
                where an answer becomes slow.
            DataError: Nothing is told of the champion.
            BenisonError: The service does not answer.
        """
        service, id = self._service(), self._deployed({CHAMPION: champion})[CHAMPION]
        for line in plan.guardrails:
            type_ = _TYPES[line.metric]
            self._require_in_time(plan, self._metric(service, type_))
            own = _of(self._points(service, type_, now - _PAST_S, now), id)
            if not own:
                hint = "send the champion requests, and wait until they are told of; or leave metrics: out"
                where = f"{service.address} ({type_}, deployed model {id})"
                raise DataError(where, expected=f"points of the last {_PAST_S / 60:.0f} minutes", got="none", hint=hint)
            self._counted(service, line, own)

    def _require_in_time(self, plan: Rollout, metric: Metric) -> None:
        if plan.block_seconds < metric.period_s:
            expected = f"{metric.period_s:g} or more, since so much time is in a point of Cloud Monitoring"
            raise ConfigError(f"{FILE} (rollout.block_seconds)", expected=expected, got=f"{plan.block_seconds:g}")
        least = (metric.late_s + 2 * plan.block_seconds) / 60
        if plan.silent_minutes < least:
            expected = f"{least:g} or more, since points come up to {metric.late_s:g} s late"
            raise ConfigError(f"{FILE} (rollout.silent_minutes)", expected=expected, got=f"{plan.silent_minutes:g}")

    def _service(self) -> CloudMonitoring:
        if self._opened is None:
            self._opened = CloudMonitoring(self.endpoint.project, self.place.api)
        return self._opened

    def _metric(self, service: CloudMonitoring, type_: str) -> Metric:
        if type_ not in self._metrics:
            self._metrics[type_] = service.metric(type_)
        return self._metrics[type_]

    def _deployed(self, packages: Mapping[str, str]) -> dict[str, str]:
        """Asked for anew each time: a model may have been deployed again."""
        if self._router is None:
            self._router = VertexRouter(self.endpoint, Parties("", ""))
        return self._router.deployed(packages)

    def _points(self, service: CloudMonitoring, type_: str, since: float, until: float) -> list[Point]:
        whose = {
            "resource.labels.endpoint_id": self.endpoint.endpoint,
            "resource.labels.location": self.endpoint.location,
        }
        return service.points(type_, {**whose, **_EXTRA[type_]}, since, until)

    def _counted(self, service: CloudMonitoring, line: Guardrail, points: Sequence[Point]) -> list[_Counted]:
        if line.metric == ERROR_RATE:
            return [_responses(service, point) for point in points]
        unit_ms = self._metric(service, LATENCIES).unit_ms
        return [_latencies(service, line, point, unit_ms) for point in points]


@dataclass(frozen=True)
class _Counted:
    """Requests of one stretch of time, and those of them that failed or were slow."""

    end: float
    requests: float
    bad: float


def _of(points: Iterable[Point], id: str) -> list[Point]:
    return [one for one in points if one.labels.get("deployed_model_id") == id]


def _arms(counted: Iterable[_Counted], seconds: float) -> dict[int, Arm]:
    """By number of the block in which they end, those with requests."""
    sums: dict[int, tuple[float, float]] = {}
    for one in counted:
        # A point at the very end of a block is its last.
        number = math.ceil(one.end / seconds) - 1
        requests, bad = sums.get(number, (0.0, 0.0))
        sums[number] = requests + one.requests, bad + one.bad
    return {number: Arm(round(many), bad, bad) for number, (many, bad) in sums.items() if many > 0}


def _responses(service: CloudMonitoring, point: Point) -> _Counted:
    code = point.labels.get("response_code", "")
    if isinstance(point.value, Histogram) or not code[:1].isdigit():
        expected = "how many answers had which response_code"
        raise DataError(f"{service.address} ({RESPONSES})", expected=expected, got=f"response_code {code!r}")
    return _Counted(point.end, point.value, 0.0 if code.startswith("2") else point.value)


def _latencies(service: CloudMonitoring, line: Guardrail, point: Point, unit_ms: float) -> _Counted:
    if not isinstance(point.value, Histogram) or not math.isfinite(unit_ms):
        where = f"{service.address} ({LATENCIES})"
        raise DataError(where, expected="a distribution of times", got="something else")
    edges = point.value.edges * unit_ms
    below = np.flatnonzero(np.isclose(edges, line.over_ms, rtol=_ALIKE, atol=0))
    if not len(below):
        near = sorted(edges.tolist(), key=lambda edge: abs(math.log(edge / line.over_ms)) if edge > 0 else math.inf)[:6]
        expected = f"over_ms where a bucket ends, the nearest: {', '.join(f'{edge:.4g}' for edge in sorted(near))}"
        raise ConfigError(f"{FILE} (rollout.guardrails)", expected=expected, got=f"{line.over_ms:g}")
    slow = point.value.counts[below[0] + 1 :].sum()
    return _Counted(point.end, float(point.value.counts.sum()), float(slow))
