"""A log of one kind of entries and the state that it comes to: what rollouts, alerts and triggers are written down in.

Writers share nothing else. Whoever is killed anywhere leaves a log from which the next one goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Generic, TypeVar

from benison.core import documents
from benison.core.chain import Chain, Link
from benison.core.errors import ConflictError
from benison.core.store import damaged

_S = TypeVar("_S")
_E = TypeVar("_E")
# Every lost place is another writer's progress, and there are few of them: a controller, a manager, persons.
_ATTEMPTS = 100


def decoded(
    kind: str,
    kinds: Mapping[str, type[_E]],
    place: Mapping[str, Any],
    content: Mapping[str, Any],
    revived: Mapping[str, Callable[[Any], Any]],
) -> _E:
    """An entry, held to the schema of its log as it lies there.

    Args:
        kind: Of the log's documents.
        kinds: A dataclass for each action.
        place: Its number, its writer and the digest of the entry before it.
        content: What it says.
        revived: By field what makes a value of what JSON has of it.

    Raises:
        ValueError: It is no entry; the message says what is wrong.
    """
    if wrong := documents.problems(kind, {"kind": kind, "format": 1, **place, "entry": content}):
        raise ValueError("; ".join(wrong[:3]))
    made = kinds[content["action"]]
    values = {one.name: content[one.name] for one in fields(made) if one.name in content}  # type: ignore[arg-type]
    return made(**{name: revived[name](value) if name in revived else value for name, value in values.items()})


class FoldedLog(Generic[_S, _E]):
    """The log, and the state that was folded from what has been read of it.

    Args:
        chain: Where it lies.
        kind: Of its entries, for messages.
        empty: The state without an entry.
        follow: The state after an entry, by its number and, for messages, its place.
        encode: An entry as it stands in the log.
        decode: The inverse; a ValueError says what is wrong.
    """

    def __init__(
        self,
        chain: Chain,
        kind: str,
        empty: _S,
        follow: Callable[[_S, int, _E, str], _S],
        encode: Callable[[_E], Mapping[str, Any]],
        decode: Callable[[Link], _E],
    ) -> None:
        self._chain, self._kind, self._empty = chain, kind, empty
        self._follow, self._encode, self._decode = follow, encode, decode
        self._head: Link | None = None
        self._state = empty

    def state(self) -> _S:
        """What the log comes to at this moment; only entries that are new since the last time are read.

        Raises:
            IntegrityError: An entry is missing, torn, foreign or does not follow from those before it.
        """
        for link in self._chain.links_after(self._head):
            self._take(link)
        return self._state

    def entries(self) -> tuple[tuple[int, _E], ...]:
        """Every entry with its number, oldest first, read anew.

        Raises:
            IntegrityError: As `state`.
        """
        return tuple((link.number, self._decoded(link)) for link in self._chain.links_after())

    def append(self, decide: Callable[[_S], _E | None]) -> int | None:
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
                link = self._chain.append(self._encode(entry), self._head)
            except ConflictError:
                continue
            self._take(link)
            return link.number
        where = self.where((self._head.number if self._head else 0) + 1)
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
        state = self._empty
        for number, entry in self.entries():
            state = self._follow(state, number, entry, self.where(number))

    def _take(self, link: Link) -> None:
        self._state = self._follow(self._state, link.number, self._decoded(link), self.where(link.number))
        self._head = link

    def _decoded(self, link: Link) -> _E:
        try:
            return self._decode(link)
        except ValueError as error:
            raise damaged(self.where(link.number), self._kind, str(error)) from error
