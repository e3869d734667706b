"""What the promotion log says: one frozen dataclass for each kind of entry."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, ClassVar

from benison.config import release as releases
from benison.config.release import Release
from benison.core import digests
from benison.core.verdicts import Verdict

KIND = "log_entry"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
ALIAS = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class Champion:
    """A package in the champion's place.

    Attributes:
        number: The log entry that put it there, which is the version number that servers see.
        package: The package's digest.
    """

    number: int
    package: str

    def __str__(self) -> str:
        return f"{self.number} ({digests.short(self.package)})"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What every entry says.

    Attributes:
        who: Who or what did it.
        when: The moment in UTC, ISO 8601; told by the writer's clock, while the order is told by the number.
        why: The reason given.
    """

    action: ClassVar[str]
    who: str
    when: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Govern(Entry):
    """From now on these are the rules of promotion.

    Attributes:
        release: The rules.
    """

    action = "govern"
    release: Release


@dataclass(frozen=True, kw_only=True)
class PackageEntry(Entry):
    """What every entry about a package says.

    Attributes:
        package: The package.
        evidence: Digests of what it rests on, by name: ``evaluation``, ``policy``, ``snapshot``.
        replaces: The champion before; None where there was none, or where the entry moves no champion.
        compared_with: The champion that the evaluation compared with; None where there was none.
    """

    package: str
    evidence: Mapping[str, str] = field(default_factory=dict)
    replaces: Champion | None = None
    compared_with: Champion | None = None


@dataclass(frozen=True, kw_only=True)
class Register(PackageEntry):
    """A package is in the registry.

    Attributes:
        spans: The spans of data that it was trained on.
    """

    action = "register"
    spans: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Bless(PackageEntry):
    """The gate has spoken.

    Attributes:
        verdict: What it said; only PASS is a blessing.
        reasons: Why it was none: one sentence for each hard check that did not pass.
        superior: Whether its gain over the champion is above zero by the lower bound.
    """

    action = "bless"
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    superior: bool = False

    @property
    def blessed(self) -> bool:
        return self.verdict is Verdict.PASS


@dataclass(frozen=True, kw_only=True)
class Approve(PackageEntry):
    """A person lets a blessed package be promoted.

    Attributes:
        blessing: The number of the entry with the blessing that is approved; a later one needs another approval.
    """

    action = "approve"
    blessing: int


@dataclass(frozen=True, kw_only=True)
class Promote(PackageEntry):
    """A package becomes the champion.

    Attributes:
        superior: It was the first, or its gain over the champion is above zero by the lower bound.
        by_hand: A person did it, who thereby vouches for it as the new reference.
        forced: A refusal was overruled.
        overruled: That refusal; empty where there was none.
    """

    action = "promote"
    superior: bool
    by_hand: bool
    forced: bool = False
    overruled: str = ""


@dataclass(frozen=True, kw_only=True)
class Rollback(PackageEntry):
    """A version takes the champion's place back."""

    action = "rollback"


@dataclass(frozen=True, kw_only=True)
class Alias(PackageEntry):
    """A name of the user's stands for a package from now on, or no longer.

    Attributes:
        name: The name.
        removed: Whether it stands for nothing any more; the package is then the one that it stood for.
    """

    action = "alias"
    name: str
    removed: bool = False


@dataclass(frozen=True, kw_only=True)
class Retire(PackageEntry):
    """A version is not to be used any more; its files stay for a time."""

    action = "retire"


@dataclass(frozen=True, kw_only=True)
class Collect(PackageEntry):
    """The files of a retired version go, from this entry on; what was known of it stays in the log.

    Attributes:
        retired: The number of the entry that retired it.
    """

    action = "collect"
    retired: int


_ACTIONS: dict[str, type[Entry]] = {
    kind.action: kind for kind in (Govern, Register, Bless, Approve, Promote, Rollback, Alias, Retire, Collect)
}


@dataclass(frozen=True)
class Logged:
    """An entry in its place in the log.

    Attributes:
        number: Its place, from 1.
        writer: The random name of its writer.
        digest: SHA-256 of its file.
        entry: What it says.
    """

    number: int
    writer: str
    digest: str
    entry: Entry


def utc(moment: datetime) -> str:
    """A moment as it stands in the log.

    Args:
        moment: With a time zone, whichever.

    Raises:
        ValueError: It has no time zone.

    >>> utc(datetime(2026, 11, 20, 12, tzinfo=UTC))
    '2026-11-20T12:00:00Z'
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def one_line(text: str) -> str:
    """A person's words on one line, so that a log stays readable in a terminal.

    >>> one_line(" two\\nlines ")
    'two lines'
    """
    return _CONTROL.sub(" ", text).strip()


def to_json(entry: Entry) -> dict[str, Any]:
    """An entry as it stands in the log."""
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(entry).items()}
    rules = {"release": releases.to_json(entry.release)} if isinstance(entry, Govern) else {}
    return {"action": entry.action, **values, **rules}


def from_json(content: Mapping[str, Any]) -> Entry:
    """The inverse of `to_json`, as strict as the schema and many times as fast.

    Raises:
        ValueError: It is no entry; the message says what is wrong.
    """
    kind = _ACTIONS.get(str(content.get("action")))
    if kind is None:
        raise ValueError(f"action {content.get('action')!r}")
    values = {name: value for name, value in content.items() if name != "action"}
    if values.keys() != _SOUND_FIELDS[kind].keys():
        raise ValueError(f"{kind.action} with {', '.join(sorted(values))}")
    for name, sound in _SOUND_FIELDS[kind].items():
        if not sound(values[name]):
            raise ValueError(f"{name} {values[name]!r}")
    for name, revive in _REVIVED.items():
        if name in values:
            values[name] = revive(values[name])
    return kind(**values)


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _is_line(value: object) -> bool:
    return isinstance(value, str) and value != "" and _CONTROL.search(value) is None


def _is_champion_or_none(value: Any) -> bool:
    if value is None:
        return True
    whole = isinstance(value, dict) and value.keys() == {"number", "package"}
    return whole and type(value["number"]) is int and value["number"] > 0 and _is_digest(value["package"])


_SOUND: dict[str, Callable[[Any], bool]] = {
    "package": _is_digest,
    "who": _is_line,
    "when": lambda value: isinstance(value, str) and _MOMENT.fullmatch(value) is not None,
    "why": _is_line,
    "evidence": lambda value: isinstance(value, dict) and all(map(_is_digest, value.values())),
    "replaces": _is_champion_or_none,
    "compared_with": _is_champion_or_none,
    "spans": lambda value: isinstance(value, list) and all(type(span) is int and span >= 0 for span in value),
    "verdict": lambda value: isinstance(value, str) and value in Verdict.__members__,
    "reasons": lambda value: isinstance(value, list) and all(isinstance(reason, str) for reason in value),
    "superior": lambda value: isinstance(value, bool),
    "by_hand": lambda value: isinstance(value, bool),
    "name": lambda value: isinstance(value, str) and ALIAS.fullmatch(value) is not None,
    "removed": lambda value: isinstance(value, bool),
    "forced": lambda value: isinstance(value, bool),
    "overruled": lambda value: isinstance(value, str),
    "blessing": lambda value: type(value) is int and value > 0,
    "retired": lambda value: type(value) is int and value > 0,
    "release": releases.sound,
}
_SOUND_FIELDS = {kind: {one.name: _SOUND[one.name] for one in fields(kind)} for kind in _ACTIONS.values()}
_REVIVED: dict[str, Callable[[Any], object]] = {
    "replaces": lambda value: Champion(**value) if value else None,
    "compared_with": lambda value: Champion(**value) if value else None,
    "spans": tuple,
    "reasons": tuple,
    "verdict": Verdict,
    "release": releases.from_json,
}
