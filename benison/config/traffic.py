"""rollout.traffic: in benison.yaml: the router that splits live traffic, and what shares it can give."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from benison.core.sections import Section

EMBEDDED, HAPROXY, KSERVE, VERTEX = "embedded", "haproxy", "kserve", "vertex"
ROUTERS = (EMBEDDED, HAPROXY, KSERVE, VERTEX)
HEAVIEST = 256
# A share that a router gives may be so much above or below the one that is asked for.
_FAR_OFF = 0.1
_PLACE = re.compile(r"[a-zA-Z0-9_.:-]+")
_PORT = re.compile(r"127\.0\.0\.1:\d{1,5}")
_NAMED = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PACKAGES = re.compile(r"(gs|s3|pvc|https?|abfs)://[^?#\s@]+")


@dataclass(frozen=True)
class Embedded:
    """Our own server splits, by the rollout log alone."""

    router: ClassVar[str] = EMBEDDED

    def share(self, percent: float) -> float:
        """What the challenger gets where a plan says `percent`."""
        return percent


@dataclass(frozen=True)
class Haproxy:
    """HAProxy splits between two servers of a backend, by their weights.

    Attributes:
        socket: Its runtime socket: an absolute path, or 127.0.0.1:PORT.
        backend: The backend.
        champion: The server that answers as champion.
        challenger: The server that answers as challenger.
    """

    router: ClassVar[str] = HAPROXY
    socket: str
    backend: str
    champion: str = "champion"
    challenger: str = "challenger"

    def weights(self, percent: float) -> tuple[int, int]:
        """The champion's and the challenger's weight that come nearest to a percentage, the heaviest such pair.

        HAProxy draws a place on a ring on which each server has 16 random points for each unit of weight: what a server
        gets is as near to its weight as these points are many.

        Args:
            percent: From 0 to 100.

        >>> Haproxy("/run/haproxy.sock", "models").weights(1)
        (198, 2)
        """
        if percent in (0, 100):
            return (HEAVIEST, 0) if percent == 0 else (0, HEAVIEST)
        pairs = [(whole - part, part) for whole in range(2, 2 * HEAVIEST + 1) for part in _around(whole, percent)]
        fitting = [pair for pair in pairs if min(pair) >= 1 and max(pair) <= HEAVIEST]
        return min(fitting, key=lambda pair: (round(abs(_percent(*pair) - percent), 9), -sum(pair)))

    def share(self, percent: float) -> float:
        """What the challenger gets where a plan says `percent`."""
        return _percent(*self.weights(percent))


@dataclass(frozen=True)
class Kserve:
    """KServe splits between two revisions of an InferenceService, in whole percent.

    Attributes:
        service: The InferenceService.
        packages: Where its pods find packages: a URI, below which each has a folder named by its digest's digits.
        namespace: Of Kubernetes.
        context: Of the kubeconfig; empty: the current one, or the cluster that this runs in.
    """

    router: ClassVar[str] = KSERVE
    service: str
    packages: str
    namespace: str = "default"
    context: str = ""

    def share(self, percent: float) -> float:
        """What the challenger gets where a plan says `percent`."""
        return float(round(percent))


@dataclass(frozen=True)
class Vertex:
    """Vertex AI splits between two deployed models of an endpoint, in whole percent.

    Attributes:
        project: Of Google Cloud.
        location: Its region.
        endpoint: The endpoint's number.
        api: The address of its API; empty: the region's own.
    """

    router: ClassVar[str] = VERTEX
    project: str
    location: str
    endpoint: str
    api: str = ""

    def share(self, percent: float) -> float:
        """What the challenger gets where a plan says `percent`."""
        return float(round(percent))


OURS = Embedded()
Traffic = Embedded | Haproxy | Kserve | Vertex
_KINDS: dict[str, type[Traffic]] = {kind.router: kind for kind in (Embedded, Haproxy, Kserve, Vertex)}
_WHOLE = "splits in whole percent"
_LIMITS = {
    HAPROXY: f"has weights up to {HEAVIEST}, of which the smallest share is {100 / (HEAVIEST + 1):.2f}%",
    KSERVE: _WHOLE,
    VERTEX: _WHOLE,
}


def to_json(traffic: Traffic) -> dict[str, Any]:
    """As it stands in the rollout log."""
    return {"router": traffic.router, **asdict(traffic)}


def from_json(content: Mapping[str, Any]) -> Traffic:
    """The inverse of `to_json`."""
    return _KINDS[content["router"]](**{name: value for name, value in content.items() if name != "router"})


def traffic_of(section: Section) -> Traffic:
    """Reads ``rollout.traffic:``.

    Raises:
        ConfigError: Something in it is not understood.
    """
    traffic = _READ[section.choice("router", ROUTERS, EMBEDDED)](section)
    section.close()
    return traffic


def check_percent(section: Section, traffic: Traffic, percent: float) -> None:
    """Refuses a share that the router cannot give.

    Args:
        section: Where the plan says it.
        traffic: The router.
        percent: Above 0, below 100.

    Raises:
        ConfigError: What it would give is more than a tenth above or below.
    """
    share = traffic.share(percent)
    if not 0 < share < 100 or abs(share / percent - 1) > _FAR_OFF:
        got = f"{percent:g}%, for which {traffic.router} would give {share:.3g}%"
        hint = f"{traffic.router} {_LIMITS[traffic.router]}; the embedded router gives any share"
        raise section.error("steps", "shares that the router can give", got, hint)


def check_copies(section: Section, traffic: Traffic, shadow: bool) -> None:
    """Refuses a phase of copies with a router that does not copy.

    Raises:
        ConfigError: It is so.
    """
    if shadow and not isinstance(traffic, Embedded):
        hint = "leave  shadow  out; the InfraValidator serves the challenger beforehand. Or leave  traffic  out"
        expected = f"no shadow with router: {traffic.router}, which sends each request to one server and copies none"
        raise section.error("shadow", expected, "one", hint)


def _embedded(section: Section) -> Embedded:
    return OURS


def _haproxy(section: Section) -> Haproxy:
    socket = section.take("socket", str)
    if not socket.startswith("/") and not _PORT.fullmatch(socket):
        hint = "whoever reaches that socket may do anything to HAProxy, so that it stays on this machine"
        raise section.error("socket", "an absolute path, or 127.0.0.1:PORT", repr(socket), hint)
    names = {key: _said(section, key, _PLACE, "a name of HAProxy", key) for key in ("champion", "challenger")}
    if names["champion"] == names["challenger"]:
        raise section.error("challenger", "another server than the champion's", repr(names["challenger"]))
    return Haproxy(socket, _said(section, "backend", _PLACE, "a name of HAProxy"), **names)


def _kserve(section: Section) -> Kserve:
    return Kserve(
        service=_said(section, "service", _NAMED, "the name of an InferenceService"),
        packages=_said(section, "packages", _PACKAGES, "a URI that KServe reads: gs://, s3://, pvc://").rstrip("/"),
        namespace=_said(section, "namespace", _NAMED, "a namespace of Kubernetes", "default"),
        context=section.take("context", str, ""),
    )


def _vertex(section: Section) -> Vertex:
    return Vertex(
        project=_said(section, "project", re.compile(r"[a-z0-9.:-]+"), "a project's id"),
        location=_said(section, "location", re.compile(r"[a-z]+-[a-z]+[0-9]+"), "a region as in europe-west4"),
        endpoint=_said(section, "endpoint", re.compile(r"[0-9]+"), "the number of an endpoint, in quotes"),
        api=_said(section, "api", re.compile(r"https?://[^\s/?#@]+"), "an address", ""),
    )


_READ: dict[str, Callable[[Section], Traffic]] = {
    EMBEDDED: _embedded,
    HAPROXY: _haproxy,
    KSERVE: _kserve,
    VERTEX: _vertex,
}


def _said(section: Section, key: str, form: re.Pattern[str], expected: str, default: str | None = None) -> str:
    said = section.take(key, str) if default is None else section.take(key, str, default)
    if said != default and not form.fullmatch(said):
        raise section.error(key, expected, repr(said))
    return said


def _around(whole: int, percent: float) -> tuple[int, int]:
    """The two whole parts between which a percentage of a sum of weights lies."""
    below = int(whole * percent / 100)
    return below, below + 1


def _percent(champion: int, challenger: int) -> float:
    return 100.0 * challenger / (champion + challenger)
