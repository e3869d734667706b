"""One thing that a target cannot run, or that a person should know of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benison.core.errors import BenisonError

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """Where something stands, and why it will not do.

    Attributes:
        where: File, line and key.
        expected: What would have been right.
        got: What stands there.
        why: The reason, or what to do about it.
        severity: `ERROR`: the target does not run it; `WARNING`: it may not do what was meant.
    """

    where: str
    expected: str
    got: str
    why: str = ""
    severity: str = ERROR

    @classmethod
    def of(cls, error: BenisonError) -> Finding:
        """What an error says, as a finding."""
        return cls(error.where, error.expected, error.got, error.hint)

    @property
    def line(self) -> int:
        """The line in its file, from 1; 0 where there is none."""
        found = re.search(r":(\d+)\b", self.where)
        return int(found[1]) if found else 0

    def __str__(self) -> str:
        said = f"{self.severity}: {self.where}: expected {self.expected}, got {self.got}"
        return f"{said} ({self.why})" if self.why else said
