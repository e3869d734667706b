"""Requests to a model server that nobody waits for: who answers them is named, and what became of each is told."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from benison.delivery.traffic import STAGING_HEADER

OK = 200
# How a server says what became of a request that its package took; all else may be a gateway, or another place.
_OF_PACKAGES = (OK, 400, 429, 500, 504)
_CALLERS = 32


@dataclass(frozen=True)
class Reply:
    """What became of one request.

    Attributes:
        status: Of HTTP; 0: no answer came.
        package: Who answered, by digest; empty: nobody says.
        scores: One for each row; empty: none that count.
        seconds: Until it was there.
        why: What went wrong; empty: nothing.
    """

    status: int
    package: str = ""
    scores: tuple[float, ...] = ()
    seconds: float = 0.0
    why: str = ""

    @property
    def reached(self) -> bool:
        """Whether a server had the package to ask, so that what came is the package's doing."""
        return self.status in _OF_PACKAGES


class Server:
    """A model server that speaks KServe's V1 protocol.

    Args:
        url: Where it listens.
        model: The model's name.
        timeout_seconds: An answer is waited for so long.
    """

    def __init__(self, url: str, model: str, timeout_seconds: float = 10.0) -> None:
        self._parts, self._timeout = urlsplit(url), timeout_seconds
        self._path = f"{self._parts.path}/v1/models/{quote(model)}:predict"
        self._idle: deque[http.client.HTTPConnection] = deque()

    def ask(self, body: bytes, package: str = "") -> Reply:
        """Asks a package, before it has live traffic.

        Args:
            body: ``{"instances": [...]}``.
            package: The digest of whoever is to answer; empty: as requests are split.
        """
        begun = time.perf_counter()
        try:
            reply = self._asked(body, package)
        except (OSError, http.client.HTTPException) as error:
            reply = Reply(0, why=f"no answer from {self._parts.netloc}: {type(error).__name__}: {error}".rstrip(": "))
        return replace(reply, seconds=time.perf_counter() - begun)

    def close(self) -> None:
        """Closes its connections."""
        while self._idle:
            self._idle.pop().close()

    def _asked(self, body: bytes, package: str) -> Reply:
        headers = {"content-type": "application/json", **({STAGING_HEADER: package} if package else {})}
        if self._idle:
            with suppress(ConnectionError, http.client.BadStatusLine, IndexError):
                return self._over(self._idle.pop(), body, headers)
            # A server closes a connection that was idle for long; a new one tells whether it is there.
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        return self._over(kind(str(self._parts.hostname), self._parts.port, timeout=self._timeout), body, headers)

    def _over(self, connection: http.client.HTTPConnection, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Asks by a connection, which is kept unless that fails."""
        try:
            connection.request("POST", self._path, body, headers)
            response = connection.getresponse()
            content = response.read()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        if response.status != OK:
            return Reply(response.status, why=f"{response.status}: {_told(content)}")
        return Reply(OK, response.getheader("x-package", ""), *_scores(content))


def _told(content: bytes) -> str:
    """What an answer says of its failure."""
    try:
        said = json.loads(content)
        return str(said["error"])[:300]
    except (ValueError, KeyError, TypeError):
        return content.decode(errors="replace").strip()[:100] or "no reason"


def _scores(content: bytes) -> tuple[tuple[float, ...], float, str]:
    """Answers, no seconds so far, and what is wrong with them."""
    try:
        return tuple(float(one) for one in json.loads(content)["predictions"]), 0.0, ""
    except (ValueError, KeyError, TypeError):
        return (), 0.0, "no predictions"


def steadily(
    ask: Callable[[bytes], Reply], bodies: Sequence[bytes], per_second: float, enough: Callable[[Reply], bool]
) -> list[Reply]:
    """Sends requests at a steady rate, whether those before were answered or not.

    Args:
        ask: Sends one.
        bodies: The requests.
        per_second: How many in a second.
        enough: Whether after this reply no more are to be sent.

    Returns:
        The replies in the order of the requests, with the seconds from when each was due; fewer where it was enough.

    Reference:
        Schroeder, Wierman & Harchol-Balter (2006), Open versus closed: a cautionary tale, NSDI.
    """
    over, begun = threading.Event(), time.perf_counter()
    asked: list[Future[Reply | None]] = []

    def one(body: bytes, due: float) -> Reply | None:
        if over.is_set():
            return None
        reply = ask(body)
        if enough(reply):
            over.set()
        return replace(reply, seconds=time.perf_counter() - due)

    with ThreadPoolExecutor(_CALLERS) as callers:
        for number, body in enumerate(bodies):
            due = begun + number / per_second
            if over.wait(max(due - time.perf_counter(), 0)):
                break
            asked.append(callers.submit(one, body, due))
        replies = [future.result() for future in asked]
    return [reply for reply in replies if reply is not None]
