"""What the trigger manager did, would do and has done, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from benison.triggers import entries
from benison.triggers.decide import Wait
from benison.triggers.entries import Breaker, Cause, Entry, Finished, Refuse, Run, Started, Suppress, Warn, Watch
from benison.triggers.outlook import Outlook


def one_line(number: int, entry: Entry) -> str:
    """An entry of the ledger."""
    return f"{number:6}  {entry.when}  {entry.action:9}  {tail(entry)}"


def tail(entry: Entry) -> str:
    """What an entry says, without its place, moment and kind."""
    match entry:
        case Watch() | Cause():
            hot = "hot fix, " if isinstance(entry, Cause) and entry.urgent else ""
            span = f"span {entry.span}, " if isinstance(entry, Cause) and entry.span else ""
            return f"{entry.source}: {hot}{span}{entry.why}"
        case Run():
            return f"for {_numbers(entry.causes)}, {' then '.join(entry.steps)} on {entry.target}: {entry.why}"
        case Suppress():
            return f"{_numbers(entry.causes)}: {entry.why}"
        case Refuse():
            return f"{_numbers(entry.causes)} until {entry.until}: {entry.why}"
        case Started():
            return f"run {entry.run}: {entry.step}, {entry.id}"
        case Finished():
            return f"run {entry.run}: {entry.step} {entry.outcome}, {entry.device_hours:.2f} h: {entry.why}"
        case Warn():
            return f"{entry.percent}% of the budget of {entry.month}: {entry.why}"
        case Breaker():
            return f"{entry.state}: {entry.who}: {entry.why}"
    return entry.why


def _numbers(causes: Iterable[int]) -> str:
    found = [str(cause) for cause in causes]
    return f"cause {found[0]}" if len(found) == 1 else f"causes {', '.join(found)}"


def of_wait(waits: Wait) -> str:
    """What is waited for."""
    until = f", until {waits.until:%Y-%m-%d %H:%M:%S %Z}" if waits.until else ""
    return f"waits for {waits.why}{until}"


def of_outlook(outlook: Outlook, watched: Iterable[str]) -> Iterator[str]:
    """What a look would do."""
    known = set(watched)
    for name, notice in outlook.notices.items():
        yield f"{'new    ' if name in known or notice.open else 'watch  '} {name}: {notice.why}"
    for number, why in outlook.passed.items():
        yield f"drop    {number} {why}"
    for number, cause in outlook.held.items():
        yield f"holds   {number} {cause.source}: {cause.why}"
    for number, cause in outlook.found.items():
        yield f"cause   {number} {cause.source}: {cause.why}"
    yield f"would   {outlook.answer}"
    if outlook.waits and (outlook.found or outlook.held):
        yield of_wait(outlook.waits).replace("waits ", "waits   ", 1)


def as_json(outlook: Outlook) -> dict[str, Any]:
    """The same for programs."""
    work, waits = outlook.work, outlook.waits
    return {
        "notices": {name: {"key": one.key, "why": one.why} for name, one in outlook.notices.items()},
        "causes": {str(number): entries.to_json(cause) for number, cause in outlook.found.items()},
        "held": {str(number): entries.to_json(cause) for number, cause in outlook.held.items()},
        "passed": {str(number): why for number, why in outlook.passed.items()},
        "steps": list(work.steps) if work else [],
        "commit": work.commit if work else "",
        "answer": outlook.answer,
        "waits_for": waits.why if waits else None,
        "until": waits.until.isoformat() if waits and waits.until else None,
        "troubles": [str(error) for error in outlook.troubles],
    }


def stories(said: Iterable[tuple[int, Entry]]) -> list[dict[str, Any]]:
    """Why there was each run: causes, decision, steps and how they ended; and causes that came to no run.

    Args:
        said: The ledger.
    """
    causes: dict[int, dict[str, Any]] = {}
    found: dict[int, dict[str, Any]] = {}
    for number, entry in said:
        match entry:
            case Cause():
                causes[number] = {"cause": number, **entries.to_json(entry)}
            case Run() | Suppress():
                answered = [causes.pop(one) for one in entry.causes]
                found[number] = {"decision": number, "causes": answered, **_decided(entry)}
            case Started() | Finished():
                found[entry.run]["steps"].append({"entry": number, **entries.to_json(entry)})
                if isinstance(entry, Finished):
                    found[entry.run]["outcome"] = entry.outcome
    waiting = [{"decision": None, "causes": [cause], "what": "waits"} for cause in causes.values()]
    return [*found.values(), *waiting]


def _decided(entry: Run | Suppress) -> dict[str, Any]:
    content = {name: value for name, value in entries.to_json(entry).items() if name not in ("action", "causes")}
    own: dict[str, Any] = {"planned": list(entry.steps)} if isinstance(entry, Run) else {}
    return {"what": entry.action, **content, **own, "steps": [], "outcome": None}


def of_story(story: dict[str, Any]) -> Iterator[str]:
    """One run, or what came to none, from its causes to its outcome."""
    for cause in story["causes"]:
        yield f"{cause['when']}  {cause['source']}: {cause['why']}"
    if story["what"] == "waits":
        yield f"{'':20}  waits for a decision"
        return
    name = f"run {story['decision']}" if story["what"] == "run" else "no run"
    yield f"{story['when']}  -> {name}: {story['why']}"
    for step in story["steps"]:
        if step["action"] == "finished":
            took = f"{step['device_hours']:.2f} device hours"
            page = f"  {step['page']}" if step["page"] else ""
            yield f"{step['when']}     {step['step']}: {step['outcome']} ({took}): {step['why']}{page}"
