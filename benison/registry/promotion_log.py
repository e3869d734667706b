"""The promotion log of one model: its entries, what they come to, and adding one that is right at the moment."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from benison.core import chain
from benison.core.chain import Chain, Link
from benison.core.errors import ConflictError, IntegrityError, StorageError
from benison.core.store import Store, damaged
from benison.registry import log, snapshots
from benison.registry.fold import fold
from benison.registry.log import Entry, Logged
from benison.registry.snapshots import Snapshot, Snapshots
from benison.registry.state import Entries, State

# Every lost place in the log is another writer's progress, so this many in a row tell of a fault, not of a crowd.
_ATTEMPTS = 1000


class PromotionLog:
    """The log, and the state that was folded from what has been read of it.

    Args:
        store: Where it lies.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        self.snapshots = Snapshots(store, model)
        self._chain = Chain(store, f"{model}/log", log.KIND)
        self._head: Link | None = None
        # Read so far, from the entry after the snapshot that the state began with.
        self._read: list[Logged] = []
        self._segments: tuple[str, ...] = ()
        self._state = State(entries=Entries(self._entry))
        self._opened = False

    def entries(self) -> tuple[Logged, ...]:
        """Every entry, oldest first.

        Raises:
            IntegrityError: An entry is missing, torn, foreign or does not follow from the one before it.
        """
        self.state()
        if self._state.number > len(self._read):
            self._read = [self._decoded(link) for link in self._whole()]
        return tuple(self._read)

    def state(self) -> State:
        """What the log comes to at this moment; only entries that are new since the last time are read."""
        if not self._opened:
            self._begin()
            self._opened = True
        self._take(self._chain.links_after(self._head))
        return self._state

    def verify(self) -> None:
        """Reads every entry where it lies alone, and holds the copies of many and the snapshots to them.

        Raises:
            IntegrityError: As `entries`; or a copy is none, or a snapshot is not what the log came to.
        """
        self._chain.verify()
        logged, state = [self._decoded(link) for link in self._chain.links_after()], State()
        sealed = tuple(self._chain.sealed(last)[0] for last in _segments_up_to(len(logged)))
        for key in self.snapshots.all():
            found = self.snapshots.read(key, Entries())
            state = fold(logged[state.number : found.number], state)
            digest = logged[found.number - 1].digest if found.number <= len(logged) else ""
            refolded = Snapshot(found.number, digest, sealed[: found.number // chain.SEGMENT], state)
            if snapshots.to_json(found) != snapshots.to_json(refolded):
                where, hint = self.snapshots.where(key), "remove it: the log is read without it"
                expected = f"what the log comes to at entry {found.number}"
                raise IntegrityError(where, expected=expected, got="something else", hint=hint)

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
            if link.number % chain.SEGMENT == 0:
                self._keep_snapshot(link)
            return self._read[-1]
        where = self._chain.where(self._state.number + 1)
        raise ConflictError(where, expected="a free place", got=f"{_ATTEMPTS} others that were first", hint="try again")

    def _begin(self) -> None:
        """Starts from the newest snapshot that stands at an entry of this log, where there is one."""
        for snapshot in self.snapshots.latest(self._state.entries):
            head = self._chain.at(snapshot.number)
            if head is not None and head.digest == snapshot.digest:
                self._head, self._state, self._segments = head, snapshot.state, snapshot.segments
                return

    def _keep_snapshot(self, head: Link) -> None:
        """Whatever hinders it can wait for the next thousand."""
        with suppress(StorageError):
            known = len(self._segments) * chain.SEGMENT
            sealed = [self._chain.sealed(last)[0] for last in _segments_up_to(head.number) if last > known]
            self._segments = (*self._segments, *sealed)
            self.snapshots.put(Snapshot(head.number, head.digest, self._segments, self._state))

    def _entry(self, number: int) -> Entry:
        """What an entry before the snapshot says; with it, those of its thousand."""
        place = (number - 1) // chain.SEGMENT
        last = (place + 1) * chain.SEGMENT
        digest, links = self._chain.sealed(last)
        if place >= len(self._segments) or digest != self._segments[place]:
            where, hint = self._chain.where_segment(last), "remove it: the log is read without it"
            raise IntegrityError(where, expected="the segment that the snapshot knows", got=digest, hint=hint)
        for link in links:
            self._state.entries.setdefault(link.number, self._decoded(link).entry)
        return self._state.entries[number]

    def _take(self, links: list[Link]) -> None:
        """Goes on to the state after some more entries."""
        logged = [self._decoded(link) for link in links]
        self._state = fold(logged, self._state) if logged else self._state
        self._read.extend(logged)
        self._head = links[-1] if links else self._head

    def _whole(self) -> list[Link]:
        """Every entry up to the head."""
        links = self._chain.links_after()[: self._state.number]
        found = links[-1].digest if links else "none"
        if self._head is not None and found != self._head.digest:
            hint = "somebody changed the log a moment ago; restore it from a copy"
            raise IntegrityError(self._chain.where(self._head.number), expected=self._head.digest, got=found, hint=hint)
        return links

    def _decoded(self, link: Link) -> Logged:
        try:
            return Logged(link.number, link.writer, link.digest, log.from_json(link.content))
        except ValueError as error:
            raise damaged(self._chain.where(link.number), log.KIND, str(error)) from error


def _segments_up_to(number: int) -> range:
    """The last entry of each segment up to one."""
    return range(chain.SEGMENT, number + 1, chain.SEGMENT)
