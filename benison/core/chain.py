"""An append-only log that many writers share without a lock: each entry seals the one before it.

Entry n + 1 is made by put-if-absent under the next number, so exactly one writer gets it, and carries the SHA-256
of entry n, so that no entry can be changed or taken out later without breaking the chain at that place.

Whoever adds the last entry of a thousand puts the bytes of all thousand into one more object, a segment, so that a long
log is read in few requests. It is a copy and nothing more: its entries are held to the chain like those that lie alone.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from benison.core import digests, documents
from benison.core.errors import ConflictError, IntegrityError, StorageError
from benison.core.store import Store, damaged, parse

# Held to by hand where a log is read: a schema takes thirty times as long as all the rest of reading.
_FIELDS = {"kind", "format", "number", "writer", "previous", "entry"}
_NAME = re.compile(r"([0-9]{12})\.json")
SEGMENT = 1000
SEGMENT_KIND = "log_segment"


@dataclass(frozen=True)
class Link:
    """One entry of a log as it lies there.

    Attributes:
        number: Its place, from 1, without gaps.
        writer: The random name that its writer gave itself for this one entry.
        previous: The digest of the entry before it; None for the first.
        digest: SHA-256 of its own bytes.
        content: What it says.
    """

    number: int
    writer: str
    previous: str | None
    digest: str
    content: Mapping[str, Any]


class Chain:
    """A log in one folder of a store: ``<folder>/000000000001.json`` and so on.

    What an entry says is held to its schema when it is written; who reads it decodes it strictly.

    Args:
        store: Where it lies.
        folder: The folder's key, without a slash at the end.
        kind: The kind of its documents, which have a schema of that name with ``number``, ``writer``, ``previous``
            and ``entry``.
    """

    def __init__(self, store: Store, folder: str, kind: str) -> None:
        self._store, self._folder, self._kind = store, folder, kind
        # Those read or written one by one since the last segment, by their number.
        self._raw: dict[int, bytes] = {}

    def where(self, number: int) -> str:
        """The place of an entry, as a person would look for it."""
        return self._store.where(self._key(number))

    def where_segment(self, last: int) -> str:
        """Likewise of the segment that ends with an entry."""
        return self._store.where(self._segment_key(last))

    def links_after(self, head: Link | None = None, *, segments: bool = True) -> list[Link]:
        """The entries after one that was read before; all of them without one.

        Args:
            head: The last one that was read. Where the place after it is free, nothing is looked for behind that.
            segments: Whether segments may be read instead of the entries that they are copies of.

        Raises:
            IntegrityError: An entry is missing, torn, foreign or does not follow from the one before it; the message
                names its file.
        """
        found: list[Link] = []
        following, raw = (head.number + 1 if head else 0), None
        # Whoever follows a log asks all the time: one entry is asked for at once, a long folder takes long to list.
        if head is not None and (raw := self._store.get(self._key(following))) is None:
            return found
        last = self._last_after(head)
        if segments and last - (head.number if head else 0) > SEGMENT:
            found = self._in_segments(head)
            head = found[-1] if found else head
        for number in range((head.number if head else 0) + 1, last + 1):
            head = self._read(number, head, raw if number == following else None)
            found.append(head)
        return found

    def at(self, number: int) -> Link | None:
        """One entry by itself, held to nothing but its place; None where there is none.

        Raises:
            IntegrityError: It is torn, foreign or of another place.
        """
        raw = self._store.get(self._key(number))
        return None if raw is None else self._alone(number, raw, self.where(number))

    def sealed(self, last: int) -> tuple[str, list[Link]]:
        """The segment that ends with an entry, its digest and its entries; it is made where it is missing.

        Its entries are held to each other, and to those before it by whoever knows the digest.

        Raises:
            IntegrityError: It is damaged, or it is missing and an entry of it too.
        """
        key = self._segment_key(last)
        links: list[Link] = []
        where, raw = self._store.where(key), self._store.get(key) or self._close_segment(last)
        for number, text in self._entries(key, raw):
            links.append(self._link(number, text, links[-1], where) if links else self._alone(number, text, where))
        return digests.of_bytes(raw), links

    def verify(self) -> None:
        """Reads every entry where it lies alone, and holds the segments to them.

        Raises:
            IntegrityError: As `links_after`; or a segment is no copy of its entries.
        """
        digest_of = {link.number: link.digest for link in self.links_after(segments=False)}
        for key in self._store.list_after(f"{self._folder}_segments/"):
            for number, raw in self._entries(key, self._store.get(key) or b""):
                if digest_of.get(number) != digests.of_bytes(raw):
                    hint = "remove it: the log is read without it"
                    where, expected = self._store.where(key), f"a copy of entry {number}"
                    raise IntegrityError(where, expected=expected, got="something else", hint=hint)

    def _in_segments(self, head: Link | None) -> list[Link]:
        """The entries after a head as far as segments go on from it without a gap."""
        found: list[Link] = []
        after = self._segment_key(head.number) if head else ""
        for key in self._store.list_after(f"{self._folder}_segments/", after):
            where = self._store.where(key)
            for number, raw in self._entries(key, self._store.get(key) or b""):
                known = head.number if head else 0
                if number > known + 1:
                    return found
                if number == known + 1:
                    head = self._link(number, raw, head, where)
                    found.append(head)
        return found

    def _entries(self, key: str, raw: bytes) -> list[tuple[int, bytes]]:
        """The entries of a segment by their number."""
        where, name = self._store.where(key), _NAME.fullmatch(key.rpartition("/")[2])
        content = parse(where, SEGMENT_KIND, raw)
        entries = content.get("entries")
        if name is None or not isinstance(entries, list) or not all(isinstance(one, str) for one in entries):
            raise damaged(where, SEGMENT_KIND, "something else")
        return [(number, one.encode()) for number, one in enumerate(entries, int(name[1]) - len(entries) + 1)]

    def append(self, content: Mapping[str, Any], head: Link | None) -> Link:
        """Adds an entry directly after `head`.

        A store may answer 'taken' to a repeated request that had won, so what lies there is read back and the
        writer's name decides.

        Raises:
            ConflictError: Another writer's entry follows `head` already.
            IntegrityError: The next entry is missing, while later ones are there.
        """
        number, writer = (head.number if head else 0) + 1, secrets.token_hex(16)
        previous = head.digest if head else None
        whole = {"number": number, "writer": writer, "previous": previous, "entry": content}
        raw = documents.to_bytes(self.where(number), self._kind, whole)
        if self._last_after(head) > number:
            # Whoever follows sees no hole right behind its head; nobody may fill one.
            self._bytes(number)
        if not self._store.put_if_absent(self._key(number), raw):
            taken = self._read(number, head)
            if taken.writer != writer:
                raise ConflictError(
                    self.where(number),
                    expected="the next place in the log to be free",
                    got="an entry that another writer made just now",
                    hint="try again",
                )
        self._raw[number] = raw
        if number % SEGMENT == 0:
            self._close_segment(number)
        return Link(number, writer, previous, digests.of_bytes(raw), content)

    def _close_segment(self, last: int) -> bytes:
        """Copies the entries up to one into a segment, and tells its bytes; whatever hinders its place can wait."""
        numbers = range(last - SEGMENT + 1, last + 1)
        entries = [self._raw.get(number) or self._bytes(number) for number in numbers]
        key = self._segment_key(last)
        raw = documents.to_bytes(self._store.where(key), SEGMENT_KIND, {"entries": [one.decode() for one in entries]})
        with suppress(StorageError):
            self._store.put_if_absent(key, raw)
        self._raw.clear()
        return raw

    def _segment_key(self, last: int) -> str:
        return f"{self._folder}_segments/{last:012d}.json"

    def _key(self, number: int) -> str:
        return f"{self._folder}/{number:012d}.json"

    def _last_after(self, head: Link | None) -> int:
        """The highest number that is listed; a listing may miss an entry made meanwhile, never one before it."""
        prefix = f"{self._folder}/"
        last = head.number if head else 0
        for key in self._store.list_after(prefix, self._key(last) if head else ""):
            name = _NAME.fullmatch(key.removeprefix(prefix))
            if name is None:
                raise IntegrityError(
                    self._store.where(key),
                    expected="only entries of the log, named 000000000001.json and so on",
                    got="a foreign file",
                    hint="move it elsewhere",
                )
            last = int(name[1])
        return last

    def _read(self, number: int, before: Link | None, raw: bytes | None = None) -> Link:
        """Reads an entry, unless it was, and holds it to its place and to the entry before it."""
        self._raw[number] = raw = self._bytes(number) if raw is None else raw
        return self._link(number, raw, before, self.where(number))

    def _bytes(self, number: int) -> bytes:
        raw = self._store.get(self._key(number))
        if raw is None:
            raise _broken(self.where(number), "an entry, since later ones are there", "none")
        return raw

    def _link(self, number: int, raw: bytes, before: Link | None, where: str) -> Link:
        link, previous = self._alone(number, raw, where), before.digest if before else None
        if link.previous != previous:
            raise _broken(where, f"the entry before it to be {previous}", str(link.previous))
        return link

    def _alone(self, number: int, raw: bytes, where: str) -> Link:
        content = parse(where, self._kind, raw)
        if content.keys() != _FIELDS or content["format"] != 1 or not isinstance(content["entry"], dict):
            raise damaged(where, self._kind, "; ".join(documents.problems(self._kind, content)[:3]))
        if content["number"] != number:
            raise _broken(where, f"entry {number}", f"entry {content['number']}")
        return Link(number, content["writer"], content["previous"], digests.of_bytes(raw), content["entry"])


def _broken(where: str, expected: str, got: str) -> IntegrityError:
    hint = "the log was changed after it was written; restore this entry and the one before it from a copy"
    return IntegrityError(where, expected=expected, got=got, hint=hint)
