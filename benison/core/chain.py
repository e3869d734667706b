"""An append-only log that many writers share without a lock: each entry seals the one before it.

Entry n + 1 is made by put-if-absent under the next number, so exactly one writer gets it, and carries the SHA-256
of entry n, so that no entry can be changed or taken out later without breaking the chain at that place.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benison.core import digests, documents
from benison.core.errors import ConflictError, IntegrityError
from benison.core.store import Store, damaged, parse

# Held to by hand where a log is read: a schema takes thirty times as long as all the rest of reading.
_FIELDS = {"kind", "format", "number", "writer", "previous", "entry"}
_NAME = re.compile(r"([0-9]{12})\.json")


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

    def where(self, number: int) -> str:
        """The place of an entry, as a person would look for it."""
        return self._store.where(self._key(number))

    def links_after(self, head: Link | None = None) -> list[Link]:
        """The entries after one that was read before; all of them without one.

        Raises:
            IntegrityError: An entry is missing, torn, foreign or does not follow from the one before it; the message
                names its file.
        """
        found: list[Link] = []
        first, last = (head.number if head else 0) + 1, self._last_after(head)
        for number in range(first, last + 1):
            head = self._read(number, head)
            found.append(head)
        return found

    def append(self, content: Mapping[str, Any], head: Link | None) -> Link:
        """Adds an entry directly after `head`.

        A store may answer 'taken' to a repeated request that had won, so what lies there is read back and the
        writer's name decides.

        Raises:
            ConflictError: Another writer's entry follows `head` already.
        """
        number, writer = (head.number if head else 0) + 1, secrets.token_hex(16)
        previous = head.digest if head else None
        whole = {"number": number, "writer": writer, "previous": previous, "entry": content}
        raw = documents.to_bytes(self.where(number), self._kind, whole)
        if not self._store.put_if_absent(self._key(number), raw):
            taken = self._read(number, head)
            if taken.writer != writer:
                raise ConflictError(
                    self.where(number),
                    expected="the next place in the log to be free",
                    got="an entry that another writer made just now",
                    hint="try again",
                )
        return Link(number, writer, previous, digests.of_bytes(raw), content)

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

    def _read(self, number: int, before: Link | None) -> Link:
        """Reads an entry and holds it to its place and to the entry before it."""
        raw = self._store.get(self._key(number))
        if raw is None:
            raise self._broken(number, "an entry, since later ones are there", "none")
        content = parse(self.where(number), self._kind, raw)
        if content.keys() != _FIELDS or content["format"] != 1 or not isinstance(content["entry"], dict):
            raise damaged(self.where(number), self._kind, "; ".join(documents.problems(self._kind, content)[:3]))
        previous = before.digest if before else None
        if content["number"] != number:
            raise self._broken(number, f"entry {number}", f"entry {content['number']}")
        if content["previous"] != previous:
            raise self._broken(number, f"the entry before it to be {previous}", str(content["previous"]))
        return Link(number, content["writer"], previous, digests.of_bytes(raw), content["entry"])

    def _broken(self, number: int, expected: str, got: str) -> IntegrityError:
        hint = "the log was changed after it was written; restore this entry and the one before it from a copy"
        return IntegrityError(self.where(number), expected=expected, got=got, hint=hint)
