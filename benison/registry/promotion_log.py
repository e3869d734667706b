"""The promotion log of one model: its entries, what they come to, and adding one that is right at the moment."""

from __future__ import annotations

from collections.abc import Callable

from benison.core.chain import Chain, Link
from benison.core.errors import ConflictError
from benison.core.store import Store, damaged
from benison.registry import log
from benison.registry.log import Entry, Logged
from benison.registry.state import State, fold

# Every lost place in the log is another writer's progress, so this many in a row tell of a fault, not of a crowd.
_ATTEMPTS = 1000


class PromotionLog:
    """The log, and the state that was folded from what has been read of it.

    Args:
        store: Where it lies.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._chain = Chain(store, f"{model}/log", log.KIND)
        self._head: Link | None = None
        self._entries: list[Logged] = []
        self._state = State()

    def entries(self) -> tuple[Logged, ...]:
        """Every entry, oldest first.

        Raises:
            IntegrityError: An entry is missing, torn, foreign or does not follow from the one before it.
        """
        self.state()
        return tuple(self._entries)

    def state(self) -> State:
        """What the log comes to at this moment; only entries that are new since the last time are read."""
        self._take(self._chain.links_after(self._head))
        return self._state

    def verify(self) -> None:
        """Reads every entry where it lies alone, and holds the copies of many to them.

        Raises:
            IntegrityError: As `entries`; or a copy is none.
        """
        self._chain.verify()

    def append(self, decide: Callable[[State], Entry | None]) -> Logged | None:
        """Adds the entry that is right in the state of the moment, again where another writer was first.

        Args:
            decide: The entry; None: there is nothing to add. It may refuse by raising.
        """
        for _ in range(_ATTEMPTS):
            entry = decide(self.state())
            if entry is None:
                return None
            try:
                link = self._chain.append(log.to_json(entry), self._head)
            except ConflictError:
                continue
            self._take([link])
            return self._entries[-1]
        where = self._chain.where(self._state.number + 1)
        raise ConflictError(where, expected="a free place", got=f"{_ATTEMPTS} others that were first", hint="try again")

    def _take(self, links: list[Link]) -> None:
        """Goes on to the state after some more entries."""
        logged = [self._decoded(link) for link in links]
        self._state = fold(logged, self._state) if logged else self._state
        self._entries.extend(logged)
        self._head = links[-1] if links else self._head

    def _decoded(self, link: Link) -> Logged:
        try:
            return Logged(link.number, link.writer, link.digest, log.from_json(link.content))
        except ValueError as error:
            raise damaged(self._chain.where(link.number), log.KIND, str(error)) from error
