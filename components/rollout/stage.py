"""stage: the challenger on its servers before it has a live request: is it there, what does it answer, how fast."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benison.components.rollout.typical import typical
from benison.config.staging import Staging
from benison.core import digests, documents
from benison.core.errors import DataError, StorageError
from benison.core.verdicts import Check, Tier, Verdict, combine, within
from benison.delivery.probe import OK, Reply, Server, steadily
from benison.delivery.state import Running
from benison.measures.rounds import ROUNDS
from benison.measures.service import Figure, contract, held, waits
from benison.registry.registry import Registry
from benison.sources.bodies import Row, bodies_of, rows_of, spread

SUBJECT = "staging"
_CONFIDENCE, _MOST_ROWS, _AT_ONCE = 0.95, 512, 16
_FEATURES = "assets.extra/features.json"
_HERE = "the challenger, loaded by the server"
Ask = Callable[[bytes], Reply]


@dataclass(frozen=True)
class Side:
    """A package that is asked.

    Attributes:
        package: Its digest.
        rows: That it is sent, at least one.
    """

    package: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Stage:
    """Asks servers for the challenger of a rollout.

    Attributes:
        registry: Of the model.
        project: The folder in which the plan's file of rows lies.
    """

    registry: Registry
    project: Path

    def __call__(self, running: Running) -> tuple[Check, ...]:
        """What the challenger of a rollout does on its servers.

        Raises:
            BenisonError: The rows that were to be sent are not there.
        """
        staging, start = running.plan.staging, running.start
        assert staging is not None
        champion, challenger = (self._side(staging, one) for one in (start.champion.package, start.challenger))
        with closing(Server(staging.url, self.registry.model)) as server:
            return tuple(staged(partial(ask_named, server), champion, challenger, staging))

    def _side(self, staging: Staging, package: str) -> Side:
        told = json.loads(self.registry.read(package, _FEATURES))
        if wrong := documents.problems("features", told):
            where = f"{digests.short(package)}/{_FEATURES}"
            raise DataError(where, expected="the columns that it reads", got="; ".join(wrong[:3]))
        if not staging.rows:
            return Side(package, typical(told))
        file = self.project / staging.rows
        try:
            table = pq.read_table(file)
        except OSError as error:
            raise StorageError(str(file), expected="rows to send in staging", got=str(error)) from error
        if not table.num_rows:
            raise DataError(str(file), expected="rows to send in staging", got="none")
        return Side(package, rows_of(table.take(spread(table.num_rows, _MOST_ROWS)), told["columns"]))


def is_conclusive(checks: Sequence[Check]) -> bool:
    """Whether something was found: that it holds, or that it does not."""
    hard = [check.verdict for check in checks if check.tier is Tier.HARD]
    return Verdict.FAIL in hard or combine(checks) is Verdict.PASS


def staged(ask: Callable[[str, bytes], Reply], champion: Side, challenger: Side, staging: Staging) -> Iterator[Check]:
    """Smoke, contract, load: each only where the one before it holds.

    Args:
        ask: Sends a request to a package, by its digest.
        champion: What the challenger is compared with.
        challenger: On trial.
        staging: What is asked.

    Yields:
        The checks; what could not be asked is ERROR.
    """
    own = partial(ask, challenger.package)
    found = _ready(own(next(bodies_of(challenger.rows, 1))), challenger.package)
    yield found
    if found.verdict is Verdict.PASS:
        found = _contract(own, challenger)
        yield found
    if found.verdict is Verdict.PASS:
        yield from _load(ask, champion, challenger, staging)


def ask_named(server: Server, package: str, body: bytes) -> Reply:
    """Asks a server; the answer of another package is none."""
    reply = server.ask(body, package)
    if reply.status != OK or reply.package == package:
        return reply
    who = digests.short(reply.package) if reply.package else "somebody who does not say who it is"
    return Reply(0, seconds=reply.seconds, why=f"the answer came of {who}")


def _ready(reply: Reply, package: str) -> Check:
    """Whether a server has the very package loaded; what it answers is another question."""
    verdict = Verdict.PASS if reply.reached else Verdict.ERROR
    observed = digests.short(package) if reply.reached else "not there"
    reason = f"{observed} is loaded" if reply.reached else f"the challenger could not be asked: {reply.why}"
    return Check("ready", SUBJECT, Tier.HARD, verdict, observed, _HERE, reason)


def _contract(ask: Ask, side: Side) -> Check:
    """Whether each row has one answer from 0 to 1."""
    answered = []
    for start, body in zip(range(0, len(side.rows), _AT_ONCE), bodies_of(side.rows, _AT_ONCE), strict=True):
        reply = ask(body)
        if reply.status != OK:
            return _unanswered(reply)
        answered.append((min(_AT_ONCE, len(side.rows) - start), np.asarray(reply.scores, dtype=np.float64)))
    return contract(answered, len(side.rows), SUBJECT)


def _unanswered(reply: Reply) -> Check:
    verdict, allowed = Verdict.FAIL if reply.reached else Verdict.ERROR, "one answer a row, finite, from 0 to 1"
    reason = f"contract: rows that the challenger reads are not answered: {reply.why}"
    return Check("contract", SUBJECT, Tier.HARD, verdict, reply.why, allowed, reason)


def _load(ask: Callable[[str, bytes], Reply], champion: Side, challenger: Side, staging: Staging) -> Iterator[Check]:
    """Both sides in turn, each first in every other round."""
    each = math.ceil(staging.requests / ROUNDS)
    replies: dict[str, list[list[Reply]]] = {champion.package: [], challenger.package: []}
    most = staging.errors * each * ROUNDS
    for number in range(ROUNDS):
        for side in (champion, challenger) if number % 2 else (challenger, champion):
            own = partial(ask, side.package)
            failed = sum(reply.status != OK for one in replies[side.package] for reply in one)
            enough = _Enough(most - failed if side is challenger else math.inf)
            found = steadily(own, _singles(side.rows, each), staging.requests / staging.seconds, enough)
            replies[side.package].append(found)
            if lost := next((reply for reply in found if not reply.reached), None):
                yield _lost(lost)
                return
        if _errors(replies[challenger.package]) > most:
            break
    yield from _judged(replies[champion.package], replies[challenger.package], staging)


class _Enough:
    """Whether no more is to be sent: a server is gone, or more failed than may.

    Args:
        most: So many more may fail.
    """

    def __init__(self, most: float) -> None:
        self._left = most

    def __call__(self, reply: Reply) -> bool:
        self._left -= reply.status != OK
        return not reply.reached or self._left < 0


def _singles(rows: Sequence[Row], many: int) -> list[bytes]:
    bodies = list(bodies_of(rows, 1))
    return [bodies[number % len(bodies)] for number in range(many)]


def _errors(rounds: Sequence[Sequence[Reply]]) -> int:
    return sum(reply.status != OK for one in rounds for reply in one)


def _lost(reply: Reply) -> Check:
    allowed = "an answer to each request of the load"
    return Check("load", SUBJECT, Tier.HARD, Verdict.ERROR, "cut short", allowed, f"load cut short: {reply.why}")


def _judged(
    champion: Sequence[Sequence[Reply]], challenger: Sequence[Sequence[Reply]], staging: Staging
) -> Iterator[Check]:
    """What the load came to."""
    many, failed = sum(map(len, challenger)), _errors(challenger)
    ours, theirs = ([p99 for one in side if (p99 := _p99(one)) is not None] for side in (challenger, champion))
    check = within("error_share", SUBJECT, failed / many, at_most=staging.errors)
    why = next((reply.why for one in challenger for reply in one if reply.status != OK), "")
    said = f"{check.reason}: {failed} of {many} requests{f', such as {why}' if why else ''}"
    numbers = {"requests": float(many), "p99_ms": _median(ours), "champion_p99_ms": _median(theirs)}
    yield replace(check, reason=said, numbers={**check.numbers, **numbers})
    lost = "" if len(ours) == len(theirs) == ROUNDS else "a round has no answer"
    if staging.p99_ms:
        yield _limited("p99_ms", ours if not lost else [], staging.p99_ms, lost)
    if staging.p99_ratio:
        ratios = [] if lost else [one / other for one, other in zip(ours, theirs, strict=True)]
        yield _limited("p99_ms_over_champion", ratios, staging.p99_ratio, lost)


def _limited(name: str, values: Sequence[float], limit: float, lost: str) -> Check:
    figure = Figure.of(name, values, _CONFIDENCE) if values else None
    return held(name, SUBJECT, Tier.HARD, figure, limit, lost=lost)


def _p99(replies: Sequence[Reply]) -> float | None:
    """Of what was answered, in milliseconds; None: nothing was."""
    latencies = np.array([reply.seconds for reply in replies if reply.status == OK])
    return waits(latencies)["p99_ms"] if len(latencies) else None


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else math.nan
