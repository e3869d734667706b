"""steer: what the rollout log says -> what the router does. The log is the intent; the router follows, look by look."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from benison.core.errors import BenisonError
from benison.delivery.routers import Opening, Parties, Router, Split
from benison.delivery.state import Running

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Steered:
    """What a look found at the router.

    Attributes:
        router: Its name.
        split: What it says; None: nothing.
        trouble: Why the log's split is not in force; empty: it is.
        seconds: For how long that has been so.
    """

    router: str
    split: Split | None
    trouble: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.router} says {self.trouble or self.split}"


class Steering:
    """Keeps the router of a rollout at what the log says.

    Args:
        opening: How routers are opened.
    """

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._router: tuple[int, Router] | None = None
        self._followed: datetime | None = None

    def steer(self, running: Running, now: datetime, *, sets: bool = True) -> Steered:
        """Compares router and log, and sets the router right where it differs.

        Args:
            running: What the log says.
            now: The moment.
            sets: Whether it may be set; else it is only read.
        """
        split, trouble = None, ""
        try:
            split = self._brought(running, sets)
        except BenisonError as error:
            trouble = str(error).splitlines()[0]
        share = running.plan.traffic.share(running.percent)
        if split is not None and not split.is_at(share):
            trouble = f"{split}, not yet {share:.4g}%"
        if not trouble or self._followed is None:
            self._followed = now
        return Steered(running.plan.traffic.router, split, trouble, (now - self._followed).total_seconds())

    def settled(self, running: Running, package: str) -> str:
        """Has the router forget the split at a rollout's end; empty where it has, else why it is to be asked again.

        Args:
            running: The rollout.
            package: Who has all traffic from now on.
        """
        try:
            done = self._of(running).settle(package)
        except BenisonError as error:
            return str(error).splitlines()[0]
        return "" if done else "it takes the split away"

    def _brought(self, running: Running, sets: bool) -> Split:
        router, share = self._of(running), running.plan.traffic.share(running.percent)
        split = router.read()
        if split.is_at(share) or not sets:
            return split
        _log.warning("%s says %s, which is set to %.4g%%", running.plan.traffic.router, split, share)
        router.set(running.percent)
        return router.read()

    def _of(self, running: Running) -> Router:
        if self._router is None or self._router[0] != running.id:
            start = running.start
            opened = self._opening(start.plan.traffic, Parties(start.champion.package, start.challenger))
            self._router, self._followed = (running.id, opened), None
        return self._router[1]
