"""figures: whose figures a plan rests on, where it is not the servers' request log."""

from __future__ import annotations

from typing import Protocol

from benison.components.rollout.control import Source
from benison.components.rollout.scraped_figures import ScrapedFigures
from benison.config.provider import Provider
from benison.config.rollout import Rollout
from benison.config.traffic import Vertex
from benison.core.errors import InputError


class Figures(Source, Protocol):
    """Those of another service, of which a rollout makes sure before it begins."""

    def require(self, plan: Rollout, champion: str, now: float) -> None:
        """Makes sure that figures can come.

        Args:
            plan: What is to be measured.
            champion: The package that has all traffic.
            now: The moment, in seconds since 1970.

        Raises:
            BenisonError: They cannot.
        """


def figures_of(plan: Rollout) -> Figures | None:
    """Those of another service; None: the request log's.

    Raises:
        InputError: What is needed to ask it is not installed.
    """
    if plan.metrics is None:
        return None
    if isinstance(plan.metrics, Provider):
        return ScrapedFigures(plan.metrics)
    assert isinstance(plan.traffic, Vertex)
    try:
        from benison.components.rollout.endpoint_figures import EndpointFigures
    except ImportError as error:
        expected = "google-cloud-aiplatform, which speaks to Vertex AI"
        raise InputError("rollout.metrics", expected=expected, got="none", hint="install benison[vertex]") from error
    return EndpointFigures(plan.metrics, plan.traffic)
