"""pending: which version waits for a rollout, as the registry's and the rollouts' logs tell."""

from __future__ import annotations

from benison.delivery.state import RolloutState
from benison.registry.state import State


def waiting(state: State, rollouts: RolloutState) -> str | None:
    """The package that the gate blessed last and that no rollout has tried beside this champion; None: none waits.

    What a rollout sent back, only copied requests to, or had a person abort is not tried again by itself, unless the
    gate blessed it anew against another champion.

    Args:
        state: What the promotion log comes to.
        rollouts: What the log of rollouts comes to.
    """
    package = state.challenger
    if package is None or state.champion is None or rollouts.running is not None:
        return None
    tried = [one.start.champion for one in rollouts.past.values() if one.start.challenger == package]
    return package if state.champion not in tried else None
