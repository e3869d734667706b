"""The rollout log of one model: what was done to its traffic, when and why, one rollout after the other.

It lies beside the promotion log, is of the same kind, and is all that servers and controllers share: a controller that
is killed anywhere leaves a log from which the next one goes on.
"""

from __future__ import annotations

from collections.abc import Callable

from benison.core.chain import Chain, Link
from benison.core.errors import ConflictError
from benison.core.store import Store, damaged
from benison.delivery import entries
from benison.delivery.entries import Entry
from benison.delivery.state import RolloutState, follow, owed_to
from benison.delivery.traffic import Traffic
from benison.registry.log import Champion

# Every lost place is another writer's progress, and there are few of them: a controller, persons.
_ATTEMPTS = 100


class RolloutLog:
    """The log, and the state that was folded from what has been read of it.

    Args:
        store: Where it lies.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._chain = Chain(store, f"{model}/rollouts", entries.KIND)
        self._head: Link | None = None
        self._state = RolloutState()
        self._entries: list[tuple[int, Entry]] = []

    def state(self) -> RolloutState:
        """What the log comes to at this moment; only entries that are new since the last time are read.

        Raises:
            IntegrityError: An entry is missing, torn, foreign or does not follow from those before it.
        """
        for link in self._chain.links_after(self._head):
            self._take(link)
        return self._state

    def entries(self) -> tuple[tuple[int, Entry], ...]:
        """Every entry with its number, oldest first."""
        self.state()
        return tuple(self._entries)

    def append(self, decide: Callable[[RolloutState], Entry | None]) -> int | None:
        """Adds the entry that is right in the state of the moment, again where another writer was first.

        Args:
            decide: The entry; None: there is nothing to add. It may refuse by raising.

        Returns:
            The entry's number; None where none was added.

        Raises:
            ConflictError: Others were first all the time.
        """
        for _ in range(_ATTEMPTS):
            entry = decide(self.state())
            if entry is None:
                return None
            try:
                link = self._chain.append(entries.to_json(entry), self._head)
            except ConflictError:
                continue
            self._take(link)
            return link.number
        where = self._chain.where(self._state.number + 1)
        raise ConflictError(where, expected="a free place in the log", got="other writers, again and again")

    def traffic(self, champion: Champion) -> Traffic:
        """Who answers which request at this moment.

        Args:
            champion: The registry's.
        """
        running = self.state().running
        if running is None or not owed_to(champion, running):
            return Traffic(champion, number=self._state.number)
        return Traffic(
            champion=running.start.champion,
            challenger=running.start.challenger,
            percent=running.percent,
            shadow=running.shadow,
            salt=running.salt,
            number=self._state.number,
        )

    def verify(self) -> None:
        """Reads every entry where it lies, anew.

        Raises:
            IntegrityError: As `state`.
        """
        self._chain.verify()
        state = RolloutState()
        for link in self._chain.links_after():
            state = follow(state, link.number, self._decoded(link), self._chain.where(link.number))

    def _take(self, link: Link) -> None:
        entry = self._decoded(link)
        self._state = follow(self._state, link.number, entry, self._chain.where(link.number))
        self._entries.append((link.number, entry))
        self._head = link

    def _decoded(self, link: Link) -> Entry:
        try:
            return entries.from_json(link.number, link.writer, link.previous, link.content)
        except ValueError as error:
            raise damaged(self._chain.where(link.number), entries.KIND, str(error)) from error
