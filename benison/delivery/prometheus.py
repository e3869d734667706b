"""A Prometheus server's raw samples, over its HTTP API."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np
import numpy.typing as npt

from benison.core.errors import AccessError, DataError, ServerError

Floats = npt.NDArray[np.float64]
_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Series:
    """One series in a stretch of time.

    Attributes:
        labels: Its name and labels.
        times: Of its samples, in seconds since 1970, ascending.
        values: Its samples.
    """

    labels: Mapping[str, str]
    times: Floats
    values: Floats


class Prometheus:
    """A Prometheus server.

    Args:
        url: Where it listens.
    """

    def __init__(self, url: str) -> None:
        self.url, self._parts = url, urlsplit(url)

    def samples(self, selector: str, since: float, until: float) -> list[Series]:
        """The samples as they were scraped, without any interpolation.

        Args:
            selector: Of series: ``up{job="models"}``.
            since: Seconds since 1970.
            until: Later, likewise; both ends are within.

        Raises:
            DataError: The selector is none.
            ServerError: The server cannot be reached, or does not answer.
            AccessError: It wants to know who asks.
        """
        asked = {"query": f"{selector}[{max(round(1000 * (until - since)), 1)}ms]", "time": f"{until:.3f}"}
        found = self._asked("query", asked)
        if found.get("resultType") != "matrix":
            hint = 'name a counter and its labels: my_requests_total{role="$role",version="$version"}'
            got = f"a {found.get('resultType')}"
            raise DataError(f"{self.url} ({selector})", expected="a selector of series", got=got, hint=hint)
        return [_series(one) for one in found["result"]]

    def label_values(self, label: str, selector: str, since: float, until: float) -> list[str]:
        """The values that a label had.

        Raises:
            BenisonError: As `samples`.
        """
        asked = {"match[]": selector, "start": f"{since:.3f}", "end": f"{until:.3f}"}
        return sorted(str(value) for value in self._asked(f"label/{label}/values", asked, method="GET"))

    def _asked(self, what: str, words: Mapping[str, str], method: str = "POST") -> Any:
        where = f"{self.url} ({words.get('query', what)})"
        status, content = self._sent(what, words, method, where)
        if status in (401, 403):
            hint = "let whoever controls the rollout in, or put a proxy that adds credentials before it"
            raise AccessError(where, expected="to be let in", got=str(status), hint=hint)
        try:
            told = json.loads(content)
            if status in (400, 422):
                raise DataError(where, expected="a query", got=f"{told['errorType']}: {told['error']}")
            if status == 200 and told["status"] == "success":
                return told["data"]
        except (ValueError, KeyError, TypeError):
            pass
        raise ServerError(where, expected="Prometheus's answer", got=f"status {status}: {content[:100]!r}")

    def _sent(self, what: str, words: Mapping[str, str], method: str, where: str) -> tuple[int, bytes]:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(str(self._parts.hostname), self._parts.port, timeout=_TIMEOUT_S)
        path, query = f"{self._parts.path}/api/v1/{what}", urlencode(words)
        try:
            if method == "GET":
                connection.request("GET", f"{path}?{query}")
            else:
                connection.request("POST", path, query, {"content-type": "application/x-www-form-urlencoded"})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            hint = "look whether Prometheus runs, and whether the network leads there"
            got = f"{type(error).__name__}: {error}".rstrip(": ")
            raise ServerError(where, expected="Prometheus's answer", got=got, hint=hint) from error
        finally:
            connection.close()


def _series(said: Mapping[str, Any]) -> Series:
    pairs = np.array([(float(time), float(value)) for time, value in said["values"]], dtype=np.float64)
    return Series(said["metric"], pairs[:, 0], pairs[:, 1])
