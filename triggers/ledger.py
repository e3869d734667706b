"""The ledger of one model's triggers: cause, decision, run, outcome, and why.

It lies beside the promotion log, is of the same kind, and is all that has to last: a manager that is killed anywhere
leaves a ledger from which the next one goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benison.core.chain import Chain, Link
from benison.core.errors import ConflictError
from benison.core.store import Store, damaged
from benison.triggers import entries
from benison.triggers.entries import Entry
from benison.triggers.state import State, follow

_ATTEMPTS = 100


class Ledger:
    """The ledger, and the state that was folded from what has been read of it.

    Args:
        store: Where it lies.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._chain = Chain(store, f"{model}/triggers", entries.KIND)
        self._head: Link | None = None
        self._state = State()

    def state(self) -> State:
        """What the ledger comes to at this moment; only entries that are new since the last time are read.

        Raises:
            IntegrityError: An entry is missing, torn, foreign or does not follow from those before it.
        """
        for link in self._chain.links_after(self._head):
            self._take(link)
        return self._state

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Every entry with its number, oldest first, read anew."""
        for link in self._chain.links_after():
            yield link.number, self._decoded(link)

    def append(self, decide: Callable[[State], Entry | None]) -> int | None:
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
        raise ConflictError(where, expected="a free place in the ledger", got="other writers, again and again")

    def verify(self) -> None:
        """Reads every entry where it lies, anew.

        Raises:
            IntegrityError: As `state`.
        """
        self._chain.verify()
        state = State()
        for number, entry in self.entries():
            state = follow(state, number, entry, self._chain.where(number))

    def _take(self, link: Link) -> None:
        self._state = follow(self._state, link.number, self._decoded(link), self._chain.where(link.number))
        self._head = link

    def _decoded(self, link: Link) -> Entry:
        try:
            return entries.from_json(link.content)
        except ValueError as error:
            raise damaged(self._chain.where(link.number), entries.KIND, str(error)) from error
