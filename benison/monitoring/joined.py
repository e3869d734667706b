"""joined: a day of served rows beside those that the data has of them, as it is kept: counts, and ids of requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Differing:
    """One column of the joined rows.

    Attributes:
        name: The column.
        rows: Those in which it differs.
        unserved: Those of them that were served without a value, and have one in the data.
        unknown: Those that have none in the data, and were served with one.
        examples: Ids of requests in which it differs, a few.
    """

    name: str
    rows: int
    unserved: int
    unknown: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Joined:
    """A day of requests beside the data.

    Attributes:
        start: When it begins, in seconds since 1970 in UTC.
        minutes: How long it is.
        requests: That were looked for in the data: all of them, or a sample.
        joined: Those of them that are in it.
        columns: Those that both have.
        trouble: Why nothing could be joined; empty: it could.
    """

    start: int
    minutes: int
    requests: int
    joined: int
    columns: tuple[Differing, ...] = ()
    trouble: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it stands in the log of windows."""
        columns = [{**asdict(one), "examples": list(one.examples)} for one in self.columns]
        return {**asdict(self), "columns": columns}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Joined:
        """The inverse of `to_json`."""
        columns = (Differing(**{**one, "examples": tuple(one["examples"])}) for one in content["columns"])
        return cls(**{**content, "columns": tuple(columns)})
