"""Our own servers as a router: they read the rollout log, so that to write there is to set them."""

from __future__ import annotations

from benison.core.errors import RefusedError
from benison.delivery.rollout_log import RolloutLog
from benison.delivery.routers import Split


class EmbeddedRouter:
    """The split of a rollout log.

    Args:
        log: What servers read.
    """

    def __init__(self, log: RolloutLog) -> None:
        self._log = log

    def check(self) -> None:
        """Makes sure that the log can be read."""
        self._log.state()

    def read(self) -> Split:
        """What the log says, which servers do within their `poll_seconds`."""
        running = self._log.state().running
        return Split(running.percent if running else 0.0)

    def set(self, percent: float) -> None:
        """Refuses any share but the log's.

        Raises:
            RefusedError: The log says another one: only an entry of it changes what servers do.
        """
        said = self.read()
        if not said.is_at(percent):
            hint = "append a shift to the rollout log instead"
            raise RefusedError("the rollout log", expected=f"{percent:g}%", got=str(said), hint=hint)

    def settle(self, package: str) -> bool:
        """Nothing is left behind: where no rollout is under way, servers answer with the champion."""
        return True
