"""The alert log of one model: what was wrong with its traffic, when, and who was told."""

from __future__ import annotations

from collections.abc import Callable

from benison.alerts import entries
from benison.alerts.entries import Entry
from benison.alerts.state import AlertState, follow
from benison.core.chain import Chain, Link
from benison.core.errors import ConflictError
from benison.core.store import Store, damaged

_ATTEMPTS = 100


class AlertLog:
    """The log, and the state that was folded from what has been read of it.

    Args:
        store: Where it lies: the registry's.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._chain = Chain(store, f"{model}/alerts", entries.KIND)
        self._head: Link | None = None
        self._state = AlertState()
        self._entries: list[tuple[int, Entry]] = []

    def state(self) -> AlertState:
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

    def append(self, decide: Callable[[AlertState], Entry | None]) -> int | None:
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

    def where(self, number: int) -> str:
        """The file of an entry, for messages."""
        return self._chain.where(number)

    def verify(self) -> None:
        """Reads every entry where it lies, anew.

        Raises:
            IntegrityError: As `state`.
        """
        self._chain.verify()
        state = AlertState()
        for link in self._chain.links_after():
            state = follow(state, link.number, self._decoded(link), self._chain.where(link.number))

    def _decoded(self, link: Link) -> Entry:
        try:
            return entries.from_json(link.number, link.writer, link.previous, link.content)
        except ValueError as error:
            raise damaged(self._chain.where(link.number), entries.KIND, str(error)) from error

    def _take(self, link: Link) -> None:
        entry = self._decoded(link)
        self._state = follow(self._state, link.number, entry, self._chain.where(link.number))
        self._entries.append((link.number, entry))
        self._head = link
