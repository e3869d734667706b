"""Routers: whoever splits live traffic. The rollout log says what is wanted, and a router is brought to it.

Each is read and set by whoever holds the log: a router takes no fencing token, so that what a controller of an older
state sets is found at the next one's read, and set right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from benison.config.traffic import Embedded, Haproxy, Kserve, Traffic, Vertex
from benison.core.errors import InputError

if TYPE_CHECKING:
    from benison.delivery.rollout_log import RolloutLog

# So far a share may be from the one that is wanted: routers tell it in floats.
_SAME = 1e-6


@dataclass(frozen=True)
class Parties:
    """Between whom traffic is split: packages' digests."""

    champion: str
    challenger: str


@dataclass(frozen=True)
class Split:
    """What a router does at one moment.

    Attributes:
        percent: The share of requests that it sends to the challenger.
        trouble: Why it is not in order, although it answers: a server that is down; empty: it is.
    """

    percent: float
    trouble: str = ""

    def is_at(self, percent: float) -> bool:
        """Whether it is in order and sends this share."""
        return not self.trouble and abs(self.percent - percent) < _SAME

    def __str__(self) -> str:
        return f"{self.percent:.4g}%{f', {self.trouble}' if self.trouble else ''}"


class Router(Protocol):
    """Whoever splits live traffic. Every call may be made again, by any controller, in any state."""

    def check(self) -> None:
        """Makes sure, before a rollout begins, that it can be told a split and will do it.

        Raises:
            BenisonError: It is not so; the hint says what to write into its configuration.
        """

    def read(self) -> Split:
        """What is in force, not what was asked for.

        Raises:
            BenisonError: It does not answer, or is none of a champion and a challenger.
        """

    def set(self, percent: float) -> None:
        """Has the challenger get this share; it may take a while until `read` says so. Nothing where it is so.

        Args:
            percent: As the plan and the rollout log say it; the router gives the nearest share that it can.

        Raises:
            ConflictError: Somebody else changed it at this moment.
            BenisonError: It does not answer, or does not take it.
        """

    def settle(self, package: str) -> bool:
        """Takes away what the split needed, where a rollout is about to end; who gets traffic stays as it is.

        Args:
            package: Who has all traffic from now on.

        Returns:
            Whether it is done; else it is to be asked again.

        Raises:
            BenisonError: As `set`.
        """


def _on_vertex(traffic: Vertex, parties: Parties) -> Router:
    try:
        from benison.delivery.routers.vertex import VertexRouter
    except ImportError as error:
        expected = "google-cloud-aiplatform, which speaks to Vertex AI"
        raise InputError("rollout.traffic", expected=expected, got="none", hint="install benison[vertex]") from error
    return VertexRouter(traffic, parties)


def _on_kserve(traffic: Kserve, parties: Parties) -> Router:
    try:
        from benison.delivery.routers.kserve import KserveRouter
    except ImportError as error:
        expected, hint = "kubernetes, which speaks to KServe's cluster", "pip install kubernetes"
        raise InputError("rollout.traffic", expected=expected, got="none", hint=hint) from error
    return KserveRouter(traffic, parties)


Opening = Callable[[Traffic, Parties], Router]


def opening(log: RolloutLog) -> Opening:
    """How routers are opened beside a rollout log."""

    def opened(traffic: Traffic, parties: Parties) -> Router:
        match traffic:
            case Embedded():
                from benison.delivery.routers.embedded import EmbeddedRouter

                return EmbeddedRouter(log)
            case Haproxy():
                from benison.delivery.routers.haproxy import HaproxyRouter

                return HaproxyRouter(traffic)
            case Kserve():
                return _on_kserve(traffic, parties)
            case Vertex():
                return _on_vertex(traffic, parties)

    return opened
