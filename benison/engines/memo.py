"""What sources import, kept on disk by their digests: parsing a pipeline's closures takes a tenth of a second."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path

from benison.core import digests
from benison.core.files import write_atomically
from benison.engines.closure import Import, imports_of


class ImportMemo:
    """Reads imports as `imports_of` does, at most once for each source."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _read(path)
        self._used: dict[str, tuple[Import, ...]] = {}

    def __call__(self, source: bytes) -> tuple[Import, ...]:
        """The imports of a source."""
        digest = digests.of_bytes(source)
        if digest not in self._used:
            known = self._known.get(digest)
            self._used[digest] = imports_of(source) if known is None else known
        return self._used[digest]

    def save(self) -> None:
        """Keeps what was used this time, unless that is what is kept already."""
        if self._used.keys() == self._known.keys():
            return
        content = {digest: [astuple(found) for found in imports] for digest, imports in self._used.items()}
        write_atomically(self._path, json.dumps(content).encode(), durable=False)
        self._known = dict(self._used)


def _read(path: Path) -> dict[str, tuple[Import, ...]]:
    try:
        content = json.loads(path.read_bytes())
        return {digest: tuple(Import(*found) for found in imports) for digest, imports in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
