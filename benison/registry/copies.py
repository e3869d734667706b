"""Where the files of a package lie."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from benison.core import digests

_NAME = re.compile(r"(?P<digest>sha256-[0-9a-f]{64})(\.(?P<generation>[1-9][0-9]*))?")


class Copy(NamedTuple):
    """Where a package lies. One that comes again after its files were collected lies elsewhere than before.

    So whoever is still deleting the old copy, however slow, cannot harm the new one.

    Attributes:
        package: Its digest.
        generation: The number of the log entry by which the copy before it was collected; 0: it is the first.
    """

    package: str
    generation: int = 0

    def __str__(self) -> str:
        return self.package + (f", copy {self.generation}" if self.generation else "")

    @property
    def name(self) -> str:
        """Of its folder, and of its manifest without the suffix."""
        return digests.as_folder_name(self.package) + (f".{self.generation}" if self.generation else "")

    @classmethod
    def of(cls, name: str) -> Copy | None:
        """The inverse of `name`; None where it is no such name."""
        found = _NAME.fullmatch(name)
        return cls(found["digest"].replace("-", ":", 1), int(found["generation"] or 0)) if found else None


def copies(names: Iterable[str]) -> list[Copy]:
    """Those of names of folders that are names of copies."""
    return [copy for name in names if (copy := Copy.of(name)) is not None]
