"""Following a run on a server to its end."""

from __future__ import annotations

import time
from collections.abc import Callable

from benison.submit.calls import repeated
from benison.submit.runs import ENDED, RunState, Server, TaskState, Watched

Observer = Callable[[str, TaskState], None]


def follow(
    server: Server,
    watched: Watched,
    run: str,
    observe: Observer,
    every_s: float,
    pause: Callable[[float], None] = time.sleep,
) -> RunState:
    """Asks how a run stands until it has ended.

    Args:
        server: Where it runs.
        watched: The run's pipeline.
        run: The server's id of it.
        observe: Is told of each change of a task's state.
        every_s: Seconds between two questions.
        pause: Waits for some seconds.

    Raises:
        BenisonError: The server does not answer any more; the run goes on.
    """
    known: dict[str, TaskState] = {}
    while True:
        found = repeated(lambda: server.state(watched, run), pause)
        for name, task in found.tasks.items():
            if known.get(name) != task:
                known[name] = task
                observe(name, task)
        if found.state in ENDED:
            return found
        pause(every_s)
