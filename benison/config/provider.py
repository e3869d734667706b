"""rollout.metrics: in benison.yaml: whose figures a rollout rests on, where that is not the servers' request log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benison.config.staging import url_of
from benison.core.sections import Section
from benison.core.spelling import nearest

REQUEST_LOG, PROMETHEUS, CLOUD_MONITORING = "request_log", "prometheus", "cloud_monitoring"
SOURCES = (REQUEST_LOG, PROMETHEUS, CLOUD_MONITORING)
_WHO = '{job="$job",role="$role",version="$version"}'
QUERIES = {
    "requests": f"benison_requests_total{_WHO}",
    "errors": f'benison_requests_total{_WHO[:-1]},outcome!="200"}}',
    "seconds": f"benison_request_seconds_bucket{_WHO}",
    "scores": f"benison_score_count{_WHO}",
    "score_sum": f"benison_score_sum{_WHO}",
    "score_squares": f"benison_score_squares_total{_WHO}",
}


@dataclass(frozen=True)
class Provider:
    """A Prometheus server and what is asked of it.

    Attributes:
        url: Where it listens.
        job: The job that scrapes the model servers, as in its ``up{job="..."}``.
        queries: Selectors of counters by what they count, see `QUERIES`, in which ``$job``, ``$role`` (champion,
            challenger, shadow), ``$package`` (the whole digest) and ``$version`` (its first twelve digits) are put in.
    """

    url: str
    job: str
    queries: dict[str, str]

    def selector(self, what: str, role: str, package: str) -> str:
        """A query for one side.

        Args:
            what: A key of `QUERIES`.
            role: As what the package answers.
            package: Its digest.

        >>> Provider("http://p", "models", QUERIES).selector("requests", "shadow", "sha256:0123456789abcdef")
        'benison_requests_total{job="models",role="shadow",version="0123456789ab"}'
        """
        put_in = {"$job": self.job, "$role": role, "$package": package, "$version": package.partition(":")[2][:12]}
        found = self.queries[what]
        for place, value in put_in.items():
            found = found.replace(place, value)
        return found


@dataclass(frozen=True)
class CloudMonitoring:
    """What Vertex AI tells Google's Cloud Monitoring of the endpoint that is the rollout's router.

    Attributes:
        api: The address of Cloud Monitoring's API; empty: Google's own.
    """

    api: str = ""


Metrics = Provider | CloudMonitoring


def to_json(metrics: Metrics) -> dict[str, Any]:
    """As it stands in the rollout log."""
    said = asdict(metrics)
    return said if isinstance(metrics, Provider) else {"source": CLOUD_MONITORING, **said}


def from_json(content: Mapping[str, Any]) -> Metrics:
    """The inverse of `to_json`."""
    return CloudMonitoring(content["api"]) if "source" in content else Provider(**content)


def metrics_of(section: Section) -> Metrics | None:
    """Reads ``rollout.metrics:``; None: the servers' request log.

    Raises:
        ConfigError: Something in it is not understood.
    """
    metrics = _READ[section.choice("source", SOURCES)](section)
    section.close()
    return metrics


def _prometheus(section: Section) -> Provider:
    return Provider(url_of(section), _label(section, "job", "benison"), _queries(section))


def _cloud_monitoring(section: Section) -> CloudMonitoring:
    return CloudMonitoring(url_of(section, "api") if "api" in section.content else "")


_READ: dict[str, Callable[[Section], Metrics | None]] = {
    REQUEST_LOG: lambda section: None,
    PROMETHEUS: _prometheus,
    CLOUD_MONITORING: _cloud_monitoring,
}


def _queries(section: Section) -> dict[str, str]:
    below = section.section("queries", optional=True)
    for name in below.content:
        if name not in QUERIES:
            raise below.error(str(name), f"one of {', '.join(QUERIES)}", repr(name), nearest(str(name), QUERIES))
    return {name: below.take(name, str, usual) for name, usual in QUERIES.items()}


def _label(section: Section, key: str, default: str) -> str:
    """A label's value, which is put between quotes."""
    value = section.take(key, str, default)
    if not value or not value.isprintable() or set(value) & set('"\\{}'):
        raise section.error(key, "the value of a label, without quotes and braces", repr(value))
    return value
