"""follow: who answers, as registry and rollout log say at this moment."""

from __future__ import annotations

from typing import Protocol

from benison.core.errors import RegistryError
from benison.delivery.rollout_log import RolloutLog
from benison.delivery.traffic import Role, Traffic
from benison.registry.registry import Registry


class Follower(Protocol):
    """Whoever knows how live requests are split."""

    def now(self) -> Traffic:
        """How they are split at this moment.

        Raises:
            RegistryError: There is no champion so far.
            BenisonError: What says so cannot be read.
        """


class Logs:
    """What the registry's log and the rollout log say: the champion, and what a rollout gives to its challenger.

    Args:
        registry: Of the model.
        role: Whose requests come, where a router in front has split them; None: everybody's, to be split here.
    """

    def __init__(self, registry: Registry, role: Role | None = None) -> None:
        self._registry, self._role = registry, role
        self._rollouts = RolloutLog(registry.store, registry.model)

    def now(self) -> Traffic:
        """How requests are split.

        Raises:
            RegistryError: There is no champion so far.
            IntegrityError: A log is damaged.
        """
        champion = self._registry.state().champion
        if champion is None:
            hint = "promote a version with  benison registry promote"
            raise RegistryError(self._registry.model, expected="a champion to serve", got="none", hint=hint)
        traffic = self._rollouts.traffic(champion)
        return traffic if self._role is None else traffic.behind_router(self._role)
