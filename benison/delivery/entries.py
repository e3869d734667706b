"""What the rollout log says: one frozen dataclass for each kind of entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from benison.config.rollout import Rollout
from benison.core.folded_log import decoded
from benison.core.verdicts import Check, Verdict
from benison.registry.log import Champion

KIND = "rollout_entry"
PAUSE, RESUME, ABORT, PROMOTE = "pause", "resume", "abort", "promote"
PROMOTED, SHADOWED, ROLLED_BACK, ABORTED = "promoted", "shadowed", "rolled_back", "aborted"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What every entry says.

    Attributes:
        who: Who or what did it.
        when: The moment in UTC, ISO 8601, by the writer's clock; the order is told by the number.
        why: The reason given.
    """

    action: ClassVar[str]
    who: str
    when: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Start(Entry):
    """A rollout begins; the number of this entry is its name.

    Attributes:
        challenger: The package that is to reach all traffic.
        champion: Who has it.
        plan: How.
        task: The digest of where the task of a pipeline that asked for it writes to, which is its own over all of its
            tries; empty: none did.
    """

    action = "start"
    challenger: str
    champion: Champion
    plan: Rollout
    task: str = ""


@dataclass(frozen=True, kw_only=True)
class Staged(Entry):
    """The servers were asked for the challenger's answers before it had a live request, and that told something.

    Attributes:
        checks: What it came to.
    """

    action = "staged"
    checks: tuple[Check, ...]


@dataclass(frozen=True, kw_only=True)
class Shift(Entry):
    """From now on traffic is split so.

    Attributes:
        phase: The phase of the plan that begins, from 0; as many as it has phases: all traffic.
        percent: The share of units that the challenger answers.
        shadow: The share whose requests it gets a copy of.
        back: Whether the challenger is sent back, which nothing reverses.
    """

    action = "shift"
    phase: int
    percent: float
    shadow: float
    back: bool = False


@dataclass(frozen=True, kw_only=True)
class Confirmed(Entry):
    """A router that is not ours does what the last shift says.

    Attributes:
        percent: The share of requests that it sends to the challenger, as it says itself.
    """

    action = "confirmed"
    percent: float


@dataclass(frozen=True, kw_only=True)
class Command(Entry):
    """What a person asks for.

    Attributes:
        command: ``pause``, ``resume``, ``abort`` or ``promote``, which ends the trial at once.
    """

    action = "command"
    command: str


@dataclass(frozen=True, kw_only=True)
class Lease(Entry):
    """Who controls the rollout, until when; another one takes over afterwards.

    Attributes:
        holder: The random name of a controller.
        until: The moment in UTC.
    """

    action = "lease"
    holder: str
    until: str


@dataclass(frozen=True, kw_only=True)
class Promoted(Entry):
    """The registry has made the challenger its champion.

    Attributes:
        number: The entry of the promotion log that says so.
    """

    action = "promoted"
    number: int


@dataclass(frozen=True, kw_only=True)
class Finish(Entry):
    """The rollout is over.

    Attributes:
        outcome: ``promoted``, ``shadowed``, ``rolled_back`` or ``aborted``.
        verdict: What the guardrails came to.
        reasons: Of every hard check that did not pass, one sentence.
        evidence: Digests by name: ``rollout`` of the report's figures.
    """

    action = "finish"
    outcome: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)


_KINDS: dict[str, type[Entry]] = {
    kind.action: kind for kind in (Start, Staged, Shift, Confirmed, Command, Lease, Promoted, Finish)
}


def to_json(entry: Entry) -> dict[str, Any]:
    """An entry as it stands in the log."""
    content = {"action": entry.action, **asdict(entry)}
    if isinstance(entry, Start):
        content["plan"] = entry.plan.to_json()
    if isinstance(entry, Staged):
        content["checks"] = [check.to_json() for check in entry.checks]
    if isinstance(entry, Finish):
        content["reasons"] = list(entry.reasons)
    return content


def from_json(number: int, writer: str, previous: str | None, content: Mapping[str, Any]) -> Entry:
    """The inverse of `to_json`.

    Args:
        number: Its place, with which it is held to the schema as it lies there.
        writer: Likewise.
        previous: Likewise.
        content: What it says.

    Raises:
        ValueError: It is no entry; the message says what is wrong.
    """
    place = {"number": number, "writer": writer, "previous": previous}
    return decoded(KIND, _KINDS, place, content, _REVIVED)


_REVIVED: dict[str, Callable[[Any], Any]] = {
    "champion": lambda value: Champion(**value),
    "plan": Rollout.from_json,
    "verdict": Verdict,
    "reasons": tuple,
    "checks": lambda values: tuple(map(Check.from_json, values)),
}
