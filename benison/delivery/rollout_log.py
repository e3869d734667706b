"""The rollout log of one model: what was done to its traffic, when and why, one rollout after the other.

It lies beside the promotion log, is of the same kind, and is all that servers and controllers share.
"""

from __future__ import annotations

from benison.core.chain import Chain, Link
from benison.core.folded_log import FoldedLog
from benison.core.store import Store
from benison.delivery import entries
from benison.delivery.entries import Entry
from benison.delivery.state import RolloutState, follow, owed_to
from benison.delivery.traffic import Traffic
from benison.registry.log import Champion


class RolloutLog(FoldedLog[RolloutState, Entry]):
    """The log, and which rollout is under way.

    Args:
        store: Where it lies.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        chain = Chain(store, f"{model}/rollouts", entries.KIND)
        super().__init__(chain, entries.KIND, RolloutState(), follow, entries.to_json, _decoded)

    def traffic(self, champion: Champion) -> Traffic:
        """Who answers which request at this moment.

        Args:
            champion: The registry's.
        """
        state = self.state()
        running = state.running
        if running is None or not owed_to(champion, running):
            return Traffic(champion, number=state.number)
        return Traffic(
            champion=running.start.champion,
            challenger=running.start.challenger,
            percent=running.percent,
            shadow=running.shadow,
            salt=running.salt,
            number=state.number,
        )


def _decoded(link: Link) -> Entry:
    return entries.from_json(link.number, link.writer, link.previous, link.content)
