"""``benison rollout report``: which rollout is meant, and its page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benison.core.errors import DataError
from benison.core.files import write_atomically
from benison.core.spelling import nearest
from benison.delivery.state import RolloutState
from benison.registry.registry import Registry
from benison.report.rollout import RolloutEvidence, of_look, of_past, render

if TYPE_CHECKING:
    from benison.components.rollout.control import Controller


def evidence_of(
    registry: Registry, state: RolloutState, controller: Callable[[], Controller], number: int | None
) -> RolloutEvidence:
    """What is to be shown.

    Args:
        registry: The model's.
        state: Of its rollout log.
        controller: Makes a controller, which the one that is under way is looked at by.
        number: The rollout's id; None: the one that is under way, else the last.

    Raises:
        DataError: There is no such rollout.
        IntegrityError: Its record was changed, or is missing.
    """
    under_way = state.running.id if state.running else None
    known = sorted({*state.past, *([under_way] if under_way else [])})
    wanted = number or (known[-1] if known else None)
    if wanted is None or wanted not in known:
        expected = f"rollout {number}" if number else "a rollout"
        hint = nearest(str(number), map(str, known)) if known else "begin one with  benison rollout start --why ..."
        got = f"only {', '.join(map(str, known[-9:]))}" if known else "none so far"
        raise DataError("the rollout log", expected=expected, got=got, hint=hint)
    if wanted == under_way:
        looking = controller()
        look = looking.peek()
        if look is not None:
            return of_look(registry.model, look, looking.record(look))
        # It ended in this moment.
        state = looking.log.state()
    past = state.past[wanted]
    digest = past.finish.evidence.get("rollout")
    return of_past(registry.model, past, registry.evidence.get(digest) if digest else None)


def write(evidence: RolloutEvidence, out: Path | None) -> Path:
    """Writes the page of a rollout.

    Args:
        evidence: The rollout.
        out: Where to; None: ``rollout-<id>.html`` where we stand.
    """
    path = (out or Path(f"rollout-{evidence.id}.html")).resolve()
    write_atomically(path, render(evidence).encode())
    return path
