"""Load: requests at a steady rate whatever becomes of them, and how long each waited for its answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benison.components.infra_validator.process import Process
from benison.config.infra import Load
from benison.core.errors import ServerError
from benison.measures.service import waits

Floats = npt.NDArray[np.float64]
_WARM_UP = 10


@dataclass(frozen=True)
class Sent:
    """What became of some requests.

    Attributes:
        latencies: Seconds from when each was due until its answer was there, in their order.
        seconds: From the first that was due to the last answer.
    """

    latencies: Floats
    seconds: float


def send(process: Process, bodies: Sequence[bytes], requests_per_second: float) -> Sent:
    """Sends requests one after another at a steady rate; infinity: at once.

    The load is open: a request is due at its time even where the ones before are not answered yet, and its latency
    counts from then, so that a model that falls behind does not slow down who measures it.

    Reference:
        Schroeder, Wierman & Harchol-Balter (2006), Open versus closed: a cautionary tale, NSDI.

    Raises:
        ServerError: An answer did not come.
    """
    begun = time.perf_counter()
    due = begun + np.arange(len(bodies)) / requests_per_second
    over = threading.Event()
    sender = threading.Thread(target=_send, args=(process, bodies, due, over), daemon=True)
    sender.start()
    there = np.empty(len(bodies))
    try:
        for number in range(len(bodies)):
            process.receive()
            there[number] = time.perf_counter()
    except ServerError as error:
        # Else the sender might wait for ever at a full pipe.
        process.give_up(error)
        raise
    finally:
        over.set()
        sender.join()
    return Sent(there - due, float(there[-1] - begun))


def _send(process: Process, bodies: Sequence[bytes], due: Floats, over: threading.Event) -> None:
    for body, moment in zip(bodies, due, strict=True):
        if (wait := moment - time.perf_counter()) > 0 and over.wait(wait):
            return
        process.send(body)


def in_rounds(processes: Mapping[str, Process], bodies: Mapping[str, Sequence[bytes]], load: Load) -> Rounds:
    """Measures processes in rounds, turn by turn, each first in every other round.

    Args:
        processes: By role.
        bodies: For each role one request of one row for each request of a round; all rounds send the same.
        load: How many, how fast, how often.

    Returns:
        By role and figure, one value a round.

    Raises:
        ServerError: An answer did not come.
    """
    for role, process in processes.items():
        send(process, bodies[role][:_WARM_UP], float("inf"))
    found: dict[str, dict[str, list[float]]] = {role: {} for role in processes}
    for number in range(load.rounds):
        turn = list(processes) if number % 2 == 0 else list(reversed(list(processes)))
        for role in turn:
            for name, value in _figures(processes[role], bodies[role], load.requests_per_second).items():
                found[role].setdefault(name, []).append(value)
    return found


Rounds = dict[str, dict[str, list[float]]]


def _figures(process: Process, bodies: Sequence[bytes], requests_per_second: float) -> dict[str, float]:
    paced, at_once = send(process, bodies, requests_per_second), send(process, bodies, float("inf"))
    return {**waits(paced.latencies), "requests_per_second": len(bodies) / at_once.seconds}
